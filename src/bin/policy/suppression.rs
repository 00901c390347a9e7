//! Comments, waivers and the baseline of a run: which files they are in, and when the baseline is written.

use std::path::Path;

use policy::document::directive::Directive;
use policy::finding::{Problem, Severity, Stage};
use policy::report::Report;
use policy::suppress::baseline::{self, Baseline, Looked};
use policy::suppress::fingerprint::{self, Inputs};
use policy::suppress::{self, Extent, Found, Suppressions, waiver};
use policy::walk::FileEntry;

use crate::args::SuppressArgs;
use crate::environment::with_slashes;
use crate::error::CommandError;
use crate::session;

/// What was judged.
pub(crate) struct Judged<'a> {
    /// The files that were read.
    pub(crate) files: &'a [FileEntry],
    /// What comments in them ask for.
    pub(crate) directives: Vec<Directive>,
    /// Whether that is all there is.
    pub(crate) extent: Extent,
    /// The run's instant.
    pub(crate) now_ns: i64,
}

/// Gives findings their fingerprints and takes away the weight of those that something suppresses.
pub(crate) fn apply(
    args: &SuppressArgs,
    judged: Judged<'_>,
    report: &mut Report,
) -> Result<(), CommandError> {
    report.sort();
    let checkout = report.run.checkout.clone();
    let inputs = match report.run.combined {
        true => Inputs::Combined,
        false => Inputs::Documents,
    };
    fingerprint::add(&mut report.findings, &report.rules, &checkout, inputs);
    let mut suppressions = Suppressions {
        directives: judged.directives,
        ..Suppressions::default()
    };
    if let Some(path) = &args.waivers {
        let (waivers, problems) = waiver::read(path, &with_slashes(path), judged.now_ns);
        suppressions.waivers = waivers;
        report.problems.extend(problems);
    }
    if let Some(path) = &args.baseline {
        match read_baseline(path, args.update_baseline) {
            Ok(baseline) => suppressions.baseline = baseline,
            Err(problem) => report.problems.push(*problem),
        }
    }
    let has_errors = report.count_problems(Severity::Error) > 0;
    let mut found = Found {
        rules: &report.rules,
        findings: &mut report.findings,
        checkout: &checkout,
        has_errors,
    };
    let unused = match args.deny_unused_waivers {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let problems = suppress::apply(&mut found, &suppressions, judged.extent, unused);
    report.problems.extend(problems);
    if let Some(path) = &args.baseline {
        let files = judged.files.iter();
        let looked = Looked {
            files: files.map(|file| checkout.from_base(&file.name)).collect(),
            gone: suppressions
                .baseline
                .files()
                .filter(|file| !Path::new(&checkout.base).join(file).exists())
                .map(str::to_owned)
                .collect(),
        };
        follow(
            path,
            args,
            suppressions.baseline,
            &looked,
            has_errors,
            report,
        )?;
    }
    Ok(())
}

/// The baseline; one that is to be written need not be there.
fn read_baseline(path: &Path, is_update: bool) -> Result<Baseline, Box<Problem>> {
    let name = with_slashes(path);
    if is_update && !path.exists() {
        return Ok(Baseline::empty(&name));
    }
    baseline::read(path, &name)
}

/// Says what is fixed, or writes the baseline anew.
fn follow(
    path: &Path,
    args: &SuppressArgs,
    mut baseline: Baseline,
    looked: &Looked,
    has_errors: bool,
    report: &mut Report,
) -> Result<(), CommandError> {
    let checkout = report.run.checkout.clone();
    let mut found = Found {
        rules: &report.rules,
        findings: &mut report.findings,
        checkout: &checkout,
        has_errors,
    };
    if !args.update_baseline {
        let fixed = baseline.progress(&found, looked);
        report.problems.extend(fixed);
        return Ok(());
    }
    if has_errors {
        let message = "the baseline was not written, because not everything could be checked";
        report.problems.push(
            Problem::error(Stage::Suppress, message)
                .help("Mend what the other errors say and run again."),
        );
        return Ok(());
    }
    baseline.update(&mut found, looked);
    session::replace_file(path, baseline.text().as_bytes()).map_err(|error| {
        CommandError::new(
            format!(
                "the baseline `{}` cannot be written: {error}",
                path.display()
            ),
            "Check that its folder is there and that it may be written to.",
        )
    })
}

//! Comments, waivers and the baseline of a run: which files they are in, and when the baseline is written.

use std::path::{Path, PathBuf};

use clap::Args;
use policy::document::directive::Directive;
use policy::finding::{Problem, Severity, Stage};
use policy::report::Report;
use policy::suppress::baseline::{self, Baseline, Looked};
use policy::suppress::fingerprint::{self, Inputs};
use policy::suppress::{self, Extent, Found, Suppressions, waiver};

use crate::environment::with_slashes;
use crate::error::CommandError;
use crate::replace;

/// What does not count although it is found; comments `# policy:ignore rule-id -- reason` in manifests do the same.
#[derive(Args, Debug)]
pub(crate) struct SuppressArgs {
    /// File with waivers: findings that do not count, for a reason, until a date.
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,
    /// Fail on waivers that suppress nothing.
    #[arg(long)]
    pub(crate) deny_unused_waivers: bool,
    /// File with the findings that were there when checking began: they do not count.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found now into the baseline and take out what is fixed.
    #[arg(long)]
    pub(crate) update_baseline: bool,
}

impl SuppressArgs {
    /// Refuses what cannot be done. The parser cannot: the baseline may be named by the configuration.
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        if self.update_baseline && self.baseline.is_none() {
            return Err(CommandError::new(
                "`--update-baseline` does not know which file",
                "Name it with `--baseline FILE`, or set `baseline` in `.policy.yaml`.",
            ));
        }
        Ok(())
    }

    /// Its files hold no manifests.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.waivers.iter().chain(&self.baseline).cloned()
    }
}

/// What was judged.
pub(crate) struct Judged {
    /// The files whose documents were judged.
    pub(crate) files: Vec<String>,
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
    judged: Judged,
    report: &mut Report,
) -> Result<(), CommandError> {
    report.sort();
    let checkout = report.run.checkout.clone();
    let inputs = match report.run.combined {
        true => Inputs::Combined,
        false => Inputs::Documents,
    };
    // A report that was read back has them, and only the run that made it knows all names.
    if report
        .findings
        .iter()
        .any(|finding| finding.fingerprint.is_empty())
    {
        fingerprint::add(&mut report.findings, &report.rules, &checkout, inputs);
    }
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
        true => Severity::Failure,
        false => Severity::Warning,
    };
    let problems = suppress::apply(&mut found, &suppressions, judged.extent, unused);
    report.problems.extend(problems);
    if let Some(path) = &args.baseline {
        let files = judged.files.iter();
        let looked = Looked {
            files: files.map(|file| checkout.from_base(file)).collect(),
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
                .help("Mend what else is said to have failed and run again."),
        );
        return Ok(());
    }
    baseline.update(&mut found, looked);
    replace::replace(path, baseline.text().as_bytes()).map_err(|error| {
        CommandError::new(
            format!(
                "the baseline `{}` cannot be written: {error}",
                path.display()
            ),
            "Check that its folder is there and that it may be written to.",
        )
    })
}

//! `policy test`: runs policies on manifests.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use policy::check::Check;
use policy::document::Limits;
use policy::document::input::Lists;
use policy::finding::{Problem, Severity, Stage};
use policy::load;
use policy::rego::load::{Options, Places, Tests};
use policy::report::{Report, Run};
use policy::scan;
use policy::suppress::Extent;
use policy::tally::Tally;
use policy::walk::{self, Role};

use crate::args::{self, TestArgs};
use crate::changed;
use crate::environment;
use crate::error::CommandError;
use crate::progress;
use crate::selection;
use crate::session;
use crate::suppression::{self, Judged};

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &TestArgs) -> Result<u8, CommandError> {
    let started = Instant::now();
    if args.paths.is_empty() && !args.hook {
        return Err(CommandError::new(
            "no PATH says what to judge",
            "Name files or folders, or set `paths` in `.policy.yaml`.",
        ));
    }
    args.suppress.check()?;
    let policies = policies(args);
    let rego = Options {
        packages: args.namespace.clone(),
        builtin_errors: args.builtin_errors.into(),
        combine: args.combine,
        places: if args.no_places {
            Places::Resource
        } else {
            Places::Field
        },
        ..session::load_options(&args.load, policies.clone(), Tests::Excluded)
    };
    let now_ns = rego.now_ns;
    let loaded = load::load(load::Options {
        rego,
        gatekeeper: args.gatekeeper.options(),
        schemas: args.schema.options(args.walk.max_file_size << 20),
    });
    let mut report = Report {
        run: Run {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            policies: loaded.digest.clone(),
            partial: args.hook || args.changed_since.is_some(),
            combined: args.combine,
            checkout: environment::checkout(args.output.base.as_deref()),
            kubernetes: loaded.kubernetes(),
            ..Run::default()
        },
        problems: loaded.problems.clone(),
        ..Report::default()
    };
    let checks = loaded.checks();
    if !checks.is_empty() {
        judge(args, &policies, &checks, &mut report, now_ns)?;
    }
    if args.output.verbose {
        session::show_other_files(loaded.n_other_files);
        session::show_untraced(report.run.n_untraced);
    }
    session::finish(report, &args.output, started)
}

/// Where policies are: what `-p` names, else the folder `policy`, which need not be there when schemas are checked.
fn policies(args: &TestArgs) -> Vec<PathBuf> {
    let default = PathBuf::from(args::DEFAULT_POLICY);
    match args.policy.is_empty() {
        false => args.policy.clone(),
        true if args.schema.is_asked() && !default.exists() => Vec::new(),
        true => vec![default],
    }
}

/// Finds the manifests, runs the checks on them and adds what comes out to the report.
fn judge(
    args: &TestArgs,
    policies: &[PathBuf],
    checks: &[&dyn Check],
    report: &mut Report,
    now_ns: i64,
) -> Result<(), CommandError> {
    let mut never_enter = [policies, &args.load.data, &args.gatekeeper.inventory].concat();
    never_enter.extend(args.suppress.files());
    let judging = changed::Judging {
        files: judges(args, &never_enter),
        checks,
        max_bytes: args.walk.max_file_size << 20,
    };
    let mut wanted = args.walk.options(never_enter);
    if args.hook {
        wanted.named = walk::Named::AsInWalk;
    }
    let mut found = walk::find(&args.paths, &wanted);
    let extent = select(args, &mut found, &judging, report)?;
    let stdin = standard_input(args, &mut found, report);
    let options = scan_options(args);
    let progress = Arc::default();
    let line = progress::show(&progress, found.files.len(), args.output.quiet);
    let scanned = scan::scan(&found.files, stdin.as_deref(), checks, &options, &progress);
    drop(line);
    session::show_prints(&scanned.prints);
    report.run.n_files = scanned.n_files;
    report.run.n_documents = scanned.n_documents;
    report.run.n_untraced = scanned.n_untraced;
    report.run.skipped_files = found.skipped;
    report.problems.extend(found.problems);
    report.problems.extend(scanned.problems);
    report.rules = scanned.rules;
    report.evaluations = scanned.evaluations;
    report.findings = scanned.findings;
    let files: Vec<String> = judged_files(&found.files);
    match extent {
        Extent::Whole => report.say_tally(&scanned.tally),
        // A part of what has changed is a part of no whole.
        Extent::Part if report.run.partial => {}
        Extent::Part => report.tally = Some(with_empty_files(scanned.tally, &files, report)),
    }
    // Where something could not be read, that is why there is nothing to judge.
    let is_told = report.count_problems(Severity::Error) > 0;
    if !report.is_anything_judged() && !args.allow_empty && args.shard.is_none() && !is_told {
        let severity = match extent {
            Extent::Whole => Severity::Error,
            Extent::Part => Severity::Notice,
        };
        report.problems.push(Problem {
            severity,
            ..nothing_to_judge(args, report)
        });
    }
    let run = Judged {
        files,
        directives: scanned.directives,
        extent,
        now_ns,
    };
    suppression::apply(&args.suppress, run, report)
}

fn judged_files(files: &[walk::FileEntry]) -> Vec<String> {
    let judged = files.iter().filter(|file| file.role == Role::Judged);
    judged.map(|file| file.name.clone()).collect()
}

/// Notes the files that no evaluation names: without them a merged report would not know that they were looked at.
fn with_empty_files(tally: Tally, files: &[String], report: &Report) -> Tally {
    let subjects = report.evaluations.iter();
    let named: HashSet<&str> = subjects.map(|row| &*row.subject.file).collect();
    let mut empty = files.to_vec();
    empty.retain(|file| !named.contains(&**file));
    Tally {
        empty_files: empty,
        ..tally
    }
}

/// How documents are read and judged.
fn scan_options(args: &TestArgs) -> scan::Options {
    scan::Options {
        limits: Limits::default(),
        max_bytes: args.walk.max_file_size << 20,
        lists: if args.keep_lists {
            Lists::Keep
        } else {
            Lists::Items
        },
        combine: args.combine,
        n_threads: session::n_threads(args.walk.jobs),
    }
}

/// What standard input holds, where it is among the files; it is taken out where it cannot be read.
fn standard_input(
    args: &TestArgs,
    found: &mut walk::Found,
    report: &mut Report,
) -> Option<Vec<u8>> {
    let entry = found.files.iter().find(|entry| entry.is_stdin())?;
    match session::standard_input(entry, &args.walk) {
        Ok(stdin) => Some(stdin),
        Err(problem) => {
            report.problems.push(problem);
            found.files.retain(|entry| !entry.is_stdin());
            None
        }
    }
}

/// Files and folders by which all documents are judged, where they are not among the manifests.
fn judges(args: &TestArgs, never_enter: &[PathBuf]) -> Vec<PathBuf> {
    let locations = args.schema.schema_location.iter();
    let configuration = args.output.base.iter();
    let mut judges = never_enter.to_vec();
    judges.extend(args.schema.crds.iter().cloned());
    judges.extend(locations.filter_map(|location| location.folder()));
    judges.extend(configuration.map(|base| base.join(policy::config::FILE)));
    judges
}

/// Lets only those files be judged that are asked for; gives whether that is everything.
fn select(
    args: &TestArgs,
    found: &mut walk::Found,
    judging: &changed::Judging<'_>,
    report: &mut Report,
) -> Result<Extent, CommandError> {
    if let Some(reference) = &args.changed_since {
        let notice = changed::since(reference, &mut found.files, judging)?;
        report.problems.extend(notice);
    }
    if let Some(text) = &args.shard {
        let shard = selection::shard(text)?;
        let checkout = &report.run.checkout;
        let inputs = walk::select::digest(&found.files, |name| checkout.known_as(name));
        report.run.shard = Some(shard);
        report.run.inputs = Some(inputs);
        walk::select::shard(&mut found.files, shard);
    }
    let is_part = report.run.partial || args.shard.is_some();
    Ok(match is_part {
        true => Extent::Part,
        false => Extent::Whole,
    })
}

fn nothing_to_judge(args: &TestArgs, report: &Report) -> Problem {
    let paths: Vec<String> = args
        .paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    let mut message = format!("there is no document to judge in {}", paths.join(", "));
    let skipped: Vec<String> = report
        .run
        .skipped_files
        .iter()
        .map(|(reason, n)| format!("{n} {reason}"))
        .collect();
    if !skipped.is_empty() {
        message.push_str(&format!("; skipped: {}", skipped.join(", ")));
    }
    Problem::error(Stage::Read, message).help(
        "Folders are searched for `.yaml`, `.yml` and `.json`; with `--allow-empty` finding none is no error.",
    )
}

//! `policy test`: runs policies on manifests.

use std::path::PathBuf;
use std::time::Instant;

use policy::check::Check;
use policy::document::Limits;
use policy::document::input::Lists;
use policy::finding::{Outcome, Problem, RuleKind, Severity, Stage};
use policy::rego::load::{Options, Places, Tests};
use policy::report::{Report, Run};
use policy::suppress::Extent;
use policy::{load, scan, walk};

use crate::args::{self, TestArgs};
use crate::environment;
use crate::error::CommandError;
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
    let mut wanted = args.walk.options(never_enter);
    if args.hook {
        wanted.named = walk::Named::AsInWalk;
    }
    let mut found = walk::find(&args.paths, &wanted);
    let stdin = found.files.iter().find(|entry| entry.is_stdin());
    let stdin = stdin.map(|entry| session::standard_input(entry, &args.walk));
    let stdin = match stdin.transpose() {
        Ok(stdin) => stdin,
        Err(problem) => {
            report.problems.push(problem);
            found.files.retain(|entry| !entry.is_stdin());
            None
        }
    };
    let options = scan::Options {
        limits: Limits::default(),
        max_bytes: args.walk.max_file_size << 20,
        lists: if args.keep_lists {
            Lists::Keep
        } else {
            Lists::Items
        },
        combine: args.combine,
        n_threads: session::n_threads(args.walk.jobs),
    };
    let scanned = scan::scan(&found.files, stdin.as_deref(), checks, &options);
    session::show_prints(&scanned.prints);
    report.run.n_files = scanned.n_files;
    report.run.n_documents = scanned.n_documents;
    report.run.skipped_files = found.skipped;
    report.problems.extend(found.problems);
    report.problems.extend(scanned.problems);
    report.rules = scanned.rules;
    report.evaluations = scanned.evaluations;
    report.findings = scanned.findings;
    let extent = match args.hook {
        true => Extent::Part,
        false => Extent::Whole,
    };
    if !is_any_judged(checks, report) && !args.allow_empty {
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
        files: &found.files,
        directives: scanned.directives,
        extent,
        now_ns,
    };
    suppression::apply(&args.suppress, run, report)
}

/// Whether there was a document to judge. Rego judges whatever there is, constraints say themselves what they matched;
/// schemas pass over what is no manifest.
fn is_any_judged(checks: &[&dyn Check], report: &Report) -> bool {
    let mut rules = checks.iter().flat_map(|check| check.rules()).peekable();
    // Where no rule could be loaded, that is what is wrong, not the documents.
    let only_schemas = rules.peek().is_some() && rules.all(|rule| rule.kind == RuleKind::Schema);
    report.evaluations.iter().any(|evaluation| {
        let mut outcomes = evaluation.outcomes.iter();
        !only_schemas || outcomes.any(|outcome| *outcome != Outcome::Absent)
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

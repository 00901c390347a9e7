//! `policy verify`: runs the unit tests of policies and Gatekeeper's suites.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Instant;

use policy::finding::{Problem, Severity, Stage};
use policy::gatekeeper::suite;
use policy::load;
use policy::rego::load::Tests;
use policy::rego::set::PolicySet;
use policy::rego::tests::{self, Tested};
use policy::report::{Report, Run};

use crate::args::{self, VerifyArgs};
use crate::commas;
use crate::environment;
use crate::error::CommandError;
use crate::session;

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &VerifyArgs) -> Result<u8, CommandError> {
    let started = Instant::now();
    let rego = session::load_options(&args.load, paths(args), Tests::Included);
    let loaded = load::load_tests(rego.clone());
    let mut report = Report {
        run: Run {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            policies: loaded.digest,
            n_files: loaded.rego.as_ref().map_or(0, PolicySet::n_modules) + loaded.suites.len(),
            checkout: environment::checkout(args.output.base.as_deref()),
            ..Run::default()
        },
        problems: loaded.problems,
        ..Report::default()
    };
    let filter = args.run.clone().unwrap_or_default();
    let known = RefCell::new(Vec::new());
    let selected = |id: &str| {
        known.borrow_mut().push(format!("`{id}`"));
        filter.has_rule(id)
    };
    let run_tests = |set| tests::run(set, &selected);
    let tested = loaded.rego.as_ref().map_or_else(Tested::default, run_tests);
    let tested = tested.join(suite::run(&loaded.suites, &filter, &rego));
    session::show_prints(&tested.prints);
    report.problems.extend(tested.problems);
    report.rules = tested.rules;
    report.evaluations = tested.evaluations;
    report.findings = tested.findings;
    if report.rules.is_empty() && report.count_problems(Severity::Error) == 0 {
        let problem = match &args.run {
            Some(_) => nothing_matches(&known.borrow()),
            None => nothing_to_run(args.allow_empty),
        };
        report.problems.push(problem);
    }
    session::finish(report, &args.output, started)
}

/// What PATH and `-p` name, each once; the folder `policy` where nothing is named, which need not be there if there may be
/// nothing.
fn paths(args: &VerifyArgs) -> Vec<PathBuf> {
    let mut paths = commas::once([&*args.paths, &args.policy].concat());
    let default = PathBuf::from(args::DEFAULT_POLICY);
    if paths.is_empty() && (!args.allow_empty || default.exists()) {
        paths.push(default);
    }
    paths
}

/// That `--run` names no test, with some that there are.
fn nothing_matches(known: &[String]) -> Problem {
    const SHOWN: usize = 3;
    let some = known[..known.len().min(SHOWN)].join(", ");
    let help = match known.len() {
        0 => "Tests are called `package.test_name`, cases of suites `TEST//CASE`.".to_owned(),
        1..=SHOWN => format!("There are {some}; cases of suites are called `TEST//CASE`."),
        n => format!(
            "There are {some} and {} more; cases of suites are called `TEST//CASE`.",
            n - SHOWN
        ),
    };
    Problem::error(Stage::Evaluate, "no test has a name that `--run` matches").help(help)
}

fn nothing_to_run(may_be_empty: bool) -> Problem {
    let message = "there is no test to run";
    let problem = match may_be_empty {
        true => Problem::notice(Stage::Evaluate, message),
        false => Problem::error(Stage::Evaluate, message),
    };
    problem.help(
        "Tests are rules named `test_…`, best in files that end in `_test.rego`, and Gatekeeper's suites.",
    )
}

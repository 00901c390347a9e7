//! `policy verify`: runs the unit tests of policies and Gatekeeper's suites.

use std::time::Instant;

use policy::finding::{Problem, Severity, Stage};
use policy::gatekeeper::suite;
use policy::load;
use policy::rego::load::Tests;
use policy::rego::set::PolicySet;
use policy::rego::tests::{self, Tested};
use policy::report::{Report, Run};

use crate::args::VerifyArgs;
use crate::environment;
use crate::error::CommandError;
use crate::session;

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &VerifyArgs) -> Result<u8, CommandError> {
    let started = Instant::now();
    let paths = if args.policy.is_empty() {
        args.paths.clone()
    } else {
        args.policy.clone()
    };
    let rego = session::load_options(&args.load, paths, Tests::Included);
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
    let selected = |id: &str| filter.has_rule(id);
    let run_tests = |set| tests::run(set, &selected);
    let tested = loaded.rego.as_ref().map_or_else(Tested::default, run_tests);
    let tested = tested.join(suite::run(&loaded.suites, &filter, &rego));
    session::show_prints(&tested.prints);
    report.problems.extend(tested.problems);
    report.rules = tested.rules;
    report.evaluations = tested.evaluations;
    report.findings = tested.findings;
    if report.rules.is_empty() && report.count_problems(Severity::Error) == 0 {
        report.problems.push(nothing_to_run(args.allow_empty));
    }
    session::finish(report, &args.output, started)
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

//! `policy verify`: runs the unit tests of policies.

use std::time::Instant;

use policy::rego::load::{self, Tests};
use policy::rego::tests;
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
    let loaded = load::load(&session::load_options(&args.load, paths, Tests::Included));
    let mut report = Report {
        run: Run {
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            checkout: environment::checkout(None),
            ..Run::default()
        },
        problems: loaded.problems,
        ..Report::default()
    };
    if let Some(set) = &loaded.set {
        let tested = tests::run(set);
        session::show_prints(&tested.prints);
        set.digest().clone_into(&mut report.run.policies);
        report.run.n_files = set.n_modules();
        report.rules = tested.rules;
        report.evaluations = tested.evaluations;
        report.findings = tested.findings;
        report.problems.extend(tested.problems);
    }
    session::finish(report, &args.output, started)
}

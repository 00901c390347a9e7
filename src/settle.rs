//! What the failure of a built-in function counts as, once everything was found and suppressed: the last step in front of
//! the verdict. It changes how grave such problems are and nothing else.
//!
//! Where a finding of the same rule on the same document makes the run fail, nothing can pass unseen, and the failure is a
//! notice; everywhere else it is an error.

use std::collections::HashSet;

use crate::finding::{Finding, Found, Level, Problem, Rule, Severity, Status};

/// Which findings make the run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// Failures.
    Failures,
    /// Warnings, too.
    Warnings,
    /// None, as the user asked.
    None,
}

/// Makes each such failure an error until it is settled: it may hide whatever a waiver or the baseline is for.
pub fn open(problems: &mut [Problem]) {
    for problem in problems
        .iter_mut()
        .filter(|problem| problem.beside.is_some())
    {
        problem.severity = Severity::Error;
    }
}

/// Decides for each such failure; what suppresses findings must have been applied.
pub fn settle(problems: &mut [Problem], findings: &[Finding], rules: &[Rule], failing: Failing) {
    if problems.iter().all(|problem| problem.beside.is_none()) {
        return;
    }
    let fails = |finding: &&Finding| {
        finding.status == Status::Active
            && match finding.level {
                Level::Failure => failing != Failing::None,
                Level::Warning => failing == Failing::Warnings,
                Level::Dryrun => false,
            }
    };
    let failed: HashSet<(&str, Found)> = findings
        .iter()
        .filter(fails)
        .filter_map(|finding| Some((&*rules.get(finding.rule)?.id, Found::of(finding))))
        .collect();
    for problem in problems {
        let Some(beside) = &problem.beside else {
            continue;
        };
        let mut found = beside.found.iter().cloned();
        problem.severity = match found.any(|found| failed.contains(&(&*beside.rule, found))) {
            true => Severity::Notice,
            false => Severity::Error,
        };
    }
}

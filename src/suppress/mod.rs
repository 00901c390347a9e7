//! What does not count although it was found: comments in manifests, a waivers file, a baseline of fingerprints.
//!
//! Suppressed findings keep their place in the report; problems are never suppressed. Whatever suppresses nothing, has
//! ended or cannot be understood is said.

pub mod baseline;
pub mod fingerprint;
mod inline;
pub mod waiver;

#[cfg(test)]
mod tests;

use crate::checkout::Checkout;
use crate::document::directive::Directive;
use crate::document::field::nearest;
use crate::finding::{Finding, Problem, Rule, Severity, Stage, Status};
use crate::suppress::baseline::Baseline;
use crate::suppress::waiver::Waivers;

/// What was found, in the report's order, with fingerprints.
#[derive(Debug)]
pub struct Found<'a> {
    /// Every rule that was run.
    pub rules: &'a [Rule],
    /// Every finding.
    pub findings: &'a mut [Finding],
    /// How files are named.
    pub checkout: &'a Checkout,
    /// Whether something could not be evaluated: what suppresses nothing may then suppress something after all.
    pub has_errors: bool,
}

/// What may suppress findings.
#[derive(Debug, Default)]
pub struct Suppressions {
    /// Comments in the documents.
    pub directives: Vec<Directive>,
    /// The waivers file.
    pub waivers: Waivers,
    /// The baseline.
    pub baseline: Baseline,
}

/// Whether all that there is to judge was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything: what suppresses nothing is not needed.
    Whole,
    /// A part: changed files, a shard, the files of a hook.
    Part,
}

/// Sets the status of every finding that something suppresses; gives what is to be said about that.
#[must_use]
pub fn apply(
    found: &mut Found<'_>,
    suppressions: &Suppressions,
    extent: Extent,
    unused: Severity,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut comments = inline::Comments::new(&suppressions.directives, found.rules, &mut problems);
    let mut waivers = suppressions.waivers.start(found.rules);
    let mut baseline = suppressions.baseline.start();
    for finding in found.findings.iter_mut() {
        if matches!(finding.status, Status::Excepted(_)) {
            continue;
        }
        let id = found.rules.get(finding.rule).map_or("", |rule| &*rule.id);
        // Each is asked, so that each knows whether it is needed.
        let answers = [
            comments.suppress(finding, id),
            waivers.suppress(finding, id, found.checkout),
            baseline.suppress(finding),
        ];
        if finding.status == Status::Active
            && let Some(status) = answers.into_iter().flatten().next()
        {
            finding.status = status;
        }
    }
    if !found.has_errors {
        comments.unused(&mut problems);
    }
    let is_whole = extent == Extent::Whole && !found.has_errors;
    waivers.finish(is_whole, unused, &mut problems);
    problems
}

/// A warning about a rule that nothing in this run is called.
fn unknown_rule(id: &str, rules: &[Rule], severity: Severity) -> Problem {
    let ids = rules.iter().map(|rule| &*rule.id);
    let help = match nearest(id, ids) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "The ids of rules stand in every finding; `-o json` lists all of them.".to_owned(),
    };
    problem(severity, format!("there is no rule `{id}` in this run")).help(help)
}

fn problem(severity: Severity, message: impl Into<String>) -> Problem {
    match severity {
        Severity::Error => Problem::error(Stage::Suppress, message),
        Severity::Failure => Problem::failure(Stage::Suppress, message),
        Severity::Warning => Problem::warning(Stage::Suppress, message),
        Severity::Notice => Problem::notice(Stage::Suppress, message),
    }
}

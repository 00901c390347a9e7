//! Comments in manifests: `# policy:ignore rule-id -- reason`.
//!
//! A comment at a field hides only findings whose field is known to lie in it; one at the head of a document hides
//! every finding of the rule in that document.

use std::collections::HashMap;
use std::sync::Arc;

use crate::document::directive::{Directive, Scope, WORD};
use crate::finding::{Finding, Precision, Problem, Rule, Severity, Status, Suppression};
use crate::suppress::{problem, unknown_rule};

/// The comments of a run, by the file they stand in.
pub(super) struct Comments<'a> {
    by_file: HashMap<Arc<str>, Vec<usize>>,
    asks: Vec<Ask<'a>>,
}

/// One rule of one comment.
struct Ask<'a> {
    directive: &'a Directive,
    rule: &'a str,
    reason: &'a str,
    is_used: bool,
}

impl<'a> Comments<'a> {
    /// Reads the comments; what is wrong with one is a problem, and it suppresses nothing.
    pub(super) fn new(
        directives: &'a [Directive],
        rules: &[Rule],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut comments = Self {
            by_file: HashMap::new(),
            asks: Vec::new(),
        };
        for directive in directives {
            let (ids, reason) = match read(directive) {
                Ok(read) => read,
                Err((message, help)) => {
                    let problem = problem(Severity::Warning, message).help(help);
                    problems.push(problem.at(directive.location.clone()));
                    continue;
                }
            };
            for rule in ids {
                if !rules.iter().any(|known| &*known.id == rule) {
                    let unknown = unknown_rule(rule, rules, Severity::Warning);
                    problems.push(unknown.at(directive.location.clone()));
                    continue;
                }
                let of_file = comments
                    .by_file
                    .entry(Arc::clone(&directive.location.file))
                    .or_default();
                of_file.push(comments.asks.len());
                comments.asks.push(Ask {
                    directive,
                    rule,
                    reason,
                    is_used: false,
                });
            }
        }
        comments
    }

    /// The status of a finding that a comment suppresses.
    pub(super) fn suppress(&mut self, finding: &Finding, id: &str) -> Option<Status> {
        let mut status = None;
        for &index in self.by_file.get(&finding.location.file)? {
            let ask = &mut self.asks[index];
            if ask.rule != id || !covers(&ask.directive.scope, finding) {
                continue;
            }
            ask.is_used = true;
            let location = &ask.directive.location;
            status.get_or_insert_with(|| {
                Status::Waived(Suppression {
                    by: format!("{}:{}", location.file, location.start.line),
                    reason: ask.reason.to_owned(),
                    expires: String::new(),
                })
            });
        }
        status
    }

    /// What suppressed nothing.
    pub(super) fn unused(&self, problems: &mut Vec<Problem>) {
        for ask in self.asks.iter().filter(|ask| !ask.is_used) {
            let message = format!("`{WORD} {}` suppresses nothing", ask.rule);
            let help = "The rule finds nothing here, or the field that it is about is not known: take the comment out, \
                        or put it before the first key of the document.";
            let unused = problem(Severity::Warning, message).help(help);
            problems.push(unused.at(ask.directive.location.clone()));
        }
    }
}

/// Rule ids and reason of a comment, or what is wrong with it.
fn read(directive: &Directive) -> Result<(Vec<&str>, &str), (String, &'static str)> {
    const FORM: &str = "Write `# policy:ignore rule-id -- reason`.";
    let text = directive.text.as_str();
    let (ids, reason) = match text.split_once("--") {
        Some((ids, reason)) => (ids, reason.trim()),
        None => (text, ""),
    };
    let ids: Vec<_> = ids
        .split([',', ' ', '\t'])
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return Err((format!("`{WORD}` names no rule"), FORM));
    }
    if reason.is_empty() {
        return Err((
            format!("`{WORD}` gives no reason and suppresses nothing"),
            FORM,
        ));
    }
    if directive.scope == Scope::Nothing {
        let help = "Put it on the line before a field, behind its value, or before the first key of the document.";
        return Err((format!("`{WORD}` stands at nothing"), help));
    }
    Ok((ids, reason))
}

fn covers(scope: &Scope, finding: &Finding) -> bool {
    let at = finding.location.start;
    match scope {
        Scope::Nothing => false,
        Scope::Document(start, end) => (*start..=*end).contains(&at),
        Scope::Node(start, end) => match finding.location.precision {
            Precision::Field | Precision::Parent => (*start..=*end).contains(&at),
            // A policy may know only the line.
            Precision::Policy => (start.line..=end.line).contains(&at.line),
            Precision::Resource | Precision::Document => false,
        },
    }
}

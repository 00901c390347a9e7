//! What every kind of check is: it may first collect facts from every document, then it judges one input at a time.

use std::sync::Arc;

use crate::document::Document;
use crate::document::input::Input;
use crate::explain::{Explanation, Part};
use crate::finding::{Finding, Outcome, Problem, Rule};
use crate::tally::Tally;

/// What a check needs to know before it can judge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: each document can be judged and dropped as soon as it is read.
    #[default]
    OneDocument,
    /// All documents of the run, collected before the first is judged.
    AllDocuments,
}

/// What was collected from all documents of the run, in the order of their files.
#[derive(Debug, Default)]
pub struct Facts {
    /// The documents, kept only where a check needs them.
    pub documents: Vec<Arc<Document>>,
}

/// A set of rules that judge inputs.
pub trait Check: Sync {
    /// The rules, in the order of the outcomes that a [`Judge`] gives.
    fn rules(&self) -> &[Rule];

    /// What must be known before judging.
    fn needs(&self) -> Needs;

    /// What only the whole run can say, as far as the judges of this run know it.
    fn tally(&self) -> Tally {
        Tally::default()
    }

    /// Whether a document is a fact that others are judged by: it is kept for the judges of those that wait.
    fn collects(&self, _document: &Arc<Document>) -> bool {
        false
    }

    /// Whether there may be documents that it collects.
    fn may_collect(&self) -> bool {
        false
    }

    /// Whether what is said of other documents depends on this one: where it changes, they are to be judged again.
    fn informs(&self, document: &Arc<Document>) -> bool {
        self.collects(document)
    }

    /// Whether a document can be judged only when all others have been read.
    fn waits(&self, _document: &Arc<Document>) -> bool {
        false
    }

    /// A judge of its own for one worker thread; it holds whatever must not be shared between threads.
    fn judge<'a>(&'a self, facts: &'a Facts) -> Box<dyn Judge + 'a>;
}

/// Judges inputs on one thread.
pub trait Judge {
    /// Runs every rule of the check on `input`.
    fn judge(&mut self, input: &Input) -> Judgement;

    /// Why the rule with this number found what it found in `input`, or why it found nothing. A check that can say no
    /// more names what was found, and where.
    fn explain(&mut self, rule: usize, input: &Input) -> Explanation {
        let judgement = self.judge(input);
        let findings = judgement.findings.into_iter();
        let parts = findings
            .filter(|finding| finding.rule == rule)
            .map(|finding| Part {
                message: finding.message,
                location: finding.policy_location.as_deref().cloned(),
                place: Some(finding.location),
                ..Part::default()
            });
        Explanation {
            outcome: judgement.outcomes[rule],
            parts: parts.collect(),
            problems: judgement.problems,
        }
    }
}

/// What the rules of one check said about one input.
#[derive(Debug, Default)]
pub struct Judgement {
    /// One outcome a rule, in the order of the check's rules.
    pub outcomes: Vec<Outcome>,
    /// The findings; their rule is the index among the check's rules.
    pub findings: Vec<Finding>,
    /// What could not be evaluated, and what else is worth saying.
    pub problems: Vec<Problem>,
    /// What policies said by `print`, with file and line.
    pub prints: Vec<String>,
    /// Findings whose field was looked for in vain, since the evaluation could not be followed.
    pub n_untraced: usize,
}

//! Why a rule found something in an input, or nothing: plain data, step by step.

use crate::finding::{Location, Outcome, Problem};

/// What is said about one rule on one input.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What came of the rule.
    pub outcome: Outcome,
    /// The bodies, or other parts, that gave it: where it found something one for each way in which it did, else one
    /// for each that did not hold.
    pub parts: Vec<Part>,
    /// What could not be evaluated, and what else is worth saying.
    pub problems: Vec<Problem>,
}

/// A body of a rule, or another part that is decided as a whole.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// What it is called; empty for the body of a rule.
    pub name: String,
    /// The message that it gave; empty where it gave none.
    pub message: String,
    /// Where it stands in the policy.
    pub location: Option<Location>,
    /// Where the finding is.
    pub place: Option<Location>,
    /// What it consists of, in the order of the source.
    pub steps: Vec<Step>,
    /// What else is to be said about it; empty where nothing is.
    pub note: String,
}

/// An expression, or another step that holds or does not.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it says, on one line.
    pub text: String,
    /// Where it stands in the policy.
    pub location: Option<Location>,
    /// Whether it held.
    pub verdict: Verdict,
    /// What its variables were: names and JSON values.
    pub variables: Vec<(String, String)>,
    /// What it read of the input, that first which decided.
    pub reads: Vec<ReadValue>,
}

/// Whether a step held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    Held,
    /// It did not.
    Failed,
    /// It was not reached.
    NotReached,
}

impl Verdict {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        }
    }
}

/// A node of the input that a step read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadValue {
    /// Its path, for example `spec.template.spec.containers[1].image`.
    pub path: String,
    /// Its value as JSON, cut where it is long; none where there is no such node.
    pub value: Option<String>,
    /// Where it is written, or its nearest parent where it is missing.
    pub location: Location,
}

//! Templates that are written in CEL only (engine `K8sNativeValidation`).
//!
//! What the `cel` crate does not evaluate as Kubernetes does is refused at load, with the place of the expression
//! (`check.rs`); what it evaluates was compared with gator's answers. Nothing is taken for a pass that could not be read.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the tree and the errors are the crate's, which may grow them"
)]

mod check;
mod evaluate;
mod functions;
mod read;
#[cfg(test)]
mod tests;
mod types;
mod value;

use std::sync::Arc;

use cel::Env;
use cel::common::ast::IdedExpr;

use crate::finding::Location;

/// What an error of an expression means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum FailurePolicy {
    /// It is a violation.
    #[default]
    Fail,
    /// It is none.
    Ignore,
}

/// An expression and its text, as messages show it.
#[derive(Debug)]
struct Expression {
    text: String,
    tree: IdedExpr,
}

#[derive(Debug)]
struct Validation {
    expression: Expression,
    message: Option<String>,
    message_expression: Option<Expression>,
    location: Location,
}

/// The rules of a template.
pub struct CelProgram {
    env: Arc<Env>,
    variables: Vec<(String, Expression)>,
    conditions: Vec<Expression>,
    validations: Vec<Validation>,
    failure_policy: FailurePolicy,
}

/// A validation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CelViolation {
    /// Its message.
    pub message: String,
    /// Index among the template's validations; none where a match condition failed.
    pub validation: Option<usize>,
}

impl CelProgram {
    /// Where a validation stands.
    #[must_use]
    pub fn location(&self, validation: usize) -> Option<&Location> {
        Some(&self.validations.get(validation)?.location)
    }
}

impl std::fmt::Debug for CelProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CelProgram")
            .field("variables", &self.variables)
            .field("conditions", &self.conditions)
            .field("validations", &self.validations)
            .finish_non_exhaustive()
    }
}

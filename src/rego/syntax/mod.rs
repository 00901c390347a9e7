//! Rego as text and as a tree: lexer, parser, printer.
//!
//! The tree is our own because the engine's parser takes exponential time on nested literals, lacks some of the
//! language and gives no exact spans; what is loaded into the engine is printed from this tree.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each walk looks at a few kinds of nodes"
)]

pub(in crate::rego) mod ast;
pub(in crate::rego) mod lexer;
pub(in crate::rego) mod parser;
pub(in crate::rego) mod print;
pub(in crate::rego) mod visit;

/// The version of the language that a module is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Before OPA 1.0: bodies in braces, `deny[msg] { … }`.
    V0,
    /// Since OPA 1.0: `if` and `contains`.
    V1,
}

/// What is wrong with the text of a module, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rego) struct SyntaxError {
    /// Where it is wrong.
    pub(in crate::rego) span: crate::source::Span,
    /// What is wrong.
    pub(in crate::rego) message: String,
    /// What to do about it; empty where nothing can be said.
    pub(in crate::rego) help: String,
}

impl SyntaxError {
    /// An error at `span` without help.
    pub(in crate::rego) fn new(span: crate::source::Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: String::new(),
        }
    }

    /// The same error with a sentence that says what to do.
    pub(in crate::rego) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

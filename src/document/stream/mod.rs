//! YAML as kubectl's library (go-yaml v2) scans and parses it: text → events, in the order of the text.
//!
//! Its rules count also where YAML 1.2 has others: what it refuses is refused here, what it takes is taken, with what it
//! makes of it. Wanted differences are few: documents after `...`, versions up to `%YAML 1.3`, a byte order mark before each
//! document, JSON's `\/` and pairs of surrogates. Knows nothing of values.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of many kinds of tokens few can follow another"
)]

mod block_text;
mod collections;
mod cursor;
pub(super) mod grammar;
mod indicators;
mod names;
mod scalars;
mod scanner;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::document::build::BuildError;
use crate::source::Span;

/// What is read, or what is wrong with the document.
type Scanned<T> = Result<T, BuildError>;

/// What the grammar finds. Collections in block style start and end with an empty span, those in brackets with a bracket's.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// The start of a document; its span is the marker's where there is one, else empty.
    DocumentStart,
    /// The end of a document, at what comes next.
    DocumentEnd,
    /// The end of the text.
    StreamEnd,
    /// A scalar.
    Scalar(Scalar<'a>),
    /// An alias of the anchor with this number.
    Alias(usize),
    /// The start of a sequence with the number of its anchor; 0 for none.
    SequenceStart(usize),
    /// The end of a sequence.
    SequenceEnd,
    /// The start of a mapping with the number of its anchor; 0 for none.
    MappingStart(usize),
    /// The end of a mapping.
    MappingEnd,
}

/// A scalar and what stands before it.
#[derive(Debug)]
pub(super) struct Scalar<'a> {
    /// Its text without quotes and escapes.
    pub(super) text: Cow<'a, str>,
    /// Whether it stands without quotes, or is nothing at all.
    pub(super) is_plain: bool,
    /// The number of its anchor; 0 for none.
    pub(super) anchor: usize,
    /// Its whole tag.
    pub(super) tag: Option<String>,
}

/// An error at a place.
fn error(start: usize, end: usize, message: impl Into<String>) -> BuildError {
    BuildError::new(Span::from_offsets(start, end), message)
}

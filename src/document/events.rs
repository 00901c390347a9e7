//! What the full YAML parser says in its events, in our words: places and tags.

use granit_parser::StructureStyle;

use crate::document::scalar::Tag;
use crate::source::{Span, to_u32};

/// YAML's own tags.
const CORE: &str = "tag:yaml.org,2002:";

/// The span of an event.
pub(super) fn span_of(span: &granit_parser::Span) -> Span {
    Span::new(
        offset(span.start.byte_offset()),
        offset(span.end.byte_offset()),
    )
}

/// An offset as spans have it.
pub(super) fn offset(offset: Option<usize>) -> u32 {
    to_u32(offset.unwrap_or(0))
}

/// A line of what is between two nodes, to its comment.
pub(super) fn without_comment(line: &str) -> &str {
    let is_comment = |at: usize| at == 0 || matches!(line.as_bytes()[at - 1], b' ' | b'\t');
    let comment = line.match_indices('#').find(|(at, _)| is_comment(*at));
    &line[..comment.map_or(line.len(), |(at, _)| at)]
}

/// A block collection starts at its first child and has no width of its own.
pub(super) fn opening(style: StructureStyle, span: Span) -> Span {
    match style {
        StructureStyle::Block => Span::new(span.start, span.start),
        StructureStyle::Flow => span,
    }
}

/// As kubectl: a merge key may have its own tag, which some programs write, or `!`.
pub(super) fn merges(tag: &granit_parser::Tag) -> bool {
    match tag.suffix_in_namespace(CORE) {
        Some(name) => name == "merge",
        None => tag.handle().is_empty() && tag.suffix() == "!",
    }
}

/// What a tag says of a scalar.
pub(super) fn tag_of(tag: &granit_parser::Tag) -> Tag {
    match tag.suffix_in_namespace(CORE) {
        Some(name) => Tag::of_core(&name),
        None => Tag::Text,
    }
}

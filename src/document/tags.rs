//! What tags say of scalars.

use crate::document::scalar::Tag;
use crate::document::stream::grammar::CORE;

/// As kubectl: a merge key may have its own tag, which some programs write, or `!`.
pub(super) fn merges(tag: &str) -> bool {
    tag == "!" || tag.strip_prefix(CORE) == Some("merge")
}

/// What a tag says of a scalar.
pub(super) fn tag_of(tag: &str) -> Tag {
    tag.strip_prefix(CORE).map_or(Tag::Text, Tag::of_core)
}

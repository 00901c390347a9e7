//! A path of an input → the place where that is written.

use crate::document::Document;
use crate::document::input::Input;
use crate::document::path::{Node, NodeId, Path, Segment};
use crate::finding::{Location, Precision};
use crate::source::Span;

/// Which side of an entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

/// Where a node of an input is written.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The node, or the nearest ancestor that there is of one that is missing.
    pub location: Location,
    /// The alias or merge key that stands for it, where there is one.
    pub used: Option<Location>,
}

impl Input {
    /// Where the node at `path` is written; none where no document of the input has it.
    #[must_use]
    pub fn place(&self, path: &[Segment], side: Side) -> Option<Placed> {
        let (origin, rest) = self.origin_of(path)?;
        let document = &origin.document;
        let mut node = origin.node;
        let mut reached = 0;
        let mut alias = Span::default();
        for segment in rest {
            let Some(child) = document.spans.child(node, segment) else {
                break;
            };
            node = child;
            reached += 1;
            let used = document.spans.get(node).map(|node| node.alias_span);
            if let Some(span) = used.filter(|span| !span.is_empty()) {
                alias = span;
            }
        }
        let mut full = origin.path.clone();
        full.0.extend_from_slice(&rest[..reached]);
        let missing = Path(rest[reached..].to_vec()).to_string();
        let is_whole = reached == 0 && !is_keyed_scalar(document, node);
        if is_whole {
            let whole = origin.location();
            let precision = match missing.is_empty() {
                true => whole.precision,
                false => Precision::Parent,
            };
            let path = match missing.is_empty() {
                true => whole.path,
                false => full.to_string(),
            };
            let location = Location {
                precision,
                path,
                missing,
                ..whole
            };
            return Some(Placed {
                location,
                used: None,
            });
        }
        let precision = match missing.is_empty() {
            true => Precision::Field,
            false => Precision::Parent,
        };
        let span = span_of(document, node, side, !missing.is_empty())?;
        let location = Location {
            path: full.to_string(),
            missing,
            ..document.location(span, precision)
        };
        let used = (!alias.is_empty() && !contains(alias, span)).then(|| Location {
            path: full.to_string(),
            ..document.location(alias, Precision::Field)
        });
        Some(Placed { location, used })
    }
}

/// Whether a part is a scalar beside a key: a name of a generated object that its workload has.
fn is_keyed_scalar(document: &Document, id: NodeId) -> bool {
    let node = document.spans.get(id);
    node.is_some_and(|node| !node.key_span.is_empty() && is_scalar(node))
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// What to point at: a scalar that stands beside its key, else the key, else the first line of an item.
fn span_of(document: &Document, id: NodeId, side: Side, is_parent: bool) -> Option<Span> {
    let node = document.spans.get(id)?;
    let line = |offset: u32| document.file.line_of(offset);
    let has_key = !node.key_span.is_empty();
    if !has_key {
        return Some(match is_scalar(node) {
            true => node.value_span,
            false => document.first_line(node.value_span.start),
        });
    }
    let beside = !node.value_span.is_empty()
        && is_scalar(node)
        && !node.alias_span.is_empty() | (line(node.key_span.start) == line(node.value_span.start));
    Some(match side {
        Side::Value if beside && !is_parent => node.value_span,
        Side::Key | Side::Value => node.key_span,
    })
}

fn is_scalar(node: &Node) -> bool {
    node.size <= 1
}

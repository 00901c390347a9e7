//! Where each node of a document stands: a flat table in preorder, built in the same pass as the value.
//!
//! Paths are kept as typed segments and printed as `spec.containers[1].image`; a key that is no plain word is
//! printed in brackets and quotes.

use std::fmt;
use std::sync::Arc;

use crate::source::Span;

/// One step from a node to a child.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The value of a key of a mapping.
    Key(Arc<str>),
    /// An element of a sequence, from 0.
    Index(u32),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<u32> for Segment {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

/// A path from the root of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Segment>);

impl Path {
    /// The path of the root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// This path and one step more.
    #[must_use]
    pub fn child(&self, segment: impl Into<Segment>) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment.into());
        Self(segments)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if is_word(key) => {
                    let dot = if index == 0 { "" } else { "." };
                    write!(f, "{dot}{key}")?;
                }
                Segment::Key(key) => write!(f, "[{}]", serde_json::Value::from(&**key))?,
            }
        }
        Ok(())
    }
}

fn is_word(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Index of a node in its [`SpanTable`].
pub type NodeId = u32;

/// A node of the table.
#[derive(Clone, Debug)]
pub struct Node {
    /// The key of the mapping entry that the node is the value of; none for elements of sequences and the root.
    pub key: Option<Arc<str>>,
    /// Where the key is written; empty for elements of sequences and the root.
    pub key_span: Span,
    /// Where the value is written: a scalar with its quotes, a collection from its first to its last child.
    /// The value of an alias has the place of what the anchor names.
    pub value_span: Span,
    /// Where the alias stands that stands for this value; empty for values written in place.
    pub alias_span: Span,
    /// How many nodes the subtree has, this one included.
    pub size: u32,
}

/// The places of all nodes of one document, in preorder.
#[derive(Clone, Debug, Default)]
pub struct SpanTable {
    nodes: Vec<Node>,
}

impl SpanTable {
    /// A table of nodes in preorder whose sizes are right.
    #[must_use]
    pub fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    /// The root's index.
    pub const ROOT: NodeId = 0;

    /// All nodes in preorder.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node, none where the index is outside the table.
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// The children of a node in the order of the source.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Node)> + '_ {
        let end = self.get(id).map_or(id, |node| id + node.size);
        let mut next = id + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = next;
            let node = self.get(child)?;
            next += node.size.max(1);
            Some((child, node))
        })
    }

    /// The child that `segment` leads to.
    #[must_use]
    pub fn child(&self, id: NodeId, segment: &Segment) -> Option<NodeId> {
        match segment {
            // The last one counts: a key that a merge brought may be written again.
            Segment::Key(key) => self
                .children(id)
                .filter(|(_, node)| node.key.as_ref() == Some(key))
                .last()
                .map(|(child, _)| child),
            Segment::Index(index) => self
                .children(id)
                .nth(*index as usize)
                .filter(|(_, node)| node.key.is_none())
                .map(|(child, _)| child),
        }
    }

    /// Follows `path` from `from` as far as it exists: the node reached and how many segments led there.
    #[must_use]
    pub fn walk(&self, from: NodeId, path: &[Segment]) -> (NodeId, usize) {
        let mut node = from;
        for (index, segment) in path.iter().enumerate() {
            match self.child(node, segment) {
                Some(child) => node = child,
                None => return (node, index),
            }
        }
        (node, path.len())
    }

    /// The node at `path` below `from`, none where it does not exist.
    #[must_use]
    pub fn find(&self, from: NodeId, path: &[Segment]) -> Option<NodeId> {
        let (node, reached) = self.walk(from, path);
        (reached == path.len()).then_some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_people_write_them() {
        let path = Path::root()
            .child("spec")
            .child("containers")
            .child(1)
            .child("app.kubernetes.io/name");
        assert_eq!(
            path.to_string(),
            r#"spec.containers[1]["app.kubernetes.io/name"]"#
        );
        assert_eq!(Path::root().child(3).to_string(), "[3]");
        assert_eq!(Path::root().to_string(), "");
    }
}

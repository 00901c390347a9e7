//! What a rule is run on, and where each part of it comes from.
//!
//! One `Input` stands for a document, an item of a `kind: List` or a whole combined run; later also for
//! `input.review.object` and generated Pods. Judging and placing findings take only this.

use std::sync::Arc;

use crate::document::path::{NodeId, Path, Segment, SpanTable};
use crate::document::value::{Array, Object, Value};
use crate::document::{Document, resource_of};
use crate::finding::{Location, Precision, Subject};
use crate::resource::Resource;
use crate::source::Span;

/// Where a part of an input comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Where the part stands in the input; empty for the whole input.
    pub prefix: Path,
    /// The document it was read from.
    pub document: Arc<Document>,
    /// The node of the document it is.
    pub node: NodeId,
    /// Path of that node in the document.
    pub path: Path,
}

/// What rules are run on.
#[derive(Clone, Debug)]
pub struct Input {
    /// The value that rules see as `input`.
    pub value: Value,
    /// Where its parts come from.
    pub origins: Vec<Origin>,
    /// How reports name it.
    pub subject: Subject,
}

/// Name of the subject of a combined run, as Conftest's.
pub const COMBINED: &str = "Combined";

/// Lists within lists are opened this deep.
const MAX_LIST_DEPTH: usize = 8;

/// Whether the items of a `kind: List` are judged, or the List itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// Each item is an input of its own.
    #[default]
    Items,
    /// The List is one input.
    Keep,
}

impl Input {
    /// The inputs that a document gives: itself, or its items where it is a `kind: List`, or its elements where it is
    /// a sequence (as Conftest).
    #[must_use]
    pub fn of_document(document: &Arc<Document>, lists: Lists) -> Vec<Self> {
        let mut inputs = Vec::new();
        let depth = match lists {
            Lists::Items => MAX_LIST_DEPTH,
            Lists::Keep => 0,
        };
        for part in Part::of(document) {
            part.expand(depth, &mut inputs);
        }
        inputs
    }

    /// One input of all documents, `[{path, contents}, …]`, as Conftest's `--combine` gives it.
    #[must_use]
    pub fn combined(documents: &[Arc<Document>]) -> Self {
        let mut origins = Vec::with_capacity(documents.len());
        let mut entries = Vec::with_capacity(documents.len());
        for part in documents.iter().flat_map(Part::of) {
            let index = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            let entry = [
                ("path".into(), Value::from(&*part.document.name)),
                ("contents".into(), part.value.clone()),
            ];
            entries.push(Value::from(entry.into_iter().collect::<Object>()));
            origins.push(Origin {
                prefix: Path::root().child(index).child("contents"),
                document: Arc::clone(part.document),
                node: part.node,
                path: part.path,
            });
        }
        Self {
            value: Value::from(entries),
            origins,
            subject: Subject {
                file: COMBINED.into(),
                line: 1,
                ..Subject::default()
            },
        }
    }

    /// Whether it is the one input of a combined run.
    #[must_use]
    pub fn is_combined(&self) -> bool {
        &*self.subject.file == COMBINED && self.origins.iter().all(|o| !o.prefix.0.is_empty())
    }

    /// Whether comments in its documents ask for something: they need to know the fields of findings.
    #[must_use]
    pub fn has_directives(&self) -> bool {
        let mut origins = self.origins.iter();
        origins.any(|origin| !origin.document.directives.is_empty())
    }

    /// The origin that `path` of the input lies in, and the rest of the path below it.
    #[must_use]
    pub fn origin_of<'a>(&'a self, path: &'a [Segment]) -> Option<(&'a Origin, &'a [Segment])> {
        let below = |origin: &'a Origin| Some((origin, path.strip_prefix(&*origin.prefix.0)?));
        // Of a combined run, the document that the index names; the first look is the right one.
        let named = match path.first() {
            Some(Segment::Index(index)) => self.origins.get(*index as usize).and_then(below),
            Some(Segment::Key(_)) | None => None,
        };
        named.or_else(|| {
            self.origins
                .iter()
                .filter_map(below)
                .max_by_key(|(origin, _)| origin.prefix.0.len())
        })
    }

    /// The place of the whole input: the resource's `metadata.name` where it has one, else the document's first line.
    #[must_use]
    pub fn location(&self) -> Location {
        match self.origins.first() {
            Some(origin) if !self.is_combined() => origin.location(),
            Some(_) | None => Location::whole_file(Arc::clone(&self.subject.file)),
        }
    }
}

impl Origin {
    /// The resource's `metadata.name` where it has one, else the first line of the document or item.
    #[must_use]
    pub fn location(&self) -> Location {
        let document = &self.document;
        let name_path = [Segment::from("metadata"), Segment::from("name")];
        let name = document.spans.find(self.node, &name_path);
        let node_span = |id: NodeId| document.spans.get(id).map(|node| node.value_span);
        let (span, precision, path) = match name.and_then(node_span) {
            Some(span) if !span.is_empty() => {
                let path = self.path.child("metadata").child("name");
                (span, Precision::Resource, path)
            }
            _ => {
                let key = document.spans.get(self.node).map(|node| node.key_span);
                let key = key.filter(|key| !key.is_empty());
                let start = if self.node == SpanTable::ROOT {
                    document.span.start
                } else {
                    node_span(self.node).unwrap_or(document.span).start
                };
                (
                    key.unwrap_or_else(|| document.first_line(start)),
                    Precision::Document,
                    self.path.clone(),
                )
            }
        };
        Location {
            path: path.to_string(),
            ..document.location(span, precision)
        }
    }
}

/// A document or a part of one that is about to become an input.
struct Part<'a> {
    document: &'a Arc<Document>,
    value: &'a Value,
    node: NodeId,
    path: Path,
}

impl<'a> Part<'a> {
    /// The document, or the elements of a document that is a sequence.
    fn of(document: &'a Arc<Document>) -> Vec<Self> {
        let part = |value, node, path| Self {
            document,
            value,
            node,
            path,
        };
        let Value::Array(items) = &document.value else {
            return vec![part(&document.value, SpanTable::ROOT, Path::root())];
        };
        let nodes = document.spans.children(SpanTable::ROOT);
        items
            .iter()
            .zip(nodes)
            .zip(0_u32..)
            .map(|((value, (node, _)), index)| part(value, node, Path::root().child(index)))
            .collect()
    }

    fn expand(self, depth: usize, inputs: &mut Vec<Input>) {
        match list_items(self.value) {
            Some(items) if depth > 0 => {
                let key = Segment::from("items");
                let Some(list) = self.document.spans.child(self.node, &key) else {
                    return self.push(inputs);
                };
                let list_path = self.path.child(key);
                let nodes: Vec<NodeId> = self
                    .document
                    .spans
                    .children(list)
                    .map(|(id, _)| id)
                    .collect();
                for (index, (value, node)) in items.iter().zip(nodes).enumerate() {
                    let part = Part {
                        document: self.document,
                        value,
                        node,
                        path: list_path.child(u32::try_from(index).unwrap_or(u32::MAX)),
                    };
                    part.expand(depth - 1, inputs);
                }
            }
            _ => self.push(inputs),
        }
    }

    fn push(self, inputs: &mut Vec<Input>) {
        if matches!(self.value, Value::Null) {
            return;
        }
        let resource: Option<Arc<Resource>> = if self.node == SpanTable::ROOT {
            self.document.resource.clone()
        } else {
            resource_of(self.value)
        };
        let start = self
            .document
            .spans
            .get(self.node)
            .map_or(Span::default(), |node| node.value_span)
            .start;
        let line_start = if self.node == SpanTable::ROOT {
            self.document.span.start
        } else {
            start
        };
        inputs.push(Input {
            value: self.value.clone(),
            subject: Subject {
                file: Arc::clone(&self.document.name),
                document: self.document.index,
                item: self.path.to_string(),
                line: self.document.file.position(line_start).line,
                resource,
            },
            origins: vec![Origin {
                prefix: Path::root(),
                document: Arc::clone(self.document),
                node: self.node,
                path: self.path,
            }],
        });
    }
}

/// The items of a `kind: List` (or `…List`) with apiVersion and a sequence of items, as kubectl takes it.
fn list_items(value: &Value) -> Option<&Array> {
    let object = value.as_object().ok()?;
    let kind = object.get(&"kind".into())?.as_string().ok()?;
    object.get(&"apiVersion".into())?.as_string().ok()?;
    if !kind.ends_with("List") {
        return None;
    }
    match object.get(&"items".into())? {
        Value::Array(items) => Some(items),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Set(_)
        | Value::Object(_)
        | Value::Undefined => None,
    }
}

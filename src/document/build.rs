//! Events of a parser → the value of a document and its span table, in one pass.
//!
//! Knows merge keys, duplicates, anchors and limits; knows nothing of YAML's or JSON's text.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::document::Limits;
use crate::document::expansion::{self, Expansion};
use crate::document::mapping::{Key, Mapping};
use crate::document::path::{Node, SpanTable};
use crate::document::scalar;
use crate::document::value::Value;
use crate::finding::{Location, Precision, Problem, Stage};
use crate::source::{SourceFile, Span};

/// What is wrong with a document.
#[derive(Debug)]
pub(super) struct BuildError {
    /// Where it is wrong.
    pub(super) span: Span,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it; empty where nothing can be said.
    pub(super) help: String,
    /// A further place and what it has to do with it.
    pub(super) related: Option<(Span, &'static str)>,
}

impl BuildError {
    /// An error without help.
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: String::new(),
            related: None,
        }
    }

    /// The same error with a sentence that says what to do.
    pub(super) fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }
}

/// A problem at the place of an error, one character wide where the error has no width.
pub(super) fn to_problem(file: &Arc<SourceFile>, error: BuildError, help: String) -> Problem {
    let location = Location::in_file(file, error.span, Precision::Field);
    let problem = Problem::error(Stage::Parse, error.message)
        .at(location)
        .help(help);
    match error.related {
        Some((span, what)) => {
            problem.related(Location::in_file(file, span, Precision::Field), what)
        }
        None => problem,
    }
}

type Built<T> = Result<T, BuildError>;

/// Keys of all documents of a file, each once.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: HashSet<Arc<str>>,
    /// How many nodes the last document had: the next one is often alike.
    n_nodes: usize,
}

/// Room is made for at most so many nodes before they are there.
const MAX_EXPECTED: usize = 10_000;

/// More different keys than this are not remembered: they are data, not structure.
const MAX_KEYS: usize = 100_000;

impl Keys {
    fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.keys.get(text) {
            return Arc::clone(known);
        }
        let key: Arc<str> = text.into();
        if self.keys.len() < MAX_KEYS {
            self.keys.insert(Arc::clone(&key));
        }
        key
    }
}

/// Builds one document.
pub(super) struct Builder<'a> {
    limits: &'a Limits,
    keys: &'a mut Keys,
    nodes: Vec<Node>,
    frames: Vec<Frame>,
    anchors: FxHashMap<usize, Anchored>,
    /// What aliases of long texts count for, in nodes.
    n_repeated: usize,
    expansion: Expansion,
    root: Option<Value>,
}

/// What an anchor names.
struct Anchored {
    value: Value,
    /// What its long texts count for, each time it is repeated.
    n_repeated: usize,
    /// How many keys, values and aliases it comes to.
    n_read: usize,
    nodes: Arc<[Node]>,
}

/// A long text that is repeated counts as one node for so many bytes.
const NODE_BYTES: u32 = 64;

/// What the texts of a node count for where an alias repeats it: a key and a scalar may be long.
fn weight(node: &Node) -> usize {
    let value = if node.size == 1 {
        node.value_span.end.saturating_sub(node.value_span.start)
    } else {
        0
    };
    let key = node.key.as_ref().map_or(0, |key| key.len());
    (value / NODE_BYTES) as usize + key / NODE_BYTES as usize
}

/// A collection that is not closed yet.
struct Frame {
    node: usize,
    anchor: usize,
    last_end: u32,
    content: Content,
}

enum Content {
    Sequence(Vec<Value>),
    Mapping(Mapping),
}

impl<'a> Builder<'a> {
    pub(super) fn new(limits: &'a Limits, keys: &'a mut Keys) -> Self {
        Self {
            limits,
            nodes: Vec::with_capacity(keys.n_nodes.min(MAX_EXPECTED)),
            keys,
            frames: Vec::new(),
            anchors: FxHashMap::default(),
            n_repeated: 0,
            expansion: Expansion::default(),
            root: None,
        }
    }

    /// Whether the next node is the key of a mapping.
    pub(super) fn expects_key(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                content: Content::Mapping(Mapping { pending: None, .. }),
                ..
            })
        )
    }

    /// What an anchor on a key names.
    pub(super) fn anchor_key(&mut self, anchor: usize, value: Value, span: Span) {
        let node = Node {
            key: None,
            key_span: Span::default(),
            value_span: span,
            alias_span: Span::default(),
            size: 1,
        };
        let nodes = Arc::new([node]);
        let anchored = Anchored {
            value,
            n_repeated: weight(&nodes[0]),
            n_read: 1,
            nodes,
        };
        self.anchors.insert(anchor, anchored);
    }

    /// The key of the next entry.
    pub(super) fn key(&mut self, text: &str, span: Span) -> Built<()> {
        let key = self.keys.intern(text);
        let Some(Frame {
            content: Content::Mapping(mapping),
            node,
            last_end,
            ..
        }) = self.frames.last_mut()
        else {
            return Ok(());
        };
        *last_end = span.end;
        if !mapping.merged.remove(&key) && mapping.has(&key) {
            let parent = *node;
            return Err(self.duplicate(parent, &key, span));
        }
        mapping.pending = Some(Key::Plain(key, span));
        Ok(())
    }

    fn duplicate(&self, parent: usize, key: &Arc<str>, span: Span) -> BuildError {
        let mut error = BuildError::new(span, format!("the key `{key}` stands here a second time"))
            .help("Only one of the two can count: remove the other.");
        let mut index = parent + 1;
        while let Some(node) = self.nodes.get(index) {
            if node.key.as_ref() == Some(key) {
                error.related = Some((node.key_span, "the first one"));
                break;
            }
            index += (node.size as usize).max(1);
        }
        error
    }

    /// A merge key (`<<`).
    pub(super) fn merge_key(&mut self, span: Span) {
        if let Some(Frame {
            content: Content::Mapping(mapping),
            last_end,
            ..
        }) = self.frames.last_mut()
        {
            *last_end = span.end;
            mapping.pending = Some(Key::Merge(span));
        }
    }

    fn open_node(&mut self, span: Span, alias_span: Span) -> Built<usize> {
        if self.nodes.len() >= self.limits.nodes {
            return Err(self.too_many_nodes(span));
        }
        let (key, key_span) = match self.frames.last() {
            Some(Frame {
                content:
                    Content::Mapping(Mapping {
                        pending: Some(Key::Plain(key, key_span)),
                        ..
                    }),
                ..
            }) => (Some(Arc::clone(key)), *key_span),
            _ => (None, Span::default()),
        };
        self.expansion.read(1 + usize::from(key.is_some()));
        self.nodes.push(Node {
            key,
            key_span,
            value_span: span,
            alias_span,
            size: 1,
        });
        Ok(self.nodes.len() - 1)
    }

    fn too_many_nodes(&self, span: Span) -> BuildError {
        BuildError::new(
            span,
            format!("the document has more than {} nodes", self.limits.nodes),
        )
        .help("Aliases that stand for aliases multiply: write the document without them, or split it.")
    }

    /// A scalar that is no key.
    pub(super) fn scalar(&mut self, value: Value, span: Span, anchor: usize) -> Built<()> {
        let node = self.open_node(span, Span::default())?;
        self.close(value, node, span.end, anchor)
    }

    /// The start of a sequence.
    pub(super) fn open_sequence(&mut self, span: Span, anchor: usize) -> Built<()> {
        self.open(span, anchor, Content::Sequence(Vec::new()))
    }

    /// The start of a mapping.
    pub(super) fn open_mapping(&mut self, span: Span, anchor: usize) -> Built<()> {
        self.open(span, anchor, Content::Mapping(Mapping::default()))
    }

    fn open(&mut self, span: Span, anchor: usize, content: Content) -> Built<()> {
        if self.frames.len() >= self.limits.depth {
            let message = format!("nested more than {} levels deep", self.limits.depth);
            return Err(BuildError::new(span, message));
        }
        let node = self.open_node(span, Span::default())?;
        self.frames.push(Frame {
            node,
            anchor,
            last_end: span.end,
            content,
        });
        Ok(())
    }

    /// The end of the innermost collection; `end` is that of its bracket, where it has one.
    pub(super) fn close_collection(&mut self, end: Option<u32>) -> Built<()> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let value = match frame.content {
            Content::Sequence(items) => Value::from(items),
            Content::Mapping(mapping) => {
                Value::from(mapping.entries.into_iter().collect::<BTreeMap<_, _>>())
            }
        };
        self.close(
            value,
            frame.node,
            end.unwrap_or(frame.last_end),
            frame.anchor,
        )
    }

    fn close(&mut self, value: Value, node: usize, end: u32, anchor: usize) -> Built<()> {
        let size = self.nodes.len() - node;
        let closed = &mut self.nodes[node];
        closed.size = u32::try_from(size).unwrap_or(u32::MAX);
        closed.value_span = Span::new(closed.value_span.start, end);
        if anchor != 0 {
            let anchored = Anchored {
                value: value.clone(),
                n_repeated: self.nodes[node..].iter().map(weight).sum(),
                n_read: expansion::n_read(&self.nodes[node..]),
                nodes: self.nodes[node..].into(),
            };
            self.anchors.insert(anchor, anchored);
        }
        self.place(value, node, end)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, value: Value, node: usize, end: u32) -> Built<()> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        frame.last_end = frame.last_end.max(end);
        match &mut frame.content {
            Content::Sequence(items) => items.push(value),
            Content::Mapping(mapping) => match mapping.pending.take() {
                Some(Key::Plain(key, _)) => {
                    mapping.insert(Value::String(key), value);
                }
                Some(Key::Merge(span)) => return self.merge(&value, node, span),
                None => {}
            },
        }
        Ok(())
    }

    /// As kubectl: a merge overrides what stands before it; of several mappings the first one wins.
    fn merge(&mut self, value: &Value, node: usize, key_span: Span) -> Built<()> {
        let merged = self.nodes.split_off(node);
        let mut mappings: Vec<(&Value, usize)> = Vec::new();
        match value {
            Value::Object(_) => mappings.push((value, 0)),
            Value::Array(items) => {
                let mut index = 1;
                for item in items.iter() {
                    mappings.push((item, index));
                    index += merged.get(index).map_or(1, |node| node.size as usize);
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Set(_)
            | Value::Undefined => {}
        }
        let is_mapping = |(value, _): &(&Value, usize)| matches!(value, Value::Object(_));
        // As kubectl: an alias stands for a mapping, a list is written out.
        let is_aliased_list = matches!(value, Value::Array(_)) && !merged[0].alias_span.is_empty();
        if is_aliased_list
            || mappings.is_empty() && !matches!(value, Value::Array(_))
            || !mappings.iter().all(is_mapping)
        {
            return Err(BuildError::new(key_span, "`<<` merges mappings, this is none")
                .help("Its value is a mapping, an alias of one, or a list of those; a key of this name is written in quotes."));
        }
        for (value, index) in mappings.into_iter().rev() {
            self.merge_one(value, &merged, index)?;
        }
        Ok(())
    }

    fn merge_one(&mut self, value: &Value, nodes: &[Node], index: usize) -> Built<()> {
        let top = &nodes[index];
        let end = index + top.size as usize;
        let alias_span = top.alias_span;
        if self.nodes.len() + nodes.len() > self.limits.nodes {
            return Err(self.too_many_nodes(top.value_span));
        }
        let mut child = index + 1;
        while child < end {
            let size = nodes[child].size as usize;
            let start = self.nodes.len();
            self.nodes.extend_from_slice(&nodes[child..child + size]);
            if self.nodes[start].alias_span.is_empty() {
                self.nodes[start].alias_span = alias_span;
            }
            child += size;
        }
        let Some(Frame {
            content: Content::Mapping(mapping),
            ..
        }) = self.frames.last_mut()
        else {
            return Ok(());
        };
        if let Ok(object) = value.as_object() {
            for (key, value) in object.iter() {
                if let Value::String(text) = key {
                    mapping.merged.insert(Arc::clone(text));
                }
                mapping.insert(key.clone(), value.clone());
            }
        }
        Ok(())
    }

    /// An alias in the place of a value.
    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Built<()> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(BuildError::new(
                span,
                "the alias stands for something it is a part of",
            ));
        };
        let value = anchored.value.clone();
        let nodes = Arc::clone(&anchored.nodes);
        self.n_repeated = self.n_repeated.saturating_add(anchored.n_repeated);
        let n_nodes = self.nodes.len().saturating_add(self.n_repeated);
        if n_nodes.saturating_add(nodes.len()) > self.limits.nodes {
            return Err(self.too_many_nodes(span));
        }
        let n_read = anchored.n_read;
        let node = self.open_node(nodes[0].value_span, span)?;
        if !self.expansion.repeat(n_read) {
            let message = "nearly all of the document comes of aliases, which kubectl refuses";
            return Err(BuildError::new(span, message).help("Write it without them, or split it."));
        }
        self.nodes.extend_from_slice(&nodes[1..]);
        self.nodes[node].size = nodes[0].size;
        self.place(value, node, span.end)
    }

    /// The text that an alias in the place of a key stands for.
    pub(super) fn alias_key(&self, anchor: usize, span: Span) -> Built<String> {
        let anchored = self.anchors.get(&anchor).map(|anchored| &anchored.value);
        match anchored {
            Some(Value::String(text)) => Ok(text.to_string()),
            Some(Value::Number(number)) if number.as_i64().is_none() => {
                let float = number.as_f64().filter(|_| number.as_u64().is_none());
                let key = float.map(scalar::float_key);
                key.ok_or_else(|| BuildError::new(span, "the key is too large a number"))
            }
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Ok(value.to_string()),
            Some(
                Value::Null | Value::Array(_) | Value::Set(_) | Value::Object(_) | Value::Undefined,
            )
            | None => Err(BuildError::new(
                span,
                "a key cannot be a list, a mapping or null",
            )),
        }
    }

    /// The document: its value and where everything stands; none where there was no node.
    pub(super) fn finish(self) -> Option<(Value, SpanTable)> {
        let root = self.root?;
        self.keys.n_nodes = self.nodes.len();
        Some((root, SpanTable::new(self.nodes)))
    }
}

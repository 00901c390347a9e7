//! What is wrong with a document, before it is known where that stands in its file.

use std::collections::BTreeMap;

use crate::document::path::{Path, Segment};
use crate::finding::Level;
use crate::schema::rules::Id;

/// Where a value stands, as a chain on the stack: a path is made of it only where something is wrong.
#[derive(Clone, Copy, Debug)]
pub(in crate::schema) enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, u32),
}

impl<'a> At<'a> {
    pub(in crate::schema) fn key(&'a self, key: &'a str) -> At<'a> {
        At::Key(self, key)
    }

    pub(in crate::schema) fn index(&'a self, index: usize) -> At<'a> {
        At::Index(self, u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(in crate::schema) fn path(&self) -> Path {
        let mut segments = Vec::new();
        let mut at = self;
        loop {
            match at {
                At::Root => break,
                At::Key(parent, key) => {
                    segments.push(Segment::from(*key));
                    at = parent;
                }
                At::Index(parent, index) => {
                    segments.push(Segment::from(*index));
                    at = parent;
                }
            }
        }
        segments.reverse();
        Path(segments)
    }

    /// The keys that lead here, without indices, as Go's JSON reader names fields.
    pub(in crate::schema) fn go_path(&self) -> String {
        let path = self.path();
        let keys = path.0.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            Segment::Index(_) => None,
        });
        keys.collect::<Vec<_>>().join(".")
    }

    /// The key of the nearest entry that this is or is an item of.
    pub(in crate::schema) fn last_key(&self) -> &str {
        match self {
            At::Root => "",
            At::Key(_, key) => key,
            At::Index(parent, _) => parent.last_key(),
        }
    }
}

/// Which side of an entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Side {
    Key,
    Value,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::schema) struct Fault {
    pub(in crate::schema) rule: Id,
    pub(in crate::schema) level: Level,
    pub(in crate::schema) path: Path,
    /// Further places that it may be at: the one that stands last in the file is meant.
    pub(in crate::schema) others: Vec<Path>,
    pub(in crate::schema) side: Side,
    pub(in crate::schema) message: String,
    pub(in crate::schema) details: BTreeMap<&'static str, String>,
    /// Minor versions in which it is wrong; empty where only one is asked for.
    pub(in crate::schema) minors: Vec<u8>,
}

impl Fault {
    /// The same fault with something for machines.
    pub(in crate::schema) fn detail(
        &mut self,
        key: &'static str,
        text: impl Into<String>,
    ) -> &mut Self {
        self.details.insert(key, text.into());
        self
    }

    /// The same fault as a warning.
    pub(in crate::schema) fn warning(&mut self) -> &mut Self {
        self.level = Level::Warning;
        self
    }
}

/// What is wrong with one document in one version.
#[derive(Debug, Default)]
pub(in crate::schema) struct Faults(pub(in crate::schema) Vec<Fault>);

impl Faults {
    /// Something is wrong with the value or the key at a place.
    pub(in crate::schema) fn push(
        &mut self,
        rule: Id,
        at: &At<'_>,
        side: Side,
        message: impl Into<String>,
    ) -> &mut Fault {
        self.0.push(Fault {
            rule,
            level: Level::Failure,
            path: at.path(),
            others: Vec::new(),
            side,
            message: message.into(),
            details: BTreeMap::new(),
            minors: Vec::new(),
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Something is wrong with the value at a place: `path: text`.
    pub(in crate::schema) fn value(&mut self, rule: Id, at: &At<'_>, text: &str) -> &mut Fault {
        let message = format!("{}: {text}", at.path());
        self.push(rule, at, Side::Value, message)
    }

    /// Whether it was said already that a field is missing.
    pub(in crate::schema) fn has_required(&self, at: &At<'_>, key: &str) -> bool {
        let path = at.key(key).path();
        let mut faults = self.0.iter();
        faults.any(|fault| fault.rule == Id::Required && fault.path == path)
    }

    /// A field is missing.
    pub(in crate::schema) fn required(&mut self, at: &At<'_>, reason: &str) -> &mut Fault {
        let colon = if reason.is_empty() { "" } else { ": " };
        let message = format!("{}: Required value{colon}{reason}", at.path());
        self.push(Id::Required, at, Side::Key, message)
    }
}

//! The entries of a mapping while it is read: in the order of the text, each key once.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::document::value::Value;
use crate::source::Span;

/// A mapping that is not closed yet.
#[derive(Default)]
pub(super) struct Mapping {
    /// In the order of the text; of two with one key the later one counts.
    pub(super) entries: Vec<(Value, Value)>,
    /// The keys of `entries`, where there are many. A manifest chooses them: the hash is not one that it can foresee.
    keys: HashSet<Arc<str>>,
    /// Keys that a merge brought: writing them again is no duplicate.
    pub(super) merged: BTreeSet<Arc<str>>,
    /// The key whose value comes next.
    pub(super) pending: Option<Key>,
}

/// So many keys are looked through one by one.
const FEW_KEYS: usize = 16;

impl Mapping {
    /// Whether there is an entry of the key.
    pub(super) fn has(&self, key: &Arc<str>) -> bool {
        if !self.keys.is_empty() {
            return self.keys.contains(key);
        }
        let is_key = |known: &Value| matches!(known, Value::String(known) if Arc::ptr_eq(known, key) || known == key);
        self.entries.iter().any(|(known, _)| is_key(known))
    }

    /// Adds an entry; it counts instead of an earlier one with the key.
    pub(super) fn insert(&mut self, key: Value, value: Value) {
        if self.entries.len() >= FEW_KEYS {
            if self.keys.is_empty() {
                let keys = self
                    .entries
                    .iter()
                    .filter_map(|(key, _)| key.as_string().ok());
                self.keys = keys.cloned().collect();
            }
            self.keys.extend(key.as_string().ok().cloned());
        }
        self.entries.push((key, value));
    }
}

/// The key of an entry whose value is not there yet.
pub(super) enum Key {
    /// Any key, and where it is written.
    Plain(Arc<str>, Span),
    /// `<<`, and where.
    Merge(Span),
}

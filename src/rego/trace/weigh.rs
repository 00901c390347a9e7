//! How much a read says about why a body held.

use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::trace::explain::Explainer;
use crate::rego::trace::plan::{Class, GroupId, NodeKind, Statement, StatementKind};
use crate::rego::trace::reads::{Read, Reads};
use crate::rego::trace::rules::calls_group;
use crate::rego::trace::term::index;

impl Explainer<'_, '_> {
    /// Puts those reads first that say most.
    pub(super) fn sort(&self, ranked: &mut Vec<(Class, Read)>) {
        let mut reads: Reads = ranked.iter().map(|(_, read)| read.clone()).collect();
        let n_before = reads.len();
        self.keep_document(&mut reads);
        if reads.len() < n_before {
            ranked.retain(|(_, read)| {
                let mut one = vec![read.clone()];
                self.keep_document(&mut one);
                !one.is_empty()
            });
        }
        for (class, read) in &mut *ranked {
            read.weight = Some(self.weight(*class, read));
        }
        ranked.sort_by_key(|(_, read)| read.weight);
    }

    /// How little a node says about why a body held: 0 says most.
    fn weight(&self, class: Class, read: &Read) -> u8 {
        let own = match self.selector(read) {
            Selector::Kind => 7,
            Selector::Version => 6,
            Selector::Name => 5,
            Selector::Index => 3,
            Selector::Inner => 1,
            Selector::None => 0,
        };
        match class {
            Class::Exemption => read.weight.unwrap_or(own).max(1),
            Class::Message => 8,
            Class::Test => read.weight.unwrap_or(own),
            Class::Answer => read.weight.unwrap_or(own).max(1),
            Class::Generator if own > 4 => own,
            Class::Generator => read.weight.unwrap_or(own + 2).max(2),
        }
    }

    fn selector(&self, read: &Read) -> Selector {
        let keys = read.place.keys();
        let prefix = self.prefix_of(&keys).unwrap_or(0);
        if !self.exists(&keys) {
            // What is looked for at the root says which kind of input it is.
            return match keys.len() - prefix.min(keys.len()) {
                0 | 1 => Selector::Name,
                _ => Selector::None,
            };
        }
        if read.is_key {
            return match keys.last() {
                Some(Value::Number(_)) => Selector::Index,
                _ => Selector::Inner,
            };
        }
        let text = |value: &Value| value.as_string().ok().cloned();
        let path: Vec<Option<Arc<str>>> = keys[prefix..].iter().map(text).collect();
        let path: Vec<&str> = path
            .iter()
            .map(|key| key.as_deref().unwrap_or("0"))
            .collect();
        match path.as_slice() {
            [] | ["kind" | "metadata" | "spec"] => Selector::Kind,
            ["apiVersion"] => Selector::Version,
            ["metadata", "name" | "namespace" | "generateName"] => Selector::Name,
            [.., "name" | "namespace" | "kind" | "apiVersion"] => Selector::Inner,
            _ => Selector::None,
        }
    }

    /// Whether a node is there.
    fn exists(&self, keys: &[Value]) -> bool {
        let mut value = self.root.as_ref();
        for key in keys {
            value = match value {
                Some(Value::Object(object)) => object.get(key),
                Some(Value::Array(items)) => index(key).and_then(|index| items.get(index)),
                _ => None,
            };
        }
        value.is_some()
    }

    /// Whether a statement says that a rule or function of the policies is not so that exempts by its name.
    pub(super) fn exempts(&self, statement: &Statement) -> bool {
        const WORDS: [&str; 9] = [
            "exempt",
            "exception",
            "exclud",
            "ignore",
            "skip",
            "bypass",
            "waive",
            "whitelist",
            "allowlist",
        ];
        let Some(group) = self.negated(statement) else {
            return false;
        };
        let name = self.machine.program.groups[group].path.last();
        let name = name.map(|name| name.to_ascii_lowercase());
        name.is_some_and(|name| WORDS.iter().any(|word| name.contains(word)))
    }

    /// Whether a rule or function of the policies that is not so looked at what a resource is called only.
    pub(super) fn may_exempt(&self, statement: &Statement, read: &Read) -> bool {
        let keys = read.place.keys();
        let prefix = self.prefix_of(&keys).unwrap_or(0);
        let is_metadata =
            matches!(keys.get(prefix), Some(Value::String(key)) if &**key == "metadata");
        is_metadata && self.negated(statement).is_some()
    }

    /// The rule or function of the policies that a statement says is not so.
    fn negated(&self, statement: &Statement) -> Option<GroupId> {
        let StatementKind::Not(node) = &statement.kind else {
            return None;
        };
        match &node.kind {
            NodeKind::Data(steps) => self.machine.group_at(steps),
            _ => calls_group(node),
        }
    }

    /// A call of a function of the policies that tests nothing.
    pub(super) fn only_formats(&self, statement: &Statement) -> bool {
        let StatementKind::Holds(node) = &statement.kind else {
            return false;
        };
        let NodeKind::Unify(sides) = &node.kind else {
            return false;
        };
        let group = calls_group(&sides.0).or_else(|| calls_group(&sides.1));
        group.is_some_and(|group| {
            let definitions = &self.machine.program.groups[group].definitions;
            definitions.iter().all(|definition| {
                let branches = definition.branches.iter();
                let mut ranked = branches.flat_map(|branch| &branch.body.ranked);
                !ranked.any(|(_, class)| matches!(class, Class::Test | Class::Answer))
            })
        })
    }
}

/// What a node says about a document as a whole.
enum Selector {
    None,
    /// The name or kind of a part.
    Inner,
    /// The number of an element.
    Index,
    /// The resource's name or namespace.
    Name,
    /// The version of its kind.
    Version,
    /// The resource's kind, or the whole of it.
    Kind,
}

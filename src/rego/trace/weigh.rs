//! How much a read says about why a body held.

use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::syntax::ast::Operator;
use crate::rego::trace::explain::Explainer;
use crate::rego::trace::plan::{Class, NodeKind, Statement, StatementKind};
use crate::rego::trace::reads::Read;
use crate::rego::trace::term::{Place, index};

impl Explainer<'_, '_> {
    /// Puts those reads first that say most.
    pub(super) fn sort(&self, ranked: &mut Vec<(Class, Read)>) {
        if let Some(is_kept) = self.document() {
            ranked.retain(|(_, read)| is_kept(read));
        }
        for (class, read) in &mut *ranked {
            read.weight = Some(self.weight(*class, read));
        }
        ranked.sort_by_key(|(_, read)| read.weight);
    }

    /// The first read; where that only says which document it is, the one that says least of that, of equals the last.
    pub(super) fn most_particular(&self, reads: &[Read]) -> Option<usize> {
        const SELECTS: u8 = 5;
        if self.own_weight(reads.first()?) < SELECTS {
            return Some(0);
        }
        let is_part = |at: &usize| {
            let place = &reads[*at].place;
            let mut others = reads.iter().enumerate();
            !others.any(|(other, read)| {
                other != *at && read.place.is_below(place) && !place.is_below(&read.place)
            })
        };
        let weight = |at: &usize| (self.own_weight(&reads[*at]), std::cmp::Reverse(*at));
        (0..reads.len()).filter(is_part).min_by_key(weight)
    }

    /// A kind or a name that another document has too says more than one that only chooses the document.
    pub(super) fn weight_of_twin(&self, read: &Read) -> Option<u8> {
        self.own_weight(read).checked_sub(3).filter(|own| *own > 0)
    }

    /// What a node says about its document as a whole, where no body says more about it: 0 is nothing.
    pub(super) fn own_weight(&self, read: &Read) -> u8 {
        match self.selector(read) {
            Selector::Kind => 7,
            Selector::Version => 6,
            Selector::Name => 5,
            Selector::Index => 3,
            Selector::Inner => 1,
            Selector::None => 0,
        }
    }

    /// How little a node says about why a body held: 0 says most.
    fn weight(&self, class: Class, read: &Read) -> u8 {
        let known_or_own = || read.weight.unwrap_or_else(|| self.own_weight(read));
        match class {
            Class::Message => OF_MESSAGE,
            Class::Test => known_or_own(),
            Class::Exemption | Class::Answer => known_or_own().max(1),
            Class::Generator => match self.own_weight(read) {
                own @ 5.. => own,
                own => read.weight.unwrap_or(own + 2).max(2),
            },
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
        let path: Vec<&str> = keys[prefix..].iter().map(text).collect();
        let path = match path.as_slice() {
            // Documents in the form of an AdmissionReview.
            ["review" | "request", "object" | "oldObject", path @ ..] => path,
            ["review" | "request", ..] => return Selector::Version,
            path => path,
        };
        match path {
            [] | ["kind" | "metadata" | "spec"] => Selector::Kind,
            ["apiVersion"] => Selector::Version,
            ["metadata", "name" | "namespace" | "generateName"] => Selector::Name,
            [.., "name" | "namespace" | "kind" | "apiVersion" | "type"] => Selector::Inner,
            _ => Selector::None,
        }
    }

    /// Whether a node is there.
    pub(super) fn exists(&self, keys: &[Value]) -> bool {
        self.root.is_some() && self.n_existing(keys) == keys.len()
    }

    /// How many of the keys lead to what is there.
    pub(super) fn n_existing(&self, keys: &[Value]) -> usize {
        let mut value = self.root.as_ref();
        for (n_found, key) in keys.iter().enumerate() {
            value = match value {
                Some(Value::Object(object)) => object.get(key),
                Some(Value::Array(items)) => index(key).and_then(|index| items.get(index)),
                _ => None,
            };
            if value.is_none() {
                return n_found;
            }
        }
        keys.len()
    }

    /// How far what a body looked for is from what is there: kinds and names last, then what is not there, by how much.
    pub(super) fn distance(&self, read: &Read) -> (bool, usize, std::cmp::Reverse<usize>) {
        let keys = read.place.keys();
        let n_found = self.n_existing(&keys);
        let is_selector = match self.selector(read) {
            Selector::Kind | Selector::Version | Selector::Name => true,
            Selector::None | Selector::Inner | Selector::Index => false,
        };
        let n_missing = keys.len() - n_found;
        (is_selector, n_missing, std::cmp::Reverse(n_found))
    }

    /// The list of an element whose name was read.
    pub(super) fn searched(&self, read: &Read) -> Option<Place> {
        let keys = read.place.keys();
        let is_name = matches!(self.selector(read), Selector::Inner) && !read.is_key;
        match keys.as_slice() {
            [.., Value::Number(_), Value::String(_)] if is_name => {
                Some(read.place.ancestor(keys.len() - 2))
            }
            _ => None,
        }
    }

    /// Whether a rule or function of the policies that is not so looked at what a resource is called only.
    pub(super) fn may_exempt(&self, statement: &Statement, read: &Read) -> bool {
        self.traits(statement).negated.is_some() && self.below_metadata(read).is_some()
    }

    /// The key below the document's own `metadata`.
    fn below_metadata(&self, read: &Read) -> Option<Arc<str>> {
        let keys = read.place.keys();
        let text = |at: usize| keys.get(at).and_then(|key| key.as_string().ok()).cloned();
        let prefix = self.prefix_of(&keys).unwrap_or(0);
        let start = match text(prefix).as_deref() {
            Some("review" | "request") => prefix + 2,
            _ => prefix,
        };
        let below = text(start + 1).unwrap_or_default();
        text(start)
            .is_some_and(|key| &*key == "metadata")
            .then_some(below)
    }

    /// Whether a statement says that a label or annotation is not a certain one: with that, people leave resources out.
    pub(super) fn leaves_out(&self, statement: &Statement, read: &Read) -> bool {
        let is_comparison = match &statement.kind {
            StatementKind::Not(node) => {
                matches!(node.kind, NodeKind::Compare(..) | NodeKind::Unify(_))
            }
            StatementKind::Holds(node) => {
                matches!(node.kind, NodeKind::Compare(Operator::NotEqual, _))
            }
            StatementKind::SomeIn(..) | StatementKind::Every(_) => false,
        };
        let below = || self.below_metadata(read);
        is_comparison && matches!(below().as_deref(), Some("labels" | "annotations"))
    }
}

/// How little what a message is made of says about why its body held: nothing says less.
const OF_MESSAGE: u8 = 8;

/// Whether the first of sorted reads says more than those that a message is made of.
pub(super) fn says_why(ranked: &[(Class, Read)]) -> bool {
    let first = ranked.first().and_then(|(_, read)| read.weight);
    first.is_some_and(|weight| weight < OF_MESSAGE)
}

/// Puts the read first that says more than the first one, where there is one; `quoted` are those that the message is
/// made of.
pub(super) fn put_better_first(ranked: &mut [(Class, Read)], quoted: &[Read]) {
    if let Some(better) = better(ranked, quoted) {
        ranked[..=better].rotate_right(1);
    }
}

/// The read that says more than the first one, though their weights are the same.
fn better(ranked: &[(Class, Read)], quoted: &[Read]) -> Option<usize> {
    let Some((Class::Test, first)) = ranked.first() else {
        return None;
    };
    let is_same = |one: &Read, other: &Read| one.place.is(&other.place);
    let is_quoted = |read: &Read| quoted.iter().any(|quoted| is_same(quoted, read));
    let equals = || {
        let tests = ranked.iter().enumerate();
        tests.filter(|(_, (class, read))| *class == Class::Test && read.weight == first.weight)
    };
    // A part of it says more than the whole, which a guard may have counted.
    let is_part = |read: &Read| read.place.is_below(&first.place) && !is_same(read, first);
    let part = equals().find(|(_, (_, read))| is_part(read));
    let quoted = || match first.is_choice && !is_quoted(first) {
        true => equals().find(|(_, (_, read))| !read.is_choice && is_quoted(read)),
        false => None,
    };
    part.or_else(quoted).map(|(at, _)| at)
}

/// A key of a path as a text; what is none is the index of an element.
fn text(key: &Value) -> &str {
    match key {
        Value::String(key) => key,
        _ => "0",
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

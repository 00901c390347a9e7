//! Values that know where they come from.

use std::rc::Rc;
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::trace::collections::Entries;
use crate::rego::trace::elements::{Known, of_element};
use crate::rego::trace::machine::Context;
use crate::rego::trace::meter::Meter;
use crate::rego::trace::plan::{Branch, Comprehension, GroupId};

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Term {
    pub(in crate::rego) value: Value,
    pub(in crate::rego) source: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(in crate::rego) enum Source {
    /// The policy or its data.
    Constant,
    /// A node of the input.
    Node(Place),
    /// The key of an entry of the input, or the index of an element.
    Key(Place),
    /// The list of the keys that lead to a node of the input, those left out that lead to where it begins.
    Path(Place, usize),
    /// The program made it.
    Made(Rc<Made>),
}

/// How the program made a value.
#[derive(Debug)]
pub(in crate::rego) enum Made {
    /// A builtin did, of these arguments.
    Call {
        name: Arc<str>,
        args: Vec<Term>,
        /// Where the elements of the result come from.
        known: Known,
    },
    /// `object.get` found nothing at this place and gave its default.
    Absent(Place, Source),
    /// A body that held did: what its head is, with the values that its variables had.
    Result(Rc<Derivation>, Source),
    /// No body of a rule held for these arguments, so that its default counts.
    Default(GroupId, Vec<Term>, Rc<Context>),
    /// A literal, a comprehension or a partial rule.
    Collection(Members),
}

/// The members of a collection that the program made.
#[derive(Debug, Default)]
pub(in crate::rego) struct Members {
    /// What made it.
    pub(in crate::rego) origin: Origin,
    /// The members, as many as the value has, in its order.
    pub(in crate::rego) entries: Entries,
}

/// What made a collection.
#[derive(Clone, Debug, Default)]
pub(in crate::rego) enum Origin {
    /// It is written out.
    #[default]
    Literal,
    /// A comprehension, with the variables around it and what `input` and `data` were.
    Comprehension(Arc<Comprehension>, Rc<Frame>, Rc<Context>),
    /// A partial rule, with what `input` and `data` were.
    Group(GroupId, Rc<Context>),
}

/// A member of a collection.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Member {
    /// Where its key comes from.
    pub(in crate::rego) key: Source,
    /// The value and where it comes from.
    pub(in crate::rego) value: Term,
    /// The bodies that gave it.
    pub(in crate::rego) derivations: Vec<Rc<Derivation>>,
}

/// A body that held.
#[derive(Debug)]
pub(in crate::rego) struct Derivation {
    /// The body with its head.
    pub(in crate::rego) branch: Arc<Branch>,
    /// What its variables were.
    pub(in crate::rego) frame: Frame,
    /// What `input` and `data` were.
    pub(in crate::rego) context: Rc<Context>,
}

/// The values of a body's variables; those without a value are not bound.
pub(in crate::rego) type Frame = Vec<Option<Term>>;

/// A path from the root of the input; it need not exist.
#[derive(Clone, Debug, Default)]
pub(in crate::rego) struct Place(Option<Rc<PlaceStep>>);

#[derive(Debug)]
struct PlaceStep {
    parent: Place,
    key: Value,
}

impl Place {
    /// The place one step below.
    pub(in crate::rego) fn child(&self, key: &Value) -> Self {
        Self(Some(Rc::new(PlaceStep {
            parent: self.clone(),
            key: key.clone(),
        })))
    }

    /// The place that the first `n_keys` keys lead to.
    pub(super) fn ancestor(&self, n_keys: usize) -> Self {
        let keys = self.keys();
        let start = Self::default();
        keys.iter()
            .take(n_keys)
            .fold(start, |place, key| place.child(key))
    }

    /// The list that two places are in different elements of.
    pub(super) fn list_with(&self, other: &Self) -> Option<Self> {
        let (own, others) = (self.keys(), other.keys());
        let n_common = own.iter().zip(&others).take_while(|(a, b)| a == b).count();
        let is_element = |keys: &[Value]| matches!(keys.get(n_common), Some(Value::Number(_)));
        (is_element(&own) && is_element(&others)).then(|| self.ancestor(n_common))
    }

    /// Whether it is another place or below it.
    pub(in crate::rego) fn is_below(&self, other: &Self) -> bool {
        let Some(deeper) = self.depth().checked_sub(other.depth()) else {
            return false;
        };
        let mut place = self;
        for _ in 0..deeper {
            if let Some(step) = &place.0 {
                place = &step.parent;
            }
        }
        place.is(other)
    }

    /// Whether it is the same place.
    pub(super) fn is(&self, other: &Self) -> bool {
        let (mut one, mut other) = (self, other);
        loop {
            match (&one.0, &other.0) {
                (None, None) => return true,
                (Some(own), Some(others)) if Rc::ptr_eq(own, others) => return true,
                (Some(own), Some(others)) if own.key == others.key => {
                    (one, other) = (&own.parent, &others.parent);
                }
                _ => return false,
            }
        }
    }

    /// How many keys lead to it.
    fn depth(&self) -> usize {
        let steps = std::iter::successors(self.0.as_ref(), |step| step.parent.0.as_ref());
        steps.count()
    }

    /// The keys from the root.
    pub(in crate::rego) fn keys(&self) -> Vec<Value> {
        let mut keys = Vec::with_capacity(self.depth());
        let mut place = self;
        while let Some(step) = &place.0 {
            keys.push(step.key.clone());
            place = &step.parent;
        }
        keys.reverse();
        keys
    }
}

impl Term {
    /// A value of the policy.
    pub(in crate::rego) fn constant(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            source: Source::Constant,
        }
    }

    /// Whether a statement of this value holds.
    pub(in crate::rego) fn holds(&self) -> bool {
        holds(&self.value)
    }

    /// Whether it can be iterated over.
    pub(in crate::rego) fn is_collection(&self) -> bool {
        matches!(
            self.value,
            Value::Array(_) | Value::Set(_) | Value::Object(_)
        )
    }

    /// The value below `key`, none where there is none.
    pub(in crate::rego) fn child(&self, key: &Value) -> Option<Self> {
        let value = value_below(&self.value, key)?.clone();
        let source = self.source.of_child(key, &value);
        Some(Self { value, source })
    }

    /// The value that keys lead to, none where there is none.
    pub(in crate::rego) fn at<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Value>,
    ) -> Option<Self> {
        let mut keys = keys.into_iter();
        keys.try_fold(self.clone(), |term, key| term.child(key))
    }

    /// All keys and values below: elements of a set are their own keys.
    pub(in crate::rego) fn children(&self) -> Vec<(Self, Self)> {
        let entry = |key: Value, value: Value| {
            let source = self.source.of_child(&key, &value);
            let key_source = match &self.value {
                Value::Set(_) => source.clone(),
                _ => self.source.of_key(&key),
            };
            let key = Self {
                value: key,
                source: key_source,
            };
            (key, Self { value, source })
        };
        match &self.value {
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| entry(key.clone(), value.clone()))
                .collect(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| entry(Value::from(index as u64), value.clone()))
                .collect(),
            Value::Set(set) => set
                .iter()
                .map(|value| entry(value.clone(), value.clone()))
                .collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Undefined => Vec::new(),
        }
    }

    /// The members of a collection that the program made.
    fn members(&self) -> Option<&Entries> {
        let Source::Made(made) = self.source.inner() else {
            return None;
        };
        let Made::Collection(members) = &**made else {
            return None;
        };
        Some(&members.entries).filter(|entries| entries.len() == n_elements(&self.value))
    }

    /// All values below.
    pub(in crate::rego) fn elements(&self) -> Vec<Self> {
        if let Some(members) = self.members() {
            return members.values().map(Member::term).collect();
        }
        let element = |key: &Value, value: &Value| Self {
            source: self.source.of_child(key, value),
            value: value.clone(),
        };
        match &self.value {
            Value::Object(object) => object.iter().map(|(key, it)| element(key, it)).collect(),
            Value::Array(items) => (0_u64..)
                .zip(items.iter())
                .map(|(index, value)| element(&Value::from(index), value))
                .collect(),
            Value::Set(set) => set.iter().map(|value| element(value, value)).collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Undefined => Vec::new(),
        }
    }

    /// Where the value stands in the input, where it is a node of it.
    pub(in crate::rego) fn place(&self) -> Option<&Place> {
        self.source.place()
    }
}

/// Whether a statement of a value holds.
pub(super) fn holds(value: &Value) -> bool {
    !matches!(value, Value::Bool(false) | Value::Undefined)
}

/// The value below a key, none where there is none.
pub(super) fn value_below<'v>(whole: &'v Value, key: &Value) -> Option<&'v Value> {
    match whole {
        Value::Object(object) => object.get(key),
        Value::Array(items) => items.get(index(key)?),
        Value::Set(set) => set.get(key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            None
        }
    }
}

/// How many elements a collection has.
pub(super) fn n_elements(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    }
}

/// The index that a number is.
pub(in crate::rego) fn index(key: &Value) -> Option<usize> {
    match key {
        Value::Number(_) => key
            .as_u64()
            .ok()
            .and_then(|index| usize::try_from(index).ok()),
        _ => None,
    }
}

impl Source {
    /// Made by a builtin.
    pub(in crate::rego) fn call(name: &Arc<str>, args: Vec<Term>, meter: &Meter) -> Self {
        Self::Made(Rc::new(Made::Call {
            name: Arc::clone(name),
            args,
            known: Known::new(meter),
        }))
    }

    /// Made by a body that held.
    pub(in crate::rego) fn result(derivation: Rc<Derivation>, inner: Self) -> Self {
        Self::Made(Rc::new(Made::Result(derivation, inner)))
    }

    /// The node of the input that the value is.
    pub(in crate::rego) fn place(&self) -> Option<&Place> {
        match self {
            Self::Node(place) => Some(place),
            Self::Made(made) => match &**made {
                Made::Result(_, inner) | Made::Absent(_, inner) => inner.place(),
                Made::Call { .. } | Made::Default(..) | Made::Collection(_) => None,
            },
            Self::Constant | Self::Key(_) | Self::Path(..) => None,
        }
    }

    /// Where the value itself comes from, whichever bodies gave it.
    pub(super) fn inner(&self) -> &Self {
        match self {
            Self::Made(made) => match &**made {
                Made::Result(_, inner) => inner.inner(),
                _ => self,
            },
            _ => self,
        }
    }

    /// Whether the value is the policy's own.
    pub(super) fn is_of_policy(&self) -> bool {
        match self {
            Self::Constant => true,
            Self::Made(made) => matches!(&**made, Made::Result(_, inner) if inner.is_of_policy()),
            Self::Node(_) | Self::Key(_) | Self::Path(..) => false,
        }
    }

    pub(super) fn of_child(&self, key: &Value, value: &Value) -> Self {
        match self {
            Self::Constant => Self::Constant,
            Self::Node(place) | Self::Key(place) => Self::Node(place.child(key)),
            Self::Path(place, start) => match index(key) {
                Some(index) => Self::Key(place.ancestor(start + index + 1)),
                None => self.clone(),
            },
            Self::Made(made) => match &**made {
                Made::Result(_, inner) | Made::Absent(_, inner) => match inner {
                    Self::Constant => self.clone(),
                    inner => inner.of_child(key, value),
                },
                Made::Default(..) => self.clone(),
                Made::Collection(members) => match members.entries.get(key) {
                    Some(member) => member.source(),
                    None => self.clone(),
                },
                Made::Call { name, args, known } => {
                    of_element(name, args, known, key, value).unwrap_or_else(|| self.clone())
                }
            },
        }
    }

    fn of_key(&self, key: &Value) -> Self {
        match self {
            Self::Constant => Self::Constant,
            Self::Node(place) | Self::Key(place) => Self::Key(place.child(key)),
            Self::Path(..) => self.clone(),
            Self::Made(made) => match &**made {
                Made::Result(_, inner) | Made::Absent(_, inner) => inner.of_key(key),
                Made::Default(..) => self.clone(),
                Made::Collection(members) => {
                    let member = members.entries.get(key);
                    match member.map(|member| (&member.key, member.source())) {
                        Some((Self::Constant, value)) => value,
                        Some((source, _)) => source.clone(),
                        None => self.clone(),
                    }
                }
                Made::Call { args, .. } => args
                    .iter()
                    .find(|arg| matches!(&arg.value, Value::Object(object) if object.get(key).is_some()))
                    .map_or_else(|| self.clone(), |arg| arg.source.of_key(key)),
            },
        }
    }
}

impl Member {
    /// A member that is just written.
    pub(in crate::rego) fn of(key: Source, value: Term) -> Self {
        Self {
            key,
            value,
            derivations: Vec::new(),
        }
    }

    /// The value, the body that gave it included.
    fn term(&self) -> Term {
        Term {
            value: self.value.value.clone(),
            source: self.source(),
        }
    }

    /// Where the value comes from, the body that gave it included.
    pub(in crate::rego) fn source(&self) -> Source {
        match self.derivations.first() {
            Some(derivation) => Source::result(Rc::clone(derivation), self.value.source.clone()),
            None => self.value.source.clone(),
        }
    }
}

//! Collections that the program makes, with where each member comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::document::value::{Object, Value};
use crate::rego::trace::term::{Derivation, Made, Member, Members, Origin, Source, Term, index};

/// Members by key.
#[derive(Debug)]
pub(in crate::rego) enum Entries {
    /// Those of an array.
    List(Vec<Member>),
    /// Those of an object, or of a set, where each has itself as the key.
    Map(BTreeMap<Value, Member>),
}

impl Default for Entries {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Entries {
    /// The member with a key.
    pub(in crate::rego) fn get(&self, key: &Value) -> Option<&Member> {
        match self {
            Self::List(members) => members.get(index(key)?),
            Self::Map(members) => members.get(key),
        }
    }

    /// All members, in order.
    pub(in crate::rego) fn values(&self) -> impl Iterator<Item = &Member> {
        let (list, map): (&[Member], _) = match self {
            Self::List(members) => (members, None),
            Self::Map(members) => (&[], Some(members)),
        };
        list.iter()
            .chain(map.into_iter().flat_map(BTreeMap::values))
    }

    /// How many there are.
    pub(in crate::rego) fn len(&self) -> usize {
        match self {
            Self::List(members) => members.len(),
            Self::Map(members) => members.len(),
        }
    }
}

/// Adds a member, or one more body that gave it.
pub(in crate::rego) fn add(
    members: &mut BTreeMap<Value, Member>,
    key: Value,
    key_source: Source,
    value: Term,
    derivation: &Rc<Derivation>,
) {
    const MOST: usize = 10_000;
    let member = members
        .entry(key)
        .or_insert_with(|| Member::of(key_source, value));
    if member.derivations.len() < MOST {
        member.derivations.push(Rc::clone(derivation));
    }
}

/// A collection that the program made.
pub(in crate::rego) fn collection(value: Value, origin: Origin, entries: Entries) -> Term {
    Term {
        value,
        source: Source::Made(Rc::new(Made::Collection(Members { origin, entries }))),
    }
}

fn literal(value: Value, entries: impl Iterator<Item = (Term, Term)>) -> Term {
    let members = entries.map(|(key, value)| (key.value, Member::of(key.source, value)));
    collection(value, Origin::Literal, Entries::Map(members.collect()))
}

/// The value of a list of members.
pub(super) fn array_of(members: &[Member]) -> Value {
    let values = members.iter().map(|member| member.value.value.clone());
    Value::from(values.collect::<Vec<_>>())
}

pub(super) fn array(terms: Vec<Term>) -> Term {
    let members: Vec<Member> = terms
        .into_iter()
        .map(|term| Member::of(Source::Constant, term))
        .collect();
    collection(array_of(&members), Origin::Literal, Entries::List(members))
}

pub(super) fn set(terms: Vec<Term>) -> Term {
    let value = Value::from(
        terms
            .iter()
            .map(|term| term.value.clone())
            .collect::<BTreeSet<_>>(),
    );
    literal(value, terms.into_iter().map(|term| (term.clone(), term)))
}

pub(super) fn object(terms: &[Term]) -> Term {
    let pairs = || {
        terms
            .chunks_exact(2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
    };
    let value = Value::from(
        pairs()
            .map(|(key, value)| (key.value, value.value))
            .collect::<Object>(),
    );
    literal(value, pairs())
}

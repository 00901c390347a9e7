//! Collections that the program makes, with where each member comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::document::value::{Object, Value};
use crate::rego::trace::term::{Derivation, Made, Member, Members, Origin, Source, Term};

/// Adds a member, or one more body that gave it.
pub(in crate::rego) fn add(
    members: &mut BTreeMap<Value, Member>,
    key: Value,
    key_source: Source,
    value: Term,
    derivation: &Rc<Derivation>,
) {
    const MOST: usize = 10_000;
    let member = members.entry(key).or_insert_with(|| Member {
        key: key_source,
        value,
        derivations: Vec::new(),
    });
    if member.derivations.len() < MOST {
        member.derivations.push(Rc::clone(derivation));
    }
}

/// A collection that the program made.
pub(in crate::rego) fn collection(
    value: Value,
    origin: Origin,
    members: BTreeMap<Value, Member>,
) -> Term {
    Term {
        value,
        source: Source::Made(Rc::new(Made::Collection(Members { origin, members }))),
    }
}

fn literal(value: Value, entries: impl Iterator<Item = (Term, Term)>) -> Term {
    let members = entries
        .map(|(key, value)| {
            let member = Member {
                key: key.source,
                value,
                derivations: Vec::new(),
            };
            (key.value, member)
        })
        .collect();
    collection(value, Origin::Literal, members)
}

pub(super) fn array(terms: Vec<Term>) -> Term {
    let value = Value::from(
        terms
            .iter()
            .map(|term| term.value.clone())
            .collect::<Vec<_>>(),
    );
    let keys = (0_u64..).map(Term::constant);
    literal(value, keys.zip(terms))
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

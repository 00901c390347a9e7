//! Partial rules: sets and objects that several bodies add to.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::document::value::{Object, Set, Value};
use crate::rego::trace::collections::{Entries, add, collection};
use crate::rego::trace::machine::{Flow, Machine, Stop};
use crate::rego::trace::plan::{Branch, Definition, GroupId, Node};
use crate::rego::trace::rules::CONFLICT;
use crate::rego::trace::term::{Derivation, Frame, Member, Origin, Source, Term};

impl Machine<'_> {
    /// A partial rule: all that its bodies add.
    pub(super) fn partial(&mut self, id: GroupId) -> Result<Term, Stop> {
        let group = &self.program.groups[id];
        let is_of_set = |definition: &Definition| {
            let mut branches = definition.branches.iter();
            definition.keys.is_empty() && branches.all(|branch| branch.member.is_some())
        };
        let mut tree = Tree {
            is_set: group.definitions.iter().all(is_of_set),
            ..Tree::default()
        };
        if group.default.is_none() && tree.is_set {
            return self.partial_set(id);
        }
        // As OPA, which refuses most of these: a set has no keys, and neither has what is written as one value.
        let is_mixed = |definition: &Definition| {
            is_of_set(definition) != tree.is_set || (definition.keys.is_empty() && !tree.is_set)
        };
        if self.is_strict && group.definitions.iter().any(is_mixed) {
            return Err(CONFLICT);
        }
        for definition in &group.definitions {
            self.allowed(definition)?;
            let mut frame: Frame = vec![None; definition.n_slots];
            for branch in &definition.branches {
                let before = tree.n_added;
                self.additions(definition, branch, &mut frame, &mut tree)?;
                if tree.n_added > before {
                    break;
                }
            }
        }
        if self.is_strict && tree.has_conflict {
            return Err(CONFLICT);
        }
        let mut whole = tree.term(&Origin::Group(id, Rc::clone(&self.context)));
        if let Some(default) = &group.default
            && tree.n_added == 0
            && let Some(default) = self.fallback(default)?
        {
            whole = default;
        }
        Ok(whole)
    }

    /// A set: what its bodies give.
    fn partial_set(&mut self, id: GroupId) -> Result<Term, Stop> {
        let mut members: BTreeMap<Value, Member> = BTreeMap::new();
        for definition in &self.program.groups[id].definitions {
            self.allowed(definition)?;
            let mut frame: Frame = vec![None; definition.n_slots];
            for branch in &definition.branches {
                let Some(head) = &branch.member else {
                    continue;
                };
                let mut n_added = 0;
                self.body(&branch.body, 0, &mut frame, &mut |machine, frame| {
                    machine.spend(1 + frame.len() as u64 / 8)?;
                    let derivation = machine.derivation(branch, frame);
                    machine.each(head, frame, &mut |_, _, term| {
                        n_added += 1;
                        add(
                            &mut members,
                            term.value.clone(),
                            Source::Constant,
                            term,
                            &derivation,
                        );
                        Ok(Flow::More)
                    })
                })?;
                if n_added > 0 {
                    break;
                }
            }
        }
        Ok(set_of(members, Origin::Group(id, Rc::clone(&self.context))))
    }

    fn additions(
        &mut self,
        definition: &Definition,
        branch: &Arc<Branch>,
        frame: &mut Frame,
        tree: &mut Tree,
    ) -> Result<(), Stop> {
        let heads: Vec<&Node> = definition
            .keys
            .iter()
            .chain(&branch.member)
            .chain(&branch.value)
            .collect();
        let n_keys = definition.keys.len();
        self.body(&branch.body, 0, frame, &mut |machine, frame| {
            machine.spend(1 + frame.len() as u64 / 8)?;
            let derivation = machine.derivation(branch, frame);
            machine.combinations(&heads, Vec::new(), frame, &mut |_, _, mut terms| {
                let rest = terms.split_off(n_keys);
                tree.add(terms, branch, rest, &derivation);
                Ok(Flow::More)
            })
        })?;
        Ok(())
    }
}

/// What a partial rule gives while its bodies add to it.
#[derive(Default)]
struct Tree {
    members: BTreeMap<Value, Branching>,
    is_set: bool,
    n_added: usize,
    /// Whether two bodies gave different values for one key.
    has_conflict: bool,
}

enum Branching {
    Leaf(Member),
    Inner(Source, Tree),
}

impl Tree {
    fn add(
        &mut self,
        keys: Vec<Term>,
        branch: &Branch,
        rest: Vec<Term>,
        derivation: &Rc<Derivation>,
    ) {
        self.n_added += 1;
        let mut keys = keys.into_iter();
        let Some(key) = keys.next() else {
            // A set's member.
            if let Some(member) = rest.into_iter().next() {
                self.is_set = true;
                self.leaf(member.value.clone(), Source::Constant, member, derivation);
            }
            return;
        };
        let others: Vec<Term> = keys.collect();
        if others.is_empty() && branch.member.is_none() {
            let value = rest
                .into_iter()
                .next()
                .unwrap_or_else(|| Term::constant(true));
            return self.leaf(key.value, key.source, value, derivation);
        }
        let inner = self
            .members
            .entry(key.value)
            .or_insert_with(|| Branching::Inner(key.source, Self::default()));
        match inner {
            Branching::Inner(_, tree) => {
                tree.add(others, branch, rest, derivation);
                self.has_conflict |= tree.has_conflict;
            }
            Branching::Leaf(_) => self.has_conflict = true,
        }
    }

    fn leaf(&mut self, key: Value, source: Source, value: Term, derivation: &Rc<Derivation>) {
        match self.members.get_mut(&key) {
            Some(Branching::Leaf(member)) => {
                self.has_conflict |= member.value.value != value.value;
                member.derivations.push(Rc::clone(derivation));
            }
            Some(Branching::Inner(..)) => self.has_conflict = true,
            None => {
                let mut members = BTreeMap::new();
                add(&mut members, key, source, value, derivation);
                let leaves = members
                    .into_iter()
                    .map(|(key, member)| (key, Branching::Leaf(member)));
                self.members.extend(leaves);
            }
        }
    }

    fn term(&mut self, origin: &Origin) -> Term {
        let is_set = self.is_set;
        let members = std::mem::take(&mut self.members).into_iter();
        let members: BTreeMap<Value, Member> = members
            .map(|(key, branching)| match branching {
                Branching::Leaf(member) => (key, member),
                Branching::Inner(source, mut tree) => (key, Member::of(source, tree.term(origin))),
            })
            .collect();
        if is_set {
            return set_of(members, origin.clone());
        }
        let value = Value::from(object_of(&members));
        collection(value, origin.clone(), Entries::Map(members))
    }
}

fn set_of(members: BTreeMap<Value, Member>, origin: Origin) -> Term {
    let value = Value::from(members.keys().cloned().collect::<Set>());
    collection(value, origin, Entries::Map(members))
}

fn object_of(members: &BTreeMap<Value, Member>) -> Object {
    let entries = members.iter();
    let entries = entries.map(|(key, member)| (key.clone(), member.value.value.clone()));
    entries.collect()
}

/// Two objects in one.
pub(super) fn merged(first: Term, second: Term) -> Term {
    let (Value::Object(_), Value::Object(_)) = (&first.value, &second.value) else {
        return second;
    };
    let mut members: BTreeMap<Value, Member> = BTreeMap::new();
    for (key, value) in first.children().into_iter().chain(second.children()) {
        let value = match members.remove(&key.value) {
            Some(before) => merged(before.value, value),
            None => value,
        };
        members.insert(key.value, Member::of(key.source, value));
    }
    let value = Value::from(object_of(&members));
    collection(value, Origin::Literal, Entries::Map(members))
}

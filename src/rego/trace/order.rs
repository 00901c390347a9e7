//! An order of statements in which each finds its variables bound, as OPA's compiler makes one.

use std::collections::{BTreeMap, BTreeSet};

use crate::rego::trace::plan::{Node, NodeKind, Slot, Statement, StatementKind};

/// Statements in the order of their evaluation.
pub(super) struct Ordered {
    pub(super) statements: Vec<Statement>,
    /// Whether each finds its variables bound.
    pub(super) complete: bool,
}

/// The longest body that is traced: what follows a statement is evaluated on its stack.
const MAX_STATEMENTS: usize = 2_000;

/// Orders the statements of a body; `bound` are the variables that have a value before, and afterwards all that have.
pub(super) fn order(statements: Vec<Statement>, bound: &mut BTreeSet<Slot>) -> Ordered {
    let mut waiting = statements;
    let mut ordered = Vec::with_capacity(waiting.len());
    // What is longer is not traced.
    let mut complete = waiting.len() <= MAX_STATEMENTS;
    if !complete {
        return Ordered {
            statements: waiting,
            complete,
        };
    }
    let mut uses: BTreeMap<Slot, usize> = BTreeMap::new();
    for slot in waiting.iter().flat_map(Statement::slots) {
        *uses.entry(slot).or_default() += 1;
    }
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .position(|statement| is_ready(statement, bound, &uses));
        complete &= next.is_some();
        let mut statement = waiting.remove(next.unwrap_or(0));
        for slot in statement.slots() {
            if let Some(n_uses) = uses.get_mut(&slot) {
                *n_uses -= 1;
            }
        }
        mark_statement(&mut statement, bound);
        if !matches!(
            statement.kind,
            StatementKind::Not(_) | StatementKind::Every(_)
        ) {
            bound.extend(statement.slots());
        }
        ordered.push(statement);
    }
    Ordered {
        statements: ordered,
        complete,
    }
}

/// Whether a statement can be evaluated; `uses` says in how many of those that wait each variable is.
fn is_ready(statement: &Statement, bound: &BTreeSet<Slot>, uses: &BTreeMap<Slot, usize>) -> bool {
    let with = statement
        .with
        .iter()
        .all(|(_, value)| is_value(value, bound));
    with && match &statement.kind {
        StatementKind::Holds(node) => is_value(node, bound),
        // What only the negated expression names is its own.
        StatementKind::Not(node) => {
            is_value(node, bound)
                && node
                    .slots()
                    .iter()
                    .all(|slot| bound.contains(slot) || uses.get(slot).is_none_or(|n| *n <= 1))
        }
        StatementKind::SomeIn(key, value, collection) => {
            is_value(collection, bound)
                && key
                    .iter()
                    .chain([value])
                    .all(|node| is_pattern(node, bound))
        }
        StatementKind::Every(every) => {
            is_value(&every.domain, bound) && every.outer.is_subset(bound)
        }
    }
}

/// Whether an expression can be evaluated; indexes may bind variables on the way.
fn is_value(node: &Node, bound: &BTreeSet<Slot>) -> bool {
    match &node.kind {
        NodeKind::Constant(_) | NodeKind::Input => true,
        NodeKind::Local(slot) => bound.contains(slot),
        NodeKind::Comprehension(made) => made.outer.is_subset(bound),
        NodeKind::Ref(head, steps) => {
            is_value(head, bound) && steps.iter().all(|step| is_pattern(step, bound))
        }
        NodeKind::Data(steps) => steps.iter().all(|step| is_pattern(step, bound)),
        NodeKind::Unify(sides) => {
            let (left, right) = &**sides;
            (is_value(left, bound) && is_pattern(right, bound))
                || (is_value(right, bound) && is_pattern(left, bound))
                || is_element_wise(left, right, bound)
        }
        NodeKind::Array(_)
        | NodeKind::Set(_)
        | NodeKind::Object(_)
        | NodeKind::Call(..)
        | NodeKind::Compare(..)
        | NodeKind::In(..)
        | NodeKind::Template(_) => {
            // What a part binds by its indexes, those after it have.
            let mut extended: Option<BTreeSet<Slot>> = None;
            node.parts().into_iter().all(|part| {
                let known = extended.as_ref().unwrap_or(bound);
                let is_ready = is_value(part, known);
                let slots = part.slots();
                if is_ready && !slots.is_subset(known) {
                    extended.get_or_insert_with(|| bound.clone()).extend(slots);
                }
                is_ready
            })
        }
    }
}

/// Two lists of which now the one, now the other has the variables.
fn is_element_wise(left: &Node, right: &Node, bound: &BTreeSet<Slot>) -> bool {
    let (NodeKind::Array(left), NodeKind::Array(right)) = (&left.kind, &right.kind) else {
        return false;
    };
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            (is_value(left, bound) && is_pattern(right, bound))
                || (is_value(right, bound) && is_pattern(left, bound))
                || is_element_wise(left, right, bound)
        })
}

/// Whether an expression can be matched with a value.
fn is_pattern(node: &Node, bound: &BTreeSet<Slot>) -> bool {
    match &node.kind {
        NodeKind::Local(_) => true,
        NodeKind::Array(items) => items.iter().all(|item| is_pattern(item, bound)),
        NodeKind::Object(entries) => entries
            .iter()
            .all(|(key, value)| is_value(key, bound) && is_pattern(value, bound)),
        _ => is_value(node, bound),
    }
}

fn mark_statement(statement: &mut Statement, bound: &BTreeSet<Slot>) {
    match &mut statement.kind {
        StatementKind::Holds(node) | StatementKind::Not(node) => mark(node, bound),
        StatementKind::SomeIn(key, value, collection) => {
            for node in key.iter_mut().chain([value, collection]) {
                mark(node, bound);
            }
        }
        StatementKind::Every(every) => mark(&mut every.domain, bound),
    }
    for (_, value) in &mut statement.with {
        mark(value, bound);
    }
}

/// Notes which expressions may have several values where the variables of `bound` have one.
pub(super) fn mark(node: &mut Node, bound: &BTreeSet<Slot>) {
    let mut open = false;
    match &mut node.kind {
        NodeKind::Constant(_) | NodeKind::Input | NodeKind::Comprehension(_) => {}
        NodeKind::Local(slot) => open = !bound.contains(slot),
        NodeKind::Array(items)
        | NodeKind::Set(items)
        | NodeKind::Data(items)
        | NodeKind::Template(items) => {
            for item in items {
                mark(item, bound);
                open |= item.open;
            }
        }
        NodeKind::Call(callee, items) => {
            open = matches!(callee, super::plan::Callee::Walk);
            for item in items {
                mark(item, bound);
                open |= item.open;
            }
        }
        NodeKind::Object(entries) => {
            for (key, value) in entries {
                mark(key, bound);
                mark(value, bound);
                open |= key.open || value.open;
            }
        }
        NodeKind::Ref(head, steps) => {
            mark(head, bound);
            open = head.open;
            for step in steps {
                mark(step, bound);
                open |= step.open;
            }
        }
        NodeKind::Compare(_, sides) => {
            mark(&mut sides.0, bound);
            mark(&mut sides.1, bound);
            open = sides.0.open || sides.1.open;
        }
        NodeKind::Unify(sides) => {
            mark(&mut sides.0, bound);
            mark(&mut sides.1, bound);
            open = true;
        }
        NodeKind::In(key, sides) => {
            if let Some(key) = key {
                mark(key, bound);
                open = key.open;
            }
            mark(&mut sides.0, bound);
            mark(&mut sides.1, bound);
            open |= sides.0.open || sides.1.open;
        }
    }
    node.open = open;
}

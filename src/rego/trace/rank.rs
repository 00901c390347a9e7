//! Which statements of a body say most about why it held: found out once a body.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::value::Value;
use crate::rego::syntax::ast::Operator;
use crate::rego::trace::plan::{Callee, Class, Node, NodeKind, Slot, Statement, StatementKind};

/// Numbers of the statements, those first that say most; of equals the last.
pub(super) fn rank(statements: &[Statement], heads: &[&Node]) -> Vec<(usize, Class)> {
    let mut users: BTreeMap<Slot, Vec<usize>> = BTreeMap::new();
    for (index, statement) in statements.iter().enumerate() {
        for slot in statement.slots() {
            users.entry(slot).or_default().push(index);
        }
    }
    let in_heads: BTreeSet<Slot> = heads.iter().flat_map(|head| head.slots()).collect();
    let message = message_only(statements, &users, &in_heads, Calls::Builtins);
    let answers = message_only(statements, &users, &in_heads, Calls::Own);
    let mut ranked: Vec<(usize, Class)> = statements
        .iter()
        .enumerate()
        .map(|(index, statement)| {
            let class = if message.contains(&index) {
                Class::Message
            } else if answers.contains(&index) {
                Class::Answer
            } else {
                class(statement)
            };
            (index, class)
        })
        .collect();
    ranked.sort_by_key(|(index, class)| (*class, std::cmp::Reverse(statements[*index].number)));
    ranked
}

fn class(statement: &Statement) -> Class {
    match &statement.kind {
        StatementKind::Not(_) | StatementKind::Every(_) => Class::Test,
        StatementKind::SomeIn(..) => Class::Generator,
        StatementKind::Holds(node) => match &node.kind {
            NodeKind::Unify(sides) => class_of_unification(&sides.0, &sides.1),
            _ => Class::Test,
        },
    }
}

/// `x = 3` tests where `x` is no variable; `x := f(y)` does where `f` is a function of the policies.
fn class_of_unification(left: &Node, right: &Node) -> Class {
    let is_test = [(left, right), (right, left)]
        .into_iter()
        .any(|(side, other)| {
            let is_value = matches!(
                side.kind,
                NodeKind::Ref(..) | NodeKind::Data(_) | NodeKind::Call(..) | NodeKind::Constant(_)
            );
            let other_is_value = matches!(
                other.kind,
                NodeKind::Constant(_) | NodeKind::Ref(..) | NodeKind::Call(..) | NodeKind::Data(_)
            );
            let calls_own = matches!(&side.kind, NodeKind::Call(Callee::Group(_), _));
            (is_value && other_is_value) || calls_own
        });
    // A variable that is bound already is compared; that an index is bound on the way is no matter.
    let binds = |node: &Node| {
        node.open
            && matches!(
                node.kind,
                NodeKind::Local(_) | NodeKind::Array(_) | NodeKind::Object(_)
            )
    };
    let compares = !binds(left) && !binds(right);
    if is_test || compares {
        Class::Test
    } else {
        Class::Generator
    }
}

/// `input.spec.type == "LoadBalancer"`: what chooses one of some alternatives.
pub(super) fn is_choice(statement: &Statement) -> bool {
    let StatementKind::Holds(node) = &statement.kind else {
        return false;
    };
    let (NodeKind::Unify(sides) | NodeKind::Compare(Operator::Equal, sides)) = &node.kind else {
        return false;
    };
    let is_text = |node: &Node| matches!(node.kind, NodeKind::Constant(Value::String(_)));
    is_text(&sides.0) || is_text(&sides.1)
}

/// The statements that only make the message: what they bind is used in the head and in each other only.
fn message_only(
    statements: &[Statement],
    users: &BTreeMap<Slot, Vec<usize>>,
    in_heads: &BTreeSet<Slot>,
    calls: Calls,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        // From the last on: what makes a message mostly stands before it.
        for (index, statement) in statements.iter().enumerate().rev() {
            if found.contains(&index) {
                continue;
            }
            let Some(bound) = bound_by_assignment(statement, calls) else {
                continue;
            };
            let mut others = users.get(&bound).into_iter().flatten();
            let all_in_messages = others.all(|other| *other == index || found.contains(other));
            let is_used = users.get(&bound).is_some_and(|users| users.len() > 1);
            if all_in_messages && (is_used || in_heads.contains(&bound)) {
                found.insert(index);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Which functions a message may be made with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    /// Builtin ones.
    Builtins,
    /// Those of the policies, or their rules.
    Own,
}

/// The variable that a statement gives a computed value.
fn bound_by_assignment(statement: &Statement, calls: Calls) -> Option<Slot> {
    let StatementKind::Holds(node) = &statement.kind else {
        return None;
    };
    let NodeKind::Unify(sides) = &node.kind else {
        return None;
    };
    let local = |node: &Node| match node.kind {
        NodeKind::Local(slot) if node.open => Some(slot),
        _ => None,
    };
    let (slot, value) = match (local(&sides.0), local(&sides.1)) {
        (Some(slot), _) => (slot, &sides.1),
        (None, Some(slot)) => (slot, &sides.0),
        (None, None) => return None,
    };
    // What iterates finds something, whatever becomes of it.
    let own = matches!(
        value.kind,
        NodeKind::Call(Callee::Group(_), _) | NodeKind::Data(_)
    );
    (!value.open && (calls == Calls::Own || !own)).then_some(slot)
}

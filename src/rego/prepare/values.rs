//! Moves values into bodies, as OPA's compiler does.
//!
//! A value that iterates (`volumes[pod.spec.volumes[_]]`) is evaluated in the body: the engine ends with an error where
//! there is nothing to iterate over. So is what may be undefined in a head: where it is, the body does not hold in this
//! way, and the next way or the branch under `else` is tried. The engine would stop there, or forget all that the body gave
//! before when it is undefined the last time.

use std::sync::Arc;

use crate::rego::prepare::patterns::is_walk;
use crate::rego::syntax::ast::{Body, Expr, ExprKind, Operator, Rule, Statement, Step};
use crate::rego::syntax::visit::{Rewriter, Visitor, rewrite_expr, rewrite_rule, walk_expr};

/// Rewrites one rule.
pub(super) fn move_into_bodies(rule: &mut Rule) {
    if rule.is_default {
        return;
    }
    rewrite_rule(&mut Terms { count: 0 }, rule);
    let has_else = !rule.otherwise.is_empty();
    let head = &mut rule.head;
    if let ExprKind::Ref(_, steps) = &mut head.reference.kind {
        for (number, step) in steps.iter_mut().enumerate() {
            if let Step::Index(key) = step {
                move_one(Some(key), &mut rule.body, false, &format!("key__{number}"));
            }
        }
    }
    for (value, name) in [(&mut head.member, "member__"), (&mut head.value, "value__")] {
        move_one(value.as_mut(), &mut rule.body, has_else, name);
    }
    for other in &mut rule.otherwise {
        move_one(other.value.as_mut(), &mut other.body, true, "value__");
    }
}

/// Moves a part of a head, where it iterates or where there is a body that may hold in several ways or not at all.
fn move_one(value: Option<&mut Expr>, body: &mut Option<Body>, has_else: bool, name: &str) {
    let may_hold_again = has_else || body.as_ref().is_some_and(|body| !body.is_empty());
    if let Some(value) = value
        && (iterates(value) || may_hold_again && !is_always_defined(value))
    {
        let statement = bind(value, name.into());
        body.get_or_insert_default().push(statement);
    }
}

/// Puts a variable in the place of an expression; the statement that gives the variable its value.
pub(super) fn bind(value: &mut Expr, name: Arc<str>) -> Statement {
    let span = value.span;
    let variable = Expr::var(span, name);
    let computed = std::mem::replace(value, variable.clone());
    Statement::binary(span, Operator::Assign, variable, computed)
}

/// The terms of comprehensions are values, too.
struct Terms {
    count: usize,
}

impl Terms {
    fn term(&mut self, term: &mut Expr, body: &mut Body) {
        if iterates(term) {
            self.count += 1;
            body.push(bind(term, format!("term__{}", self.count).into()));
        }
    }
}

impl Rewriter for Terms {
    fn expr(&mut self, expr: &mut Expr) {
        rewrite_expr(self, expr);
        match &mut expr.kind {
            ExprKind::ArrayCompr(term, body) | ExprKind::SetCompr(term, body) => {
                self.term(term, body);
            }
            ExprKind::ObjectCompr(key, value, body) => {
                self.term(key, body);
                self.term(value, body);
            }
            _ => {}
        }
    }
}

/// Whether an expression iterates: it has a reference with an index that is no constant, or a call of `walk`.
pub(super) fn iterates(expr: &Expr) -> bool {
    struct Iterates(bool);
    impl Visitor for Iterates {
        fn expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::Ref(_, steps) => {
                    let is_open = |step: &Step| match step {
                        Step::Index(index) => !is_constant(index),
                        Step::Field(_) => false,
                    };
                    self.0 |= steps.iter().any(is_open);
                    walk_expr(self, expr);
                }
                ExprKind::Call(function, args) if is_walk(function) && args.len() == 1 => {
                    self.0 = true;
                }
                ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => {}
                _ => walk_expr(self, expr),
            }
        }
    }
    let mut found = Iterates(false);
    found.expr(expr);
    found.0
}

fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_)
    )
}

fn is_always_defined(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => true,
        ExprKind::Array(items) | ExprKind::Set(items) => items.iter().all(is_always_defined),
        ExprKind::Object(entries) => entries
            .iter()
            .all(|(key, value)| is_always_defined(key) && is_always_defined(value)),
        _ => is_constant(expr) || expr.as_var().is_some(),
    }
}

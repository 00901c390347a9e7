//! Moves values into bodies, as OPA's compiler does.
//!
//! A value that iterates (`volumes[pod.spec.volumes[_]]`) is evaluated in the body: the engine ends with an error where
//! there is nothing to iterate over. So are the values of rules with `else`: where one is undefined, the body does not
//! hold and the next branch is tried; the engine would stop there.

use std::sync::Arc;

use crate::rego::prepare::patterns::is_walk;
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Operator, Rule, Statement, StatementKind, Step,
};
use crate::rego::syntax::visit::{Rewriter, Visitor, rewrite_expr, rewrite_rule, walk_expr};

/// Rewrites one rule.
pub(super) fn move_into_bodies(rule: &mut Rule) {
    if rule.is_default {
        return;
    }
    rewrite_rule(&mut Terms { count: 0 }, rule);
    let has_else = !rule.otherwise.is_empty();
    let head = &mut rule.head;
    for (value, name) in [(&mut head.member, "member__"), (&mut head.value, "value__")] {
        move_one(value.as_mut(), &mut rule.body, has_else, name);
    }
    for other in &mut rule.otherwise {
        move_one(other.value.as_mut(), &mut other.body, true, "value__");
    }
}

fn move_one(value: Option<&mut Expr>, body: &mut Option<Body>, may_be_undefined: bool, name: &str) {
    if let Some(value) = value
        && (iterates(value) || may_be_undefined && !is_always_defined(value))
    {
        let statement = bind(value, name.into());
        body.get_or_insert_default().push(statement);
    }
}

/// Puts a variable in the place of an expression; the statement that gives the variable its value.
fn bind(value: &mut Expr, name: Arc<str>) -> Statement {
    let span = value.span;
    let variable = Expr::var(span, name);
    let computed = std::mem::replace(value, variable.clone());
    let assign = ExprKind::Binary(Operator::Assign, Box::new(variable), Box::new(computed));
    Statement {
        span,
        kind: StatementKind::Expr(Expr::new(span, assign)),
        with: Vec::new(),
    }
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
fn iterates(expr: &Expr) -> bool {
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
    let is_comprehension = matches!(
        expr.kind,
        ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..)
    );
    is_constant(expr) || is_comprehension || expr.as_var().is_some()
}

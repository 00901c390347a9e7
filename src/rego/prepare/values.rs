//! Moves the values of rules with `else` into their bodies, as OPA's compiler does.
//!
//! Where a value is undefined, the body does not hold and the next branch is tried; the engine would stop there.

use crate::rego::syntax::ast::{Body, Expr, ExprKind, Operator, Rule, Statement, StatementKind};

/// Rewrites one rule.
pub(super) fn move_into_bodies(rule: &mut Rule) {
    if rule.otherwise.is_empty() {
        return;
    }
    move_one(&mut rule.head.value, &mut rule.body);
    for other in &mut rule.otherwise {
        move_one(&mut other.value, &mut other.body);
    }
}

fn move_one(value: &mut Option<Expr>, body: &mut Option<Body>) {
    let Some(expr) = value else {
        return;
    };
    let always_defined = matches!(
        expr.kind,
        ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Var(_)
            | ExprKind::ArrayCompr(..)
            | ExprKind::SetCompr(..)
            | ExprKind::ObjectCompr(..)
    );
    if always_defined {
        return;
    }
    let span = expr.span;
    let variable = Expr::var(span, "value__");
    let computed = std::mem::replace(expr, variable.clone());
    let assign = ExprKind::Binary(Operator::Assign, Box::new(variable), Box::new(computed));
    body.get_or_insert_default().push(Statement {
        span,
        kind: StatementKind::Expr(Expr::new(span, assign)),
        with: Vec::new(),
    });
}

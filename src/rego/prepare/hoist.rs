//! Moves the operands of `not` in front of it, as OPA's compiler does.
//!
//! `not count(input.missing) > 0` does not hold in OPA, since `input.missing` is evaluated outside of the `not`;
//! the engine would let it hold. In a module that imports `future.keywords.not` all of it is evaluated within.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::prepare::names::{Meaning, Names};
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Negation, Operator, Rule, Statement, StatementKind, Step,
};
use crate::rego::syntax::visit::{Rewriter, rewrite_rule, rewrite_statement};

/// Rewrites the bodies of one rule that declares the variables of `locals`.
pub(super) fn hoist(rule: &mut Rule, names: &Names, locals: &BTreeSet<Arc<str>>, not: Negation) {
    let mut hoist = Hoist {
        names,
        locals,
        not,
        count: 0,
    };
    rewrite_rule(&mut hoist, rule);
}

struct Hoist<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    not: Negation,
    count: usize,
}

impl Rewriter for Hoist<'_> {
    fn body(&mut self, body: &mut Body) {
        let statements = std::mem::take(body);
        for mut statement in statements {
            rewrite_statement(self, &mut statement);
            let mut before = Vec::new();
            if let StatementKind::Not(expr) = &mut statement.kind {
                self.operands_of(expr, &mut before);
            }
            let is_within = self.not == Negation::Within && !before.is_empty();
            let with = if is_within {
                Vec::new()
            } else {
                statement.with.clone()
            };
            let before = before.into_iter().map(|(span, kind)| Statement {
                span,
                kind: StatementKind::Expr(Expr::new(span, kind)),
                with: with.clone(),
            });
            if is_within {
                enclose(&mut statement, before.collect());
            } else {
                body.extend(before);
            }
            body.push(statement);
        }
    }
}

/// `not expr` with what it needs → nothing comes of both: `[true | …; expr] == []`.
fn enclose(statement: &mut Statement, mut body: Body) {
    let StatementKind::Not(expr) = &statement.kind else {
        return;
    };
    let span = expr.span;
    body.push(Statement {
        span,
        kind: StatementKind::Expr(expr.clone()),
        with: Vec::new(),
    });
    statement.kind = StatementKind::Expr(Expr::nothing_of(span, body));
}

type Hoisted = Vec<(crate::source::Span, ExprKind)>;

impl Hoist<'_> {
    /// The expression under `not`: it stays, what it needs is moved.
    fn operands_of(&mut self, expr: &mut Expr, before: &mut Hoisted) {
        match &mut expr.kind {
            ExprKind::Binary(Operator::Equal | Operator::Unify | Operator::Assign, left, right) => {
                // As OPA: references that are compared for equality stay, calls do not.
                self.equal_operand(left, before);
                self.equal_operand(right, before);
            }
            ExprKind::Binary(_, left, right) => {
                self.operand(left, before);
                self.operand(right, before);
            }
            ExprKind::Call(_, args) => {
                for arg in args {
                    self.operand(arg, before);
                }
            }
            ExprKind::In(key, value, collection) => {
                for part in key.iter_mut().chain([value, collection]) {
                    self.operand(part, before);
                }
            }
            ExprKind::Ref(head, steps) => {
                self.inner_calls(head, before);
                self.indexes(steps, before);
            }
            ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_) => {
                self.operand(expr, before);
            }
            _ => {}
        }
    }

    fn equal_operand(&mut self, expr: &mut Expr, before: &mut Hoisted) {
        match &mut expr.kind {
            ExprKind::Ref(head, steps) => {
                self.inner_calls(head, before);
                self.indexes(steps, before);
            }
            ExprKind::Var(_) => {}
            _ => self.operand(expr, before),
        }
    }

    /// What a reference begins with, where it is no name.
    fn inner_calls(&mut self, head: &mut Expr, before: &mut Hoisted) {
        if matches!(
            head.kind,
            ExprKind::Call(..) | ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_)
        ) {
            self.operand(head, before);
        }
    }

    fn indexes(&mut self, steps: &mut [Step], before: &mut Hoisted) {
        for step in steps {
            if let Step::Index(index) = step {
                self.operand(index, before);
            }
        }
    }

    /// An operand: a variable takes its place where it can be undefined.
    fn operand(&mut self, expr: &mut Expr, before: &mut Hoisted) {
        match &mut expr.kind {
            ExprKind::Ref(head, steps) => {
                self.inner_calls(head, before);
                self.indexes(steps, before);
                self.replace(expr, before);
            }
            ExprKind::Var(name) => {
                // A rule of the package or an import may be undefined, other variables are bound.
                let path = [Arc::clone(name)];
                let is_whole_input = &**name == "input";
                if !is_whole_input && self.names.meaning(&path, self.locals) != Meaning::Other {
                    self.replace(expr, before);
                }
            }
            ExprKind::Call(_, args) => {
                for arg in args {
                    self.operand(arg, before);
                }
                self.replace(expr, before);
            }
            ExprKind::Binary(_, left, right) => {
                self.operand(left, before);
                self.operand(right, before);
                self.replace(expr, before);
            }
            ExprKind::In(key, value, collection) => {
                for part in key.iter_mut().chain([value, collection]) {
                    self.operand(part, before);
                }
                self.replace(expr, before);
            }
            ExprKind::Array(items) | ExprKind::Set(items) => {
                for item in items {
                    self.operand(item, before);
                }
            }
            ExprKind::Object(entries) => {
                for (key, value) in entries {
                    self.operand(key, before);
                    self.operand(value, before);
                }
            }
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Template(_)
            | ExprKind::ArrayCompr(..)
            | ExprKind::SetCompr(..)
            | ExprKind::ObjectCompr(..) => {}
        }
    }

    fn replace(&mut self, expr: &mut Expr, before: &mut Hoisted) {
        self.count += 1;
        let span = expr.span;
        let name: Arc<str> = format!("not__{}", self.count).into();
        let value = std::mem::replace(expr, Expr::var(span, Arc::clone(&name)));
        let variable = Box::new(Expr::var(span, name));
        before.push((
            span,
            ExprKind::Binary(Operator::Assign, variable, Box::new(value)),
        ));
    }
}

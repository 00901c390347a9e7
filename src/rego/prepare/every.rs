//! Gives the variables of `every` values within its body.
//!
//! The engine does not know that they have one when it looks for what has to be iterated: it takes `xs[k]` in a body of
//! `every k in ks` for an iteration over `xs`, and a `not xs[k]` that finds nothing to iterate over does not hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::syntax::ast::{
    Expr, ExprKind, Name, Operator, Rule, Statement, StatementKind, Step,
};
use crate::rego::syntax::visit::{
    Rewriter, Visitor, rewrite_rule, rewrite_statement, walk_expr, walk_statement,
};

/// Rewrites `every k in ks { … xs[k] … }` to `every k__each in ks { k := k__each; … xs[k] … }` wherever it stands in the rule.
pub(super) fn bind(rule: &mut Rule) {
    rewrite_rule(&mut Binder, rule);
}

struct Binder;

impl Rewriter for Binder {
    fn statement(&mut self, statement: &mut Statement) {
        rewrite_statement(self, statement);
        let StatementKind::Every {
            key, value, body, ..
        } = &mut statement.kind
        else {
            return;
        };
        let mut indices = Indices::default();
        for inner in &*body {
            indices.statement(inner);
        }
        for name in key.iter_mut().chain(std::iter::once(value)) {
            if indices.names.contains(&name.text) {
                body.insert(0, bound(name));
            }
        }
    }
}

/// Renames the variable and gives the statement in which the old name gets its value.
fn bound(name: &mut Name) -> Statement {
    let span = name.span;
    let each = format!("{}__each", name.text).into();
    let old = Expr::var(span, std::mem::replace(&mut name.text, each));
    let new = Expr::var(span, Arc::clone(&name.text));
    Statement::binary(span, Operator::Assign, old, new)
}

/// The variables that stand in an index.
#[derive(Default)]
struct Indices {
    names: BTreeSet<Arc<str>>,
    is_index: bool,
}

impl Visitor for Indices {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(name) if self.is_index => {
                self.names.insert(Arc::clone(name));
            }
            ExprKind::Ref(head, steps) => {
                self.expr(head);
                let outer = std::mem::replace(&mut self.is_index, true);
                for step in steps {
                    if let Step::Index(index) = step {
                        self.expr(index);
                    }
                }
                self.is_index = outer;
            }
            _ => walk_expr(self, expr),
        }
    }

    fn statement(&mut self, statement: &Statement) {
        walk_statement(self, statement);
    }
}

//! Gives local variables that have the name of a rule, an import or `input` names of their own.
//!
//! As in OPA, such a variable hides the other from its declaration on; the engine mixes them up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::prepare::names::{Meaning, Names, declared_by, pattern_variables};
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Operator, Rule, Statement, StatementKind, Step,
};
use crate::rego::syntax::visit::{Rewriter, rewrite_expr};

/// Renames within one rule that declares the variables of `locals`.
pub(super) fn rename(rule: &mut Rule, names: &Names, locals: &BTreeSet<Arc<str>>) {
    let nothing = BTreeSet::new();
    let hides = |name: &Arc<str>| names.meaning(&[Arc::clone(name)], &nothing) != Meaning::Other;
    let mut shadow = Shadow {
        hiding: locals.iter().filter(|name| hides(name)).cloned().collect(),
        scopes: vec![BTreeMap::new()],
    };
    shadow.arguments(rule);
    for other in &mut rule.otherwise {
        shadow.within(|shadow| {
            if let Some(body) = &mut other.body {
                shadow.statements(body);
            }
            if let Some(value) = &mut other.value {
                shadow.expr(value);
            }
        });
    }
    if let Some(body) = &mut rule.body {
        shadow.statements(body);
    }
    let head = &mut rule.head;
    if let ExprKind::Ref(_, steps) = &mut head.reference.kind {
        for step in steps {
            if let Step::Index(index) = step {
                shadow.expr(index);
            }
        }
    }
    for expr in head.member.iter_mut().chain(&mut head.value) {
        shadow.expr(expr);
    }
}

struct Shadow {
    /// The variables that hide something.
    hiding: BTreeSet<Arc<str>>,
    /// What is declared so far in the bodies around.
    scopes: Vec<BTreeMap<Arc<str>, Arc<str>>>,
}

impl Shadow {
    /// Declares the arguments; one that is repeated gets a name of its own and must be equal.
    fn arguments(&mut self, rule: &mut Rule) {
        let mut seen = BTreeSet::new();
        let mut equal = Vec::new();
        for arg in rule.head.args.iter_mut().flatten() {
            let mut declared = BTreeSet::new();
            pattern_variables(arg, &mut declared);
            self.declare(declared);
            self.expr(arg);
            if let ExprKind::Var(name) = &mut arg.kind
                && &**name != "_"
                && !seen.insert(Arc::clone(name))
            {
                let first = Expr::var(arg.span, Arc::clone(name));
                *name = format!("{name}__{}", seen.len()).into();
                let second = Expr::var(arg.span, Arc::clone(name));
                equal.push(Statement {
                    span: arg.span,
                    kind: StatementKind::Expr(Expr::new(
                        arg.span,
                        ExprKind::Binary(Operator::Equal, Box::new(first), Box::new(second)),
                    )),
                    with: Vec::new(),
                });
            }
        }
        if !equal.is_empty() {
            equal.extend(rule.body.take().into_iter().flatten());
            rule.body = Some(equal);
        }
    }

    fn declare(&mut self, names: impl IntoIterator<Item = Arc<str>>) {
        for name in names {
            if self.hiding.contains(&name)
                && let Some(scope) = self.scopes.last_mut()
            {
                let new = format!("{name}__local");
                scope.insert(name, new.into());
            }
        }
    }

    fn within(&mut self, work: impl FnOnce(&mut Self)) {
        self.scopes.push(BTreeMap::new());
        work(self);
        self.scopes.pop();
    }

    fn apply(&self, name: &mut Arc<str>) {
        if let Some(new) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            *name = Arc::clone(new);
        }
    }

    fn statements(&mut self, body: &mut Body) {
        for statement in body {
            self.statement(statement);
        }
    }
}

impl Rewriter for Shadow {
    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Var(name) => self.apply(name),
            ExprKind::ArrayCompr(term, body) | ExprKind::SetCompr(term, body) => {
                self.within(|shadow| {
                    shadow.statements(body);
                    shadow.expr(term);
                });
            }
            ExprKind::ObjectCompr(key, value, body) => self.within(|shadow| {
                shadow.statements(body);
                shadow.expr(key);
                shadow.expr(value);
            }),
            _ => rewrite_expr(self, expr),
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        let mut declared = BTreeSet::new();
        declared_by(statement, &mut declared);
        for with in &mut statement.with {
            self.expr(&mut with.value);
        }
        match &mut statement.kind {
            StatementKind::Some(names) => {
                self.declare(declared);
                for name in names {
                    self.apply(&mut name.text);
                }
            }
            StatementKind::SomeIn {
                key,
                value,
                collection,
            } => {
                self.expr(collection);
                self.declare(declared);
                for pattern in key.iter_mut().chain(std::iter::once(value)) {
                    self.expr(pattern);
                }
            }
            StatementKind::Expr(Expr {
                kind: ExprKind::Binary(Operator::Assign, left, right),
                ..
            }) => {
                self.expr(right);
                own_names(right, &declared);
                self.declare(declared);
                self.expr(left);
            }
            StatementKind::Every {
                key,
                value,
                domain,
                body,
            } => {
                self.expr(domain);
                self.within(|shadow| {
                    for name in key.iter_mut().chain(std::iter::once(value)) {
                        shadow.declare([Arc::clone(&name.text)]);
                        shadow.apply(&mut name.text);
                    }
                    shadow.statements(body);
                });
            }
            StatementKind::Expr(expr) | StatementKind::Not(expr) => self.expr(expr),
        }
    }
}

/// In `x := [x | xs[_] = x]` the inner `x` is not the one that is declared: variables of comprehensions on the right
/// that have the name of one on the left get another.
fn own_names(right: &mut Expr, declared: &BTreeSet<Arc<str>>) {
    struct Own<'a> {
        declared: &'a BTreeSet<Arc<str>>,
        inside: bool,
    }
    impl Rewriter for Own<'_> {
        fn expr(&mut self, expr: &mut Expr) {
            let outside = self.inside;
            match &mut expr.kind {
                ExprKind::Var(name) if self.inside && self.declared.contains(name) => {
                    *name = format!("{name}__inner").into();
                }
                ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => {
                    self.inside = true;
                    rewrite_expr(self, expr);
                }
                _ => rewrite_expr(self, expr),
            }
            self.inside = outside;
        }
        fn statement(&mut self, statement: &mut Statement) {
            if let StatementKind::Some(names) = &mut statement.kind {
                for name in names {
                    if self.declared.contains(&name.text) {
                        name.text = format!("{}__inner", name.text).into();
                    }
                }
            }
            if let StatementKind::Every { key, value, .. } = &mut statement.kind {
                for name in key.iter_mut().chain(std::iter::once(value)) {
                    if self.declared.contains(&name.text) {
                        name.text = format!("{}__inner", name.text).into();
                    }
                }
            }
            crate::rego::syntax::visit::rewrite_statement(self, statement);
        }
    }
    Own {
        declared,
        inside: false,
    }
    .expr(right);
}

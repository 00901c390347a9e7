//! Gives the variables of comprehensions and `every` bodies names of their own where an outer one has the same.
//!
//! `x := [x | some x in xs]` means two variables; the engine takes them for one. As in OPA, a variable that is
//! declared in an inner body hides the outer one from its declaration on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::prepare::names::{declared_by, pattern_variables};
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Name, Operator, Rule, Statement, StatementKind,
};
use crate::rego::syntax::visit::{
    Rewriter, Visitor, rewrite_expr, rewrite_rule, rewrite_statement, walk_expr, walk_statement,
};

/// Renames within one rule.
pub(super) fn rename(rule: &mut Rule) {
    let mut outer = OwnVariables::default();
    let head = &rule.head;
    for pattern in head.args.iter().flatten() {
        pattern_variables(pattern, &mut outer.names);
    }
    for term in head.member.iter().chain(&head.value) {
        outer.expr(term);
    }
    for body in rule.bodies() {
        outer.body(body);
    }
    let mut renamer = Renamer {
        visible: vec![outer.names],
        names: Vec::new(),
        count: 0,
    };
    rewrite_rule(&mut renamer, rule);
}

/// The variables of a body without those that occur only in bodies within it.
#[derive(Default)]
pub(in crate::rego) struct OwnVariables {
    pub(in crate::rego) names: BTreeSet<Arc<str>>,
}

impl Visitor for OwnVariables {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(name) => {
                self.names.insert(Arc::clone(name));
            }
            ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => {}
            _ => walk_expr(self, expr),
        }
    }

    fn statement(&mut self, statement: &Statement) {
        declared_by(statement, &mut self.names);
        match &statement.kind {
            StatementKind::Every { domain, .. } => self.expr(domain),
            _ => walk_statement(self, statement),
        }
    }
}

struct Renamer {
    /// The variables that each enclosing body has of its own.
    visible: Vec<BTreeSet<Arc<str>>>,
    /// What is renamed in each enclosing inner body.
    names: Vec<BTreeMap<Arc<str>, Arc<str>>>,
    count: usize,
}

impl Renamer {
    fn apply(&self, name: &mut Arc<str>) {
        if let Some(new) = self.names.iter().rev().find_map(|names| names.get(name)) {
            *name = Arc::clone(new);
        }
    }

    /// Declares a name in the innermost body; in a rule's own body nothing is renamed.
    fn declare(&mut self, name: &Arc<str>) {
        let is_outer = self.visible.iter().any(|outer| outer.contains(name));
        if let Some(scope) = self.names.last_mut()
            && is_outer
            && !scope.contains_key(name)
        {
            self.count += 1;
            let new = format!("{name}__{}", self.count);
            scope.insert(Arc::clone(name), new.into());
        }
    }

    fn comprehension(&mut self, body: &mut Body, terms: &mut [&mut Expr]) {
        let mut own = OwnVariables::default();
        own.body(body);
        self.names.push(BTreeMap::new());
        // The body's own variables are outer ones for the bodies within it, not for itself.
        for statement in body.iter_mut() {
            self.inner_statement(statement, &own.names);
        }
        self.visible.push(own.names);
        for term in terms {
            self.expr(term);
        }
        self.visible.pop();
        self.names.pop();
    }

    fn inner_statement(&mut self, statement: &mut Statement, own: &BTreeSet<Arc<str>>) {
        let mut declared = BTreeSet::new();
        declared_by(statement, &mut declared);
        if !matches!(statement.kind, StatementKind::Every { .. }) {
            self.reads(statement, own);
        }
        for name in &declared {
            self.declare(name);
        }
        self.visible.push(own.clone());
        self.patterns(statement);
        self.visible.pop();
    }

    /// The part of a declaring statement that its variables are computed from.
    fn reads(&mut self, statement: &mut Statement, own: &BTreeSet<Arc<str>>) {
        self.visible.push(own.clone());
        match &mut statement.kind {
            StatementKind::SomeIn { collection, .. } => self.expr(collection),
            StatementKind::Expr(Expr {
                kind: ExprKind::Binary(Operator::Assign, _, right),
                ..
            }) => self.expr(right),
            StatementKind::Some(_)
            | StatementKind::Every { .. }
            | StatementKind::Expr(_)
            | StatementKind::Not(_) => {}
        }
        self.visible.pop();
    }

    /// The rest of a statement: patterns, and whole statements that declare nothing.
    fn patterns(&mut self, statement: &mut Statement) {
        match &mut statement.kind {
            StatementKind::Some(names) => {
                for name in names {
                    self.apply(&mut name.text);
                }
            }
            StatementKind::SomeIn { key, value, .. } => {
                for pattern in key.iter_mut().chain(std::iter::once(value)) {
                    self.expr(pattern);
                }
            }
            StatementKind::Expr(Expr {
                kind: ExprKind::Binary(Operator::Assign, left, _),
                ..
            }) => self.expr(left),
            StatementKind::Every {
                key,
                value,
                domain,
                body,
            } => {
                self.expr(domain);
                self.every(key.as_mut(), value, body);
            }
            StatementKind::Expr(expr) | StatementKind::Not(expr) => self.expr(expr),
        }
        for with in &mut statement.with {
            self.expr(&mut with.value);
        }
    }

    fn every(&mut self, key: Option<&mut Name>, value: &mut Name, body: &mut Body) {
        self.names.push(BTreeMap::new());
        for name in key.into_iter().chain(std::iter::once(value)) {
            self.declare(&name.text);
            self.apply(&mut name.text);
        }
        let mut own = OwnVariables::default();
        own.body(body);
        for statement in body.iter_mut() {
            self.inner_statement(statement, &own.names);
        }
        self.names.pop();
    }
}

impl Rewriter for Renamer {
    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Var(name) => self.apply(name),
            ExprKind::ArrayCompr(term, body) | ExprKind::SetCompr(term, body) => {
                self.comprehension(body, &mut [term]);
            }
            ExprKind::ObjectCompr(key, value, body) => {
                self.comprehension(body, &mut [key, value]);
            }
            _ => rewrite_expr(self, expr),
        }
    }

    /// Statements of a rule's own bodies: nothing is renamed there but in the bodies within them.
    fn statement(&mut self, statement: &mut Statement) {
        if let StatementKind::Every {
            key,
            value,
            domain,
            body,
        } = &mut statement.kind
        {
            self.expr(domain);
            self.every(key.as_mut(), value, body);
            for with in &mut statement.with {
                self.expr(&mut with.value);
            }
        } else {
            rewrite_statement(self, statement);
        }
    }
}

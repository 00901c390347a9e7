//! Takes objects out of patterns and calls of `walk` out of expressions.
//!
//! The engine lets `{"a": x}` match an object with more keys; in OPA it has these keys and no other. And it knows
//! `walk(x, pattern)` as a statement only; in OPA `walk(x)` is an expression with many values.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::prepare::names::pattern_variables;
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Name, Operator, Rule, Statement, StatementKind, Step, With,
};
use crate::rego::syntax::visit::{Rewriter, rewrite_expr, rewrite_rule};
use crate::source::Span;

/// Rewrites one rule.
pub(super) fn rewrite(rule: &mut Rule) {
    let mut patterns = Patterns {
        count: 0,
        before: Vec::new(),
    };
    rewrite_rule(&mut patterns, rule);
    let mut matched = Vec::new();
    for arg in rule.head.args.iter_mut().flatten() {
        patterns.extract(arg, &[], &mut matched);
    }
    if matched.is_empty() {
        return;
    }
    let body = rule.body.get_or_insert_default();
    body.splice(0..0, matched.iter().cloned());
    for other in &mut rule.otherwise {
        let body = other.body.get_or_insert_default();
        body.splice(0..0, matched.iter().cloned());
    }
}

struct Patterns {
    count: usize,
    /// What must stand before the statement that is being rewritten.
    before: Vec<Statement>,
}

impl Patterns {
    fn fresh(&mut self, span: Span) -> Expr {
        self.count += 1;
        Expr::var(span, format!("element__{}", self.count))
    }

    /// Puts a variable in the place of each object of a pattern; `matched` says what that must be.
    fn extract(&mut self, pattern: &mut Expr, with: &[With], matched: &mut Vec<Statement>) {
        match &mut pattern.kind {
            ExprKind::Array(items) => {
                for item in items {
                    self.extract(item, with, matched);
                }
            }
            ExprKind::Object(_) => {
                let span = pattern.span;
                let variable = self.fresh(span);
                let object = std::mem::replace(pattern, variable.clone());
                self.match_object(object, &variable, with, matched);
            }
            _ => {}
        }
    }

    /// `object = variable; count(variable) == n`, the objects within taken out in turn.
    fn match_object(
        &mut self,
        mut object: Expr,
        variable: &Expr,
        with: &[With],
        matched: &mut Vec<Statement>,
    ) {
        let mut inner = Vec::new();
        self.match_value(&mut object, variable, with, &mut inner);
        let span = object.span;
        matched.push(binary(
            span,
            Operator::Unify,
            object,
            variable.clone(),
            with,
        ));
        matched.append(&mut inner);
    }

    /// What `object = value` leaves open: how many keys there are, and the objects within.
    fn match_value(
        &mut self,
        object: &mut Expr,
        value: &Expr,
        with: &[With],
        matched: &mut Vec<Statement>,
    ) {
        if let ExprKind::Object(entries) = &mut object.kind {
            matched.push(count_is(object.span, value.clone(), entries.len(), with));
            for (_, value) in entries {
                self.extract(value, with, matched);
            }
        }
    }

    /// `pattern = value`, where the pattern has objects: the value gets a name first.
    fn unification(&mut self, statement: &mut Statement) -> Vec<Statement> {
        let mut matched = Vec::new();
        let with = statement.with.clone();
        let span = statement.span;
        let StatementKind::Expr(Expr {
            kind: ExprKind::Binary(operator @ (Operator::Assign | Operator::Unify), left, right),
            ..
        }) = &mut statement.kind
        else {
            return matched;
        };
        if *operator == Operator::Unify
            && (names_own_index(left, right) || names_own_index(right, left))
        {
            // The index gets its value first, then both are compared.
            let value = if names_own_index(left, right) {
                right
            } else {
                left
            };
            let variable = self.fresh(span);
            let taken = std::mem::replace(&mut **value, variable.clone());
            self.before
                .push(binary(span, Operator::Unify, variable, taken, &[]));
            return matched;
        }
        let is_object = |expr: &Expr| matches!(expr.kind, ExprKind::Object(_));
        if is_object(left) && is_object(right) {
            return matched;
        }
        let is_assign = *operator == Operator::Assign;
        let (pattern, value) = if has_object_pattern(left) {
            (left, right)
        } else if !is_assign && has_object_pattern(right) {
            (right, left)
        } else {
            return matched;
        };
        if is_assign {
            // Each of its variables is declared, whatever has the name outside.
            let mut names = BTreeSet::new();
            pattern_variables(pattern, &mut names);
            if !names.is_empty() {
                self.before.push(some(span, names));
            }
            *operator = Operator::Unify;
        }
        if value.as_var().is_some() && is_object(pattern) {
            // It may be the variable that gets the object as its value.
            if is_only_pattern(pattern) {
                self.match_value(pattern, value, &with, &mut matched);
            }
        } else {
            self.extract(pattern, &with, &mut matched);
        }
        matched
    }

    /// `not {"a": 1} = x` → `count([true | …]) == 0`
    fn negation(&mut self, statement: &mut Statement) {
        let span = statement.span;
        let StatementKind::Not(expr) = &mut statement.kind else {
            return;
        };
        let is_match = matches!(
            &expr.kind,
            ExprKind::Binary(Operator::Unify, left, right)
                if has_object_pattern(left) || has_object_pattern(right)
        );
        if !is_match {
            return;
        }
        let kind = StatementKind::Expr(expr.clone());
        let mut body = vec![Statement {
            span,
            kind,
            with: Vec::new(),
        }];
        self.body(&mut body);
        let found = ExprKind::ArrayCompr(Box::new(Expr::new(span, ExprKind::Bool(true))), body);
        let none = count_is(span, Expr::new(span, found), 0, &[]);
        statement.kind = none.kind;
    }

    /// `walk(x, pattern)`, `some pattern in xs`, `xs[pattern]`
    fn other_patterns(&mut self, statement: &mut Statement) -> Vec<Statement> {
        let mut matched = Vec::new();
        let with = statement.with.clone();
        match &mut statement.kind {
            StatementKind::SomeIn { key, value, .. } => {
                for pattern in key.iter_mut().chain([value]) {
                    self.extract(pattern, &with, &mut matched);
                }
            }
            StatementKind::Expr(Expr {
                kind: ExprKind::Call(function, args),
                ..
            }) if is_walk(function) && args.len() == 2 => {
                self.extract(&mut args[1], &with, &mut matched);
            }
            StatementKind::Some(_)
            | StatementKind::Every { .. }
            | StatementKind::Expr(_)
            | StatementKind::Not(_) => {}
        }
        matched
    }
}

impl Rewriter for Patterns {
    fn expr(&mut self, expr: &mut Expr) {
        rewrite_expr(self, expr);
        let span = expr.span;
        match &mut expr.kind {
            ExprKind::Call(function, args) if is_walk(function) && args.len() == 1 => {
                let variable = self.fresh(span);
                args.push(variable.clone());
                let call = std::mem::replace(expr, variable);
                self.before.push(Statement {
                    span,
                    kind: StatementKind::Expr(call),
                    with: Vec::new(),
                });
            }
            ExprKind::Ref(_, steps) => {
                for step in steps {
                    if let Step::Index(index) = step
                        && has_object_pattern(index)
                    {
                        let variable = self.fresh(span);
                        let pattern = std::mem::replace(index, variable.clone());
                        // Matched where the reference gave the variable its value.
                        self.before
                            .push(binary(span, Operator::Unify, pattern, variable, &[]));
                    }
                }
            }
            _ => {}
        }
    }
    fn body(&mut self, body: &mut Body) {
        for mut statement in std::mem::take(body) {
            let outer = std::mem::take(&mut self.before);
            self.negation(&mut statement);
            walk_relation(&mut statement, &mut self.before);
            self.statement(&mut statement);
            let mut matched = self.unification(&mut statement);
            matched.extend(self.other_patterns(&mut statement));
            let mut before = std::mem::replace(&mut self.before, outer);
            for earlier in &mut before {
                if !statement.with.is_empty() && !matches!(earlier.kind, StatementKind::Some(_)) {
                    earlier.with.extend(statement.with.iter().cloned());
                }
            }
            // What matches an index is rewritten in turn.
            for mut earlier in before {
                let more = self.unification(&mut earlier);
                body.push(earlier);
                body.extend(more);
            }
            body.push(statement);
            body.extend(matched);
        }
    }
}

/// Whether a pattern has a variable that is an index of the value: `x = xs[x]`.
fn names_own_index(pattern: &Expr, value: &Expr) -> bool {
    let ExprKind::Ref(_, steps) = &value.kind else {
        return false;
    };
    let mut names = BTreeSet::new();
    pattern_variables(pattern, &mut names);
    let mut indexes = BTreeSet::new();
    for step in steps {
        if let Step::Index(index) = step {
            pattern_variables(index, &mut indexes);
        }
    }
    !names.is_disjoint(&indexes)
}

/// `pattern := walk(x)` → `walk(x, pattern)`; what declares the pattern's variables goes before it.
fn walk_relation(statement: &mut Statement, before: &mut Vec<Statement>) {
    let span = statement.span;
    let StatementKind::Expr(expr) = &mut statement.kind else {
        return;
    };
    let ExprKind::Binary(operator @ (Operator::Assign | Operator::Unify), left, right) =
        &mut expr.kind
    else {
        return;
    };
    let is_assign = *operator == Operator::Assign;
    let is_pattern = |expr: &Expr| matches!(expr.kind, ExprKind::Array(_) | ExprKind::Var(_));
    let is_call = |expr: &Expr| match &expr.kind {
        ExprKind::Call(function, args) => is_walk(function) && args.len() == 1,
        _ => false,
    };
    let (pattern, call) = if is_pattern(left) && is_call(right) {
        (left, right)
    } else if !is_assign && is_pattern(right) && is_call(left) {
        (right, left)
    } else {
        return;
    };
    let mut names = BTreeSet::new();
    pattern_variables(pattern, &mut names);
    if is_assign && !names.is_empty() {
        before.push(some(span, names));
    }
    let mut relation = (**call).clone();
    if let ExprKind::Call(_, args) = &mut relation.kind {
        args.push((**pattern).clone());
    }
    *expr = relation;
}

/// Whether a called function is `walk`.
pub(super) fn is_walk(function: &Expr) -> bool {
    function.as_var().is_some_and(|name| &**name == "walk")
}

fn has_object_pattern(pattern: &Expr) -> bool {
    match &pattern.kind {
        ExprKind::Object(_) => true,
        ExprKind::Array(items) => items.iter().any(has_object_pattern),
        _ => false,
    }
}

/// Whether an object says nothing but what another value must look like.
fn is_only_pattern(pattern: &Expr) -> bool {
    match &pattern.kind {
        ExprKind::Object(entries) => entries.iter().all(|(_, value)| is_only_pattern(value)),
        ExprKind::Array(items) => items.iter().all(is_only_pattern),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Var(_) => true,
        _ => false,
    }
}

fn some(span: Span, names: BTreeSet<Arc<str>>) -> Statement {
    let name = |text| Name { text, span };
    Statement {
        span,
        kind: StatementKind::Some(names.into_iter().map(name).collect()),
        with: Vec::new(),
    }
}

fn binary(span: Span, operator: Operator, left: Expr, right: Expr, with: &[With]) -> Statement {
    Statement {
        with: with.to_vec(),
        ..Statement::binary(span, operator, left, right)
    }
}

/// `count(value) == n`
fn count_is(span: Span, value: Expr, n: usize, with: &[With]) -> Statement {
    let count = Expr::call(span, "count", vec![value]);
    let number = Expr::new(span, ExprKind::Number(n.to_string().into()));
    binary(span, Operator::Equal, count, number, with)
}

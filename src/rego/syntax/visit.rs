//! Walks over the tree: one to look, one to change. Both go from the outside to the inside in source order.

use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Rule, Statement, StatementKind, Step, TemplatePart,
};

/// Looks at nodes; a method that does not call its `walk_…` ends the walk there.
pub(in crate::rego) trait Visitor {
    /// An expression or term.
    fn expr(&mut self, expr: &Expr) {
        walk_expr(self, expr);
    }
    /// A statement.
    fn statement(&mut self, statement: &Statement) {
        walk_statement(self, statement);
    }
    /// The statements of a rule, a comprehension or an `every`.
    fn body(&mut self, body: &Body) {
        for statement in body {
            self.statement(statement);
        }
    }
}

/// Visits everything in a rule.
pub(in crate::rego) fn walk_rule<V: Visitor + ?Sized>(visitor: &mut V, rule: &Rule) {
    walk_head(visitor, rule);
    if let Some(body) = &rule.body {
        visitor.body(body);
    }
    for other in &rule.otherwise {
        if let Some(value) = &other.value {
            visitor.expr(value);
        }
        if let Some(body) = &other.body {
            visitor.body(body);
        }
    }
}

/// Visits the indexes, arguments, member and value of a rule's head, not its name.
pub(in crate::rego) fn walk_head<V: Visitor + ?Sized>(visitor: &mut V, rule: &Rule) {
    let head = &rule.head;
    if let ExprKind::Ref(_, steps) = &head.reference.kind {
        walk_steps(visitor, steps);
    }
    for arg in head.args.iter().flatten() {
        visitor.expr(arg);
    }
    for expr in head.member.iter().chain(&head.value) {
        visitor.expr(expr);
    }
}

/// Visits the parts of a statement.
pub(in crate::rego) fn walk_statement<V: Visitor + ?Sized>(visitor: &mut V, statement: &Statement) {
    match &statement.kind {
        StatementKind::Some(_) => {}
        StatementKind::SomeIn {
            key,
            value,
            collection,
        } => {
            visitor.expr(collection);
            if let Some(key) = key {
                visitor.expr(key);
            }
            visitor.expr(value);
        }
        StatementKind::Every { domain, body, .. } => {
            visitor.expr(domain);
            visitor.body(body);
        }
        StatementKind::Expr(expr) | StatementKind::Not(expr) => visitor.expr(expr),
    }
    for with in &statement.with {
        visitor.expr(&with.target);
        visitor.expr(&with.value);
    }
}

fn walk_steps<V: Visitor + ?Sized>(visitor: &mut V, steps: &[Step]) {
    for step in steps {
        if let Step::Index(index) = step {
            visitor.expr(index);
        }
    }
}

/// Visits the parts of an expression.
pub(in crate::rego) fn walk_expr<V: Visitor + ?Sized>(visitor: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Var(_) => {}
        ExprKind::Template(parts) => {
            for part in parts {
                if let TemplatePart::Expr(expr) = part {
                    visitor.expr(expr);
                }
            }
        }
        ExprKind::Array(items) | ExprKind::Set(items) => {
            for item in items {
                visitor.expr(item);
            }
        }
        ExprKind::Object(entries) => {
            for (key, value) in entries {
                visitor.expr(key);
                visitor.expr(value);
            }
        }
        ExprKind::ArrayCompr(term, body) | ExprKind::SetCompr(term, body) => {
            visitor.expr(term);
            visitor.body(body);
        }
        ExprKind::ObjectCompr(key, value, body) => {
            visitor.expr(key);
            visitor.expr(value);
            visitor.body(body);
        }
        ExprKind::Ref(head, steps) => {
            visitor.expr(head);
            walk_steps(visitor, steps);
        }
        ExprKind::Call(function, args) => {
            visitor.expr(function);
            for arg in args {
                visitor.expr(arg);
            }
        }
        ExprKind::Binary(_, left, right) => {
            visitor.expr(left);
            visitor.expr(right);
        }
        ExprKind::In(key, value, collection) => {
            if let Some(key) = key {
                visitor.expr(key);
            }
            visitor.expr(value);
            visitor.expr(collection);
        }
    }
}

/// Visits the parts of an expression, but not the variable that a reference starts with: alone it means something else than
/// the whole.
pub(in crate::rego) fn walk_parts<V: Visitor + ?Sized>(visitor: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::Ref(head, steps) => {
            if head.as_var().is_none() {
                visitor.expr(head);
            }
            walk_steps(visitor, steps);
        }
        _ => walk_expr(visitor, expr),
    }
}

/// Changes nodes in place; the same walk.
pub(in crate::rego) trait Rewriter {
    /// An expression or term.
    fn expr(&mut self, expr: &mut Expr) {
        rewrite_expr(self, expr);
    }
    /// A statement.
    fn statement(&mut self, statement: &mut Statement) {
        rewrite_statement(self, statement);
    }
    /// The statements of a rule, a comprehension or an `every`.
    fn body(&mut self, body: &mut Body) {
        for statement in body {
            self.statement(statement);
        }
    }
}

/// Rewrites everything in a rule.
pub(in crate::rego) fn rewrite_rule<R: Rewriter + ?Sized>(rewriter: &mut R, rule: &mut Rule) {
    if let ExprKind::Ref(_, steps) = &mut rule.head.reference.kind {
        rewrite_steps(rewriter, steps);
    }
    for arg in rule.head.args.iter_mut().flatten() {
        rewriter.expr(arg);
    }
    let head = &mut rule.head;
    for expr in head.member.iter_mut().chain(&mut head.value) {
        rewriter.expr(expr);
    }
    if let Some(body) = &mut rule.body {
        rewriter.body(body);
    }
    for other in &mut rule.otherwise {
        if let Some(value) = &mut other.value {
            rewriter.expr(value);
        }
        if let Some(body) = &mut other.body {
            rewriter.body(body);
        }
    }
}

/// Rewrites the parts of a statement.
pub(in crate::rego) fn rewrite_statement<R: Rewriter + ?Sized>(
    rewriter: &mut R,
    statement: &mut Statement,
) {
    match &mut statement.kind {
        StatementKind::Some(_) => {}
        StatementKind::SomeIn {
            key,
            value,
            collection,
        } => {
            rewriter.expr(collection);
            if let Some(key) = key {
                rewriter.expr(key);
            }
            rewriter.expr(value);
        }
        StatementKind::Every { domain, body, .. } => {
            rewriter.expr(domain);
            rewriter.body(body);
        }
        StatementKind::Expr(expr) | StatementKind::Not(expr) => rewriter.expr(expr),
    }
    for with in &mut statement.with {
        rewriter.expr(&mut with.value);
    }
}

fn rewrite_steps<R: Rewriter + ?Sized>(rewriter: &mut R, steps: &mut [Step]) {
    for step in steps {
        if let Step::Index(index) = step {
            rewriter.expr(index);
        }
    }
}

/// Rewrites the parts of an expression; the name of a called function is left alone.
pub(in crate::rego) fn rewrite_expr<R: Rewriter + ?Sized>(rewriter: &mut R, expr: &mut Expr) {
    match &mut expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Var(_) => {}
        ExprKind::Template(parts) => {
            for part in parts {
                if let TemplatePart::Expr(expr) = part {
                    rewriter.expr(expr);
                }
            }
        }
        ExprKind::Array(items) | ExprKind::Set(items) => {
            for item in items {
                rewriter.expr(item);
            }
        }
        ExprKind::Object(entries) => {
            for (key, value) in entries {
                rewriter.expr(key);
                rewriter.expr(value);
            }
        }
        ExprKind::ArrayCompr(term, body) | ExprKind::SetCompr(term, body) => {
            rewriter.expr(term);
            rewriter.body(body);
        }
        ExprKind::ObjectCompr(key, value, body) => {
            rewriter.expr(key);
            rewriter.expr(value);
            rewriter.body(body);
        }
        ExprKind::Ref(head, steps) => {
            rewriter.expr(head);
            rewrite_steps(rewriter, steps);
        }
        ExprKind::Call(_, args) => {
            for arg in args {
                rewriter.expr(arg);
            }
        }
        ExprKind::Binary(_, left, right) => {
            rewriter.expr(left);
            rewriter.expr(right);
        }
        ExprKind::In(key, value, collection) => {
            if let Some(key) = key {
                rewriter.expr(key);
            }
            rewriter.expr(value);
            rewriter.expr(collection);
        }
    }
}

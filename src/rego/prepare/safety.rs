//! Variables that nothing binds, which OPA calls unsafe: a misspelt name must not be taken for something undefined.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::builtins;
use crate::rego::gaps::Gaps;
use crate::rego::prepare::names::{Meaning, Names, declared_by, pattern_variables};
use crate::rego::syntax::ast::{Expr, ExprKind, Operator, Rule, Statement, StatementKind, Step};
use crate::rego::syntax::visit::{Visitor, walk_expr, walk_rule, walk_statement};
use crate::rego::syntax::{SyntaxError, Version};
use crate::source::Span;

/// The unsafe variables of a rule that declares the variables of `locals`, save those that may be rules in `gaps`.
pub(super) fn errors(
    rule: &Rule,
    version: Version,
    names: &Names,
    locals: &BTreeSet<Arc<str>>,
    gaps: &Gaps,
) -> Vec<SyntaxError> {
    let mut errors = Vec::new();
    for reserved in ["input", "data"] {
        if version == Version::V1 && locals.contains(reserved) {
            let message = format!("a variable must not be named `{reserved}`");
            errors.push(SyntaxError::new(rule.head.span, message).help("Give it another name."));
        }
    }
    let mut binding = Binding {
        names: BTreeSet::from(["input".into(), "data".into()]),
    };
    for arg in rule.head.args.iter().flatten() {
        pattern_variables(arg, &mut binding.names);
    }
    walk_rule(&mut binding, rule);
    let mut uses = Uses {
        bound: &binding.names,
        names,
        locals,
        under_not: false,
        found: Vec::new(),
        seen: BTreeSet::new(),
    };
    walk_rule(&mut uses, rule);
    for (name, span, under_not) in uses.found {
        if &*name != "_" && gaps.may_have_rule(&[names.package(), &[name.clone()][..]].concat()) {
            continue;
        }
        let message = format!("variable `{name}` is unsafe: nothing gives it a value");
        let help = if under_not {
            "`not` binds nothing: iterate outside of it, or put what is negated into a rule of its own."
        } else {
            "Is it misspelt? Known are variables of the rule, rules of the package and imports."
        };
        errors.push(SyntaxError::new(span, message).help(help));
    }
    errors
}

/// Collects the variables that something can bind: more than OPA's, never less.
struct Binding {
    names: BTreeSet<Arc<str>>,
}

impl Visitor for Binding {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Ref(_, steps) = &expr.kind {
            for step in steps {
                if let Step::Index(index) = step {
                    pattern_variables(index, &mut self.names);
                }
            }
        }
        walk_expr(self, expr);
    }

    fn statement(&mut self, statement: &Statement) {
        if !matches!(statement.kind, StatementKind::Some(_)) {
            declared_by(statement, &mut self.names);
        }
        match &statement.kind {
            StatementKind::Every { key, value, .. } => {
                let declared = key.iter().chain(std::iter::once(value));
                self.names
                    .extend(declared.map(|name| Arc::clone(&name.text)));
            }
            StatementKind::Expr(expr) => match &expr.kind {
                ExprKind::Binary(Operator::Unify, left, right) => {
                    pattern_variables(left, &mut self.names);
                    pattern_variables(right, &mut self.names);
                }
                ExprKind::Call(_, args) => {
                    if let Some(output) = args.last() {
                        pattern_variables(output, &mut self.names);
                    }
                }
                _ => {}
            },
            StatementKind::Not(expr) => {
                Comprehensions(self).expr(expr);
                for with in &statement.with {
                    self.expr(&with.value);
                }
                return;
            }
            StatementKind::Some(_) | StatementKind::SomeIn { .. } => {}
        }
        walk_statement(self, statement);
    }
}

/// Under `not` only comprehensions bind, and only for themselves.
struct Comprehensions<'a>(&'a mut Binding);

impl Visitor for Comprehensions<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => {
                walk_expr(self.0, expr);
            }
            _ => walk_expr(self, expr),
        }
    }
}

struct Uses<'a> {
    bound: &'a BTreeSet<Arc<str>>,
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    under_not: bool,
    found: Vec<(Arc<str>, Span, bool)>,
    seen: BTreeSet<Arc<str>>,
}

impl Uses<'_> {
    fn variable(&mut self, name: &Arc<str>, span: Span) {
        let is_wildcard = &**name == "_";
        if is_wildcard && !self.under_not {
            return;
        }
        let is_known = !is_wildcard
            && (self.bound.contains(name)
                || self.names.meaning(&[Arc::clone(name)], self.locals) != Meaning::Other);
        if !is_known && self.seen.insert(Arc::clone(name)) {
            self.found.push((Arc::clone(name), span, self.under_not));
        }
    }
}

impl Visitor for Uses<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(name) => self.variable(name, expr.span),
            ExprKind::Call(_, args) => {
                for arg in args {
                    self.expr(arg);
                }
            }
            ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => {
                let under_not = std::mem::replace(&mut self.under_not, false);
                walk_expr(self, expr);
                self.under_not = under_not;
            }
            _ => walk_expr(self, expr),
        }
    }

    fn statement(&mut self, statement: &Statement) {
        if let StatementKind::Not(expr) = &statement.kind {
            let outer = std::mem::replace(&mut self.under_not, true);
            self.expr(expr);
            self.under_not = outer;
            for with in &statement.with {
                self.expr(&with.value);
            }
        } else {
            // What `with` replaces is a path, not a variable; a function may replace a function.
            for with in &statement.with {
                let function = with.value.as_path().map(|path| path.join("."));
                if function.is_none_or(|name| builtins::arity(&name).is_none()) {
                    self.expr(&with.value);
                }
            }
            walk_statement(
                self,
                &Statement {
                    with: Vec::new(),
                    ..statement.clone()
                },
            );
        }
    }
}

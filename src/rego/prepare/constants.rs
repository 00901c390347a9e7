//! Takes constant collections out of the text: each worker builds them once.
//!
//! The engine would build them anew at each evaluation, and its parser takes twice the time for each level of nesting;
//! what still nests too deeply is refused.

use crate::document::value::{Object, Value};
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, ExprKind, Module, Rule, Statement, StatementKind, Step};
use crate::rego::syntax::visit::{
    Rewriter, Visitor, rewrite_expr, rewrite_statement, walk_expr, walk_rule,
};

/// The function that gives a constant by its number.
pub(in crate::rego) const CONSTANT: &str = "policy__.constant";

/// Smaller collections are as cheap to build as to look up.
const MIN_NODES: usize = 6;

/// What the engine's parser may take for one expression, in units of terms.
const MAX_PARSE_COST: u64 = 20_000;

/// Replaces the constant collections of a rule by calls; they are added to `constants`.
pub(super) fn extract(rule: &mut Rule, constants: &mut Vec<Expr>) {
    if rule.is_default {
        return;
    }
    let mut extract = Extract { constants };
    let head = &mut rule.head;
    for expr in head.member.iter_mut().chain(&mut head.value) {
        extract.expr(expr);
    }
    if let Some(body) = &mut rule.body {
        extract.body(body);
    }
    for other in &mut rule.otherwise {
        if let Some(value) = &mut other.value {
            extract.expr(value);
        }
        if let Some(body) = &mut other.body {
            extract.body(body);
        }
    }
}

struct Extract<'a> {
    constants: &'a mut Vec<Expr>,
}

impl Rewriter for Extract<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        let is_collection = matches!(
            expr.kind,
            ExprKind::Array(_) | ExprKind::Set(_) | ExprKind::Object(_)
        );
        if is_collection && constant_nodes(expr).is_some_and(|nodes| nodes >= MIN_NODES) {
            let number = Expr::new(
                expr.span,
                ExprKind::Number(self.constants.len().to_string().into()),
            );
            let call = Expr::call(expr.span, CONSTANT, vec![number]);
            self.constants.push(std::mem::replace(expr, call));
        } else {
            rewrite_expr(self, expr);
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        // Patterns stay as they are.
        if let StatementKind::SomeIn { collection, .. } = &mut statement.kind {
            self.expr(collection);
            for with in &mut statement.with {
                self.expr(&mut with.value);
            }
        } else {
            rewrite_statement(self, statement);
        }
    }
}

/// How many nodes a constant has; none where it is no constant.
fn constant_nodes(expr: &Expr) -> Option<usize> {
    let all = |items: &mut dyn Iterator<Item = &Expr>| {
        let mut sum = 1;
        for item in items {
            sum += constant_nodes(item)?;
        }
        Some(sum)
    };
    match &expr.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::String(_) => Some(1),
        ExprKind::Number(text) => Value::from_numeric_string(text).ok().map(|_| 1),
        ExprKind::Array(items) | ExprKind::Set(items) => all(&mut items.iter()),
        ExprKind::Object(entries) => all(&mut entries.iter().flat_map(|(key, value)| [key, value])),
        ExprKind::Template(_)
        | ExprKind::Var(_)
        | ExprKind::ArrayCompr(..)
        | ExprKind::SetCompr(..)
        | ExprKind::ObjectCompr(..)
        | ExprKind::Ref(..)
        | ExprKind::Call(..)
        | ExprKind::Binary(..)
        | ExprKind::In(..) => None,
    }
}

/// The value of a constant.
pub(in crate::rego) fn value(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(value) => Value::from(*value),
        ExprKind::String(text) => Value::from(&**text),
        ExprKind::Number(text) => Value::from_numeric_string(text).unwrap_or(Value::Undefined),
        ExprKind::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        ExprKind::Set(items) => Value::from(
            items
                .iter()
                .map(value)
                .collect::<std::collections::BTreeSet<_>>(),
        ),
        ExprKind::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, entry)| (value(key), value(entry)));
            Value::from(entries.collect::<Object>())
        }
        ExprKind::Template(_)
        | ExprKind::Var(_)
        | ExprKind::ArrayCompr(..)
        | ExprKind::SetCompr(..)
        | ExprKind::ObjectCompr(..)
        | ExprKind::Ref(..)
        | ExprKind::Call(..)
        | ExprKind::Binary(..)
        | ExprKind::In(..) => Value::Undefined,
    }
}

/// The expressions of a prepared module that the engine's parser would take too long for.
pub(super) fn too_deep(module: &Module) -> Vec<SyntaxError> {
    struct Deep {
        errors: Vec<SyntaxError>,
    }
    impl Visitor for Deep {
        fn expr(&mut self, expr: &Expr) {
            if cost(expr) > MAX_PARSE_COST {
                self.errors.push(
                    SyntaxError::new(expr.span, "brackets are nested too deeply")
                        .help("Move inner parts into rules or variables of their own, or constants into a data file."),
                );
            } else {
                walk_expr(self, expr);
            }
        }
    }
    let mut deep = Deep { errors: Vec::new() };
    for rule in &module.rules {
        walk_rule(&mut deep, rule);
    }
    deep.errors
}

/// What the engine's parser takes: it reads the first item of each bracket twice.
fn cost(expr: &Expr) -> u64 {
    let sum = |items: &mut dyn Iterator<Item = &Expr>| {
        items.fold(1_u64, |sum, item| sum.saturating_add(cost(item)))
    };
    // The parser reads the first element twice, we look at it once.
    let twice = |first: u64, others: u64| first.saturating_mul(2).saturating_add(others);
    match &expr.kind {
        ExprKind::Array(items) | ExprKind::Set(items) => match items.split_first() {
            Some((first, others)) => twice(cost(first), sum(&mut others.iter())),
            None => 1,
        },
        ExprKind::Object(entries) => match entries.split_first() {
            Some(((key, value), others)) => {
                let others = &mut others.iter().flat_map(|(key, value)| [key, value]);
                twice(cost(key).saturating_add(cost(value)), sum(others))
            }
            None => 1,
        },
        ExprKind::Ref(head, steps) => {
            let indexes = steps.iter().filter_map(|step| match step {
                Step::Index(index) => Some(index),
                Step::Field(_) => None,
            });
            sum(&mut std::iter::once(&**head).chain(indexes))
        }
        ExprKind::Call(_, args) => sum(&mut args.iter()),
        ExprKind::Binary(_, left, right) => sum(&mut [&**left, &**right].into_iter()),
        ExprKind::In(key, value, collection) => {
            let key = key.as_deref().into_iter();
            sum(&mut key.chain([&**value, &**collection]))
        }
        ExprKind::ArrayCompr(term, body) | ExprKind::SetCompr(term, body) => {
            cost(term).saturating_add(body_cost(body))
        }
        ExprKind::ObjectCompr(key, value, body) => cost(key)
            .saturating_mul(2)
            .saturating_add(cost(value))
            .saturating_add(body_cost(body)),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Template(_)
        | ExprKind::Var(_) => 1,
    }
}

fn body_cost(body: &[Statement]) -> u64 {
    body.iter().fold(0_u64, |sum, statement| {
        let own = match &statement.kind {
            StatementKind::Some(_) => 1,
            StatementKind::SomeIn { collection, .. } => cost(collection),
            StatementKind::Every { domain, body, .. } => {
                cost(domain).saturating_add(body_cost(body))
            }
            StatementKind::Expr(expr) | StatementKind::Not(expr) => cost(expr),
        };
        sum.saturating_add(own)
    })
}

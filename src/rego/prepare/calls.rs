//! Writes calls as the engine takes them.
//!
//! Arithmetic becomes calls of OPA's own functions for it, so that numbers come out as OPA's and division by zero is
//! noticed; template strings become a call; a builtin with one argument more than it has gives its result to that
//! argument; `<` and the like become calls where sets and objects may be compared, which the engine orders otherwise;
//! `data.conftest.file` becomes a call, since
//! changing data would rebuild the engine for each document; what is imported is written out.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::builtins;
use crate::rego::prepare::names::{Meaning, Names};
use crate::rego::syntax::ast::{
    Expr, ExprKind, Operator, Rule, Statement, StatementKind, Step, TemplatePart,
};
use crate::rego::syntax::visit::{Rewriter, rewrite_expr, rewrite_rule, rewrite_statement};

/// The function that `data.conftest.file` becomes.
pub(in crate::rego) const CONFTEST_FILE: &str = "policy__.conftest_file";
/// What is iterated over; nothing where it is no collection.
pub(in crate::rego) const COLLECTION: &str = "policy__.collection";
/// What `every` iterates over; undefined where it is no collection.
pub(in crate::rego) const DOMAIN: &str = "policy__.domain";
/// `value in collection` where it is not a statement of its own.
pub(in crate::rego) const MEMBER: &str = "policy__.member";
/// `key, value in collection` where it is not a statement of its own.
pub(in crate::rego) const MEMBER_WITH_KEY: &str = "policy__.member_with_key";
/// `&` on sets.
pub(in crate::rego) const AND: &str = "policy__.and";
/// `|` on sets.
pub(in crate::rego) const OR: &str = "policy__.or";
/// `<` in OPA's order of all values.
const LESS: &str = "policy__.less";
/// `<=` in OPA's order of all values.
const LESS_EQUAL: &str = "policy__.less_equal";
/// `>` in OPA's order of all values.
const GREATER: &str = "policy__.greater";
/// `>=` in OPA's order of all values.
const GREATER_EQUAL: &str = "policy__.greater_equal";
/// Whether a comparison holds for an order of its sides.
type Holds = fn(Ordering) -> bool;
/// These functions, for values that may be or hold sets or objects.
pub(in crate::rego) const COMPARISONS: [(&str, Holds); 4] = [
    (LESS, Ordering::is_lt),
    (LESS_EQUAL, Ordering::is_le),
    (GREATER, Ordering::is_gt),
    (GREATER_EQUAL, Ordering::is_ge),
];
/// The function that joins the parts of a template string.
pub(in crate::rego) const TEMPLATE: &str = "policy__.template";

/// Whether `data.conftest.file` is known to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum ConftestFile {
    /// It names the file under evaluation.
    Known,
    /// There is no file: a unit test sets it with `with`.
    Unknown,
}

/// Rewrites the calls of one rule.
pub(super) fn rewrite(
    rule: &mut Rule,
    names: &Names,
    locals: &BTreeSet<Arc<str>>,
    conftest_file: ConftestFile,
) {
    let mut calls = Calls {
        names,
        locals,
        conftest_file,
    };
    rewrite_rule(&mut calls, rule);
}

struct Calls<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    conftest_file: ConftestFile,
}

impl Rewriter for Calls<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        rewrite_expr(self, expr);
        match &mut expr.kind {
            ExprKind::Binary(operator, left, right) => {
                let in_order = !self.is_scalar(left) && !self.is_scalar(right);
                let name =
                    arithmetic(*operator).or_else(|| comparison(*operator).filter(|_| in_order));
                if let Some(name) = name {
                    let args = vec![take(left), take(right)];
                    *expr = Expr::call(expr.span, name, args);
                }
            }
            ExprKind::In(key, value, collection) => {
                let key = key.as_mut().map(|key| take(key));
                let name = if key.is_some() {
                    MEMBER_WITH_KEY
                } else {
                    MEMBER
                };
                let args = key.into_iter().chain([take(value), take(collection)]);
                *expr = Expr::call(expr.span, name, args.collect());
            }
            ExprKind::Template(parts) => {
                let args = parts.drain(..).map(template_part).collect();
                let list = Expr::new(expr.span, ExprKind::Array(args));
                *expr = Expr::call(expr.span, TEMPLATE, vec![list]);
            }
            ExprKind::Var(_) => self.imported(expr),
            ExprKind::Ref(..) => {
                self.imported(expr);
                if self.conftest_file == ConftestFile::Known {
                    self.conftest_file(expr);
                }
            }
            ExprKind::Call(function, _) => {
                if let Some(path) = function.as_path()
                    && self.names.is_imported(&path, self.locals)
                {
                    self.with_target(function);
                }
            }
            _ => {}
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        match &mut statement.kind {
            // Undefined and false are the same for a statement: the engine's own `in` will do. With a key it would not
            // find the members of sets.
            StatementKind::Expr(Expr {
                kind: ExprKind::In(None, value, collection),
                ..
            })
            | StatementKind::Not(Expr {
                kind: ExprKind::In(None, value, collection),
                ..
            }) => {
                for part in [value, collection] {
                    self.expr(part);
                }
                for with in &mut statement.with {
                    self.expr(&mut with.value);
                }
            }
            StatementKind::Some(_)
            | StatementKind::SomeIn { .. }
            | StatementKind::Every { .. }
            | StatementKind::Expr(_)
            | StatementKind::Not(_) => rewrite_statement(self, statement),
        }
        match &mut statement.kind {
            StatementKind::SomeIn { collection, .. } => guard(collection, COLLECTION),
            StatementKind::Every { domain, .. } => guard(domain, DOMAIN),
            StatementKind::Some(_) | StatementKind::Expr(_) | StatementKind::Not(_) => {}
        }
        for with in &mut statement.with {
            self.with_target(&mut with.target);
        }
        if let StatementKind::Expr(expr) = &mut statement.kind {
            self.output_argument(expr);
        }
    }
}

/// The engine ends with an error where what is iterated over is no collection; in OPA there is nothing to iterate over.
fn guard(collection: &mut Expr, function: &str) {
    let may_be_other = matches!(
        collection.kind,
        ExprKind::Var(_) | ExprKind::Ref(..) | ExprKind::Call(..)
    );
    if may_be_other {
        let span = collection.span;
        *collection = Expr::call(span, function, vec![take(collection)]);
    }
}

/// The function for an operator on numbers and sets.
pub(in crate::rego) fn arithmetic(operator: Operator) -> Option<&'static str> {
    match operator {
        Operator::Plus => Some("plus"),
        Operator::Minus => Some("minus"),
        Operator::Times => Some("mul"),
        Operator::Divide => Some("div"),
        Operator::Remainder => Some("rem"),
        Operator::And => Some(AND),
        Operator::Or => Some(OR),
        Operator::Assign
        | Operator::Unify
        | Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessEqual
        | Operator::Greater
        | Operator::GreaterEqual => None,
    }
}

/// The function for an operator that asks for the order of values.
fn comparison(operator: Operator) -> Option<&'static str> {
    match operator {
        Operator::Less => Some(LESS),
        Operator::LessEqual => Some(LESS_EQUAL),
        Operator::Greater => Some(GREATER),
        Operator::GreaterEqual => Some(GREATER_EQUAL),
        _ => None,
    }
}

fn take(expr: &mut Expr) -> Expr {
    let span = expr.span;
    std::mem::replace(expr, Expr::new(span, ExprKind::Null))
}

/// A text stays a text; an expression becomes the set of its values, empty where it is undefined.
fn template_part(part: TemplatePart) -> Expr {
    match part {
        TemplatePart::Text(text) => Expr::new(Default::default(), ExprKind::String(text)),
        TemplatePart::Expr(value) => {
            let span = value.span;
            let variable = Expr::var(span, "template__");
            let assign = ExprKind::Binary(
                Operator::Assign,
                Box::new(variable.clone()),
                Box::new(value),
            );
            let statement = Statement {
                span,
                kind: StatementKind::Expr(Expr::new(span, assign)),
                with: Vec::new(),
            };
            Expr::new(
                span,
                ExprKind::SetCompr(Box::new(variable), vec![statement]),
            )
        }
    }
}

impl Calls<'_> {
    /// Whether an operand is certainly no collection: the engine compares it with any value as OPA does, since it differs from
    /// OPA in the order of sets and objects only.
    fn is_scalar(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => true,
            ExprKind::Call(function, _) => function.as_path().is_some_and(|path| {
                path.join(".") == "count"
                    && self.names.meaning(&path, self.locals) == Meaning::Other
            }),
            _ => false,
        }
    }

    /// The engine knows rules by their whole path and functions of the own package by their name.
    fn with_target(&self, target: &mut Expr) {
        let Some(path) = target.as_path() else {
            return;
        };
        let Meaning::Data(absolute) = self.names.meaning(&path, self.locals) else {
            return;
        };
        let path = match absolute.strip_prefix(self.names.package().as_slice()) {
            Some([name]) if self.names.is_function(name) => vec![Arc::clone(name)],
            Some(_) | None => absolute,
        };
        let span = target.span;
        let steps: Vec<Step> = path[1..]
            .iter()
            .map(|part| Step::Index(Expr::new(span, ExprKind::String(Arc::clone(part)))))
            .collect();
        let head = Expr::var(span, Arc::clone(&path[0]));
        *target = if steps.is_empty() {
            head
        } else {
            Expr::new(span, ExprKind::Ref(Box::new(head), steps))
        };
    }

    /// The engine has one table of imports for all modules of a package, in which the last of a name counts, and finds no
    /// rules of the own package through one: `lib.rule` → `data.lib.rule`.
    fn imported(&self, expr: &mut Expr) {
        let Some((path, n_taken)) = expr.constant_prefix() else {
            return;
        };
        if !self.names.is_imported(&path, self.locals) {
            return;
        }
        let Some(absolute) = self.names.absolute(&path, self.locals) else {
            return;
        };
        let span = expr.span;
        let key = |part: &Arc<str>| Expr::new(span, ExprKind::String(Arc::clone(part)));
        let mut steps: Vec<Step> = absolute[1..]
            .iter()
            .map(|part| Step::Index(key(part)))
            .collect();
        if let ExprKind::Ref(_, more) = &mut expr.kind {
            steps.extend(more.drain(n_taken..));
        }
        let head = Expr::var(span, Arc::clone(&absolute[0]));
        *expr = match steps.is_empty() {
            true => head,
            false => Expr::new(span, ExprKind::Ref(Box::new(head), steps)),
        };
    }

    /// `data.conftest.file…` → `policy__.conftest_file()…`.
    fn conftest_file(&self, expr: &mut Expr) {
        const PATH: [&str; 3] = ["data", "conftest", "file"];
        let Some((path, _)) = expr.constant_prefix() else {
            return;
        };
        let Meaning::Data(absolute) = self.names.meaning(&path, self.locals) else {
            return;
        };
        if absolute.len() < PATH.len() || absolute.iter().zip(PATH).any(|(a, b)| **a != *b) {
            return;
        }
        let ExprKind::Ref(_, steps) = &mut expr.kind else {
            return;
        };
        // An import may have taken some of the path; what is left of it follows the call.
        let n_left = steps.len() - (path.len() - 1) + (absolute.len() - PATH.len());
        let rest: Vec<Step> = steps.split_off(steps.len() - n_left);
        let call = Expr::call(expr.span, CONFTEST_FILE, Vec::new());
        *expr = if rest.is_empty() {
            call
        } else {
            Expr::new(expr.span, ExprKind::Ref(Box::new(call), rest))
        };
    }

    /// `split(s, ".", parts)` → `parts = split(s, ".")`.
    fn output_argument(&self, expr: &mut Expr) {
        let ExprKind::Call(function, args) = &mut expr.kind else {
            return;
        };
        let Some(path) = function.as_path() else {
            return;
        };
        if self.names.meaning(&path, self.locals) != Meaning::Other {
            return;
        }
        let name = path.join(".");
        let takes_output = name != "walk"
            && name != "print"
            && builtins::arity(&name) == Some(args.len().wrapping_sub(1));
        if takes_output && let Some(output) = args.pop() {
            let span = expr.span;
            let call = take(expr);
            let kind = ExprKind::Binary(Operator::Unify, Box::new(output), Box::new(call));
            *expr = Expr::new(span, kind);
        }
    }
}

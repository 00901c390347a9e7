//! What `input` is in a run, one document or the list of all, and which expressions are parts of it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of expressions count here"
)]

use std::sync::Arc;

use crate::rego::prepare::names::DataPath;
use crate::rego::reach::Definition;
use crate::rego::syntax::ast::{Expr, ExprKind, Operator, Statement, StatementKind, Step};

/// What `input` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Shape {
    /// One document.
    Document,
    /// The list of all documents of a combined run.
    List,
}

impl Shape {
    /// Whether a reference reads what there is not in `input`.
    pub(in crate::rego) fn has_not(
        self,
        expr: &Expr,
        definition: &Definition<'_>,
        is_element: &dyn Fn(&Arc<str>) -> bool,
    ) -> bool {
        match (self, definition.below_input(expr)) {
            (Self::List, below) => below.is_some_and(|(path, _)| path.len() > 1),
            // Documents of other kinds may have a `path` in each of their parts.
            (Self::Document, Some((path, [_, second, ..]))) => {
                path.len() == 1 && second.as_key().is_some_and(|key| &**key == "contents")
            }
            (Self::Document, Some(_)) => false,
            (Self::Document, None) => {
                let path = expr.constant_prefix().map(|(path, _)| path);
                path.is_some_and(|path| match path.as_slice() {
                    [variable, key, ..] => {
                        definition.locals.contains(variable)
                            && is_element(variable)
                            && &**key == "contents"
                    }
                    _ => false,
                })
            }
        }
    }
}

impl Definition<'_> {
    /// The steps of a reference to `input`, where it is one.
    pub(in crate::rego) fn below_input<'e>(
        &self,
        expr: &'e Expr,
    ) -> Option<(DataPath, &'e [Step])> {
        let (path, taken) = expr.constant_prefix()?;
        let absolute = self.unit.names.absolute(&path, self.locals)?;
        let rest: &[Step] = match &expr.kind {
            ExprKind::Ref(_, steps) => &steps[taken..],
            _ => &[],
        };
        (&*absolute[0] == "input").then_some((absolute, rest))
    }

    /// Whether an expression is `input` as a whole.
    pub(in crate::rego) fn is_input(&self, expr: &Expr) -> bool {
        let below = self.below_input(expr);
        below.is_some_and(|(path, rest)| path.len() == 1 && rest.is_empty())
    }

    /// Whether an expression is `input[_]`, with whatever index.
    pub(in crate::rego) fn is_element_of_input(&self, expr: &Expr) -> bool {
        let below = self.below_input(expr);
        below.is_some_and(|(path, rest)| path.len() == 1 && rest.len() == 1)
    }
}

/// The variable that a statement makes an element of `input`.
pub(in crate::rego) fn element_of<'s>(
    statement: &'s Statement,
    definition: &Definition<'_>,
) -> Option<&'s Arc<str>> {
    match &statement.kind {
        StatementKind::SomeIn {
            value, collection, ..
        } if definition.is_input(collection) => value.as_var(),
        StatementKind::Every { value, domain, .. } if definition.is_input(domain) => {
            Some(&value.text)
        }
        StatementKind::Expr(expr) => match &expr.kind {
            ExprKind::Binary(Operator::Assign | Operator::Unify, left, right)
                if definition.is_element_of_input(right) =>
            {
                left.as_var()
            }
            _ => None,
        },
        StatementKind::Some(_)
        | StatementKind::SomeIn { .. }
        | StatementKind::Every { .. }
        | StatementKind::Not(_) => None,
    }
}

//! Rules that are written for the other shape of `input`: the list of a combined run, or one document.
//!
//! Such a rule loads and is run, and what it reads is undefined. It is told by what it reads, itself and in the rules that
//! it uses; `certain.rs` knows where it finds nothing by that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::certain::Certain;
use crate::rego::prepare::PolicyError;
use crate::rego::reach::{Definition, DefinitionId, Reach};
use crate::rego::rules::PolicyRule;
use crate::rego::shape::{Shape, element_of};
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, Statement, StatementKind, join_path};
use crate::rego::syntax::visit::{Visitor, walk_parts, walk_rule, walk_statement};
use crate::source::Span;

/// What a combined run's list has in each element.
const ELEMENT: [&str; 2] = ["contents", "path"];

/// What comes of it that something is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The rule finds nothing.
    FindsNothing,
    /// The rule may find something all the same, or because of it.
    Unknown,
}

/// The rules that read `input` as it is not in this run; whether it is certain that no rule can find anything.
pub(in crate::rego) fn misfits(
    reach: &Reach<'_>,
    rules: &[PolicyRule],
    shape: Shape,
) -> (Vec<PolicyError>, bool) {
    let mut certain = Certain::new(reach, shape);
    let mut known: BTreeMap<DefinitionId, Reads> = BTreeMap::new();
    let mut found = Vec::new();
    let mut n_certain = 0;
    for rule in rules {
        let mut reads = Reads::default();
        for definition in reach.from(&rule.definitions) {
            let own = known.entry(definition.id);
            reads.join(own.or_insert_with(|| Reads::of(&definition)));
        }
        let name = format!("{}.{}", join_path(&rule.package), rule.name);
        let then = match certain.finds_nothing(rule) {
            true => Then::FindsNothing,
            false => Then::Unknown,
        };
        let error = match shape {
            Shape::List => reads.of_one_document(&name, then),
            Shape::Document => reads.of_all_documents(&name, then),
        };
        n_certain += usize::from(error.is_some() && then == Then::FindsNothing);
        found.extend(error);
    }
    (found, n_certain > 0 && n_certain == rules.len())
}

/// A place in a module.
type At = (usize, Span);

/// What is read of `input`.
#[derive(Default)]
struct Reads {
    /// `contents` or `path` of an element of `input`.
    element: Option<At>,
    /// `contents` of an element, or of a variable that may be one.
    contents: Option<At>,
    /// A field of `input` that is written out, and its name.
    field: Option<(At, String)>,
    /// Whether `input` is gone through.
    goes_through: bool,
    /// Whether it is read as a whole, or replaced.
    whole: bool,
}

impl Reads {
    fn of(definition: &Definition<'_>) -> Self {
        let mut reads = Self::default();
        let mut elements = Elements {
            definition,
            found: BTreeSet::new(),
        };
        walk_rule(&mut elements, definition.rule);
        let mut reader = Reader {
            definition,
            elements: &elements.found,
            reads: &mut reads,
        };
        walk_rule(&mut reader, definition.rule);
        reads
    }

    fn join(&mut self, other: &Self) {
        self.element = self.element.or(other.element);
        self.contents = self.contents.or(other.contents);
        if self.field.is_none() {
            self.field.clone_from(&other.field);
        }
        self.goes_through |= other.goes_through;
        self.whole |= other.whole;
    }

    /// What is wrong where `input` is one document.
    fn of_all_documents(self, name: &str, then: Then) -> Option<PolicyError> {
        let by_variable = self.contents.filter(|_| self.goes_through);
        let (module, span) = self.element.or(by_variable)?;
        let reads = format!("rule `{name}` reads all documents at once, as `input[_].contents`");
        let message = match then {
            Then::FindsNothing => format!("{reads}; without `--combine` it finds nothing"),
            Then::Unknown => format!("{reads}, which is always undefined here without `--combine`"),
        };
        let help = "Run it with `--combine`, or leave its package out with `-n`.";
        let error = SyntaxError::new(span, message).help(help);
        Some(PolicyError { module, error })
    }

    /// What is wrong where `input` is the list of all documents.
    fn of_one_document(self, name: &str, then: Then) -> Option<PolicyError> {
        if self.goes_through || self.whole {
            return None;
        }
        let ((module, span), field) = self.field?;
        let reads = format!("rule `{name}` reads `input.{field}`");
        let message = match then {
            Then::FindsNothing => {
                format!("{reads}, which the list of `--combine` has not: it finds nothing")
            }
            Then::Unknown => {
                format!(
                    "{reads}, which is always undefined here: the list of `--combine` has it not"
                )
            }
        };
        let help = format!(
            "Run it without `--combine`, leave its package out with `-n`, or read `input[_].contents.{field}`."
        );
        let error = SyntaxError::new(span, message).help(help);
        Some(PolicyError { module, error })
    }
}

/// The variables that are elements of `input`, in whatever body.
struct Elements<'a> {
    definition: &'a Definition<'a>,
    found: BTreeSet<Arc<str>>,
}

impl Visitor for Elements<'_> {
    fn statement(&mut self, statement: &Statement) {
        self.found
            .extend(element_of(statement, self.definition).cloned());
        walk_statement(self, statement);
    }
}

struct Reader<'a> {
    definition: &'a Definition<'a>,
    elements: &'a BTreeSet<Arc<str>>,
    reads: &'a mut Reads,
}

impl Reader<'_> {
    fn of_variable(&mut self, expr: &Expr) {
        let Some((path, _)) = expr.constant_prefix() else {
            return;
        };
        let [variable, key, ..] = path.as_slice() else {
            return;
        };
        if !self.definition.locals.contains(variable) {
            return;
        }
        let at = (self.definition.id.0, expr.span);
        if self.elements.contains(variable) && ELEMENT.contains(&&**key) {
            self.reads.element.get_or_insert(at);
        }
        if &**key == "contents" {
            self.reads.contents.get_or_insert(at);
        }
    }
}

impl Visitor for Reader<'_> {
    fn expr(&mut self, expr: &Expr) {
        let at = (self.definition.id.0, expr.span);
        match self.definition.below_input(expr) {
            None => self.of_variable(expr),
            Some((path, rest)) => match (path.get(1), rest) {
                (Some(field), _) => {
                    let field = field.to_string();
                    self.reads.field.get_or_insert((at, field));
                }
                (None, [_, second, ..]) => {
                    self.reads.goes_through = true;
                    let key = second.as_key().map_or("", |key| &**key);
                    if ELEMENT.contains(&key) {
                        self.reads.element.get_or_insert(at);
                    }
                    if key == "contents" {
                        self.reads.contents.get_or_insert(at);
                    }
                }
                (None, [_]) => self.reads.goes_through = true,
                (None, []) => self.reads.whole = true,
            },
        }
        walk_parts(self, expr);
    }

    fn statement(&mut self, statement: &Statement) {
        let collection = match &statement.kind {
            StatementKind::SomeIn { collection, .. } => Some(collection),
            StatementKind::Every { domain, .. } => Some(domain),
            StatementKind::Some(_) | StatementKind::Expr(_) | StatementKind::Not(_) => None,
        };
        self.reads.goes_through |=
            collection.is_some_and(|collection| self.definition.is_input(collection));
        walk_statement(self, statement);
    }
}

//! Rules that are written for the other shape of `input`: the list of a combined run, or one document.
//!
//! Such a rule loads, is run and finds nothing. It is told by what it reads, itself and in the rules that it uses.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of expressions count here"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::prepare::PolicyError;
use crate::rego::prepare::names::{DataPath, Names};
use crate::rego::reach::{Definition, DefinitionId, Reach};
use crate::rego::rules::PolicyRule;
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{
    Expr, ExprKind, Operator, Statement, StatementKind, Step, join_path,
};
use crate::rego::syntax::visit::{Visitor, walk_expr, walk_rule, walk_statement};
use crate::source::Span;

/// What a combined run's list has in each element.
const ELEMENT: [&str; 2] = ["contents", "path"];

/// The rules that read `input` as it is not in this run; whether it is certain that no rule can find anything.
pub(in crate::rego) fn misfits(
    reach: &Reach<'_>,
    rules: &[PolicyRule],
    combine: bool,
) -> (Vec<PolicyError>, bool) {
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
        let reads_contents = reads.contents.is_some();
        let error = if combine {
            reads.of_one_document(&name)
        } else {
            reads.of_all_documents(&name)
        };
        // Documents of other kinds may have a `path` in each of their parts.
        n_certain += usize::from(error.is_some() && (combine || reads_contents));
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
        let (rule, locals) = (definition.rule, definition.locals);
        let names = &definition.unit.names;
        let mut elements = Elements {
            names,
            locals,
            found: BTreeSet::new(),
        };
        walk_rule(&mut elements, rule);
        let mut reader = Reader {
            names,
            locals,
            elements: &elements.found,
            module: definition.id.0,
            reads: &mut reads,
        };
        walk_rule(&mut reader, rule);
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
    fn of_all_documents(self, name: &str) -> Option<PolicyError> {
        let by_variable = self.contents.filter(|_| self.goes_through);
        let (module, span) = self.element.or(by_variable)?;
        let message = format!(
            "rule `{name}` reads all documents at once, as `input[_].contents`; without `--combine` it finds nothing"
        );
        let help = "Run it with `--combine`, or leave its package out with `-n`.";
        let error = SyntaxError::new(span, message).help(help);
        Some(PolicyError { module, error })
    }

    /// What is wrong where `input` is the list of all documents.
    fn of_one_document(self, name: &str) -> Option<PolicyError> {
        if self.goes_through || self.whole {
            return None;
        }
        let ((module, span), field) = self.field?;
        let message =
            format!("rule `{name}` reads `input.{field}`, which the list of `--combine` has not");
        let help = format!(
            "Run it without `--combine`, leave its package out with `-n`, or read `input[_].contents.{field}`."
        );
        let error = SyntaxError::new(span, message).help(help);
        Some(PolicyError { module, error })
    }
}

/// The steps of a reference to `input`, where it is one.
fn below_input<'a>(
    expr: &'a Expr,
    names: &Names,
    locals: &BTreeSet<Arc<str>>,
) -> Option<(DataPath, &'a [Step])> {
    let (path, taken) = expr.constant_prefix()?;
    let absolute = names.absolute(&path, locals)?;
    let rest: &[Step] = match &expr.kind {
        ExprKind::Ref(_, steps) => &steps[taken..],
        _ => &[],
    };
    (&*absolute[0] == "input").then_some((absolute, rest))
}

/// The variables that are elements of `input`.
struct Elements<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    found: BTreeSet<Arc<str>>,
}

impl Elements<'_> {
    fn is_input(&self, expr: &Expr) -> bool {
        let below = below_input(expr, self.names, self.locals);
        below.is_some_and(|(path, rest)| path.len() == 1 && rest.is_empty())
    }

    fn is_element(&self, expr: &Expr) -> bool {
        let below = below_input(expr, self.names, self.locals);
        below.is_some_and(|(path, rest)| path.len() == 1 && rest.len() == 1)
    }
}

impl Visitor for Elements<'_> {
    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::SomeIn {
                value, collection, ..
            } if self.is_input(collection) => self.found.extend(value.as_var().cloned()),
            StatementKind::Every { value, domain, .. } if self.is_input(domain) => {
                self.found.insert(Arc::clone(&value.text));
            }
            StatementKind::Expr(expr) => {
                if let ExprKind::Binary(Operator::Assign | Operator::Unify, left, right) =
                    &expr.kind
                    && self.is_element(right)
                {
                    self.found.extend(left.as_var().cloned());
                }
            }
            StatementKind::Some(_)
            | StatementKind::SomeIn { .. }
            | StatementKind::Every { .. }
            | StatementKind::Not(_) => {}
        }
        walk_statement(self, statement);
    }
}

struct Reader<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    elements: &'a BTreeSet<Arc<str>>,
    module: usize,
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
        if !self.locals.contains(variable) {
            return;
        }
        let at = (self.module, expr.span);
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
        let at = (self.module, expr.span);
        match below_input(expr, self.names, self.locals) {
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
        match &expr.kind {
            // The head of a reference alone means something else than the whole.
            ExprKind::Ref(head, steps) => {
                if head.as_var().is_none() {
                    self.expr(head);
                }
                for step in steps {
                    if let Step::Index(index) = step {
                        self.expr(index);
                    }
                }
            }
            _ => walk_expr(self, expr),
        }
    }

    fn statement(&mut self, statement: &Statement) {
        let collection = match &statement.kind {
            StatementKind::SomeIn { collection, .. } => Some(collection),
            StatementKind::Every { domain, .. } => Some(domain),
            StatementKind::Some(_) | StatementKind::Expr(_) | StatementKind::Not(_) => None,
        };
        let is_input = |expr: &Expr| {
            let below = below_input(expr, self.names, self.locals);
            below.is_some_and(|(path, rest)| path.len() == 1 && rest.is_empty())
        };
        self.reads.goes_through |= collection.is_some_and(is_input);
        walk_statement(self, statement);
    }
}

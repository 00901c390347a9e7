//! What rules refer to below `data`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::prepare::Unit;
use crate::rego::prepare::names::{DataPath, Meaning, Names};
use crate::rego::syntax::ast::{Expr, ExprKind, Rule, Step};
use crate::rego::syntax::visit::{Visitor, walk_parts, walk_rule};

/// A reference below `data`.
pub(in crate::rego) struct Reference {
    /// Its constant beginning.
    pub(in crate::rego) path: DataPath,
    /// The step that follows, which is not a constant string, and the constant ones behind it.
    rest: Vec<Key>,
}

/// What one step looks up.
enum Key {
    /// This string.
    Is(Arc<str>),
    /// A constant that is no string: no rule or package has such a name.
    NoName,
    /// What is only known when it is evaluated.
    Any,
}

impl Reference {
    /// The reference with these steps whose constant beginning means `path`.
    pub(super) fn new(path: DataPath, steps: &[Step]) -> Self {
        let mut dynamic = steps.iter().skip_while(|step| step.as_key().is_some());
        let first = dynamic.next();
        let fixed = dynamic.take_while(|step| step.as_key().is_some());
        Self {
            path,
            rest: first.into_iter().chain(fixed).map(Key::of).collect(),
        }
    }

    /// What is known of a reference of which only the constant beginning is.
    pub(super) fn forget_rest(&mut self) {
        self.rest.clear();
    }

    /// Whether what follows [`Self::path`] may mean this rest of a rule's path, something above it or below it.
    pub(super) fn may_mean(&self, rule: &[Arc<str>]) -> bool {
        let mut steps = self.rest.iter().zip(rule);
        steps.all(|(step, name)| match step {
            Key::Is(key) => key == name,
            Key::NoName => false,
            Key::Any => true,
        })
    }
}

impl Key {
    fn of(step: &Step) -> Self {
        if let Some(key) = step.as_key() {
            return Self::Is(Arc::clone(key));
        }
        match step {
            Step::Index(Expr {
                kind: ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_),
                ..
            }) => Self::NoName,
            Step::Field(_) | Step::Index(_) => Self::Any,
        }
    }
}

/// The constant beginnings of everything below `data` that a rule refers to.
pub(in crate::rego) fn references(
    unit: &Unit,
    rule: &Rule,
    locals: &BTreeSet<Arc<str>>,
) -> Vec<DataPath> {
    let found = all(unit, rule, locals).into_iter();
    found.map(|reference| reference.path).collect()
}

/// Whether a rule at `path` may be meant by one of these references that is not constant.
pub(in crate::rego) fn may_be_meant(references: &[Reference], path: &[Arc<str>]) -> bool {
    references.iter().any(|reference| {
        let rest = path.strip_prefix(reference.path.as_slice());
        !reference.rest.is_empty() && rest.is_some_and(|rest| reference.may_mean(rest))
    })
}

/// Everything below `data` that a rule refers to.
pub(in crate::rego) fn all(
    unit: &Unit,
    rule: &Rule,
    locals: &BTreeSet<Arc<str>>,
) -> Vec<Reference> {
    struct References<'a> {
        names: &'a Names,
        locals: &'a BTreeSet<Arc<str>>,
        found: Vec<Reference>,
    }
    impl Visitor for References<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let Meaning::Data(path) = self.names.meaning_of(expr, self.locals) {
                let steps = match &expr.kind {
                    ExprKind::Ref(_, steps) => steps.as_slice(),
                    _ => &[],
                };
                self.found.push(Reference::new(path, steps));
            }
            walk_parts(self, expr);
        }
    }
    let mut references = References {
        names: &unit.names,
        locals,
        found: Vec::new(),
    };
    walk_rule(&mut references, rule);
    references.found
}

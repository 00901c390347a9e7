//! Gatekeeper: templates and constraints, which objects they are for, and what is generated from workloads for them.
//!
//! Whatever cannot be read or decided is a problem with its place; nothing here prints.

pub mod cel;
pub mod constraint;
pub mod eval;
pub mod expansion;
mod explain;
pub mod known;
mod load;
pub mod matching;
mod object;
pub mod read;
pub mod review;
pub mod suite;
mod tally;
pub mod template;
pub mod violation;
pub mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::document::Document;
use crate::finding::Rule;
use crate::gatekeeper::constraint::Constraint;
use crate::gatekeeper::eval::RunState;
use crate::gatekeeper::expansion::{BuiltIn, Expansions};
pub use crate::gatekeeper::load::{Loaded, expansions, load};
use crate::gatekeeper::matching::Part;
use crate::gatekeeper::template::Template;
pub use crate::gatekeeper::world::NamespaceLabel;
use crate::rego::hosted::Hosted;

/// What a constraint is whose match cannot be decided, since the labels of a Namespace are not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undecided {
    /// A warning that says what to supply.
    #[default]
    Warning,
    /// A violation, as in Gatekeeper.
    Violation,
}

/// How constraints are loaded and evaluated.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files and folders with objects that are known and not judged.
    pub inventory: Vec<PathBuf>,
    /// Labels of Namespaces.
    pub namespace_labels: Vec<NamespaceLabel>,
    /// The namespace of objects that have none and belong into one.
    pub default_namespace: Option<String>,
    /// What it is when a match cannot be decided.
    pub undecided: Undecided,
    /// Where we are, for scoped enforcement actions.
    pub enforcement_point: String,
    /// Whether Pods are made of Kubernetes' workloads.
    pub built_in: BuiltIn,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            inventory: Vec::new(),
            namespace_labels: Vec::new(),
            default_namespace: None,
            undecided: Undecided::default(),
            enforcement_point: constraint::GATOR.to_owned(),
            built_in: BuiltIn::default(),
        }
    }
}

/// Constraints with their templates, ready to judge.
#[derive(Debug)]
pub struct Constraints {
    templates: Vec<Template>,
    constraints: Vec<Constraint>,
    /// For each constraint the index of its template.
    template_of: Vec<usize>,
    rules: Vec<Rule>,
    judging: Judging,
    run: RunState,
}

/// What constraints are judged with.
#[derive(Debug)]
struct Judging {
    /// Objects that are known and not judged.
    known: Vec<Arc<Document>>,
    namespace_labels: Vec<NamespaceLabel>,
    default_namespace: Option<String>,
    undecided: Undecided,
    /// What the evaluation of one document may take.
    timeout: Duration,
    /// What objects are made of others.
    expansions: Expansions,
    /// Whether rules see the Namespace of an object.
    namespace_object: NamespaceObject,
}

/// Whether rules see the Namespace of an object as `input.review.namespaceObject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamespaceObject {
    /// As in the webhook and the audit.
    Shown,
    /// As in `gator verify`.
    Hidden,
}

impl Constraints {
    /// How many templates and constraints there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.templates.len(), self.constraints.len())
    }

    /// Whether any template reads `data.inventory`.
    fn reads_inventory(&self) -> bool {
        self.template_of
            .iter()
            .filter_map(|template| self.templates[*template].hosted())
            .any(Hosted::reads_data)
    }

    /// Whether any constraint selects Namespaces by their labels, or any template looks at them.
    fn needs_namespaces(&self) -> bool {
        let mut constraints = self.constraints.iter().zip(&self.template_of);
        constraints.any(|(constraint, template)| {
            constraint.matching.has(Part::NamespaceSelector)
                || self.templates[*template].reads_namespace
        })
    }
}

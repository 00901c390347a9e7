//! Kinds that CustomResourceDefinitions define: those among the inputs first, then those that were named beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::Document;
use crate::document::field::{Field, nearest};
use crate::document::input::{Input, Lists};
use crate::document::path::Path;
use crate::document::value::{Object, Value};
use crate::finding::{Location, Problem, Severity, Stage};
use crate::resource::Resource;
use crate::schema::catalog::group_of;
use crate::schema::fault::{Fault, Side};
use crate::schema::kinds::Gvk;
use crate::schema::rules::Id;
use crate::schema::structural::{self, Dialect, FaultKind, Nulls, Schema};
use crate::schema::tree::{filled, get};
use crate::schema::walk::Walk;

/// Definitions of custom resources; of several of one kind the first holds.
#[derive(Clone, Debug, Default)]
pub struct Customs {
    kinds: Vec<Arc<CustomKind>>,
}

/// One version of a kind.
#[derive(Debug)]
pub(in crate::schema) struct CustomKind {
    /// `shop.example.com/v1`
    group_version: String,
    name: String,
    is_served: bool,
    /// Whether it is deprecated, and what its author says about that.
    pub(in crate::schema) deprecated: Option<Option<String>>,
    /// None where there is none or it cannot be read.
    schema: Option<Schema>,
    has_defaults: bool,
    /// Whether fields that the schema does not know are kept.
    keeps_unknown: bool,
    /// The definition as written: two that are equal are no conflict.
    written: Value,
    place: Location,
}

/// What is known of a kind that nothing built in describes.
pub(in crate::schema) enum Found {
    Kind(Arc<CustomKind>),
    /// The group is defined, but not this version or kind.
    Unknown {
        /// Whether the version is known and the kind is not.
        is_kind: bool,
        hint: Option<String>,
    },
}

/// Whether a resource defines a kind.
pub(in crate::schema) fn is_definition(resource: &Resource) -> bool {
    resource.kind == "CustomResourceDefinition"
        && resource.api_version.starts_with("apiextensions.k8s.io/")
}

impl Customs {
    /// The definitions among documents that were named for that; what is wrong with them, and how many other documents there are.
    #[must_use]
    pub fn read(documents: &[Arc<Document>]) -> (Self, Vec<Problem>, usize) {
        let mut customs = Self::default();
        let mut problems = Vec::new();
        let mut n_others = 0;
        for input in inputs(documents) {
            if !input.subject.resource.as_deref().is_some_and(is_definition) {
                n_others += 1;
                continue;
            }
            let kinds = definition(&input, &mut problems);
            for kind in &kinds {
                problems.extend(customs.conflict(kind));
            }
            customs.kinds.extend(kinds.into_iter().map(Arc::new));
        }
        (customs, problems, n_others)
    }

    /// These and the definitions among the inputs, which come first. What is wrong with those is said where they are judged.
    pub(in crate::schema) fn with(&self, documents: &[Arc<Document>]) -> Self {
        let mut kinds: Vec<Arc<CustomKind>> = Vec::new();
        for input in inputs(documents) {
            if input.subject.resource.as_deref().is_some_and(is_definition) {
                let read = definition(&input, &mut Vec::new());
                kinds.extend(read.into_iter().map(Arc::new));
            }
        }
        kinds.extend(self.kinds.iter().cloned());
        Self { kinds }
    }

    /// What is wrong with a definition among the inputs, and what of it is not checked.
    pub(in crate::schema) fn problems(&self, input: &Input) -> Vec<Problem> {
        let mut problems = Vec::new();
        let kinds = definition(input, &mut problems);
        for kind in &kinds {
            problems.extend(self.conflict(kind));
        }
        problems
    }

    /// The first definition of a kind holds; another that says something else is not used.
    fn conflict(&self, kind: &CustomKind) -> Option<Problem> {
        let first = self.of(&kind.group_version, &kind.name)?;
        if first.written == kind.written || first.place == kind.place {
            return None;
        }
        let message = format!(
            "{} {} is defined twice, and differently: this definition is not used",
            kind.group_version, kind.name
        );
        Some(
            Problem::warning(Stage::Load, message)
                .at(kind.place.clone())
                .help("Remove one of the two.")
                .related(first.place.clone(), "this one is used"),
        )
    }

    /// Each kind with its group and version.
    pub(in crate::schema) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        let kinds = self.kinds.iter();
        kinds.map(|kind| (&*kind.group_version, &*kind.name))
    }

    fn of(&self, group_version: &str, name: &str) -> Option<&Arc<CustomKind>> {
        let mut kinds = self.kinds.iter();
        kinds.find(|kind| kind.group_version == group_version && kind.name == name)
    }

    pub(in crate::schema) fn find(&self, gvk: &Gvk) -> Option<Found> {
        let group = group_of(&gvk.api_version);
        let of_group = || {
            let kinds = self.kinds.iter();
            kinds.filter(|kind| group_of(&kind.group_version) == group)
        };
        of_group().next()?;
        if let Some(kind) = self.of(&gvk.api_version, &gvk.kind) {
            return Some(match kind.is_served {
                true => Found::Kind(Arc::clone(kind)),
                false => Found::Unknown {
                    is_kind: false,
                    hint: Some("the version is defined, but not served".to_owned()),
                },
            });
        }
        let other = of_group().find(|kind| kind.name == gvk.kind && kind.is_served);
        if let Some(other) = other {
            return Some(Found::Unknown {
                is_kind: false,
                hint: Some(format!("did you mean {:?}?", other.group_version)),
            });
        }
        let is_kind = of_group().any(|kind| kind.group_version == gvk.api_version);
        let names: Vec<&str> = of_group().map(|kind| &*kind.name).collect();
        let hint = nearest(&gvk.kind, names).map(|name| format!("did you mean {name:?}?"));
        Some(Found::Unknown { is_kind, hint })
    }
}

impl CustomKind {
    /// Checks a resource of the kind; whether there was a schema to check it by.
    pub(in crate::schema) fn check(&self, walk: &mut Walk<'_>, root: &Value) -> bool {
        let Some(schema) = &self.schema else {
            return false;
        };
        let at = Path::root();
        // The server fills in defaults before it validates.
        let filled = self.has_defaults.then(|| schema.with_defaults(root));
        let judged = filled.as_ref().unwrap_or(root);
        let mut faults = schema.faults(judged, &at, Nulls::LeftOut);
        if !self.keeps_unknown {
            let mut unknown = schema.unknown_fields_of_object(root, &at);
            unknown.retain(|fault| {
                let mut wrong = faults.iter().filter(|fault| fault.kind == FaultKind::Type);
                !wrong.any(|wrong| fault.path.0.starts_with(&wrong.path.0))
            });
            faults.extend(unknown);
        }
        walk.faults.0.extend(faults.into_iter().map(own));
        true
    }
}

/// A fault of a structural schema as one of ours.
fn own(fault: structural::Fault) -> Fault {
    let (rule, side) = match fault.kind {
        FaultKind::UnknownField => (Id::UnknownField, Side::Key),
        FaultKind::Required => (Id::Required, Side::Key),
        FaultKind::Type => (Id::Type, Side::Value),
        FaultKind::Enum => (Id::Enum, Side::Value),
        FaultKind::Format | FaultKind::Pattern => (Id::Format, Side::Value),
        FaultKind::Range | FaultKind::Size => (Id::Range, Side::Value),
        FaultKind::Duplicate => (Id::Duplicate, Side::Value),
        FaultKind::Combination => (Id::Mismatch, Side::Value),
    };
    let help = fault.help.trim_end_matches('.');
    let message = match help.is_empty() {
        true => fault.message,
        false => format!("{}: {}", fault.message, lower(help)),
    };
    Fault {
        rule,
        level: crate::finding::Level::Failure,
        path: fault.path,
        others: Vec::new(),
        side,
        message,
        details: BTreeMap::new(),
        minors: Vec::new(),
    }
}

/// A sentence as a part of another one.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

fn inputs(documents: &[Arc<Document>]) -> impl Iterator<Item = Input> + '_ {
    let inputs = documents.iter();
    inputs.flat_map(|document| Input::of_document(document, Lists::Items))
}

/// The versions of the kind that a CustomResourceDefinition defines.
fn definition(input: &Input, problems: &mut Vec<Problem>) -> Vec<CustomKind> {
    let root = Field::root(input);
    let text = |keys: &[&str]| root.find(keys).and_then(|field| field.text());
    let (Some(group), Some(name)) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]))
    else {
        // Its own schema says what is missing; nothing can be checked by it.
        return Vec::new();
    };
    let Some(spec) = root.get("spec") else {
        return Vec::new();
    };
    let is_old = text(&["apiVersion"]) == Some("apiextensions.k8s.io/v1beta1");
    let preserves = spec.get("preserveUnknownFields");
    let preserves = preserves.map(|field| matches!(field.value(), Value::Bool(true)));
    let keeps_unknown = preserves.unwrap_or(is_old);
    let common = spec.find(&["validation", "openAPIV3Schema"]);
    let versions = spec.get("versions").and_then(|field| field.items());
    let mut kinds = Vec::new();
    for version in versions.unwrap_or_default() {
        let Some(version_name) = version.get("name").and_then(|field| field.text()) else {
            continue;
        };
        let schema = version
            .find(&["schema", "openAPIV3Schema"])
            .or_else(|| common.clone());
        let group_version = format!("{group}/{version_name}");
        kinds.push(kind(
            (group_version, name),
            version.value().as_object().ok(),
            schema,
            keeps_unknown,
            problems,
        ));
    }
    if let Some(version) = spec.get("version").and_then(|field| field.text())
        && kinds.is_empty()
    {
        let group_version = format!("{group}/{version}");
        kinds.push(kind(
            (group_version, name),
            None,
            common,
            keeps_unknown,
            problems,
        ));
    }
    for kind in &mut kinds {
        kind.place = input.location();
    }
    let n_rules: usize = kinds
        .iter()
        .filter_map(|kind| kind.schema.as_ref())
        .map(Schema::n_rules)
        .sum();
    if n_rules > 0 {
        let message = format!(
            "{n_rules} validation rules in CEL (`x-kubernetes-validations`) of {group} {name} are not evaluated"
        );
        problems.push(Problem::notice(Stage::Load, message).at(input.location()));
    }
    kinds
}

fn kind(
    (group_version, name): (String, &str),
    version: Option<&Object>,
    schema: Option<Field<'_>>,
    keeps_unknown: bool,
    problems: &mut Vec<Problem>,
) -> CustomKind {
    let flag = |key: &str| version.and_then(|version| get(version, key)).cloned();
    let deprecated = flag("deprecated") == Some(Value::Bool(true));
    let warning = version.and_then(|version| filled(version, "deprecationWarning"));
    let warning = warning.and_then(|text| text.as_string().ok().map(|text| text.to_string()));
    let written = schema
        .as_ref()
        .map_or(Value::Null, |field| field.value().clone());
    let read = schema.and_then(|field| {
        let mut found = Vec::new();
        let schema = Schema::read(&field, Dialect::CustomResource, &mut found);
        problems.extend(
            found
                .into_iter()
                .map(|problem| unusable(problem, &group_version, name)),
        );
        schema
    });
    CustomKind {
        group_version,
        name: name.to_owned(),
        is_served: flag("served") != Some(Value::Bool(false)),
        deprecated: deprecated.then_some(warning),
        has_defaults: read.as_ref().is_some_and(Schema::has_defaults),
        schema: read,
        keeps_unknown,
        written,
        place: Location::whole_file(""),
    }
}

/// What is wrong with a schema, with what it means for the kind.
fn unusable(problem: Problem, group_version: &str, name: &str) -> Problem {
    if problem.severity != Severity::Error {
        return problem;
    }
    let message = format!(
        "{}; {group_version} {name} is checked by its metadata only",
        problem.message
    );
    Problem { message, ..problem }
}

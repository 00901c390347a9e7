//! `spec.match` from a constraint's document: everything that is wrong with it, each at its place.

use crate::document::field::Field;
use crate::finding::{Problem, Stage};
use crate::gatekeeper::matching::candidate::Source;
use crate::gatekeeper::matching::glob::Glob;
use crate::gatekeeper::matching::selector::{Selector, wrong_type};
use crate::gatekeeper::matching::{Kinds, Match, Part, Scope};

impl Match {
    /// Reads `spec.match`; without the field everything matches. What is wrong is added to `problems`; with an error
    /// there is no match: a constraint must not judge what its author did not mean.
    pub fn read(field: Option<&Field<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(field) = field else {
            return Some(Self::default());
        };
        let mut found = Vec::new();
        let known = Part::ALL.map(Part::as_str);
        let read = known_fields(field, &known, &mut found).then(|| read_parts(field, &mut found));
        let is_right = !found
            .iter()
            .any(|problem| problem.severity == crate::finding::Severity::Error);
        problems.append(&mut found);
        read.filter(|_| is_right)
    }
}

fn read_parts(field: &Field<'_>, problems: &mut Vec<Problem>) -> Match {
    let part = |part: Part| field.get(part.as_str());
    Match {
        kinds: part(Part::Kinds)
            .map(|kinds| read_kinds(&kinds, problems))
            .unwrap_or_default(),
        scope: part(Part::Scope)
            .map(|scope| read_scope(&scope, problems))
            .unwrap_or_default(),
        namespaces: part(Part::Namespaces)
            .map(|names| read_globs(&names, problems))
            .unwrap_or_default(),
        excluded_namespaces: part(Part::ExcludedNamespaces)
            .map(|names| read_globs(&names, problems))
            .unwrap_or_default(),
        label_selector: part(Part::LabelSelector)
            .and_then(|selector| Selector::read(&selector, problems)),
        namespace_selector: part(Part::NamespaceSelector)
            .and_then(|selector| Selector::read(&selector, problems)),
        // An empty name is any.
        name: part(Part::Name)
            .and_then(|name| read_glob(&name, problems))
            .filter(|glob| *glob != Glob::Equal(String::new())),
        source: part(Part::Source).and_then(|source| read_source(&source, problems)),
    }
}

/// Whether the field is a mapping; keys that are not known are errors at their place.
pub(in crate::gatekeeper) fn known_fields(
    field: &Field<'_>,
    known: &[&str],
    problems: &mut Vec<Problem>,
) -> bool {
    let Some(entries) = field.entries() else {
        problems.push(wrong_type(field, "a mapping"));
        return false;
    };
    for (key, entry) in entries {
        if known.contains(&key) {
            continue;
        }
        let problem = entry.unknown(known);
        let help = format!(
            "{} A cluster drops unknown fields without a word: what they say would not hold there.",
            problem.help
        );
        problems.push(problem.help(help));
    }
    true
}

/// The strings of a list; none where something is wrong.
pub(in crate::gatekeeper) fn strings(
    field: &Field<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Vec<String>> {
    let Some(items) = field.items() else {
        problems.push(wrong_type(field, "a list"));
        return None;
    };
    let mut texts = Vec::with_capacity(items.len());
    for item in &items {
        match item.text() {
            Some(text) => texts.push(text.to_owned()),
            None => problems.push(wrong_type(item, "a string")),
        }
    }
    (texts.len() == items.len()).then_some(texts)
}

fn read_kinds(field: &Field<'_>, problems: &mut Vec<Problem>) -> Vec<Kinds> {
    let Some(items) = field.items() else {
        problems.push(wrong_type(field, "a list"));
        return Vec::new();
    };
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        if !known_fields(&item, &["apiGroups", "kinds"], problems) {
            continue;
        }
        let mut list = |key: &str| {
            item.get(key)
                .and_then(|field| strings(&field, problems))
                .unwrap_or_default()
        };
        all.push(Kinds {
            api_groups: list("apiGroups"),
            kinds: list("kinds"),
        });
    }
    all
}

fn read_scope(field: &Field<'_>, problems: &mut Vec<Problem>) -> Scope {
    match field.text() {
        Some("Cluster") => Scope::Cluster,
        Some("Namespaced") => Scope::Namespaced,
        Some("*" | "") => Scope::Any,
        Some(other) => {
            let message = format!(
                "{}: Gatekeeper knows no scope {other:?} and takes it as `*`: everything matches",
                field.path()
            );
            let problem = Problem::warning(Stage::Load, message).at(field.location());
            problems.push(problem.help("Write `Cluster`, `Namespaced` or `*`."));
            Scope::Any
        }
        None => {
            problems.push(wrong_type(field, "a string"));
            Scope::Any
        }
    }
}

fn read_globs(field: &Field<'_>, problems: &mut Vec<Problem>) -> Vec<Glob> {
    match field.items() {
        Some(items) => items
            .iter()
            .filter_map(|item| read_glob(item, problems))
            .collect(),
        None => {
            problems.push(wrong_type(field, "a list"));
            Vec::new()
        }
    }
}

fn read_glob(field: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Glob> {
    let Some(text) = field.text() else {
        problems.push(wrong_type(field, "a string"));
        return None;
    };
    let glob = Glob::new(text);
    if glob.is_none() {
        let message = format!(
            r"{}: Invalid value: {text:?}: should match '^\*?[-:a-z0-9]*\*?$'",
            field.path()
        );
        problems.push(field.error(message).help(
            "Lower-case letters, digits, `-` and `:`, with `*` at the start, at the end or both.",
        ));
    }
    glob
}

fn read_source(field: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Source> {
    match field.text() {
        Some("All") => None,
        Some("Original") => Some(Source::Original),
        Some("Generated") => Some(Source::Generated),
        Some(other) => {
            problems.push(field.error(format!(
                r#"{}: Unsupported value: {other:?}: supported values: "All", "Generated", "Original""#,
                field.path()
            )));
            None
        }
        None => {
            problems.push(wrong_type(field, "a string"));
            None
        }
    }
}

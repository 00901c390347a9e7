//! An ExpansionTemplate from its document, with every error at its place.

use crate::document::field::{Field, nearest};
use crate::document::input::Input;
use crate::document::path::{Path, Segment};
use crate::finding::{Problem, Severity, Stage};
use crate::gatekeeper::expansion::{ApplyTo, Expansion, Gvk};
use crate::gatekeeper::matching::read::{known_fields, strings};
use crate::gatekeeper::matching::selector::wrong_type;

/// Longest name, in bytes.
const MAX_NAME: usize = 63;
/// What a template may make of a violation.
const ACTIONS: [&str; 3] = ["deny", "dryrun", "warn"];
/// Its versions.
const VERSIONS: [&str; 2] = ["v1alpha1", "v1beta1"];

impl Expansion {
    /// Reads an ExpansionTemplate; what is wrong is added to `problems`, and with an error there is none.
    pub fn read(input: &Input, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut found = Vec::new();
        let read = read(&Field::root(input), &mut found);
        let is_right = !found
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        problems.append(&mut found);
        read.filter(|_| is_right)
    }
}

fn read(root: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Expansion> {
    let known = ["apiVersion", "kind", "metadata", "spec", "status"];
    known_fields(root, &known, problems);
    version(root, problems);
    let name = name(root, problems);
    let Some(spec) = root.get("spec") else {
        problems.push(root.error("spec: Required value"));
        return None;
    };
    let known = [
        "applyTo",
        "enforcementAction",
        "generatedGVK",
        "templateSource",
    ];
    if !known_fields(&spec, &known, problems) {
        return None;
    }
    let apply_to = apply_to(&spec, problems);
    let source = source(&spec, problems);
    let generated = generated(&spec, problems)?;
    if let Some(index) = apply_to.iter().position(|entry| entry.matches(&generated)) {
        let place = spec.get("applyTo").unwrap_or_else(|| spec.clone());
        let message = format!(
            "spec.applyTo[{index}]: the template generates {} and applies to it, too",
            generated.kind
        );
        problems.push(place.error(message));
    }
    Some(Expansion {
        name: name?.into(),
        enforcement_action: action(&spec, problems),
        location: Some(root.input().location()),
        apply_to,
        source: source?,
        generated,
    })
}

fn version(root: &Field<'_>, problems: &mut Vec<Problem>) {
    if let Some(kind) = root.get("kind")
        && kind.text() != Some("ExpansionTemplate")
    {
        let message = format!(
            "there is no kind `{}` of expansions",
            kind.text().unwrap_or_default()
        );
        problems.push(kind.error(message).help("Write `ExpansionTemplate`."));
    }
    let Some(field) = root.get("apiVersion") else {
        return;
    };
    let version = field.text().and_then(|text| text.split_once('/'));
    let version = version.map_or("", |(_, version)| version);
    if !VERSIONS.contains(&version) {
        let message = format!("there is no version `{version}` of ExpansionTemplate");
        problems.push(field.error(message).help("Known are v1alpha1 and v1beta1."));
    }
}

fn name(root: &Field<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let field = root.find(&["metadata", "name"]);
    let text = field.as_ref().and_then(Field::text).unwrap_or_default();
    let place = field.as_ref().unwrap_or(root);
    if text.is_empty() {
        problems.push(place.error("metadata.name: Required value"));
        return None;
    }
    if text.len() > MAX_NAME {
        let message = "the name of an ExpansionTemplate must be less than 64 characters";
        problems.push(place.error(message));
        return None;
    }
    Some(text.to_owned())
}

fn apply_to(spec: &Field<'_>, problems: &mut Vec<Problem>) -> Vec<ApplyTo> {
    let Some(field) = spec.get("applyTo") else {
        problems.push(spec.key_error("spec.applyTo: Required value"));
        return Vec::new();
    };
    let Some(items) = field.items() else {
        problems.push(wrong_type(&field, "a list"));
        return Vec::new();
    };
    if items.is_empty() {
        problems.push(field.error("spec.applyTo: Required value"));
    }
    let mut all = Vec::new();
    for item in items {
        if !known_fields(&item, &["groups", "kinds", "versions"], problems) {
            continue;
        }
        let mut list = |key: &str| -> Vec<String> {
            let texts = match item.get(key) {
                Some(list) => strings(&list, problems).unwrap_or_default(),
                None => Vec::new(),
            };
            if texts.is_empty() {
                let message = format!(
                    "{}.{key} names nothing: the template applies to nothing by this entry",
                    item.path()
                );
                let problem = Problem::warning(Stage::Load, message).at(item.location());
                let help =
                    "Gatekeeper wants all three: groups (\"\" is the core group), kinds, versions.";
                problems.push(problem.help(help));
            }
            texts
        };
        all.push(ApplyTo {
            groups: list("groups"),
            kinds: list("kinds"),
            versions: Some(list("versions")),
        });
    }
    all
}

/// The keys of `templateSource`, which has dots between them.
fn source(spec: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Path> {
    let field = spec.get("templateSource");
    let text = field.as_ref().and_then(Field::text).unwrap_or_default();
    if text.is_empty() {
        let place = field.as_ref().unwrap_or(spec);
        problems.push(place.error("spec.templateSource: Required value"));
        return None;
    }
    Some(Path(text.split('.').map(Segment::from).collect()))
}

fn generated(spec: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Gvk> {
    let Some(field) = spec.get("generatedGVK") else {
        problems.push(spec.key_error("spec.generatedGVK: Required value"));
        return None;
    };
    if !known_fields(&field, &["group", "version", "kind"], problems) {
        return None;
    }
    let mut text = |key: &str| match field.get(key) {
        None => String::new(),
        Some(found) => match found.text() {
            Some(text) => text.to_owned(),
            None => {
                problems.push(wrong_type(&found, "a string"));
                String::new()
            }
        },
    };
    let gvk = Gvk {
        group: text("group"),
        version: text("version"),
        kind: text("kind"),
    };
    for (key, text) in [("version", &gvk.version), ("kind", &gvk.kind)] {
        if text.is_empty() {
            let message = format!("spec.generatedGVK.{key}: Required value");
            problems.push(field.key_error(message));
        }
    }
    Some(gvk)
}

/// `enforcementAction`; empty is none.
fn action(spec: &Field<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let field = spec.get("enforcementAction")?;
    let Some(text) = field.text() else {
        problems.push(wrong_type(&field, "a string"));
        return None;
    };
    if !text.is_empty() && !ACTIONS.contains(&text) {
        let help = nearest(text, ACTIONS).map_or_else(
            || format!("Known are {}.", ACTIONS.join(", ")),
            |near| format!("Did you mean `{near}`?"),
        );
        let message = format!("there is no enforcement action `{text}`");
        problems.push(field.error(message).help(help));
        return None;
    }
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

//! Constraints: which template they are of, what they match, what a violation counts.

use std::sync::Arc;

use crate::document::field::{Field, nearest};
use crate::document::input::Input;
use crate::document::value::Value;
use crate::finding::{Level, Location, Problem, Severity, Stage};
use crate::gatekeeper::matching::read::known_fields;
use crate::gatekeeper::matching::selector::wrong_type;
use crate::gatekeeper::matching::{Match, Part};
use crate::gatekeeper::template::Template;
use crate::schema::names;
use crate::schema::structural::{self, Nulls};

/// What a violation of a constraint does, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is refused.
    Deny,
    /// It is let through with a warning.
    Warn,
    /// It is noted only.
    Dryrun,
}

impl Action {
    const ALL: [Self; 3] = [Self::Deny, Self::Warn, Self::Dryrun];

    /// The word used in constraints.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Dryrun => "dryrun",
        }
    }

    /// The action that a word names.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// How much a finding counts.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Deny => Level::Failure,
            Self::Warn => Level::Warning,
            Self::Dryrun => Level::Dryrun,
        }
    }
}

/// Whether and how a constraint is enforced where we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// With this action.
    Enforced(Action),
    /// Its scoped actions are for other enforcement points.
    Elsewhere,
}

/// A constraint that can be evaluated.
#[derive(Debug)]
pub struct Constraint {
    /// `Kind/name`.
    pub id: Arc<str>,
    /// Its name.
    pub name: String,
    /// Its kind, which is its template's.
    pub kind: String,
    /// Which documents it is for.
    pub matching: Match,
    /// `spec.parameters`, an empty mapping where it has none.
    pub parameters: Value,
    /// What a violation does.
    pub enforcement: Enforcement,
    /// Where it is.
    pub location: Location,
    /// Where the parts of `spec.match` are that it has.
    parts: Vec<(Part, Location)>,
}

/// The enforcement points that Gatekeeper has.
const POINTS: [&str; 5] = [
    "*",
    "audit.gatekeeper.sh",
    "gator.gatekeeper.sh",
    "validation.gatekeeper.sh",
    "vap.k8s.io",
];
/// The enforcement point of checks outside the cluster.
pub const GATOR: &str = "gator.gatekeeper.sh";
/// Longest name of a constraint.
const MAX_NAME: usize = 63;

impl Constraint {
    /// `variables.params` of CEL, which is null where the constraint has no parameters.
    #[must_use]
    pub fn cel_parameters(&self) -> Option<&Value> {
        let object = self.parameters.as_object();
        object
            .is_ok_and(|object| !object.is_empty())
            .then_some(&self.parameters)
    }

    /// Reads a constraint of a template, or of one that could not be read; what is wrong is added to `problems`. `point`
    /// is the enforcement point where we are.
    pub fn read(
        input: &Input,
        template: Option<&Template>,
        point: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let n_before = problems.len();
        let root = Field::root(input);
        version(&root, problems);
        known_fields(
            &root,
            &["apiVersion", "kind", "metadata", "spec", "status"],
            problems,
        );
        let name = name(&root, problems);
        let kind = root.get("kind").and_then(|kind| kind.text())?.to_owned();
        let spec = root.get("spec").filter(|spec| match spec.entries() {
            Some(_) => true,
            None => {
                problems.push(wrong_type(spec, "a mapping"));
                false
            }
        });
        if let Some(spec) = &spec {
            let known = [
                "match",
                "enforcementAction",
                "scopedEnforcementActions",
                "parameters",
            ];
            known_fields(spec, &known, problems);
        }
        let part = |key: &str| spec.as_ref().and_then(|spec| spec.get(key));
        let enforcement = enforcement(spec.as_ref(), point, problems);
        let matching = Match::read(part("match").as_ref(), problems);
        let parameters = match template {
            Some(template) => parameters(&root, part("parameters"), template, problems),
            None => Value::new_object(),
        };
        let (name, matching) = (name?, matching?);
        let is_right = problems[n_before..]
            .iter()
            .all(|problem| problem.severity != Severity::Error);
        is_right.then(|| Self {
            id: format!("{kind}/{name}").into(),
            name,
            kind,
            matching,
            parameters,
            enforcement,
            location: input.location().without_excerpt(),
            parts: Part::ALL
                .into_iter()
                .filter_map(|part| {
                    let field = root.find(&["spec", "match", part.as_str()])?;
                    Some((part, field.key_location().without_excerpt()))
                })
                .collect(),
        })
    }
}

/// `spec.parameters` with its defaults, an empty mapping where there are none.
fn parameters(
    root: &Field<'_>,
    given: Option<Field<'_>>,
    template: &Template,
    problems: &mut Vec<Problem>,
) -> Value {
    let Some(given) = given else {
        let default = template
            .parameters
            .as_ref()
            .and_then(|schema| schema.default_value());
        return default.unwrap_or_else(Value::new_object);
    };
    let Some(schema) = &template.parameters else {
        let help = format!(
            "The template of `{}` has no schema for parameters.",
            template.kind
        );
        let message = format!("unknown field {:?}", given.path().to_string());
        problems.push(given.key_error(message).help(help));
        return Value::new_object();
    };
    let faults = schema.all_faults(given.value(), given.path(), Nulls::Wrong);
    if faults.is_empty() && given.value().as_object().is_err() {
        problems.push(wrong_type(&given, "a mapping"));
    }
    problems.extend(structural::problems(faults, root));
    schema.with_defaults(given.value())
}

impl Constraint {
    /// Where a part of its match is, where it has that.
    #[must_use]
    pub fn place_of(&self, part: Part) -> Option<&Location> {
        let found = self.parts.iter().find(|(known, _)| *known == part);
        found.map(|(_, location)| location)
    }
}

fn version(root: &Field<'_>, problems: &mut Vec<Problem>) {
    let Some(field) = root.get("apiVersion") else {
        return;
    };
    let version = field.text().and_then(|text| text.split_once('/'));
    if !matches!(version, Some((_, "v1beta1" | "v1alpha1"))) {
        let message = format!(
            "there is no version `{}` of constraints",
            version.map_or("", |(_, version)| version)
        );
        problems.push(field.error(message).help("Known are v1beta1 and v1alpha1."));
    }
}

fn name(root: &Field<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let Some(field) = root.find(&["metadata", "name"]) else {
        problems.push(
            root.error("the constraint has no name")
                .help("Set `metadata.name`."),
        );
        return None;
    };
    let Some(text) = field.text() else {
        problems.push(wrong_type(&field, "a string"));
        return None;
    };
    let wrong = match names::dns_subdomain(text) {
        Ok(()) if text.len() > MAX_NAME => {
            Some(format!("must be no more than {MAX_NAME} characters"))
        }
        Ok(()) => None,
        Err(why) => Some(why),
    };
    if let Some(why) = wrong {
        problems.push(field.error(format!("metadata.name: Invalid value: {text:?}: {why}")));
        return None;
    }
    Some(text.to_owned())
}

fn enforcement(spec: Option<&Field<'_>>, point: &str, problems: &mut Vec<Problem>) -> Enforcement {
    let field = spec.and_then(|spec| spec.get("enforcementAction"));
    let scoped = spec.and_then(|spec| spec.get("scopedEnforcementActions"));
    let text = match &field {
        Some(field) => match field.text() {
            Some(text) => text,
            None => {
                problems.push(wrong_type(field, "a string"));
                return Enforcement::Elsewhere;
            }
        },
        None => Action::Deny.as_str(),
    };
    if text == "scoped" {
        return match scoped {
            Some(scoped) => read_scoped(&scoped, point, problems),
            None => {
                let message = "`enforcementAction: scoped` needs `scopedEnforcementActions`";
                problems.extend(field.map(|field| field.error(message)));
                Enforcement::Elsewhere
            }
        };
    }
    if let Some(scoped) = scoped {
        let message =
            format!("`scopedEnforcementActions` is ignored beside `enforcementAction: {text}`");
        let problem = Problem::warning(Stage::Load, message).at(scoped.key_location());
        problems.push(problem.help("Write `enforcementAction: scoped` to use it."));
    }
    match Action::of(text) {
        Some(action) => Enforcement::Enforced(action),
        None => {
            problems.extend(field.map(|field| unknown_action(&field, text, true)));
            Enforcement::Elsewhere
        }
    }
}

fn unknown_action(field: &Field<'_>, text: &str, with_scoped: bool) -> Problem {
    let known = ["deny", "dryrun", "warn", "scoped"];
    let known = match with_scoped {
        true => &known[..],
        false => &known[..3],
    };
    let help = match nearest(text, known.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Known are {}.", known.join(", ")),
    };
    field
        .error(format!("there is no enforcement action `{text}`"))
        .help(help)
}

/// The strictest of the actions that are for this enforcement point.
fn read_scoped(scoped: &Field<'_>, point: &str, problems: &mut Vec<Problem>) -> Enforcement {
    let Some(items) = scoped.items() else {
        problems.push(wrong_type(scoped, "a list"));
        return Enforcement::Elsewhere;
    };
    let mut strictest: Option<Action> = None;
    for item in items {
        if !known_fields(&item, &["action", "enforcementPoints"], problems) {
            continue;
        }
        let field = item.get("action");
        let text = field.as_ref().and_then(Field::text).unwrap_or_default();
        let action = Action::of(text);
        if action.is_none() {
            problems.push(unknown_action(field.as_ref().unwrap_or(&item), text, false));
        }
        let points = item
            .get("enforcementPoints")
            .and_then(|points| points.items());
        for entry in points.unwrap_or_default() {
            known_fields(&entry, &["name"], problems);
            let name = entry.get("name");
            let text = name.as_ref().and_then(Field::text).unwrap_or_default();
            if !POINTS.contains(&text) {
                let help = match nearest(text, POINTS) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("Known are {}.", POINTS.join(", ")),
                };
                let place = name.as_ref().unwrap_or(&entry).location();
                let message = format!("there is no enforcement point `{text}`");
                problems.push(Problem::error(Stage::Load, message).at(place).help(help));
            }
            if text == "*" || text == point {
                strictest = [strictest, action].into_iter().flatten().min();
            }
        }
    }
    strictest.map_or(Enforcement::Elsewhere, Enforcement::Enforced)
}

//! Gatekeeper's documents → constraints that can judge, and everything that is wrong with the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::field::{Field, nearest};
use crate::document::input::Input;
use crate::finding::{Problem, Rule, RuleKind, Severity, Stage};
use crate::gatekeeper::constraint::{Constraint, Enforcement};
use crate::gatekeeper::eval::RunState;
use crate::gatekeeper::expansion::{BuiltIn, Expansion, Expansions};
use crate::gatekeeper::known::read_known;
use crate::gatekeeper::read::PolicyDocuments;
use crate::gatekeeper::template::{self, Template};
use crate::gatekeeper::{Constraints, Judging, NamespaceObject, Options};
use crate::rego;
use crate::rego::hosted::Sketch;

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The constraints that can judge; none where there are neither templates nor constraints.
    pub constraints: Option<Constraints>,
    /// What the modules of the templates are known by.
    pub sketches: Vec<Sketch>,
    /// What is wrong with the others.
    pub problems: Vec<Problem>,
}

/// Reads templates and constraints; what is wrong with one never stops the others.
#[must_use]
pub fn load(documents: &PolicyDocuments, options: &Options, rego: &rego::load::Options) -> Loaded {
    let mut problems = documents.notices();
    if documents.templates.is_empty() && documents.constraints.is_empty() {
        return Loaded {
            constraints: None,
            sketches: Vec::new(),
            problems,
        };
    }
    let (known, mut unreadable) = read_known(&options.inventory);
    problems.append(&mut unreadable);
    let (templates, broken) = templates(documents, rego, &mut problems);
    let is_broken = |kind: &str| broken.kinds.contains(kind) || documents.may_have_template(kind);
    let mut constraints = Vec::new();
    let mut template_of = Vec::new();
    problems.extend(duplicates(&documents.constraints));
    let mut ids = BTreeSet::new();
    for input in &documents.constraints {
        let Some(kind) = Field::root(input).get("kind") else {
            continue;
        };
        let name = kind.text().unwrap_or_default();
        let template = templates.1.get(name).copied();
        if template.is_none() && !is_broken(name) {
            problems.push(no_template(&kind, name, &templates.1));
        }
        let of = template.map(|template| &templates.0[template]);
        let constraint = Constraint::read(input, of, &options.enforcement_point, &mut problems);
        let (Some(constraint), Some(template)) = (constraint, template) else {
            continue;
        };
        if ids.insert(constraint.id.clone()) {
            problems.extend(elsewhere(&constraint, &options.enforcement_point));
            template_of.push(template);
            constraints.push(constraint);
        }
    }
    let templates = templates.0;
    problems.extend(unused(&templates, documents));
    let hosted = templates.iter().filter_map(Template::hosted);
    let sketches = hosted.map(|hosted| hosted.sketch().clone());
    let sketches = sketches.chain(broken.sketches).collect();
    let rules = constraints
        .iter()
        .zip(&template_of)
        .map(|(constraint, template)| rule(constraint, &templates[*template]))
        .collect();
    let constraints = Constraints {
        templates,
        constraints,
        template_of,
        rules,
        judging: Judging {
            known,
            namespace_labels: options.namespace_labels.clone(),
            default_namespace: options.default_namespace.clone(),
            undecided: options.undecided,
            timeout: rego.timeout,
            expansions: expansions(documents, options.built_in, &mut problems),
            namespace_object: NamespaceObject::Shown,
        },
        run: RunState::default(),
    };
    Loaded {
        constraints: Some(constraints),
        sketches,
        problems,
    }
}

/// The user's ExpansionTemplates and the built-in ones.
pub fn expansions(
    documents: &PolicyDocuments,
    built_in: BuiltIn,
    problems: &mut Vec<Problem>,
) -> Expansions {
    let users = documents.expansions.iter();
    let users = users.filter_map(|input| Expansion::read(input, problems));
    let users = users.collect();
    Expansions::new(users, built_in, problems)
}

type ByKind = (Vec<Template>, BTreeMap<String, usize>);

/// Templates that cannot be evaluated.
#[derive(Default)]
struct Broken {
    kinds: BTreeSet<String>,
    sketches: Vec<Sketch>,
}

/// The templates that can be evaluated, and those that cannot.
fn templates(
    documents: &PolicyDocuments,
    rego: &rego::load::Options,
    problems: &mut Vec<Problem>,
) -> (ByKind, Broken) {
    let mut templates = Vec::new();
    let mut by_kind = BTreeMap::new();
    let mut broken = Broken::default();
    problems.extend(template::duplicates(&documents.templates));
    for input in &documents.templates {
        let kind = template::kind_of(input);
        if kind.is_some_and(|kind| by_kind.contains_key(kind) || broken.kinds.contains(kind)) {
            continue;
        }
        match Template::read(input, rego, problems) {
            Some(template) => {
                by_kind.insert(template.kind.to_string(), templates.len());
                templates.push(template);
            }
            None => {
                broken.kinds.extend(kind.map(str::to_owned));
                broken.sketches.extend(template::sketch_of(input));
            }
        }
    }
    ((templates, by_kind), broken)
}

fn rule(constraint: &Constraint, template: &Template) -> Rule {
    Rule {
        id: constraint.id.clone(),
        package: String::new(),
        name: constraint.name.clone(),
        kind: RuleKind::Constraint,
        severity: None,
        title: template.title.clone(),
        description: template.description.clone(),
        url: template.url.clone(),
        location: Some(constraint.location.clone()),
    }
}

fn no_template(kind: &Field<'_>, name: &str, templates: &BTreeMap<String, usize>) -> Problem {
    let help = match nearest(name, templates.keys().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Name the template's file or folder with `-p`, too.".to_owned(),
    };
    kind.error(format!(
        "there is no template for constraints of kind `{name}`"
    ))
    .help(help)
}

fn elsewhere(constraint: &Constraint, point: &str) -> Option<Problem> {
    let message = format!(
        "constraint `{}` is not enforced at `{point}`: nothing is judged by it",
        constraint.id
    );
    (constraint.enforcement == Enforcement::Elsewhere).then(|| {
        Problem::notice(Stage::Load, message)
            .at(constraint.location.clone())
            .help("Its `scopedEnforcementActions` are for other points; `--enforcement-point` says which one to judge for.")
    })
}

/// Templates that no constraint uses.
fn unused(templates: &[Template], documents: &PolicyDocuments) -> Vec<Problem> {
    let has_constraint = |template: &&Template| {
        let mut constraints = documents.constraints.iter();
        let is_of_it = |input: &Input| {
            let resource = input.subject.resource.as_deref();
            resource.is_some_and(|resource| resource.kind == *template.kind)
        };
        constraints.any(is_of_it) || documents.may_have_constraint(&template.kind)
    };
    let notice = |template: &Template| {
        let message = format!(
            "template `{}` has no constraint: it judges nothing",
            template.kind
        );
        Problem::notice(Stage::Load, message).at(template.location.clone())
    };
    templates
        .iter()
        .filter(|template| !has_constraint(template))
        .map(notice)
        .collect()
}

/// An error for each constraint whose kind and name another one has too.
fn duplicates(inputs: &[Input]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<(&str, &str), &Input> = BTreeMap::new();
    for input in inputs {
        let Some(resource) = input.subject.resource.as_deref() else {
            continue;
        };
        let key = (resource.kind.as_str(), resource.name.as_str());
        match seen.get(&key) {
            Some(first) => problems.push(Problem {
                severity: Severity::Error,
                ..Problem::error(
                    Stage::Load,
                    format!("there are two constraints `{}/{}`", key.0, key.1),
                )
                .at(input.location())
                .related(first.location(), "the first one")
                .help("Take one of them away; the first one is used.")
            }),
            None => {
                seen.insert(key, input);
            }
        }
    }
    problems
}

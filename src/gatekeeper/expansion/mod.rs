//! What controllers make of workloads, so that constraints on Pods judge them before there are Pods.
//!
//! ExpansionTemplates as Gatekeeper takes them, and built-in ones for Kubernetes' own workloads. A generated object knows
//! where each of its parts is written: findings point into the workload's own file.

mod generate;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::document::input::Input;
use crate::document::path::Path;
use crate::finding::{Location, Problem, Stage};

/// Group, version and kind, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Gvk {
    group: String,
    version: String,
    kind: String,
}

/// An entry of `applyTo`: all three lists must name the object's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ApplyTo {
    groups: Vec<String>,
    kinds: Vec<String>,
    /// None is any version: the built-in ones.
    versions: Option<Vec<String>>,
}

impl ApplyTo {
    fn names(&self, group: &str, kind: &str) -> bool {
        self.groups.iter().any(|known| known == group)
            && self.kinds.iter().any(|known| known == kind)
    }

    fn matches(&self, gvk: &Gvk) -> bool {
        self.names(&gvk.group, &gvk.kind)
            && self
                .versions
                .as_ref()
                .is_none_or(|versions| versions.contains(&gvk.version))
    }
}

/// How an object of one kind is made out of one of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Its name; `built-in Deployment` for ours.
    pub name: Arc<str>,
    /// What every violation on a generated object does, where it says so: `deny`, `warn` or `dryrun`.
    pub enforcement_action: Option<String>,
    /// Where it is; none for ours.
    pub location: Option<Location>,
    apply_to: Vec<ApplyTo>,
    source: Path,
    generated: Gvk,
}

/// An object that was made of another.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The object, where its parts are written, and the workload as the subject.
    pub input: Input,
    /// What made it: the template's name, of a chain the last one's.
    pub implied_by: Arc<str>,
    /// What every violation on it does, where its template says so.
    pub enforcement_action: Option<String>,
}

impl Generated {
    /// A violation's message as Gatekeeper reports it on the workload.
    #[must_use]
    pub fn message(&self, message: &str) -> String {
        format!("[Implied by {}] {message}", self.implied_by)
    }
}

/// What is made of one document.
#[derive(Debug, Default)]
pub struct Expanded {
    /// The objects, each before those that are made of it.
    pub generated: Vec<Generated>,
    /// What could not be made.
    pub problems: Vec<Problem>,
}

/// A set of expansions.
#[derive(Clone, Debug, Default)]
pub struct Expansions {
    all: Vec<Expansion>,
}

/// Kubernetes' workloads: groups, kind, where the Pod's template stands.
const WORKLOADS: [(&[&str], &str, &[&str]); 7] = [
    (
        &["batch"],
        "CronJob",
        &["spec", "jobTemplate", "spec", "template"],
    ),
    (&["apps", "extensions"], "DaemonSet", &["spec", "template"]),
    (&["apps", "extensions"], "Deployment", &["spec", "template"]),
    (&["batch"], "Job", &["spec", "template"]),
    (&["apps", "extensions"], "ReplicaSet", &["spec", "template"]),
    (&[""], "ReplicationController", &["spec", "template"]),
    (&["apps"], "StatefulSet", &["spec", "template"]),
];

impl Expansions {
    /// The built-in ones and the user's; a user's template for a kind replaces ours, and templates that make each other's
    /// objects in a circle are errors and not used.
    #[must_use]
    pub fn new(users: Vec<Expansion>, built_in: BuiltIn, problems: &mut Vec<Problem>) -> Self {
        let users = without_circles(unique(users, problems), problems);
        let workloads = WORKLOADS.iter().filter(|(groups, kind, _)| {
            let is_users = |group: &&&str| {
                let mut names = users.iter().flat_map(|user| &user.apply_to);
                names.any(|apply_to| apply_to.names(group, kind))
            };
            built_in == BuiltIn::Used && !groups.iter().any(|group| is_users(&group))
        });
        let built_in: Vec<Expansion> = workloads
            .map(|(groups, kind, source)| built_in_expansion(groups, kind, source))
            .collect();
        let mut all = users;
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.extend(built_in);
        Self { all }
    }

    /// Whether nothing is ever made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// Whether the expansions of Kubernetes' workloads are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuiltIn {
    /// Where no template of the user is for the kind.
    #[default]
    Used,
    /// Not at all.
    Left,
}

fn built_in_expansion(groups: &[&str], kind: &str, source: &[&str]) -> Expansion {
    Expansion {
        name: format!("built-in {kind}").into(),
        enforcement_action: None,
        location: None,
        apply_to: vec![ApplyTo {
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
            kinds: vec![kind.to_owned()],
            versions: None,
        }],
        source: Path(source.iter().map(|&key| key.into()).collect()),
        generated: Gvk {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Pod".to_owned(),
        },
    }
}

fn unique(users: Vec<Expansion>, problems: &mut Vec<Problem>) -> Vec<Expansion> {
    let mut all: Vec<Expansion> = Vec::new();
    for user in users {
        match all.iter().find(|other| other.name == user.name) {
            None => all.push(user),
            Some(first) => {
                let message = format!("there are two ExpansionTemplates `{}`", user.name);
                let mut problem = Problem::error(Stage::Load, message)
                    .help("Take one of them away; the first one is used.");
                problem.location = user.location;
                if let Some(location) = &first.location {
                    problem = problem.related(location.clone(), "the first one");
                }
                problems.push(problem);
            }
        }
    }
    all
}

/// Takes out what can be reached from itself.
fn without_circles(users: Vec<Expansion>, problems: &mut Vec<Problem>) -> Vec<Expansion> {
    let n = users.len();
    let makes = |from: usize, to: usize| {
        let made = &users[from].generated;
        users[to].apply_to.iter().any(|entry| entry.matches(made))
    };
    let reaches_itself = |start: usize| {
        let mut seen = vec![false; n];
        let mut open: Vec<usize> = (0..n).filter(|&to| makes(start, to)).collect();
        while let Some(next) = open.pop() {
            if next == start {
                return true;
            }
            if !std::mem::replace(&mut seen[next], true) {
                open.extend((0..n).filter(|&to| makes(next, to)));
            }
        }
        false
    };
    let in_circle: Vec<bool> = (0..n).map(reaches_itself).collect();
    let mut kept = Vec::new();
    for (user, in_circle) in users.into_iter().zip(in_circle) {
        if !in_circle {
            kept.push(user);
            continue;
        }
        let message = format!(
            "the ExpansionTemplate `{}` forms an expansion cycle: what it makes is made into what it applies to",
            user.name
        );
        let mut problem = Problem::error(Stage::Load, message).help(
            "It is not used; let `generatedGVK` be a kind that nothing of this is applied to.",
        );
        problem.location = user.location;
        problems.push(problem);
    }
    kept
}

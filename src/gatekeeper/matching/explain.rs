//! What each part of `spec.match` wanted and what it found, for people.

use std::fmt;

use crate::gatekeeper::matching::candidate::Candidate;
use crate::gatekeeper::matching::{Decision, Match, Part, Scope};

/// What one part wanted, what it found and what it decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartReport {
    /// The part.
    pub part: Part,
    /// What the constraint asks for; `anything` where it does not say.
    pub wanted: String,
    /// What the object has.
    pub found: String,
    /// What came of it.
    pub decision: Decision,
}

impl fmt::Display for PartReport {
    /// `namespaces: wanted production, found staging`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            wanted,
            found,
            decision: _,
        } = self;
        write!(f, "{part}: wanted {wanted}, found {found}")
    }
}

impl Match {
    /// All eight parts in their order, those after a part that does not match too.
    #[must_use]
    pub fn explain(&self, candidate: &Candidate<'_>) -> Vec<PartReport> {
        Part::ALL
            .into_iter()
            .map(|part| self.report(part, candidate))
            .collect()
    }

    /// One part.
    #[must_use]
    pub fn report(&self, part: Part, candidate: &Candidate<'_>) -> PartReport {
        PartReport {
            part,
            wanted: self.wanted(part),
            found: found(part, candidate),
            decision: self.decide(part, candidate),
        }
    }

    /// What the constraint asks for in this part; `anything` where it does not say.
    #[must_use]
    pub fn wanted(&self, part: Part) -> String {
        let anything = || "anything".to_owned();
        let list = |texts: Vec<String>| match texts.is_empty() {
            true => anything(),
            false => texts.join(", "),
        };
        match part {
            Part::Kinds => list(self.kinds.iter().map(ToString::to_string).collect()),
            Part::Scope => match self.scope {
                Scope::Any => anything(),
                Scope::Cluster => "Cluster".to_owned(),
                Scope::Namespaced => "Namespaced".to_owned(),
            },
            Part::Namespaces => list(self.namespaces.iter().map(ToString::to_string).collect()),
            Part::ExcludedNamespaces => match self.excluded_namespaces.is_empty() {
                true => anything(),
                false => {
                    let globs = &self.excluded_namespaces;
                    let texts: Vec<String> = globs.iter().map(ToString::to_string).collect();
                    format!("none of {}", texts.join(", "))
                }
            },
            Part::LabelSelector => self
                .label_selector
                .as_ref()
                .map_or_else(anything, ToString::to_string),
            Part::NamespaceSelector => self
                .namespace_selector
                .as_ref()
                .map_or_else(anything, |selector| format!("a Namespace with {selector}")),
            Part::Name => self
                .name
                .as_ref()
                .map_or_else(anything, ToString::to_string),
            Part::Source => self
                .source
                .map_or_else(anything, |source| source.as_str().to_owned()),
        }
    }

    /// Gatekeeper's text for an object whose match cannot be decided, which it makes a violation.
    #[must_use]
    pub fn undecidable_message(part: Part, candidate: &Candidate<'_>) -> String {
        let name = candidate.name;
        let reason = match part {
            Part::Source => format!("source field not specified for resource {name}"),
            Part::Kinds
            | Part::Scope
            | Part::Namespaces
            | Part::ExcludedNamespaces
            | Part::LabelSelector
            | Part::NamespaceSelector
            | Part::Name => {
                "namespace selector for namespace-scoped object but missing Namespace".to_owned()
            }
        };
        format!(
            "unable to match constraints: error matching the requested object: {name} :failed to run Match criteria: {reason}"
        )
    }
}

impl fmt::Display for super::Kinds {
    /// `Pod`, `apps/Deployment or StatefulSet`, `any kind`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_any = |list: &[String]| list.is_empty() || list.iter().any(|entry| entry == "*");
        let groups: Vec<&str> = self
            .api_groups
            .iter()
            .map(|group| if group.is_empty() { "core" } else { group })
            .collect();
        match (is_any(&self.kinds), is_any(&self.api_groups)) {
            (true, true) => f.write_str("any kind"),
            (true, false) => write!(f, "any kind of {}", groups.join(" or ")),
            (false, true) => f.write_str(&self.kinds.join(" or ")),
            (false, false) if groups == ["core"] => f.write_str(&self.kinds.join(" or ")),
            (false, false) => {
                write!(f, "{} of {}", self.kinds.join(" or "), groups.join(" or "))
            }
        }
    }
}

fn found(part: Part, candidate: &Candidate<'_>) -> String {
    let or = |text: &str, otherwise: &str| match text.is_empty() {
        true => otherwise.to_owned(),
        false => text.to_owned(),
    };
    match part {
        Part::Kinds => match candidate.group.is_empty() {
            true => or(candidate.kind, "no kind"),
            false => format!("{} of {}", candidate.kind, candidate.group),
        },
        Part::Scope => match (candidate.is_namespace(), candidate.has_namespace()) {
            (true, _) => "a Namespace".to_owned(),
            (false, true) => "an object in a namespace".to_owned(),
            (false, false) => "an object without namespace".to_owned(),
        },
        Part::Namespaces | Part::ExcludedNamespaces => {
            or(candidate.compared_namespace().unwrap_or(""), "no namespace")
        }
        Part::LabelSelector => candidate.labels.to_text(),
        Part::NamespaceSelector => match &candidate.namespace_object {
            _ if candidate.is_namespace() => candidate.labels.to_text(),
            Some(namespace) => format!("{} with {}", namespace.name, namespace.labels.to_text()),
            None if candidate.namespace.is_empty() => "an object without namespace".to_owned(),
            None => format!("{}, whose labels are not known", candidate.namespace),
        },
        Part::Name => match candidate.name.is_empty() && !candidate.generate_name.is_empty() {
            true => format!("generateName {}", candidate.generate_name),
            false => or(candidate.name, "no name"),
        },
        Part::Source => candidate
            .source
            .map_or_else(|| "no source".to_owned(), |s| s.as_str().to_owned()),
    }
}

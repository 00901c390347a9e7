//! `spec.match` of a constraint: which objects the constraint is for.
//!
//! Eight parts, all of which must agree, looked at in Gatekeeper's order. A part that cannot be decided (a namespace
//! selector whose Namespace is unknown) is never taken for a yes or a no.

mod candidate;
mod explain;
mod glob;
pub(in crate::gatekeeper) mod read;
pub(in crate::gatekeeper) mod selector;
#[cfg(test)]
mod tests;

use std::fmt;

pub use candidate::{Candidate, Labels, NamespaceObject, Source};
pub use explain::PartReport;
pub use glob::Glob;
pub use selector::Selector;

/// One part of `spec.match`, in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `kinds`.
    Kinds,
    /// `scope`.
    Scope,
    /// `namespaces`.
    Namespaces,
    /// `excludedNamespaces`.
    ExcludedNamespaces,
    /// `labelSelector`.
    LabelSelector,
    /// `namespaceSelector`.
    NamespaceSelector,
    /// `name`.
    Name,
    /// `source`.
    Source,
}

impl Part {
    /// All parts in their order.
    pub const ALL: [Self; 8] = [
        Self::Kinds,
        Self::Scope,
        Self::Namespaces,
        Self::ExcludedNamespaces,
        Self::LabelSelector,
        Self::NamespaceSelector,
        Self::Name,
        Self::Source,
    ];

    /// The field's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kinds => "kinds",
            Self::Scope => "scope",
            Self::Namespaces => "namespaces",
            Self::ExcludedNamespaces => "excludedNamespaces",
            Self::LabelSelector => "labelSelector",
            Self::NamespaceSelector => "namespaceSelector",
            Self::Name => "name",
            Self::Source => "source",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one part says about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It lets the object through.
    Matched,
    /// It does not.
    Unmatched,
    /// It cannot be decided with what is known.
    Undecidable,
}

/// What the whole of `spec.match` says about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The constraint is for the object.
    Matched,
    /// It is not, and this part says so.
    Unmatched(Part),
    /// This part cannot be decided: Gatekeeper makes it a violation.
    Undecidable(Part),
}

/// An entry of `kinds`; an empty list is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kinds {
    api_groups: Vec<String>,
    kinds: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scope {
    #[default]
    Any,
    Cluster,
    Namespaced,
}

/// `spec.match`; the default matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    kinds: Vec<Kinds>,
    scope: Scope,
    namespaces: Vec<Glob>,
    excluded_namespaces: Vec<Glob>,
    label_selector: Option<Selector>,
    namespace_selector: Option<Selector>,
    name: Option<Glob>,
    source: Option<Source>,
}

impl Match {
    /// Gatekeeper's verdict: the first part that does not match, or that cannot be decided, ends it.
    #[must_use]
    pub fn verdict(&self, candidate: &Candidate<'_>) -> Verdict {
        for part in Part::ALL {
            match self.decide(part, candidate) {
                Decision::Matched => {}
                Decision::Unmatched => return Verdict::Unmatched(part),
                Decision::Undecidable => return Verdict::Undecidable(part),
            }
        }
        Verdict::Matched
    }

    /// As [`Match::verdict`], but a part after the undecidable one that does not match settles it: whatever the
    /// Namespace's labels are, the constraint is not for the object.
    #[must_use]
    pub fn settled_verdict(&self, candidate: &Candidate<'_>) -> Verdict {
        let verdict = self.verdict(candidate);
        let Verdict::Undecidable(undecided) = verdict else {
            return verdict;
        };
        Part::ALL
            .into_iter()
            .filter(|part| *part > undecided)
            .find(|part| self.decide(*part, candidate) == Decision::Unmatched)
            .map_or(verdict, Verdict::Unmatched)
    }

    /// Gatekeeper's verdict for an update: the constraint is for the object if it is for either of its versions.
    #[must_use]
    pub fn verdict_of_any(&self, candidates: &[Candidate<'_>]) -> Verdict {
        let mut last = Verdict::Unmatched(Part::Kinds);
        for candidate in candidates {
            last = self.verdict(candidate);
            match last {
                Verdict::Unmatched(_) => {}
                Verdict::Matched | Verdict::Undecidable(_) => return last,
            }
        }
        last
    }

    /// Whether the constraint asks for anything in this part.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        match part {
            Part::Kinds => !self.kinds.is_empty(),
            Part::Scope => self.scope != Scope::Any,
            Part::Namespaces => !self.namespaces.is_empty(),
            Part::ExcludedNamespaces => !self.excluded_namespaces.is_empty(),
            Part::LabelSelector => self.label_selector.is_some(),
            Part::NamespaceSelector => self.namespace_selector.is_some(),
            Part::Name => self.name.is_some(),
            Part::Source => self.source.is_some(),
        }
    }

    /// What one part says.
    #[must_use]
    pub fn decide(&self, part: Part, candidate: &Candidate<'_>) -> Decision {
        let matched = match part {
            Part::Kinds => self.is_of_kind(candidate),
            Part::Scope => match self.scope {
                Scope::Any => true,
                Scope::Cluster => candidate.is_namespace() || !candidate.has_namespace(),
                Scope::Namespaced => !candidate.is_namespace() && candidate.has_namespace(),
            },
            Part::Namespaces => {
                let in_listed = |name| self.namespaces.iter().any(|glob| glob.matches(name));
                self.namespaces.is_empty() || candidate.compared_namespace().is_none_or(in_listed)
            }
            Part::ExcludedNamespaces => !candidate.compared_namespace().is_some_and(|name| {
                self.excluded_namespaces
                    .iter()
                    .any(|glob| glob.matches(name))
            }),
            Part::LabelSelector => self
                .label_selector
                .as_ref()
                .is_none_or(|selector| selector.matches(&candidate.labels)),
            Part::NamespaceSelector => return self.decide_namespace_selector(candidate),
            Part::Name => self.name.as_ref().is_none_or(|glob| {
                glob.matches(candidate.name) || glob.matches_generate_name(candidate.generate_name)
            }),
            Part::Source => match (self.source, candidate.source) {
                (None, _) => true,
                (Some(_), None) => return Decision::Undecidable,
                (Some(wanted), Some(found)) => wanted == found,
            },
        };
        match matched {
            true => Decision::Matched,
            false => Decision::Unmatched,
        }
    }

    fn is_of_kind(&self, candidate: &Candidate<'_>) -> bool {
        let has = |list: &[String], word: &str| {
            list.is_empty() || list.iter().any(|entry| entry == "*" || entry == word)
        };
        self.kinds.is_empty()
            || self.kinds.iter().any(|entry| {
                has(&entry.kinds, candidate.kind) && has(&entry.api_groups, candidate.group)
            })
    }

    fn decide_namespace_selector(&self, candidate: &Candidate<'_>) -> Decision {
        let Some(selector) = &self.namespace_selector else {
            return Decision::Matched;
        };
        let labels = match &candidate.namespace_object {
            _ if candidate.is_namespace() => &candidate.labels,
            Some(namespace) => &namespace.labels,
            None if candidate.namespace.is_empty() => return Decision::Matched,
            None => return Decision::Undecidable,
        };
        match selector.matches(labels) {
            true => Decision::Matched,
            false => Decision::Unmatched,
        }
    }
}

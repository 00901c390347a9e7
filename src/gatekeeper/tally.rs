//! What constraints met in a run: which matched something, and how near the others came.
//!
//! What is kept does not depend on how the work was shared: of several documents the first in the order of files counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Problem, Stage, Subject};
use crate::gatekeeper::constraint::{Constraint, Enforcement};
use crate::gatekeeper::matching::{Candidate, Match, Part, Verdict};
use crate::gatekeeper::object::text;
use crate::gatekeeper::review::Review;

/// What constraints met, of one worker or of all.
#[derive(Debug, Default)]
pub struct Tally {
    /// For each constraint whether it matched something.
    matched: Vec<bool>,
    /// For each constraint that matched nothing the document that came nearest.
    nearest: Vec<Option<Near>>,
    /// How many objects of each kind there were.
    kinds: BTreeMap<String, usize>,
    /// Documents without apiVersion or kind.
    n_plain: usize,
}

/// A document that a constraint is nearly for.
#[derive(Clone, Debug)]
struct Near {
    part: Part,
    key: (Arc<str>, u32, String),
    text: String,
}

impl Tally {
    /// A tally of so many constraints.
    #[must_use]
    pub fn new(n_constraints: usize) -> Self {
        Self {
            matched: vec![false; n_constraints],
            nearest: vec![None; n_constraints],
            ..Self::default()
        }
    }

    /// Notes an object that constraints were asked about.
    pub fn object(&mut self, review: &Review) {
        let kind = text(&review.object, &["kind"]);
        match self.kinds.get_mut(kind) {
            Some(n) => *n += 1,
            None => {
                self.kinds.insert(kind.to_owned(), 1);
            }
        }
    }

    /// Notes a document that constraints do not see.
    pub fn plain(&mut self) {
        self.n_plain += 1;
    }

    /// Notes what a constraint's match said about an object.
    pub fn verdict(
        &mut self,
        constraint: usize,
        matching: &Match,
        verdict: Verdict,
        candidate: &Candidate<'_>,
        subject: &Subject,
    ) {
        match verdict {
            Verdict::Matched | Verdict::Undecidable(_) => self.matched[constraint] = true,
            Verdict::Unmatched(_) if self.matched[constraint] => {}
            // The kinds that there are say it better than any one document.
            Verdict::Unmatched(Part::Kinds) => {}
            Verdict::Unmatched(part) => {
                let key = || {
                    (
                        Arc::clone(&subject.file),
                        subject.document,
                        subject.item.clone(),
                    )
                };
                let is_nearer = match &self.nearest[constraint] {
                    Some(near) if near.part == part => key() < near.key,
                    Some(near) => part > near.part,
                    None => true,
                };
                if is_nearer {
                    let place = subject.resource.as_deref().map(ToString::to_string);
                    let report = matching.report(part, candidate);
                    self.nearest[constraint] = Some(Near {
                        part,
                        key: key(),
                        text: format!(
                            "the nearest is {} ({}:{}): {report}",
                            place.unwrap_or_default(),
                            subject.file,
                            subject.line
                        ),
                    });
                }
            }
        }
    }

    /// Adds what another worker met.
    pub fn add(&mut self, other: Self) {
        for (mine, other) in self.matched.iter_mut().zip(other.matched) {
            *mine |= other;
        }
        for (mine, other) in self.nearest.iter_mut().zip(other.nearest) {
            let Some(other) = other else { continue };
            let is_nearer = mine.as_ref().is_none_or(|mine| {
                other.part > mine.part || (other.part == mine.part && other.key < mine.key)
            });
            if is_nearer {
                *mine = Some(other);
            }
        }
        for (kind, n) in other.kinds {
            *self.kinds.entry(kind).or_default() += n;
        }
        self.n_plain += other.n_plain;
    }

    /// What is worth saying at the end of a run.
    #[must_use]
    pub fn problems(&self, constraints: &[Constraint]) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.n_plain > 0 {
            let (n, s, have) = match self.n_plain {
                1 => (1, "", "has"),
                n => (n, "s", "have"),
            };
            let message = format!("{n} document{s} {have} no apiVersion or no kind");
            problems.push(
                Problem::notice(Stage::Evaluate, message)
                    .help("Constraints judge Kubernetes objects only; Rego rules judge the rest."),
            );
        }
        if self.kinds.is_empty() {
            return problems;
        }
        for (index, constraint) in constraints.iter().enumerate() {
            if self.matched[index] || constraint.enforcement == Enforcement::Elsewhere {
                continue;
            }
            let message = format!("constraint `{}` matched no document", constraint.id);
            problems.push(
                Problem::notice(Stage::Evaluate, message)
                    .at(constraint.location.clone())
                    .help(self.why(index, constraint)),
            );
        }
        problems
    }

    fn why(&self, index: usize, constraint: &Constraint) -> String {
        const MOST: usize = 5;
        if let Some(near) = &self.nearest[index] {
            let mut text = near.text.clone();
            text[..1].make_ascii_uppercase();
            return format!("{text}.");
        }
        let mut kinds: Vec<(&str, usize)> =
            self.kinds.iter().map(|(kind, n)| (&**kind, *n)).collect();
        kinds.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
        let more = kinds.len().saturating_sub(MOST);
        let mut found: Vec<String> = kinds
            .iter()
            .take(MOST)
            .map(|(kind, n)| format!("{n} {kind}"))
            .collect();
        if more > 0 {
            found.push(format!("{more} other kinds"));
        }
        format!(
            "Kinds: wanted {}; there are {}.",
            constraint.matching.wanted(Part::Kinds),
            found.join(", ")
        )
    }
}

//! What constraints met in a run: which matched something, and how near the others came.
//!
//! What is kept does not depend on how the work was shared: of several documents the first in the order of files counts.

use std::collections::BTreeMap;

use crate::finding::Subject;
use crate::gatekeeper::constraint::{Constraint, Enforcement};
use crate::gatekeeper::matching::{Candidate, Match, Part, Verdict};
use crate::gatekeeper::object::text;
use crate::gatekeeper::review::Review;
use crate::tally::{self, Nearest, Unmatched};

/// What constraints met, of one worker or of all.
#[derive(Debug, Default)]
pub struct Tally {
    /// For each constraint whether it matched something.
    matched: Vec<bool>,
    /// For each constraint that matched nothing the document that came nearest.
    nearest: Vec<Option<Nearest>>,
    /// How many objects of each kind there were.
    kinds: BTreeMap<String, usize>,
    /// Documents without apiVersion or kind.
    n_plain: usize,
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
                let near = Nearest {
                    n_agreed: part as usize,
                    file: subject.file.to_string(),
                    document: subject.document,
                    item: subject.item.clone(),
                    text: String::new(),
                };
                let nearest = &mut self.nearest[constraint];
                if nearest
                    .as_ref()
                    .is_none_or(|other| near.is_nearer_than(other))
                {
                    let place = subject.resource.as_deref().map(ToString::to_string);
                    let text = format!(
                        "The nearest is {} ({}:{}): {}.",
                        place.unwrap_or_default(),
                        subject.file,
                        subject.line,
                        matching.report(part, candidate)
                    );
                    *nearest = Some(Nearest { text, ..near });
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
            if let Some(other) = other
                && mine.as_ref().is_none_or(|mine| other.is_nearer_than(mine))
            {
                *mine = Some(other);
            }
        }
        for (kind, n) in other.kinds {
            *self.kinds.entry(kind).or_default() += n;
        }
        self.n_plain += other.n_plain;
    }

    /// The plain data of it.
    #[must_use]
    pub fn of(self, constraints: &[Constraint]) -> tally::Tally {
        let met = self.matched.into_iter().zip(self.nearest);
        let unmatched = constraints.iter().zip(met).filter_map(|(constraint, met)| {
            let (is_matched, nearest) = met;
            let is_said = !is_matched && constraint.enforcement != Enforcement::Elsewhere;
            is_said.then(|| {
                let unmatched = Unmatched {
                    wanted: constraint.matching.wanted(Part::Kinds),
                    nearest,
                };
                (constraint.id.to_string(), unmatched)
            })
        });
        tally::Tally {
            n_plain: self.n_plain,
            unmatched: unmatched.collect(),
            kinds: self.kinds,
            ..tally::Tally::default()
        }
    }
}

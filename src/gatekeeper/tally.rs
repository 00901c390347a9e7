//! What constraints met: the objects that there are, and how near the constraints that matched nothing came.
//!
//! What is kept does not depend on how the work was shared: of several documents the first in the order of files counts.

use crate::finding::Subject;
use crate::gatekeeper::constraint::{Constraint, Enforcement};
use crate::gatekeeper::matching::{Candidate, Part, Verdict};
use crate::gatekeeper::object::text;
use crate::gatekeeper::review::Review;
use crate::tally::{Nearest, Tally, Unmatched};

/// A tally of constraints that met nothing yet.
pub(super) fn start(constraints: &[Constraint]) -> Tally {
    let is_here = |constraint: &&Constraint| constraint.enforcement != Enforcement::Elsewhere;
    let unmatched = constraints.iter().filter(is_here).map(|constraint| {
        let unmatched = Unmatched {
            wanted: constraint.matching.wanted(Part::Kinds),
            nearest: None,
        };
        (constraint.id.to_string(), unmatched)
    });
    Tally {
        unmatched: unmatched.collect(),
        ..Tally::default()
    }
}

/// Notes an object that constraints were asked about.
pub(super) fn note_object(tally: &mut Tally, review: &Review) {
    let kind = text(&review.object, &["kind"]);
    match tally.kinds.get_mut(kind) {
        Some(n) => *n += 1,
        None => {
            tally.kinds.insert(kind.to_owned(), 1);
        }
    }
}

/// Notes what a constraint's match said about an object.
pub(super) fn note_verdict(
    tally: &mut Tally,
    constraint: &Constraint,
    verdict: Verdict,
    candidate: &Candidate<'_>,
    subject: &Subject,
) {
    let part = match verdict {
        Verdict::Matched | Verdict::Undecidable(_) => {
            tally.unmatched.remove(&*constraint.id);
            return;
        }
        // The kinds that there are say it better than any one document.
        Verdict::Unmatched(Part::Kinds) => return,
        Verdict::Unmatched(part) => part,
    };
    let Some(unmatched) = tally.unmatched.get_mut(&*constraint.id) else {
        return;
    };
    let near = Nearest {
        n_agreed: part as usize,
        file: subject.file.to_string(),
        document: subject.document,
        item: subject.item.clone(),
        text: String::new(),
    };
    let is_nearest = unmatched
        .nearest
        .as_ref()
        .is_none_or(|other| near.is_nearer_than(other));
    if is_nearest {
        let place = subject.resource.as_deref().map(ToString::to_string);
        let text = format!(
            "The nearest is {} ({}:{}): {}.",
            place.unwrap_or_default(),
            subject.file,
            subject.line,
            constraint.matching.report(part, candidate)
        );
        unmatched.nearest = Some(Nearest { text, ..near });
    }
}

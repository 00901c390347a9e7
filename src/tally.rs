//! What only a whole run can say: constraints that matched nothing, documents that nothing judges. Each part counts its
//! own; tallies are added, and what is to be said is made of the sum, so that parts put together say what one run says.

use std::collections::BTreeMap;

use crate::finding::{Problem, Rule, Stage};

/// Kinds that are named, of those that there are or that have no schema.
const MOST_KINDS: usize = 5;

/// What was met in a run or in a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents that constraints do not see: they have no apiVersion or no kind.
    pub n_plain: usize,
    /// How many objects of each kind constraints were asked about.
    pub kinds: BTreeMap<String, usize>,
    /// The constraints that matched nothing, by their ids.
    pub unmatched: BTreeMap<String, Unmatched>,
    /// How many documents had no schema, by their kinds.
    pub without_schema: BTreeMap<String, usize>,
    /// Files without any document.
    pub empty_files: Vec<String>,
}

/// A constraint that matched nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The kinds that it is for.
    pub wanted: String,
    /// The document that came nearest.
    pub nearest: Option<Nearest>,
}

/// A document that a constraint is nearly for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// How many parts of the match agreed: more is nearer.
    pub n_agreed: usize,
    /// Its file.
    pub file: String,
    /// Which of the file's documents.
    pub document: u32,
    /// The item of a List, or empty.
    pub item: String,
    /// What is said about it.
    pub text: String,
}

impl Nearest {
    /// Whether it is said rather than another one; of two that are equally near the first in the order of files.
    #[must_use]
    pub fn is_nearer_than(&self, other: &Self) -> bool {
        let key = |near: &Self| (near.file.clone(), near.document, near.item.clone());
        self.n_agreed > other.n_agreed || self.n_agreed == other.n_agreed && key(self) < key(other)
    }
}

impl Tally {
    /// Adds what another check met in the same part: each knows other things.
    pub fn join(&mut self, other: Self) {
        // A report that was read may say anything.
        self.n_plain = self.n_plain.saturating_add(other.n_plain);
        add(&mut self.kinds, other.kinds);
        self.unmatched.extend(other.unmatched);
        add(&mut self.without_schema, other.without_schema);
        self.empty_files.extend(other.empty_files);
    }

    /// Adds what another part met: what matched there is matched.
    pub fn add(&mut self, mut other: Self) {
        let mut unmatched = std::mem::take(&mut self.unmatched);
        unmatched.retain(|id, own| {
            let Some(theirs) = other.unmatched.remove(id) else {
                return false;
            };
            if let Some(near) = theirs.nearest
                && own
                    .nearest
                    .as_ref()
                    .is_none_or(|own| near.is_nearer_than(own))
            {
                own.nearest = Some(near);
            }
            true
        });
        other.unmatched = unmatched;
        self.join(other);
        self.empty_files.sort();
    }

    /// What is to be said at the end of a whole run.
    #[must_use]
    pub fn problems(&self, rules: &[Rule]) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.n_plain > 0 {
            let have = if self.n_plain == 1 { "has" } else { "have" };
            let message = format!(
                "{} {have} no apiVersion or no kind",
                documents(self.n_plain)
            );
            problems.push(
                Problem::notice(Stage::Evaluate, message)
                    .help("Constraints judge Kubernetes objects only; Rego rules judge the rest."),
            );
        }
        // Where there is no object at all, that says it.
        let unmatched = self.unmatched.iter().filter(|_| !self.kinds.is_empty());
        for (id, unmatched) in unmatched {
            let message = format!("constraint `{id}` matched no document");
            let problem = Problem::notice(Stage::Evaluate, message).help(self.why(unmatched));
            let rule = rules.iter().find(|rule| *rule.id == **id);
            problems.push(match rule.and_then(|rule| rule.location.as_ref()) {
                Some(location) => problem.at(location.clone()),
                None => problem,
            });
        }
        let counts = self.without_schema.values();
        let n_documents = counts.fold(0_usize, |sum, n| sum.saturating_add(*n));
        if n_documents > 0 {
            let message = format!(
                "{} had no schema: {}",
                documents(n_documents),
                named(&self.without_schema)
            );
            problems.push(Problem::notice(Stage::Evaluate, message).help(
                "Their metadata were checked. Give their CustomResourceDefinitions with `--crds`; `--strict-schemas` makes each an error.",
            ));
        }
        problems
    }

    fn why(&self, unmatched: &Unmatched) -> String {
        if let Some(near) = &unmatched.nearest {
            return near.text.clone();
        }
        let wanted = &unmatched.wanted;
        format!("Kinds: wanted {wanted}; there are {}.", named(&self.kinds))
    }
}

fn add(own: &mut BTreeMap<String, usize>, other: BTreeMap<String, usize>) {
    for (kind, n) in other {
        let own = own.entry(kind).or_default();
        *own = own.saturating_add(n);
    }
}

/// The kinds of which there are most, with their numbers, and how many other ones there are.
fn named(kinds: &BTreeMap<String, usize>) -> String {
    let mut most: Vec<_> = kinds.iter().collect();
    most.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let more = most.len().saturating_sub(MOST_KINDS);
    let most = most.into_iter().take(MOST_KINDS);
    let mut parts: Vec<String> = most.map(|(kind, n)| format!("{n} {kind}")).collect();
    match more {
        0 => {}
        1 => parts.push("1 other kind".to_owned()),
        more => parts.push(format!("{more} other kinds")),
    }
    parts.join(", ")
}

fn documents(n: usize) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} document{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(unmatched: &[(&str, Option<(usize, &str)>)]) -> Tally {
        let nearest = |(n_agreed, file): (usize, &str)| Nearest {
            n_agreed,
            file: file.to_owned(),
            document: 0,
            item: String::new(),
            text: format!("The nearest is {file}."),
        };
        Tally {
            n_plain: 1,
            kinds: BTreeMap::from([("Pod".to_owned(), 2)]),
            unmatched: unmatched
                .iter()
                .map(|(id, near)| {
                    let unmatched = Unmatched {
                        wanted: "Service".to_owned(),
                        nearest: near.map(nearest),
                    };
                    ((*id).to_owned(), unmatched)
                })
                .collect(),
            ..Tally::default()
        }
    }

    #[test]
    fn some_kinds_are_named_and_the_others_counted() {
        let said = |n_kinds: usize| {
            let kinds = (0..n_kinds).map(|n| (format!("Kind{n}"), 1));
            let tally = Tally {
                without_schema: kinds.collect(),
                ..Tally::default()
            };
            tally.problems(&[])[0].message.clone()
        };
        let five = "1 Kind0, 1 Kind1, 1 Kind2, 1 Kind3, 1 Kind4";
        assert_eq!(said(5), format!("5 documents had no schema: {five}"));
        assert_eq!(
            said(6),
            format!("6 documents had no schema: {five}, 1 other kind")
        );
        assert_eq!(
            said(9),
            format!("9 documents had no schema: {five}, 4 other kinds")
        );
    }

    #[test]
    fn parts_say_together_what_the_whole_says() {
        let mut whole = tally(&[("a", None), ("b", Some((2, "2.yaml"))), ("c", None)]);
        whole.add(tally(&[("a", None), ("b", Some((2, "1.yaml")))]));
        whole.add(tally(&[
            ("a", None),
            ("b", Some((1, "0.yaml"))),
            ("c", None),
        ]));
        let said: Vec<_> = whole
            .problems(&[])
            .into_iter()
            .map(|problem| format!("{} {}", problem.message, problem.help))
            .collect();
        assert_eq!(said.len(), 3);
        assert!(said[0].starts_with("3 documents have no apiVersion"));
        assert_eq!(
            said[1],
            "constraint `a` matched no document Kinds: wanted Service; there are 6 Pod."
        );
        assert_eq!(
            said[2],
            "constraint `b` matched no document The nearest is 1.yaml."
        );
    }
}

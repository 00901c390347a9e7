//! Reports of the parts of a run → the report of the whole; parts that do not belong together are refused.

use std::collections::BTreeSet;

use crate::report::{Report, Run};

/// Why reports cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is no report to merge")]
    Nothing,
    /// One is of a whole run, or cut into another number of parts.
    #[error("`{name}` is not a part of the same run as `{first}`: {why}")]
    Foreign {
        /// The report's name.
        name: String,
        /// The name of the first.
        first: String,
        /// What is different.
        why: &'static str,
    },
    /// A part is there twice.
    #[error("shard {index} of {of} is there twice: `{name}`")]
    Doubled {
        /// Which one.
        index: usize,
        /// Of how many.
        of: usize,
        /// The second report's name.
        name: String,
    },
    /// Parts are not there.
    #[error("shard {} of {of} {} missing", list(missing, *more), if missing.len() == 1 { "is" } else { "are" })]
    Missing {
        /// Which ones, the first few.
        missing: Vec<usize>,
        /// How many more.
        more: usize,
        /// Of how many.
        of: usize,
    },
}

/// How many missing parts are named.
const MOST_MISSING: usize = 5;

fn list(missing: &[usize], more: usize) -> String {
    let named: Vec<_> = missing.iter().map(usize::to_string).collect();
    match more {
        0 => named.join(", "),
        _ => format!("{} and {more} more", named.join(", ")),
    }
}

/// Puts reports together; each is with its name. A single report of a whole run stays what it is.
///
/// # Errors
/// They are not all parts of one run, or not all of them.
pub fn merge(reports: Vec<(String, Report)>) -> Result<Report, MergeError> {
    let mut reports = reports.into_iter();
    let Some((first, mut whole)) = reports.next() else {
        return Err(MergeError::Nothing);
    };
    let Some(shard) = whole.run.shard else {
        return match reports.next() {
            None => Ok(whole),
            Some((name, _)) => Err(MergeError::Foreign {
                name,
                first,
                why: "that is a whole run",
            }),
        };
    };
    let mut seen = BTreeSet::from([shard.index]);
    for (name, report) in reports {
        if let Some(why) = difference(&whole, &report, shard.of) {
            return Err(MergeError::Foreign { name, first, why });
        }
        let index = report.run.shard.map_or(0, |own| own.index);
        if !seen.insert(index) {
            let of = shard.of;
            return Err(MergeError::Doubled { index, of, name });
        }
        whole.evaluations.extend(report.evaluations);
        whole.findings.extend(report.findings);
        whole.problems.extend(report.problems);
        // A report may say anything.
        add(&mut whole.run.n_files, report.run.n_files);
        add(&mut whole.run.n_documents, report.run.n_documents);
        whole.run.partial |= report.run.partial;
        add(&mut whole.run.n_untraced, report.run.n_untraced);
        whole.tally = match (whole.tally.take(), report.tally) {
            (Some(mut tally), Some(other)) => {
                tally.add(other);
                Some(tally)
            }
            // Parts of what has changed, for example, are no whole together.
            (None, _) | (_, None) => None,
        };
    }
    let n_missing = shard.of.saturating_sub(seen.len());
    if n_missing > 0 {
        let missing: Vec<usize> = (1..=shard.of)
            .filter(|index| !seen.contains(index))
            .take(MOST_MISSING)
            .collect();
        let (of, more) = (shard.of, n_missing - missing.len());
        return Err(MergeError::Missing { missing, more, of });
    }
    whole.run = Run {
        shard: None,
        inputs: None,
        ..whole.run
    };
    whole.sort();
    Ok(whole)
}

fn add(own: &mut usize, other: usize) {
    *own = own.saturating_add(other);
}

/// What makes a report one of another run.
fn difference(whole: &Report, report: &Report, of: usize) -> Option<&'static str> {
    let (one, two) = (&whole.run, &report.run);
    match two.shard {
        None => Some("it is a whole run"),
        Some(own) if own.of != of => Some("it was cut into another number of parts"),
        Some(_) if one.tool_version != two.tool_version => Some("another version made it"),
        Some(_) if one.inputs != two.inputs => {
            Some("it looked at different files: some were added, removed or changed between")
        }
        Some(_) if one.policies != two.policies => Some("it has other policies or data"),
        Some(_) if whole.rules != report.rules => Some("it has other rules"),
        Some(_) if one.kubernetes != two.kubernetes => {
            Some("it was checked for other versions of Kubernetes")
        }
        Some(_) => None,
    }
}

//! Everything a run has to say, as plain sorted data; counts and verdict are derived from it, never stored beside it.

use std::collections::BTreeMap;

use crate::checkout::Checkout;
use crate::finding::{
    Evaluation, Finding, Level, Location, Outcome, Problem, Rule, RuleKind, Severity, Status,
};
use crate::tally::Tally;
use crate::walk::select::Shard;

/// What a run says. All lists are in total order: the same for any number of threads.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// About the run itself.
    pub run: Run,
    /// Every rule that was run, sorted by id.
    pub rules: Vec<Rule>,
    /// The outcomes of all rules on each subject, sorted by subject; outcomes are in the order of `rules`.
    pub evaluations: Vec<Evaluation>,
    /// Every finding, also those that do not count, sorted by file, document, place, rule, message.
    pub findings: Vec<Finding>,
    /// What could not be checked and what else is worth saying, sorted by severity, place, message.
    pub problems: Vec<Problem>,
    /// What only the whole run can say; none where that is said already, or never will be.
    pub tally: Option<Tally>,
}

/// About the run itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Version of the tool, without its name.
    pub tool_version: String,
    /// `sha256:…` over names and contents of all policies and data.
    pub policies: String,
    /// Files that were read.
    pub n_files: usize,
    /// Documents that were read.
    pub n_documents: usize,
    /// Findings that are at their resource, since the evaluation that would show their field could not be followed.
    pub n_untraced: usize,
    /// Whether all documents were one input.
    pub combined: bool,
    /// Which part of a run on several machines it is; none for a whole run.
    pub shard: Option<Shard>,
    /// `sha256:…` over names and sizes of all files that were found, whoever judges them; none for a whole run.
    pub inputs: Option<String>,
    /// Whether only what has changed, or what a hook names, was judged: no whole, whatever it is put together with.
    pub partial: bool,
    /// Versions of Kubernetes whose schemas documents were checked against, `1.37`; none where schemas were not asked for.
    pub kubernetes: Vec<String>,
    /// Files that were passed over, by the reason.
    pub skipped_files: BTreeMap<String, usize>,
    /// Where the names of files lead; it is the machine's, so that the JSON report does not hold it.
    pub checkout: Checkout,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows (rule × subject) that were evaluated and found nothing.
    pub passed: usize,
    /// Active findings that fail.
    pub failures: usize,
    /// Active findings that warn.
    pub warnings: usize,
    /// Active findings that are only shown.
    pub dryrun: usize,
    /// Findings that an `exception` rule exempts.
    pub exceptions: usize,
    /// Findings that are waived or in the baseline.
    pub suppressed: usize,
    /// Rows that were not evaluated on purpose.
    pub skipped: usize,
    /// Problems that are errors.
    pub errors: usize,
}

impl Counts {
    /// Tests in Conftest's sense: what passed, warned, failed or was exempted.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.passed + self.warnings + self.failures + self.exceptions
    }
}

/// The verdict of a run; nothing but the report's data decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was checked and nothing failed.
    Passed,
    /// Everything was checked and something failed.
    Failed,
    /// Not everything could be checked.
    Incomplete,
}

impl Verdict {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// Whether warnings make a run fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Warnings {
    /// They do not.
    #[default]
    Allowed,
    /// They do (`--fail-on-warn`).
    Fail,
}

impl Report {
    /// Brings all lists into their total order and drops exact repetitions of problems.
    pub fn sort(&mut self) {
        self.evaluations
            .sort_by(|left, right| left.subject.cmp(&right.subject));
        let rules = &self.rules;
        self.findings.sort_by(|left, right| {
            finding_key(rules, left)
                .cmp(&finding_key(rules, right))
                .then_with(|| left.status.as_str().cmp(right.status.as_str()))
        });
        self.problems
            .sort_by(|left, right| problem_key(left).cmp(&problem_key(right)));
        self.problems.dedup();
    }

    /// Counts what is in the lists.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for evaluation in &self.evaluations {
            for outcome in &evaluation.outcomes {
                match outcome {
                    Outcome::Passed => counts.passed += 1,
                    Outcome::Skipped => counts.skipped += 1,
                    Outcome::Found | Outcome::Excepted | Outcome::Errored | Outcome::Absent => {}
                }
            }
        }
        for finding in &self.findings {
            match (&finding.status, finding.level) {
                (Status::Active, Level::Failure) => counts.failures += 1,
                (Status::Active, Level::Warning) => counts.warnings += 1,
                (Status::Active, Level::Dryrun) => counts.dryrun += 1,
                (Status::Excepted(_), _) => counts.exceptions += 1,
                (Status::Waived(_) | Status::Baselined(_), _) => counts.suppressed += 1,
            }
        }
        counts.errors = self.count_problems(Severity::Error);
        counts
    }

    /// How many problems are of this severity.
    #[must_use]
    pub fn count_problems(&self, severity: Severity) -> usize {
        self.problems
            .iter()
            .filter(|problem| problem.severity == severity)
            .count()
    }

    /// Whether there was a document to judge. Rego judges whatever there is, constraints say themselves what they matched;
    /// schemas pass over what is no manifest.
    #[must_use]
    pub fn is_anything_judged(&self) -> bool {
        // Where no rule could be loaded, that is what is wrong, not the documents.
        let mut rules = self.rules.iter().peekable();
        let only_schemas =
            rules.peek().is_some() && rules.all(|rule| rule.kind == RuleKind::Schema);
        self.evaluations.iter().any(|evaluation| {
            let mut outcomes = evaluation.outcomes.iter();
            !only_schemas || outcomes.any(|outcome| *outcome != Outcome::Absent)
        })
    }

    /// Says what only a whole run can say.
    pub fn say_tally(&mut self, tally: &Tally) {
        self.problems.extend(tally.problems(&self.rules));
    }

    /// The verdict: errors make it incomplete, failures of rules or of the run make it fail, warnings where the user says so.
    #[must_use]
    pub fn verdict(&self, warnings: Warnings) -> Verdict {
        let counts = self.counts();
        let warned = counts.warnings > 0 || self.count_problems(Severity::Warning) > 0;
        if counts.errors > 0 {
            Verdict::Incomplete
        } else if counts.failures > 0
            || self.count_problems(Severity::Failure) > 0
            || (warned && warnings == Warnings::Fail)
        {
            Verdict::Failed
        } else {
            Verdict::Passed
        }
    }
}

type FindingKey<'a> = (
    &'a str,
    u32,
    &'a str,
    crate::source::Position,
    &'a str,
    &'a str,
);

fn finding_key<'a>(rules: &'a [Rule], finding: &'a Finding) -> FindingKey<'a> {
    let id = rules.get(finding.rule).map_or("", |rule| &*rule.id);
    (
        &*finding.location.file,
        finding.document,
        &finding.item,
        finding.location.start,
        id,
        &finding.message,
    )
}

type ProblemKey<'a> = (
    Severity,
    Option<(&'a str, crate::source::Position)>,
    &'a str,
    &'a str,
);

fn problem_key(problem: &Problem) -> ProblemKey<'_> {
    let place = |location: &'_ Location| location.start;
    (
        problem.severity,
        problem
            .location
            .as_ref()
            .map(|location| (&*location.file, place(location))),
        &problem.message,
        &problem.help,
    )
}

//! A report as test cases, for the formats of test runners: one case a finding, an error, and a pass.
//!
//! What did not pass is always a case of its own; only passes are put together, where there are very many rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::finding::{Finding, Level, Outcome, Problem, Rule, RuleKind, Severity, Status, Subject};
use crate::output::visible;
use crate::report::{Report, Warnings};
use crate::resource::Resource;

/// Above so many rows (rule × subject), passes are one case a document.
pub(super) const MAX_ROWS: usize = 50_000;

/// Suite of the problems; its name is no Rego package, which has no blanks.
pub(super) const PROBLEMS: &str = "policy problems";
/// Suite of the documents whose passes are counted.
const DOCUMENTS: &str = "policy documents";

/// One test case.
pub(super) struct Case<'a> {
    /// Package of the rule, or what stands for it; as it is, not yet made visible.
    pub(super) suite: &'a str,
    /// The file it is about; as it is, empty where there is none.
    pub(super) file: &'a str,
    /// Rule and subject, made visible; unique in its suite.
    pub(super) name: String,
    /// What came of it.
    pub(super) result: CaseResult<'a>,
}

/// What came of a case.
pub(super) enum CaseResult<'a> {
    /// Nothing was found.
    Passed,
    /// It was not run on purpose.
    Skipped,
    /// Something was found.
    Found(&'a Finding, Weight),
    /// Something could not be checked, or a warning that counts.
    Problem(&'a Problem),
}

/// Whether a finding counts, as test runners see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It makes the run fail.
    Failed,
    /// It does not count; the word is its level.
    Tolerated(&'static str),
    /// It does not count because of an exception, a waiver or a baseline; the text says which.
    Exempted(String),
}

/// The cases of a report: findings, then problems that count, then passes, each in the report's order.
pub(super) fn of(report: &Report, warnings: Warnings) -> Vec<Case<'_>> {
    let labels = Labels::new(report);
    let mut names = Names::default();
    let mut cases = Vec::new();
    for finding in &report.findings {
        let rule = report.rules.get(finding.rule);
        let suite = rule.map_or("", suite);
        let subject = labels.of_finding(finding, rule);
        let id = rule.map_or("", |rule| &*rule.id);
        cases.push(Case {
            suite,
            file: &finding.location.file,
            name: names.unique(suite, case_name(id, &subject)),
            result: CaseResult::Found(finding, weight(finding, warnings)),
        });
    }
    for problem in &report.problems {
        if counts(problem, warnings) {
            cases.push(problem_case(problem, &mut names));
        }
    }
    let n_rows: usize = report
        .evaluations
        .iter()
        .map(|row| row.outcomes.len())
        .sum();
    if n_rows > MAX_ROWS {
        counted_passes(report, &labels, &mut names, &mut cases);
    } else {
        passes(report, &labels, &mut names, &mut cases);
    }
    cases
}

/// The problems that are no case, only worth saying.
pub(super) fn notes(report: &Report, warnings: Warnings) -> impl Iterator<Item = &Problem> {
    report
        .problems
        .iter()
        .filter(move |problem| !counts(problem, warnings))
}

/// How a note or the place of a problem reads on one line.
pub(super) fn problem_line(problem: &Problem) -> String {
    let severity = problem.severity.as_str();
    let message = visible::one_line(&problem.message);
    match &problem.location {
        Some(location) => format!("{severity}: {}: {message}", visible::place(location)),
        None => format!("{severity}: {message}"),
    }
}

/// How a finding reads on one line of a log.
pub(super) fn finding_line(finding: &Finding, report: &Report) -> String {
    let word = match &finding.status {
        Status::Active => finding.level.as_str(),
        status @ (Status::Excepted(_) | Status::Waived(_) | Status::Baselined(_)) => {
            status.as_str()
        }
    };
    let place = visible::place(&finding.location);
    let rule = report.rules.get(finding.rule).map_or("", |rule| &*rule.id);
    let mut line = format!("{word} {place} {}", visible::one_line(rule));
    if let Some(resource) = &finding.resource {
        line.push_str(&format!(" ({})", visible::one_line(&resource.to_string())));
    }
    line.push_str(&format!(": {}", visible::one_line(&finding.message)));
    if let Some(by) = suppressed_by(&finding.status) {
        line.push_str(&format!(" - {by}"));
    }
    line
}

/// Where something passed: the document, or the test that did.
pub(super) fn place_of_pass(rule: &Rule, subject: &Subject) -> String {
    match &rule.location {
        Some(location) if rule.kind == RuleKind::Test => visible::file_line(location),
        Some(_) | None => format!("{}:{}", visible::one_line(&subject.file), subject.line),
    }
}

/// What suppressed a finding, in words; none for one that counts.
pub(super) fn suppressed_by(status: &Status) -> Option<String> {
    let (word, suppression) = match status {
        Status::Active => return None,
        Status::Excepted(by) => return Some(format!("exception: {}", visible::one_line(by))),
        Status::Waived(suppression) => ("waived", suppression),
        Status::Baselined(suppression) => ("in the baseline", suppression),
    };
    let mut text = word.to_owned();
    let parts = [
        (" by ", &suppression.by),
        (": ", &suppression.reason),
        (" until ", &suppression.expires),
    ];
    for (before, part) in parts {
        if !part.is_empty() {
            text.push_str(before);
            text.push_str(&visible::one_line(part));
        }
    }
    Some(text)
}

fn weight(finding: &Finding, warnings: Warnings) -> Weight {
    if let Some(by) = suppressed_by(&finding.status) {
        return Weight::Exempted(by);
    }
    match (finding.level, warnings) {
        (Level::Failure, _) | (Level::Warning, Warnings::Fail) => Weight::Failed,
        (Level::Warning | Level::Dryrun, _) => Weight::Tolerated(finding.level.as_str()),
    }
}

fn counts(problem: &Problem, warnings: Warnings) -> bool {
    match problem.severity {
        Severity::Error | Severity::Failure => true,
        Severity::Warning => warnings == Warnings::Fail,
        Severity::Notice => false,
    }
}

fn problem_case<'a>(problem: &'a Problem, names: &mut Names<'a>) -> Case<'a> {
    let message = visible::first_line(&problem.message);
    let (file, name) = match &problem.location {
        Some(location) => (
            &*location.file,
            format!(
                "{} {}: {message}",
                problem.severity.as_str(),
                visible::one_line(&location.file)
            ),
        ),
        None => ("", format!("{} {message}", problem.severity.as_str())),
    };
    Case {
        suite: PROBLEMS,
        file,
        name: names.unique(PROBLEMS, name),
        result: CaseResult::Problem(problem),
    }
}

fn passes<'a>(
    report: &'a Report,
    labels: &Labels<'a>,
    names: &mut Names<'a>,
    cases: &mut Vec<Case<'a>>,
) {
    for evaluation in &report.evaluations {
        let subject = &evaluation.subject;
        for (rule, outcome) in report.rules.iter().zip(&evaluation.outcomes) {
            let result = match outcome {
                Outcome::Passed => CaseResult::Passed,
                Outcome::Skipped => CaseResult::Skipped,
                // Findings and problems are cases of their own.
                Outcome::Found | Outcome::Excepted | Outcome::Errored | Outcome::Absent => continue,
            };
            let label = labels.of_subject(subject, Some(rule));
            cases.push(Case {
                suite: suite(rule),
                file: &subject.file,
                name: names.unique(suite(rule), case_name(&rule.id, &label)),
                result,
            });
        }
    }
}

fn counted_passes<'a>(
    report: &'a Report,
    labels: &Labels<'a>,
    names: &mut Names<'a>,
    cases: &mut Vec<Case<'a>>,
) {
    for evaluation in &report.evaluations {
        let subject = &evaluation.subject;
        let count = |wanted| {
            evaluation
                .outcomes
                .iter()
                .filter(|&&outcome| outcome == wanted)
                .count()
        };
        let results = [
            (count(Outcome::Passed), "passed", CaseResult::Passed),
            (count(Outcome::Skipped), "skipped", CaseResult::Skipped),
        ];
        for (n_rules, word, result) in results {
            if n_rules == 0 {
                continue;
            }
            let plural = if n_rules == 1 { "rule" } else { "rules" };
            let name = format!(
                "{} ({n_rules} {plural} {word})",
                labels.of_subject(subject, None)
            );
            cases.push(Case {
                suite: DOCUMENTS,
                file: &subject.file,
                name: names.unique(DOCUMENTS, name),
                result,
            });
        }
    }
}

fn suite(rule: &Rule) -> &str {
    if rule.package.is_empty() {
        rule.kind.as_str()
    } else {
        &rule.package
    }
}

fn case_name(id: &str, subject: &str) -> String {
    format!("{} {subject}", visible::one_line(id))
}

/// Which document of which file: what a resource's name stands for.
type Key<'a> = (&'a str, u32, &'a str);

/// How subjects are called: the resource, and where several documents are the same resource its file too.
struct Labels<'a> {
    combined: bool,
    /// None where a name stands for several documents.
    documents: HashMap<String, Option<Key<'a>>>,
}

impl<'a> Labels<'a> {
    fn new(report: &'a Report) -> Self {
        let mut labels = Self {
            combined: report.run.combined,
            documents: HashMap::new(),
        };
        for evaluation in &report.evaluations {
            let subject = &evaluation.subject;
            let key = (&*subject.file, subject.document, &*subject.item);
            labels.add(subject.resource.as_deref(), key);
        }
        for finding in &report.findings {
            let key = (&*finding.location.file, finding.document, &*finding.item);
            labels.add(finding.resource.as_deref(), key);
        }
        labels
    }

    fn add(&mut self, resource: Option<&Resource>, key: Key<'a>) {
        let Some(name) = resource_name(resource) else {
            return;
        };
        match self.documents.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(Some(key));
            }
            Entry::Occupied(mut entry) => {
                if *entry.get() != Some(key) {
                    entry.insert(None);
                }
            }
        }
    }

    fn of_finding(&self, finding: &Finding, rule: Option<&Rule>) -> String {
        let key = (&*finding.location.file, finding.document, &*finding.item);
        self.label(finding.resource.as_deref(), key, rule)
    }

    fn of_subject(&self, subject: &Subject, rule: Option<&Rule>) -> String {
        let key = (&*subject.file, subject.document, &*subject.item);
        self.label(subject.resource.as_deref(), key, rule)
    }

    fn label(&self, resource: Option<&Resource>, key: Key<'_>, rule: Option<&Rule>) -> String {
        let is_test = rule.is_some_and(|rule| rule.kind == RuleKind::Test);
        let document = || {
            let (file, index, item) = key;
            let mut text = visible::one_line(file).into_owned();
            if !is_test && !self.combined {
                text.push_str(&format!("#{index}"));
            }
            if !item.is_empty() {
                text.push(' ');
                text.push_str(&visible::one_line(item));
            }
            text
        };
        match resource_name(resource) {
            None => document(),
            Some(name) => match self.documents.get(&name) {
                Some(Some(_)) => name,
                Some(None) | None => format!("{name} ({})", document()),
            },
        }
    }
}

fn resource_name(resource: Option<&Resource>) -> Option<String> {
    let text = resource?.to_string();
    (!text.is_empty()).then(|| visible::one_line(&text).into_owned())
}

/// The names that are taken, and how often each was asked for.
#[derive(Default)]
struct Names<'a> {
    taken: HashMap<&'a str, HashMap<String, usize>>,
}

impl<'a> Names<'a> {
    fn unique(&mut self, suite: &'a str, name: String) -> String {
        let taken = self.taken.entry(suite).or_default();
        let Some(count) = taken.get(&name).copied() else {
            taken.insert(name.clone(), 1);
            return name;
        };
        let mut number = count + 1;
        let mut numbered = format!("{name} #{number}");
        while taken.contains_key(&numbered) {
            number += 1;
            numbered = format!("{name} #{number}");
        }
        taken.insert(name, number);
        taken.insert(numbered.clone(), 1);
        numbered
    }
}

//! What CI systems annotate, the gravest first: what could not be checked, what fails, what warns, what is worth saying.
//!
//! They show only the first ten of a kind. Texts are as they are: each format escapes them its own way.

use crate::finding::{Finding, Level, Location, Problem, Severity, Status};
use crate::report::Report;

/// How an issue is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    Error,
    Warning,
    Notice,
}

/// One annotation.
pub(super) struct Issue<'a> {
    pub(super) grade: Grade,
    /// The rule, or what stands for it where nothing could be checked.
    pub(super) title: String,
    pub(super) location: Option<&'a Location>,
    /// May have several lines.
    pub(super) text: String,
}

/// Every issue of a report; what is suppressed is none.
pub(super) fn of(report: &Report) -> impl Iterator<Item = Issue<'_>> {
    let problems = move |wanted: Severity, grade| {
        let wanted = move |problem: &&Problem| problem.severity == wanted;
        let problems = report.problems.iter().filter(wanted);
        problems.map(move |problem| of_problem(problem, grade))
    };
    let findings = move |wanted: Level, grade| {
        let wanted =
            move |finding: &&Finding| finding.status == Status::Active && finding.level == wanted;
        let findings = report.findings.iter().filter(wanted);
        findings.map(move |finding| of_finding(finding, report, grade))
    };
    problems(Severity::Error, Grade::Error)
        .chain(findings(Level::Failure, Grade::Error))
        .chain(problems(Severity::Failure, Grade::Error))
        .chain(findings(Level::Warning, Grade::Warning))
        .chain(problems(Severity::Warning, Grade::Warning))
        .chain(findings(Level::Dryrun, Grade::Notice))
        .chain(problems(Severity::Notice, Grade::Notice))
}

fn of_finding<'a>(finding: &'a Finding, report: &Report, grade: Grade) -> Issue<'a> {
    let rule = report.rules.get(finding.rule).map_or("", |rule| &*rule.id);
    let mut text = finding.message.clone();
    if let Some(resource) = &finding.resource {
        text.push_str(&format!(" ({resource})"));
    }
    Issue {
        grade,
        title: rule.to_owned(),
        location: Some(&finding.location),
        text,
    }
}

fn of_problem(problem: &Problem, grade: Grade) -> Issue<'_> {
    let mut text = problem.message.clone();
    if !problem.help.is_empty() {
        text.push_str(&format!("\nhelp: {}", problem.help));
    }
    Issue {
        grade,
        title: format!("policy: {}", problem.stage.as_str()),
        location: problem.location.as_ref(),
        text,
    }
}

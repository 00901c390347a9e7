//! Logging commands of Azure DevOps: an issue for each error, failure and warning, then everything by file, then the counts.
//!
//! Text from outside is escaped where it stands in a command, and made visible everywhere, so that it starts none.

use std::io::{self, Write};

use crate::finding::{Finding, Level, Location, Problem, Severity, Status};
use crate::output::{Style, cases, summary, visible};
use crate::report::{Report, Verdict};

/// Writes the report as the log of a step.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    issues(report, out)?;
    sections(report, out)?;
    for line in summary::lines(report, style) {
        writeln!(out, "{line}")?;
    }
    complete(report, style, out)
}

/// Only the commands, for a log that says the rest already.
pub(super) fn write_commands(
    report: &Report,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    issues(report, out)?;
    complete(report, style, out)
}

/// Only ten errors and ten warnings of a step are shown in its summary: what could not be checked comes first.
fn issues(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let problems = |wanted| {
        let is_wanted = move |problem: &&Problem| problem.severity == wanted;
        report.problems.iter().filter(is_wanted)
    };
    let findings = |wanted| {
        let is_wanted =
            move |finding: &&Finding| finding.status == Status::Active && finding.level == wanted;
        report.findings.iter().filter(is_wanted)
    };
    for problem in problems(Severity::Error) {
        problem_issue("error", problem, report, out)?;
    }
    for finding in findings(Level::Failure) {
        finding_issue("error", finding, report, out)?;
    }
    for finding in findings(Level::Warning) {
        finding_issue("warning", finding, report, out)?;
    }
    for problem in problems(Severity::Warning) {
        problem_issue("warning", problem, report, out)?;
    }
    Ok(())
}

fn finding_issue(
    kind: &str,
    finding: &Finding,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rules.get(finding.rule).map_or("", |rule| &*rule.id);
    let mut text = finding.message.clone();
    if let Some(resource) = &finding.resource {
        text.push_str(&format!(" ({resource})"));
    }
    issue(kind, Some(&finding.location), rule, &text, report, out)
}

fn problem_issue(
    kind: &str,
    problem: &Problem,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut text = problem.message.clone();
    if !problem.help.is_empty() {
        text.push_str(&format!("\nhelp: {}", problem.help));
    }
    let code = problem.stage.as_str();
    issue(kind, problem.location.as_ref(), code, &text, report, out)
}

fn issue(
    kind: &str,
    location: Option<&Location>,
    code: &str,
    text: &str,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "##vso[task.logissue type={kind};")?;
    if let Some(location) = location {
        let path = report.run.checkout.absolute(&location.file);
        let path = property(&path);
        let (line, column) = (location.start.line, location.start.column);
        write!(
            out,
            "sourcepath={path};linenumber={line};columnnumber={column};"
        )?;
    }
    writeln!(out, "code={}]{}", property(code), message(text))
}

/// A value between `=` and `;` or `]`.
fn property(text: &str) -> String {
    let text = visible::one_line(text).replace('%', "%AZP25");
    text.replace(';', "%3B").replace(']', "%5D")
}

/// The text after `]`; its lines stay lines.
fn message(text: &str) -> String {
    let lines: Vec<_> = visible::lines(text)
        .map(|line| line.replace('%', "%AZP25"))
        .collect();
    lines.join("%0A")
}

/// Everything that was found, by file: also what does not count.
fn sections(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut file = None;
    for finding in &report.findings {
        if file != Some(&finding.location.file) {
            file = Some(&finding.location.file);
            let name = visible::one_line(&finding.location.file);
            writeln!(out, "##[section]{name}")?;
        }
        writeln!(out, "{}", cases::finding_line(finding, report))?;
    }
    if !report.problems.is_empty() {
        writeln!(out, "##[section]{}", cases::PROBLEMS)?;
    }
    for problem in &report.problems {
        writeln!(out, "{}", cases::problem_line(problem))?;
    }
    Ok(())
}

/// A step that only warns is marked as such.
fn complete(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let n_warnings = report.counts().warnings + report.count_problems(Severity::Warning);
    if report.verdict(style.warnings) == Verdict::Passed && n_warnings > 0 {
        writeln!(
            out,
            "##vso[task.complete result=SucceededWithIssues;]{n_warnings} warnings"
        )?;
    }
    Ok(())
}

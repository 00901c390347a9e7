//! Workflow commands of GitHub Actions: an annotation for each error, failure, warning and notice, then what does not count.
//!
//! Text from outside is escaped where it stands in a command, and no line starts with it.

use std::io::{self, Write};

use crate::finding::{Finding, Level, Location, Problem, Severity, Status};
use crate::output::{Style, cases, summary, visible};
use crate::report::Report;

/// Writes the report as the log of a step.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_commands(report, style, out)?;
    let is_suppressed = |finding: &&Finding| finding.status != Status::Active;
    if report
        .findings
        .iter()
        .any(|finding| is_suppressed(&finding))
    {
        writeln!(out, "::group::suppressed")?;
        for finding in report.findings.iter().filter(is_suppressed) {
            writeln!(out, "{}", cases::finding_line(finding, report))?;
        }
        writeln!(out, "::endgroup::")?;
    }
    for line in summary::lines(report, style) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Only the commands, for a log that says the rest already. Ten of a kind are shown: the gravest come first.
pub(super) fn write_commands(report: &Report, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    for problem in &report.problems {
        if problem.severity == Severity::Error {
            problem_command("error", problem, report, out)?;
        }
    }
    for (level, command) in [
        (Level::Failure, "error"),
        (Level::Warning, "warning"),
        (Level::Dryrun, "notice"),
    ] {
        for finding in &report.findings {
            if finding.status == Status::Active && finding.level == level {
                finding_command(command, finding, report, out)?;
            }
        }
    }
    for problem in &report.problems {
        match problem.severity {
            Severity::Error => {}
            Severity::Warning => problem_command("warning", problem, report, out)?,
            Severity::Notice => problem_command("notice", problem, report, out)?,
        }
    }
    Ok(())
}

fn finding_command(
    command: &str,
    finding: &Finding,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rule = report.rules.get(finding.rule).map_or("", |rule| &*rule.id);
    let mut text = finding.message.clone();
    if let Some(resource) = &finding.resource {
        text.push_str(&format!(" ({resource})"));
    }
    annotation(command, Some(&finding.location), rule, &text, report, out)
}

fn problem_command(
    command: &str,
    problem: &Problem,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut text = problem.message.clone();
    if !problem.help.is_empty() {
        text.push_str(&format!("\nhelp: {}", problem.help));
    }
    let title = format!("policy: {}", problem.stage.as_str());
    let location = problem.location.as_ref();
    annotation(command, location, &title, &text, report, out)
}

fn annotation(
    command: &str,
    location: Option<&Location>,
    title: &str,
    text: &str,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "::{command} ")?;
    if let Some(location) = location {
        let Location { start, end, .. } = location;
        let file = property(&report.run.checkout.known_as(&location.file));
        write!(out, "file={file},line={},endLine={},", start.line, end.line)?;
        // Columns are for places in one line.
        if start.line == end.line {
            write!(out, "col={},endColumn={},", start.column, end.column)?;
        }
    }
    writeln!(out, "title={}::{}", property(title), message(text))
}

/// A value between `=` and `,` or `::`.
fn property(text: &str) -> String {
    let text = visible::one_line(text).replace('%', "%25");
    text.replace(':', "%3A").replace(',', "%2C")
}

/// The text after `::`; its lines stay lines.
fn message(text: &str) -> String {
    let lines: Vec<_> = visible::lines(text)
        .map(|line| line.replace('%', "%25"))
        .collect();
    lines.join("%0A")
}

//! Logging commands of Azure DevOps: an issue for each error, failure and warning, then everything by file, then the counts.
//!
//! Text from outside is escaped where it stands in a command, and made visible everywhere, so that it starts none.

use std::io::{self, Write};

use crate::finding::Severity;
use crate::output::issues::{self, Grade, Issue};
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

/// Only ten errors and ten warnings of a step are shown in its summary; there is no kind for notices.
fn issues(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for issue in issues::of(report) {
        match issue.grade {
            Grade::Error => write_issue("error", &issue, report, out)?,
            Grade::Warning => write_issue("warning", &issue, report, out)?,
            Grade::Notice => {}
        }
    }
    Ok(())
}

fn write_issue(
    kind: &str,
    issue: &Issue<'_>,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "##vso[task.logissue type={kind};")?;
    if let Some(location) = issue.location {
        let path = report.run.checkout.absolute(&location.file);
        let path = property(&path);
        let (line, column) = (location.start.line, location.start.column);
        write!(
            out,
            "sourcepath={path};linenumber={line};columnnumber={column};"
        )?;
    }
    writeln!(
        out,
        "code={}]{}",
        property(&issue.title),
        message(&issue.text)
    )
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

//! Workflow commands of GitHub Actions: an annotation for each error, failure, warning and notice, then what does not count.
//!
//! Text from outside is escaped where it stands in a command, and no line starts with it.

use std::io::{self, Write};

use crate::finding::{Finding, Location, Status};
use crate::output::issues::{self, Grade, Issue};
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

/// Only the commands, for a log that says the rest already.
pub(super) fn write_commands(report: &Report, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    for issue in issues::of(report) {
        let command = match issue.grade {
            Grade::Error => "error",
            Grade::Warning => "warning",
            Grade::Notice => "notice",
        };
        annotation(command, &issue, report, out)?;
    }
    Ok(())
}

fn annotation(
    command: &str,
    issue: &Issue<'_>,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    write!(out, "::{command} ")?;
    if let Some(location) = issue.location {
        let Location { start, end, .. } = location;
        let file = property(&report.run.checkout.known_as(&location.file));
        write!(out, "file={file},line={},endLine={},", start.line, end.line)?;
        // Columns are for places in one line.
        if start.line == end.line {
            write!(out, "col={},endColumn={},", start.column, end.column)?;
        }
    }
    writeln!(
        out,
        "title={}::{}",
        property(&issue.title),
        message(&issue.text)
    )
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

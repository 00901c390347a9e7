//! The last lines of the formats for people: the counts as Conftest writes them, then what was read.
//!
//! Counts and verdict are the report's; nothing is counted here.

use std::fmt::Write as _;

use crate::output::Style;
use crate::output::visible;
use crate::report::{Report, Verdict};

/// The lines of the summary, without line breaks. None starts with text from outside.
pub(super) fn lines(report: &Report, style: &Style) -> Vec<String> {
    let mut lines = vec![tests(report), inputs(report)];
    if let [first, rest @ ..] = &report.run.kubernetes[..] {
        let mut line = format!("schemas: Kubernetes {first}");
        for version in rest {
            let _ = write!(line, ", {version}");
        }
        lines.push(line);
    }
    if !report.run.skipped_files.is_empty() {
        let mut line = "skipped files: ".to_owned();
        for (index, (reason, n_files)) in report.run.skipped_files.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let reason = visible::one_line(reason);
            let _ = write!(line, "{separator}{n_files} ({reason})");
        }
        lines.push(line);
    }
    let verdict = report.verdict(style.warnings);
    let explained = match verdict {
        Verdict::Passed | Verdict::Failed => "",
        Verdict::Incomplete => ": not everything could be checked",
    };
    lines.push(format!("verdict: {}{explained}", verdict.as_str()));
    lines
}

/// Conftest's line.
fn tests(report: &Report) -> String {
    let counts = report.counts();
    format!(
        "{}, {} passed, {}, {}, {}",
        number(counts.tests(), "test"),
        counts.passed,
        number(counts.warnings, "warning"),
        number(counts.failures, "failure"),
        number(counts.exceptions, "exception"),
    )
}

fn inputs(report: &Report) -> String {
    let counts = report.counts();
    let mut line = format!(
        "{}, {}, {}, {}",
        number(report.run.n_files, "file"),
        number(report.run.n_documents, "document"),
        number(report.rules.len(), "rule"),
        number(counts.errors, "error"),
    );
    let others = [
        (counts.suppressed, "suppressed"),
        (counts.dryrun, "dryrun"),
        (counts.skipped, "skipped"),
    ];
    for (count, word) in others {
        if count > 0 {
            let _ = write!(line, ", {count} {word}");
        }
    }
    line
}

fn number(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

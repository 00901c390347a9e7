//! The Test Anything Protocol, version 14: one plan for the whole run, and a YAML block for what did not pass.
//!
//! Text from outside never ends a line, a description or a directive.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::finding::{Finding, Location, Problem};
use crate::output::cases::{self, Case, CaseResult, Weight};
use crate::output::{Style, visible};
use crate::report::Report;

/// Writes the report as TAP.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let cases = cases::of(report, style.warnings);
    writeln!(out, "TAP version 14\n1..{}", cases.len())?;
    let mut point = String::new();
    for (index, case) in cases.iter().enumerate() {
        point.clear();
        push_point(&mut point, index + 1, case, report);
        out.write_all(point.as_bytes())?;
    }
    for problem in cases::notes(report, style.warnings) {
        writeln!(out, "# {}", cases::problem_line(problem))?;
    }
    Ok(())
}

fn push_point(point: &mut String, number: usize, case: &Case<'_>, report: &Report) {
    let name = escape(&case.name);
    // Writing to a string cannot fail.
    let _ = match &case.result {
        CaseResult::Passed => writeln!(point, "ok {number} - {name}"),
        CaseResult::Skipped => writeln!(point, "ok {number} - {name} # SKIP not evaluated"),
        CaseResult::Found(finding, weight) => {
            let message = escape(&visible::first_line(&finding.message));
            let (word, directive) = match weight {
                Weight::Failed => ("not ok", String::new()),
                Weight::Tolerated(level) => ("not ok", format!(" # TODO {level}")),
                Weight::Exempted(by) => ("ok", format!(" # SKIP {}", escape(by))),
            };
            writeln!(point, "{word} {number} - {name}: {message}{directive}")
        }
        CaseResult::Problem(_) => writeln!(point, "not ok {number} - {name}"),
    };
    match &case.result {
        CaseResult::Passed | CaseResult::Skipped => {}
        CaseResult::Found(finding, _) => push_finding(point, finding, report),
        CaseResult::Problem(problem) => push_problem(point, problem),
    }
}

fn push_finding(point: &mut String, finding: &Finding, report: &Report) {
    point.push_str("  ---\n");
    push_text(point, "message", &finding.message);
    push_text(point, "severity", finding.level.as_str());
    push_text(point, "status", finding.status.as_str());
    if let Some(rule) = report.rules.get(finding.rule) {
        push_text(point, "rule", &rule.id);
    }
    push_location(point, &finding.location);
    push_text(point, "precision", finding.location.precision.as_str());
    if let Some(resource) = &finding.resource {
        push_text(point, "resource", &resource.to_string());
    }
    if let Some(location) = &finding.policy_location {
        push_text(point, "policy", &visible::file_line(location));
    }
    point.push_str("  ...\n");
}

fn push_problem(point: &mut String, problem: &Problem) {
    point.push_str("  ---\n");
    push_text(point, "message", &problem.message);
    push_text(point, "severity", problem.severity.as_str());
    push_text(point, "stage", problem.stage.as_str());
    if let Some(location) = &problem.location {
        push_location(point, location);
    }
    if !problem.help.is_empty() {
        push_text(point, "help", &problem.help);
    }
    point.push_str("  ...\n");
}

fn push_location(point: &mut String, location: &Location) {
    push_text(point, "file", &location.file);
    let start = location.start;
    let _ = writeln!(point, "  line: {}\n  column: {}", start.line, start.column);
}

/// A key with a text in double quotes, which YAML reads back as it was.
fn push_text(point: &mut String, key: &str, text: &str) {
    let _ = write!(point, "  {key}: \"");
    for (offset, character) in text.char_indices() {
        let code = u32::from(character);
        let _ = match character {
            '"' | '\\' => write!(point, "\\{character}"),
            '\n' => write!(point, "\\n"),
            '\r' => write!(point, "\\r"),
            '\t' => write!(point, "\\t"),
            '#' if text[offset..].starts_with("##") => write!(point, "\\x23"),
            _ if visible::is_hidden(character) && code > 0xffff => write!(point, "\\U{code:08x}"),
            _ if visible::is_hidden(character) && code > 0xff => write!(point, "\\u{code:04x}"),
            _ if visible::is_hidden(character) => write!(point, "\\x{code:02x}"),
            _ => write!(point, "{character}"),
        };
    }
    point.push_str("\"\n");
}

/// A description as TAP reads it back; the text is on one line already.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

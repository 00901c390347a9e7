//! One row a finding, an error, and on demand a pass: result, file, resource, rule, message.
//!
//! On a terminal it is a table that fits its width; elsewhere columns without borders, one line a row.

use std::io::{self, Write};

use comfy_table::presets::{ASCII_FULL_CONDENSED, UTF8_FULL_CONDENSED};
use comfy_table::{ContentArrangement, Table};

use crate::finding::{Level, Outcome, Problem, Severity, Status};
use crate::output::{Passed, Style, cases, summary, visible};
use crate::report::Report;
use crate::resource::Resource;

const HEADER: [&str; 5] = ["result", "file", "resource", "rule", "message"];
/// A cell without text; so columns can be cut by blanks.
const NONE: &str = "-";
/// Longest text that others are aligned with.
const MAX_PADDING: usize = 60;
/// Narrower terminals get the columns without borders.
const MIN_WIDTH: usize = 40;

type Row = [String; 5];

/// Writes the report as a table.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(report, style.passed);
    if !rows.is_empty() {
        match style.width {
            Some(width) if width >= MIN_WIDTH => bordered(&rows, width, style, out)?,
            Some(_) | None => plain(&rows, out)?,
        }
        writeln!(out)?;
    }
    for problem in &report.problems {
        match problem.severity {
            Severity::Error | Severity::Failure => {}
            Severity::Warning | Severity::Notice => {
                writeln!(out, "{}", cases::problem_line(problem))?;
            }
        }
    }
    for line in summary::lines(report, style) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn rows(report: &Report, passed: Passed) -> Vec<Row> {
    let mut rows = Vec::with_capacity(report.findings.len());
    for finding in &report.findings {
        let rule = report.rules.get(finding.rule).map_or("", |rule| &*rule.id);
        let message = visible::one_line(&finding.message);
        rows.push([
            result(&finding.status, finding.level).to_owned(),
            visible::file_line(&finding.location),
            cell(&resource(finding.resource.as_deref())),
            cell(rule),
            match cases::suppressed_by(&finding.status) {
                None => message.into_owned(),
                Some(by) => format!("{message} ({by})"),
            },
        ]);
    }
    for problem in &report.problems {
        if problem.severity <= Severity::Failure {
            rows.push(error_row(problem));
        }
    }
    if passed == Passed::Shown {
        push_passes(&mut rows, report);
    }
    rows
}

fn result(status: &Status, level: Level) -> &'static str {
    match status {
        Status::Active => level.as_str(),
        Status::Excepted(_) => "exception",
        Status::Waived(_) | Status::Baselined(_) => status.as_str(),
    }
}

fn error_row(problem: &Problem) -> Row {
    let message = visible::one_line(&problem.message);
    [
        problem.severity.as_str().to_owned(),
        problem
            .location
            .as_ref()
            .map_or(NONE.to_owned(), visible::file_line),
        NONE.to_owned(),
        NONE.to_owned(),
        if problem.help.is_empty() {
            message.into_owned()
        } else {
            format!("{message} - {}", visible::one_line(&problem.help))
        },
    ]
}

fn push_passes(rows: &mut Vec<Row>, report: &Report) {
    for evaluation in &report.evaluations {
        let subject = &evaluation.subject;
        for (rule, outcome) in report.rules.iter().zip(&evaluation.outcomes) {
            let result = match outcome {
                Outcome::Passed => "success",
                Outcome::Skipped => "skipped",
                // Findings and problems have rows of their own.
                Outcome::Found | Outcome::Excepted | Outcome::Errored | Outcome::Absent => continue,
            };
            rows.push([
                result.to_owned(),
                cases::place_of_pass(rule, subject),
                cell(&resource(subject.resource.as_deref())),
                cell(&rule.id),
                NONE.to_owned(),
            ]);
        }
    }
}

fn resource(resource: Option<&Resource>) -> String {
    resource.map_or(String::new(), ToString::to_string)
}

fn cell(text: &str) -> String {
    if text.is_empty() {
        NONE.to_owned()
    } else {
        visible::one_line(text).into_owned()
    }
}

fn plain(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut widths = HEADER.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count().min(MAX_PADDING));
        }
    }
    let [result, file, resource, rule, _] = widths;
    let header = HEADER.map(str::to_owned);
    for [a, b, c, d, e] in std::iter::once(&header).chain(rows) {
        writeln!(out, "{a:result$}  {b:file$}  {c:resource$}  {d:rule$}  {e}")?;
    }
    Ok(())
}

fn bordered(rows: &[Row], width: usize, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(if style.colour {
            UTF8_FULL_CONDENSED
        } else {
            ASCII_FULL_CONDENSED
        })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(HEADER)
        .add_rows(rows);
    for line in table.lines() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

//! A summary for the page of a pipeline run: counts, tables of what was found with links to the lines, what ends soon.
//!
//! Characters that mean something in Markdown or HTML are written as entities, so that text from outside is only text.

use std::io::{self, Write};

use crate::finding::{Finding, Level, Location, Problem, Severity, Stage, Status};
use crate::output::{Style, cases, visible};
use crate::report::{Report, Verdict};

/// Rows of one table; summaries may have a megabyte.
const MAX_ROWS: usize = 500;
/// Characters of one cell.
const MAX_CELL: usize = 300;

/// Writes the report as a summary in Markdown.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let verdict = report.verdict(style.warnings);
    let explained = match verdict {
        Verdict::Passed | Verdict::Failed => "",
        Verdict::Incomplete => ": not everything could be checked",
    };
    writeln!(out, "## policy: {}{explained}\n", verdict.as_str())?;
    counts(report, out)?;
    let problems = |severity| {
        let is_wanted = move |problem: &&Problem| problem.severity == severity;
        report.problems.iter().filter(is_wanted)
    };
    problem_table("Errors", problems(Severity::Error), report, out)?;
    problem_table("Fails the run", problems(Severity::Failure), report, out)?;
    let active = |level| {
        let is_wanted =
            move |finding: &&Finding| finding.status == Status::Active && finding.level == level;
        report.findings.iter().filter(is_wanted)
    };
    finding_table("Failures", active(Level::Failure), report, out)?;
    finding_table("Warnings", active(Level::Warning), report, out)?;
    finding_table("Dry run", active(Level::Dryrun), report, out)?;
    let suppressed = report
        .findings
        .iter()
        .filter(|finding| finding.status != Status::Active);
    finding_table("Suppressed", suppressed, report, out)?;
    let notes = |is_wanted: fn(Stage) -> bool| {
        let notes = report
            .problems
            .iter()
            .filter(|problem| problem.severity > Severity::Failure);
        notes.filter(move |problem| is_wanted(problem.stage))
    };
    let title = "Waivers and baseline";
    problem_table(title, notes(|stage| stage == Stage::Suppress), report, out)?;
    problem_table(
        "Worth knowing",
        notes(|stage| stage != Stage::Suppress),
        report,
        out,
    )
}

fn counts(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let counts = report.counts();
    let columns = [
        ("files", report.run.n_files),
        ("documents", report.run.n_documents),
        ("rules", report.rules.len()),
        ("passed", counts.passed),
        ("failures", counts.failures),
        ("warnings", counts.warnings),
        ("dry run", counts.dryrun),
        ("exceptions", counts.exceptions),
        ("suppressed", counts.suppressed),
        ("skipped", counts.skipped),
        ("errors", counts.errors),
    ];
    for (name, _) in columns {
        write!(out, "| {name} ")?;
    }
    write!(out, "|\n{}|\n", "| ---: ".repeat(columns.len()))?;
    for (_, count) in columns {
        write!(out, "| {count} ")?;
    }
    writeln!(out, "|")
}

fn finding_table<'a>(
    title: &str,
    findings: impl Iterator<Item = &'a Finding>,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let header = ["place", "rule", "resource", "message"];
    let rows = findings.map(|finding| {
        let rule = report.rules.get(finding.rule);
        let id = cell(rule.map_or("", |rule| &rule.id));
        let resource = finding.resource.as_deref().map(ToString::to_string);
        let mut message = cell(&finding.message);
        if let Some(by) = cases::suppressed_by(&finding.status) {
            message.push_str(&format!(" - {}", cell(&by)));
        }
        [
            place(Some(&finding.location), report),
            match rule.and_then(|rule| rule.url.as_deref()).and_then(web_link) {
                Some(url) => format!("[{id}]({url})"),
                None => id,
            },
            cell(&resource.unwrap_or_default()),
            message,
        ]
    });
    table(title, header, rows, out)
}

fn problem_table<'a>(
    title: &str,
    problems: impl Iterator<Item = &'a Problem>,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let header = ["place", "stage", "message", "help"];
    let rows = problems.map(|problem| {
        [
            place(problem.location.as_ref(), report),
            problem.stage.as_str().to_owned(),
            cell(&problem.message),
            cell(&problem.help),
        ]
    });
    table(title, header, rows, out)
}

fn table(
    title: &str,
    header: [&str; 4],
    rows: impl Iterator<Item = [String; 4]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut n_rows = 0;
    for row in rows {
        if n_rows == 0 {
            writeln!(out, "\n### {title}\n")?;
            writeln!(out, "| {} |\n| --- | --- | --- | --- |", header.join(" | "))?;
        }
        n_rows += 1;
        if n_rows <= MAX_ROWS {
            writeln!(out, "| {} |", row.join(" | "))?;
        }
    }
    if n_rows > MAX_ROWS {
        writeln!(out, "\nand {} more", n_rows - MAX_ROWS)?;
    }
    Ok(())
}

fn place(location: Option<&Location>, report: &Report) -> String {
    let Some(location) = location else {
        return "-".to_owned();
    };
    let checkout = &report.run.checkout;
    let name = checkout.known_as(&location.file);
    let shown = cell(&format!("{name}:{}", location.start.line));
    match checkout.link(&location.file, location.start.line) {
        Some(link) => format!("[{shown}]({link})"),
        None => shown,
    }
}

/// An address that Markdown takes as the target of a link, none for what is no address of the web.
fn web_link(url: &str) -> Option<&str> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:?#@!$&'*+,;=%".contains(&byte);
    (is_web && url.bytes().all(is_plain)).then_some(url)
}

/// The text of one cell.
fn cell(text: &str) -> String {
    let shown = visible::one_line(text.trim());
    let mut cell = String::with_capacity(shown.len() + 16);
    for (index, character) in shown.chars().enumerate() {
        if index == MAX_CELL {
            cell.push_str("...");
            break;
        }
        match character {
            '&' | '<' | '>' | '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '@' | '$'
            | '{' | '}' | '!' => cell.push_str(&format!("&#{};", u32::from(character))),
            _ => cell.push(character),
        }
    }
    if cell.is_empty() {
        "-".to_owned()
    } else {
        cell
    }
}

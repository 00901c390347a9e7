//! JUnit's XML: a suite a package, a case for each document and rule, findings as separate cases.
//!
//! Valid XML 1.0 whatever the text holds, and no time in it: the same report gives the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};

use crate::finding::{Finding, Problem, Severity};
use crate::output::cases::{self, Case, CaseResult, Weight};
use crate::output::{Style, visible};
use crate::report::Report;

/// Writes the report as JUnit's XML.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut by_name: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for case in cases::of(report, style.warnings) {
        by_name
            .entry(case.suite)
            .or_insert_with(|| TestSuite::new(visible::one_line(case.suite)))
            .add_test_case(test_case(&case, report));
    }
    let mut notes = String::new();
    for problem in cases::notes(report, style.warnings) {
        notes.push_str(&cases::problem_line(problem));
        notes.push('\n');
    }
    if !notes.is_empty() {
        by_name
            .entry(cases::PROBLEMS)
            .or_insert_with(|| TestSuite::new(cases::PROBLEMS))
            .set_system_out(notes);
    }
    let mut suites = Suites::new("policy");
    suites.add_test_suites(by_name.into_values());
    let mut xml = Vec::new();
    suites
        .serialize(&mut xml)
        .map_err(|error| io::Error::other(error.to_string()))?;
    write_inert(&String::from_utf8_lossy(&xml), out)
}

fn test_case(case: &Case<'_>, report: &Report) -> TestCase {
    let status = match &case.result {
        CaseResult::Passed => TestCaseStatus::success(),
        CaseResult::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("not evaluated");
            status
        }
        CaseResult::Found(finding, weight) => finding_status(finding, weight, report),
        CaseResult::Problem(problem) => problem_status(problem),
    };
    let mut test_case = TestCase::new(&case.name, status);
    test_case.set_classname(visible::one_line(case.file));
    test_case
}

fn finding_status(finding: &Finding, weight: &Weight, report: &Report) -> TestCaseStatus {
    let first = visible::first_line(&finding.message);
    let mut status = match weight {
        Weight::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(first);
            status
        }
        Weight::Tolerated(level) => skipped(&format!("{level}: {first}")),
        Weight::Exempted(by) => skipped(by),
    };
    let rule = report.rules.get(finding.rule);
    if let Some(rule) = rule {
        status.set_type(visible::one_line(&rule.id));
    }
    let mut text = full_text(&finding.message);
    let place = visible::place(&finding.location);
    let precision = finding.location.precision.as_str();
    let _ = writeln!(text, "{place} ({precision})");
    if let Some(location) = &finding.policy_location {
        let _ = writeln!(text, "rule: {}", visible::file_line(location));
    }
    if let Some(url) = rule.and_then(|rule| rule.url.as_ref()) {
        let _ = writeln!(text, "url: {}", visible::one_line(url));
    }
    status.set_description(text);
    status
}

fn problem_status(problem: &Problem) -> TestCaseStatus {
    let kind = match problem.severity {
        Severity::Error => NonSuccessKind::Error,
        Severity::Failure | Severity::Warning | Severity::Notice => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(visible::first_line(&problem.message));
    status.set_type(problem.stage.as_str());
    let mut text = full_text(&problem.message);
    if let Some(location) = &problem.location {
        let _ = writeln!(text, "{}", visible::place(location));
    }
    if !problem.help.is_empty() {
        let _ = writeln!(text, "help: {}", visible::one_line(&problem.help));
    }
    status.set_description(text);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn full_text(message: &str) -> String {
    let mut text = String::new();
    for line in visible::lines(message) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Writes the XML so that no line of it starts a command in a CI log; a parser reads the same text.
fn write_inert(xml: &str, out: &mut dyn Write) -> io::Result<()> {
    for line in xml.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let (indent, rest) = line.split_at(indent);
        out.write_all(indent.as_bytes())?;
        let rest = match rest.strip_prefix("::") {
            Some(after) => {
                out.write_all(b"&#58;:")?;
                after
            }
            None => rest,
        };
        write_hashes(rest, out)?;
    }
    Ok(())
}

/// The writer of XML drops some characters, so that a command can come together only here.
fn write_hashes(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut written = 0;
    for (offset, _) in text.match_indices("##") {
        if offset >= written && visible::is_command(&text[offset + 2..]) {
            out.write_all(&text.as_bytes()[written..=offset])?;
            out.write_all(b"&#35;")?;
            written = offset + 2;
        }
    }
    out.write_all(&text.as_bytes()[written..])
}

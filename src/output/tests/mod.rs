//! Every format on the same reports: golden texts, structure, hostile texts, and the same facts in each.

mod ci_commands;
mod for_ci;
mod junit_reader;
mod samples;
mod tap_consumer;

use std::collections::HashSet;
use std::path::Path;

use proptest::prelude::*;
use snapbox::{Data, assert_data_eq, data::DataFormat};

use crate::finding::{Excerpt, Level, Location, Precision, Severity, Status};
use crate::output::cases::MAX_ROWS;
use crate::output::{Format, Passed, Style, json, write};
use crate::report::{Report, Warnings};
use crate::source::Position;

const PIPED: Style = Style {
    colour: false,
    width: None,
    passed: Passed::Hidden,
    warnings: Warnings::Allowed,
};
const TERMINAL: Style = Style {
    colour: true,
    width: Some(100),
    ..PIPED
};

fn text(report: &Report, format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    write(report, format, style, &mut out).expect("writing to memory");
    String::from_utf8(out).expect("reports are UTF-8")
}

fn golden(name: &str) -> Data {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/output/{name}.txt"));
    Data::read_from(&path, Some(DataFormat::Text)).raw()
}

#[test]
fn each_format_is_as_it_was_agreed() {
    let report = samples::everyday();
    for format in Format::ALL {
        assert_data_eq!(text(&report, *format, &PIPED), golden(format.name()));
    }
    assert_data_eq!(
        text(&report, Format::Pretty, &TERMINAL),
        golden("pretty-terminal")
    );
    assert_data_eq!(
        text(&report, Format::Table, &TERMINAL),
        golden("table-terminal")
    );
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for report in [
        samples::everyday(),
        samples::hostile(&samples::hostile_texts()),
    ] {
        for format in Format::ALL {
            assert_eq!(
                text(&report, *format, &PIPED),
                text(&report, *format, &PIPED)
            );
        }
    }
}

#[test]
fn formats_are_found_by_name_and_alias() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(*format));
    }
    assert_eq!("stdout".parse(), Ok(Format::Pretty));
    let error = |name: &str| name.parse::<Format>().expect_err("unknown").to_string();
    assert!(
        error("tabel").contains("did you mean `table`?"),
        "{}",
        error("tabel")
    );
    assert!(error("xml").ends_with(
        "there are pretty, table, json, tap, junit, sarif, azure-devops, github, markdown"
    ));
    assert!(error("azure-devop").contains("did you mean `azure-devops`?"));
    assert_eq!("azuredevops".parse(), Ok(Format::AzureDevOps));
    assert!(error("a\n::error::").contains(r"a\n::error::"));
}

/// Findings in the words of the formats that have one for each finding.
fn words(report: &Report, of: impl Fn(&Status, Level) -> &'static str) -> Vec<&'static str> {
    let mut words: Vec<_> = report
        .findings
        .iter()
        .map(|finding| of(&finding.status, finding.level))
        .collect();
    for problem in &report.problems {
        match problem.severity {
            Severity::Error => words.push("error"),
            Severity::Failure => words.push(of(&Status::Active, Level::Failure)),
            Severity::Warning | Severity::Notice => {}
        }
    }
    words.sort_unstable();
    words
}

fn first_words(text: &str, known: &[&'static str]) -> Vec<String> {
    let mut words: Vec<_> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|word| known.contains(word))
        .map(str::to_lowercase)
        .collect();
    words.sort_unstable();
    words
}

fn check_facts(report: &Report) {
    let n_findings = report.findings.len();
    // What the run fails for is shown as a failure, too, and no rule found it.
    let n_failed = report.count_problems(Severity::Failure);
    let n_errors = report.count_problems(Severity::Error) + n_failed;
    let counts = report.counts();
    let n_rows = counts.passed + counts.skipped;

    let table = text(report, Format::Table, &PIPED);
    let known = [
        "failure",
        "warning",
        "dryrun",
        "exception",
        "waived",
        "baselined",
        "error",
    ];
    let expected = words(report, |status, level| match status {
        Status::Active => level.as_str(),
        Status::Excepted(_) => "exception",
        Status::Waived(_) => "waived",
        Status::Baselined(_) => "baselined",
    });
    assert_eq!(first_words(&table, &known), expected, "table:\n{table}");
    assert_eq!(table.starts_with("result "), n_findings + n_errors > 0);

    let pretty = text(report, Format::Pretty, &PIPED);
    let known = [
        "FAIL",
        "WARN",
        "DRYRUN",
        "EXCP",
        "WAIVED",
        "BASELINED",
        "ERROR",
    ];
    let expected = words(report, |status, level| match (status, level) {
        (Status::Active, Level::Failure) => "fail",
        (Status::Active, Level::Warning) => "warn",
        (Status::Active, Level::Dryrun) => "dryrun",
        (Status::Excepted(_), _) => "excp",
        (Status::Waived(_), _) => "waived",
        (Status::Baselined(_), _) => "baselined",
    });
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(first_words(&pretty, &known), sorted, "pretty:\n{pretty}");

    let points = tap_consumer::read(&text(report, Format::Tap, &PIPED));
    assert_eq!(points.len(), n_findings + n_errors + n_rows, "TAP");
    let failed = points
        .iter()
        .filter(|point| !point.is_ok && point.directive.is_none());
    assert_eq!(failed.count(), counts.failures + n_errors, "TAP");
    let with_status = points
        .iter()
        .filter(|point| point.diagnostic.iter().any(|(key, _)| key == "status"));
    assert_eq!(with_status.count(), n_findings, "TAP");

    let suites = junit_reader::read(&text(report, Format::Junit, &PIPED));
    let cases = || suites.iter().flat_map(|suite| &suite.cases);
    let count = |kind: &str| {
        cases()
            .filter(|case| case.kind.as_deref() == Some(kind))
            .count()
    };
    assert_eq!(cases().count(), n_findings + n_errors + n_rows, "JUnit");
    assert_eq!(count("failure"), counts.failures + n_failed, "JUnit");
    assert_eq!(count("error"), counts.errors, "JUnit");
    assert_eq!(
        count("skipped"),
        n_findings - counts.failures + counts.skipped,
        "JUnit"
    );

    let json = text(report, Format::Json, &PIPED);
    let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(n_findings));
    check_json(report, &json, &value);
    for_ci::check(report);
}

fn check_json(report: &Report, text: &str, value: &serde_json::Value) {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/report.schema.json")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(
        value["verdict"].as_str(),
        Some(report.verdict(Warnings::Allowed).as_str())
    );
    let read = json::read(text).expect("a report");
    let run = crate::report::Run {
        // Names of the machine are in no report.
        checkout: crate::checkout::Checkout::default(),
        ..report.run.clone()
    };
    assert_eq!(read.run, run);
    assert_eq!(read.rules, report.rules);
    assert_eq!(read.evaluations, report.evaluations);
    assert_eq!(read.findings, report.findings);
    assert_eq!(read.problems, report.problems);
    assert_eq!(read.tally, report.tally);
}

#[test]
fn every_format_has_every_fact() {
    check_facts(&samples::everyday());
    check_facts(&samples::hostile(&samples::hostile_texts()));
    check_facts(&Report::default_for_test());
    check_facts(&samples::shard());
}

/// No line does what a CI system would act on, and nothing reaches the terminal that is not ours.
fn check_inert(report: &Report) {
    for format in Format::ALL {
        for (style, passed) in [
            (PIPED, Passed::Hidden),
            (PIPED, Passed::Shown),
            (TERMINAL, Passed::Shown),
        ] {
            let style = Style { passed, ..style };
            let text = text(report, *format, &style);
            // Their logs are read by parsers of their commands.
            let is_for_ci = matches!(format, Format::AzureDevOps | Format::Github);
            for line in text.lines().filter(|_| !is_for_ci) {
                let start = line.trim_start();
                assert!(!start.starts_with("::"), "{format:?}: {line}");
                assert!(
                    !line.to_lowercase().contains("##vso["),
                    "{format:?}: {line}"
                );
                assert!(!line.contains("##["), "{format:?}: {line}");
            }
            if matches!(format, Format::Json | Format::Sarif) {
                continue;
            }
            let mut rest = &*text;
            while let Some(at) = rest.find('\u{1b}') {
                let end = rest[at..].find('m').expect("a colour");
                let code = &rest[at + 1..at + end];
                let is_ours = style.colour
                    && code.starts_with('[')
                    && code[1..].chars().all(|c| c.is_ascii_digit() || c == ';');
                assert!(is_ours, "{format:?}: {code:?}");
                rest = &rest[at + end..];
            }
            let is_stray = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\u{1b}');
            assert!(!text.contains(is_stray), "{format:?}");
        }
    }
}

#[test]
fn hostile_texts_are_only_text() {
    let texts = samples::hostile_texts();
    check_inert(&samples::hostile(&texts));
    for hostile in texts {
        check_inert(&samples::hostile(&[hostile]));
    }
}

#[test]
fn table_rows_are_lines() {
    let report = samples::hostile(&samples::hostile_texts());
    let style = Style {
        passed: Passed::Shown,
        ..PIPED
    };
    let table = text(&report, Format::Table, &style);
    let (rows, _) = table
        .split_once("\n\n")
        .expect("a blank line after the rows");
    let counts = report.counts();
    let n_problems = counts.errors + report.count_problems(Severity::Failure);
    let n_rows = report.findings.len() + n_problems + counts.passed + counts.skipped;
    assert_eq!(rows.lines().count(), 1 + n_rows);
}

#[test]
fn tables_fit_the_terminal() {
    for width in [40, 80, 200] {
        let style = Style {
            colour: false,
            width: Some(width),
            ..PIPED
        };
        let table = text(&samples::everyday(), Format::Table, &style);
        for line in table.lines().filter(|line| line.starts_with(['|', '+'])) {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
}

#[test]
fn tap_and_junit_texts_are_read_back() {
    let message = "tag # TODO \\ \"latest\"";
    let report = samples::single(Location::whole_file("a #1.yaml"), message);
    let points = tap_consumer::read(&text(&report, Format::Tap, &PIPED));
    assert_eq!(
        points[0].description,
        format!("main.deny a #1.yaml#0: {message}")
    );
    let quoted = serde_json::to_string(message).expect("a string");
    assert_eq!(points[0].diagnostic[0], ("message".to_owned(), quoted));
    let suites = junit_reader::read(&text(&report, Format::Junit, &PIPED));
    let case = &suites[0].cases[0];
    assert_eq!(case.name, "main.deny a #1.yaml#0");
    assert_eq!(case.class, "a #1.yaml");
    assert_eq!(case.message.as_deref(), Some(message));
    assert_eq!(case.text, format!("{message}\na #1.yaml:1:1 (document)\n"));
}

#[test]
fn warnings_fail_where_the_user_says_so() {
    let report = samples::everyday();
    let style = Style {
        warnings: Warnings::Fail,
        ..PIPED
    };
    let counts = report.counts();
    let n_problems =
        report.count_problems(Severity::Warning) + report.count_problems(Severity::Failure);
    let expected = counts.failures + counts.warnings + n_problems;
    let suites = junit_reader::read(&text(&report, Format::Junit, &style));
    let n_failures: usize = suites.iter().map(|suite| suite.n_failures).sum();
    assert_eq!(n_failures, expected);
    let points = tap_consumer::read(&text(&report, Format::Tap, &style));
    let failed = points
        .iter()
        .filter(|point| !point.is_ok && point.directive.is_none());
    assert_eq!(failed.count(), expected + counts.errors);
}

#[test]
fn very_many_passes_are_counted_a_document() {
    let few = samples::passing(50, MAX_ROWS / 50);
    let points = tap_consumer::read(&text(&few, Format::Tap, &PIPED));
    assert_eq!(points.len(), MAX_ROWS);
    let many = samples::passing(51, MAX_ROWS / 50);
    let points = tap_consumer::read(&text(&many, Format::Tap, &PIPED));
    assert_eq!(points.len(), 51);
    assert_eq!(points[50].description, "all.yaml#50 (1000 rules passed)");
    let suites = junit_reader::read(&text(&many, Format::Junit, &PIPED));
    assert_eq!(suites[0].cases.len(), 51);
}

#[test]
fn the_same_resource_in_two_files_has_two_names() {
    let mut report = samples::everyday();
    let mut copy = report.findings.last().expect("has one").clone();
    copy.location.file = "other/web.yaml".into();
    report.findings.push(copy);
    let suites = junit_reader::read(&text(&report, Format::Junit, &PIPED));
    let names: HashSet<_> = suites
        .iter()
        .flat_map(|suite| &suite.cases)
        .map(|case| &*case.name)
        .collect();
    assert!(
        names.contains("main.deny_latest Deployment shop/web (k8s/web.yaml#0)"),
        "{names:?}"
    );
    assert!(
        names.contains("main.deny_latest Deployment shop/web (other/web.yaml#0)"),
        "{names:?}"
    );
}

#[test]
fn carets_stand_below_the_field() {
    let source = "- a: \"\u{1}ü漢\"  # x\n- \tb: 2\n";
    let start = u32::try_from(source.find('漢').expect("is there")).expect("small");
    let location = samples::located("a.yaml", source, start, start + 3, Precision::Policy);
    let pretty = text(&samples::single(location, "wide"), Format::Pretty, &PIPED);
    let lines: Vec<_> = pretty.lines().collect();
    assert_eq!(lines[0], "FAIL a.yaml:1:9 main.deny");
    assert_eq!(lines[3], " 1 | - a: \"\\u{1}ü漢\"  # x");
    assert_eq!(
        lines[4],
        format!("   | {}^^", " ".repeat("- a: '{u{1}u".len()))
    );
    // The tab is drawn up to the next multiple of four.
    assert_eq!(lines[5], " 2 | -   b: 2");
}

#[test]
fn places_outside_their_excerpt_are_drawn_as_far_as_they_can_be() {
    let line = format!("a: {}\n", "é".repeat(1_000));
    for (start, end) in [(0, 2003), (1500, 1600), (2003, 2003), (2004, 2004)] {
        let location = samples::located("a.yaml", &line, start, end, Precision::Policy);
        let pretty = text(&samples::single(location, "far"), Format::Pretty, &PIPED);
        assert!(
            pretty
                .lines()
                .all(|line| line.chars().count() < Excerpt::MAX_LINE + 20)
        );
        assert!(pretty.starts_with("FAIL a.yaml:"), "{pretty}");
    }
    let mut location = samples::located("a.yaml", "a: 1\n", 0, 4, Precision::Policy);
    location.start = Position {
        line: 900,
        column: 1,
    };
    location.end = Position { line: 2, column: 0 };
    let pretty = text(
        &samples::single(location, "nowhere"),
        Format::Pretty,
        &PIPED,
    );
    assert!(
        pretty.starts_with("FAIL a.yaml:900:1 main.deny\n  x nowhere\n"),
        "{pretty}"
    );
}

#[test]
fn reports_that_contradict_themselves_are_not_read() {
    let report = samples::everyday();
    let json = text(&report, Format::Json, &PIPED);
    let error = |from: &str, to: &str| {
        assert!(json.contains(from), "{from}");
        json::read(&json.replacen(from, to, 1))
            .expect_err(to)
            .to_string()
    };
    assert!(error("\"version\": 1", "\"version\": 2").contains("of version 2"));
    assert!(error("\"failures\": 3", "\"failures\": 2").contains("summary"));
    assert!(error("\"3PF\"", "\"5PF\"").contains("`5PF`"));
    assert!(error("\"rule\": \"net.deny\"", "\"rule\": \"net\"").contains("`net`"));
    assert!(error("\"status\": \"waived\"", "\"status\": \"active\"").contains("suppression"));
    assert!(error("\"shard\": null", "\"shard\": 1").contains("not a JSON report"));
    assert!(error("\"rules\": [", "\"roles\": [").contains("not a JSON report"));
    assert!(json::read(&json[..json.len() / 2]).is_err());
}

impl Report {
    fn default_for_test() -> Self {
        samples::passing(2, 3)
    }
}

fn hostile_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        1 => prop::sample::select(vec![
            "##vso[", "##[", "::", "#", "##", "VSO[", "vso[", "[", "\n", "\r", "\r\n", "\t", " ",
            "\u{1b}[", "]]>", "\\", "\"", "&", "<", "  ...", "\n::error::", "\u{200b}", "\u{2028}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_becomes_a_command_or_breaks_a_format(texts in prop::collection::vec(hostile_text(), 1..40)) {
        let report = samples::hostile(&texts);
        check_inert(&report);
        check_facts(&report);
    }
}

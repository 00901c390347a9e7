//! The formats for CI systems: every command in their logs is ours, and everything that counts has one.

use super::{PIPED, ci_commands, golden, samples, text};
use crate::checkout::Web;
use crate::finding::{Level, Severity, Status};
use crate::output::{Ci, Format, Passed, Style, visible, write_log};
use crate::report::Report;

/// What each annotation says: its word, its code, its text.
fn expected(report: &Report, words: [&str; 3], notes: bool) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    let level = |level| match level {
        Level::Failure => Some(words[0]),
        Level::Warning => Some(words[1]),
        Level::Dryrun => Some(words[2]).filter(|_| notes),
    };
    for finding in &report.findings {
        if let (Status::Active, Some(word)) = (&finding.status, level(finding.level)) {
            let id = visible::one_line(&report.rules[finding.rule].id).into_owned();
            let mut message = finding.message.clone();
            if let Some(resource) = &finding.resource {
                message.push_str(&format!(" ({resource})"));
            }
            all.push((word.to_owned(), id, shown(&message)));
        }
    }
    for problem in &report.problems {
        let word = match problem.severity {
            Severity::Error | Severity::Failure => words[0],
            Severity::Warning => words[1],
            Severity::Notice if notes => words[2],
            Severity::Notice => continue,
        };
        let mut message = problem.message.clone();
        if !problem.help.is_empty() {
            message.push_str(&format!("\nhelp: {}", problem.help));
        }
        let stage = format!("policy: {}", problem.stage.as_str());
        all.push((word.to_owned(), stage, shown(&message)));
    }
    all.sort();
    all
}

fn shown(message: &str) -> String {
    visible::lines(message).collect::<Vec<_>>().join("\n")
}

fn log(report: &Report, ci: Ci) -> String {
    let mut out = Vec::new();
    write_log(report, ci, &PIPED, &mut out).expect("writing to memory");
    String::from_utf8(out).expect("UTF-8")
}

/// Every command of the logs is one that we wrote, with the text that it should have.
pub(super) fn check(report: &Report) {
    let shown_too = Style {
        passed: Passed::Shown,
        ..PIPED
    };
    let commands = |log: &str| {
        let mut found = Vec::new();
        for command in ci_commands::azure(log) {
            match &*command.name {
                "task.logissue" => {
                    let word = command.properties["type"].clone();
                    found.push((word, command.properties["code"].clone(), command.text));
                }
                "section" => assert!(command.properties.is_empty(), "{command:?}"),
                name => assert_eq!(name, "task.complete", "{command:?}"),
            }
        }
        found.sort();
        found
    };
    let wanted = expected(report, ["error", "warning", ""], false);
    for log in [
        text(report, Format::AzureDevOps, &PIPED),
        text(report, Format::AzureDevOps, &shown_too),
        log(report, Ci::AzureDevOps),
    ] {
        assert_eq!(commands(&log), wanted, "{log}");
        // GitHub's grammar finds nothing in it but the old form of ours.
        for command in ci_commands::github(&log) {
            assert!(command.name.starts_with("##[section]"), "{command:?}");
        }
    }
    let commands = |log: &str| {
        let mut found = Vec::new();
        for command in ci_commands::github(log) {
            match &*command.name {
                "error" | "warning" | "notice" => {
                    let title = command.properties["title"].clone();
                    found.push((command.name, title, command.text));
                }
                "group" => assert_eq!(command.text, "suppressed"),
                name => assert_eq!(name, "endgroup", "{command:?}"),
            }
        }
        found.sort();
        found
    };
    let wanted = expected(report, ["error", "warning", "notice"], true);
    for log in [
        text(report, Format::Github, &PIPED),
        text(report, Format::Github, &shown_too),
        log(report, Ci::Github),
    ] {
        assert_eq!(commands(&log), wanted, "{log}");
        assert_eq!(ci_commands::azure(&log), [], "{log}");
    }
    let n_suppressed = report
        .findings
        .iter()
        .filter(|finding| finding.status != Status::Active)
        .count();
    let azure = text(report, Format::AzureDevOps, &PIPED);
    let lines = super::first_words(&azure, &["waived", "baselined", "excepted"]);
    assert_eq!(lines.len(), n_suppressed, "{azure}");
    check_markdown(report);
    check_sarif(report);
}

fn check_markdown(report: &Report) {
    let markdown = text(report, Format::Markdown, &PIPED);
    let rows = markdown.lines().filter(|line| line.starts_with("| "));
    // Headers, the lines below them, and the counts are rows too.
    let n_tables = markdown.matches("\n### ").count();
    let n_rows = report.findings.len() + report.problems.len();
    assert_eq!(rows.count(), 2 * n_tables + 3 + n_rows, "{markdown}");
    for line in markdown.lines().filter(|line| line.starts_with("| ")) {
        let n_bars = line.matches('|').count();
        assert!(n_bars == 5 || n_bars == 12, "{line}");
        assert!(!line.contains('<') && !line.contains('`'), "{line}");
    }
}

fn check_sarif(report: &Report) {
    let value: serde_json::Value =
        serde_json::from_str(&text(report, Format::Sarif, &PIPED)).expect("JSON");
    thread_local! {
        static VALIDATOR: std::cell::OnceCell<jsonschema::Validator> =
            const { std::cell::OnceCell::new() };
    }
    let errors: Vec<_> = VALIDATOR.with(|validator| {
        validator
            .get_or_init(sarif_validator)
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect()
    });
    assert_eq!(errors, Vec::<String>::new());
    let run = &value["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), report.findings.len());
    for (result, finding) in results.iter().zip(&report.findings) {
        assert_eq!(result["message"]["text"], finding.message);
        let index = result["ruleIndex"].as_u64().expect("an index");
        let index = usize::try_from(index).expect("small");
        assert_eq!(
            run["tool"]["driver"]["rules"][index]["id"],
            result["ruleId"]
        );
        let n_suppressions = result["suppressions"].as_array().map_or(0, Vec::len);
        assert_eq!(n_suppressions == 1, finding.status != Status::Active);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], finding.location.start.line);
    }
    let invocation = &run["invocations"][0];
    let count = |key: &str| invocation[key].as_array().map_or(0, Vec::len);
    let n_notifications =
        count("toolConfigurationNotifications") + count("toolExecutionNotifications");
    assert_eq!(n_notifications, report.problems.len());
    let is_whole = report.count_problems(Severity::Error) == 0;
    assert_eq!(invocation["executionSuccessful"], is_whole);
}

fn sarif_validator() -> jsonschema::Validator {
    let text = include_str!("../../../testdata/schemas/sarif-2.1.0.json");
    let mut schema: serde_json::Value = serde_json::from_str(text).expect("JSON");
    // A pattern of the published schema is no regular expression (`…{2}]?$`); we do not write these properties.
    for part in ["run", "toolComponent"] {
        let properties = &mut schema["definitions"][part]["properties"];
        let properties = properties.as_object_mut().expect("an object");
        properties.remove("language").expect("is there");
    }
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema")
}

#[test]
fn logs_are_the_report_and_its_commands() {
    use snapbox::assert_data_eq;
    let report = samples::everyday();
    assert_data_eq!(log(&report, Ci::AzureDevOps), golden("log-azure-devops"));
    assert_data_eq!(log(&report, Ci::Github), golden("log-github"));
    let log = log(&report, Ci::Github);
    assert!(log.starts_with(&text(&report, Format::Pretty, &PIPED)));
}

#[test]
fn summaries_link_to_the_lines() {
    let mut report = samples::everyday();
    report.run.checkout.web = Some(Web::Github("https://github.com/o/r/blob/abc".to_owned()));
    let markdown = text(&report, Format::Markdown, &PIPED);
    let link = "[shop/k8s/web.yaml:11](https://github.com/o/r/blob/abc/shop/k8s/web.yaml#L11)";
    assert!(markdown.contains(link), "{markdown}");
}

#[test]
fn a_step_that_only_warns_says_so() {
    let mut report = samples::everyday();
    report.problems.clear();
    report
        .findings
        .retain(|finding| finding.level != Level::Failure);
    let azure = text(&report, Format::AzureDevOps, &PIPED);
    let last = azure.lines().last().expect("a line");
    assert_eq!(
        last,
        "##vso[task.complete result=SucceededWithIssues;]1 warnings"
    );
    let failing = Style {
        warnings: crate::report::Warnings::Fail,
        ..PIPED
    };
    let azure = text(&report, Format::AzureDevOps, &failing);
    assert!(!azure.contains("task.complete"), "{azure}");
}

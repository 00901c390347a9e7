//! Text from manifests and policies is data: it ends no field, starts no command, breaks no format.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test")]

use crate::{Folder, run};

const TEXTS: [&str; 8] = [
    "]]>\u{1b}[31m",
    "##vso[task.complete result=Succeeded;]",
    "::error file=x::y",
    "a\nnot ok 1 - b\n1..0",
    "\"quotes\" & <tags> 'more'",
    "tab\tnul\u{0} del\u{7f} c1\u{85}",
    "\u{202e}rtl \u{1f600}",
    "# SKIP \\ back",
];

fn folder() -> Folder {
    let policy = "package main\n\ndeny contains input.metadata.annotations.text if input.kind == \"Pod\"\n\nwarn contains {\"msg\": input.metadata.name, \"extra\": input.metadata} if true\n";
    let folder = Folder::new(&[("policy/p.rego", policy)]);
    let long = "x".repeat(10_000);
    for (index, text) in TEXTS.iter().copied().chain([long.as_str()]).enumerate() {
        let json = serde_json::json!({
            "apiVersion": text, "kind": "Pod",
            "metadata": {"name": text, "namespace": text, "annotations": {"text": text}},
        });
        folder.write(&format!("k8s/f{index}.json"), json.to_string().as_bytes());
    }
    folder
}

#[test]
fn no_line_starts_a_command_of_a_ci() {
    let folder = folder();
    for format in ["pretty", "table", "tap", "junit", "json"] {
        let ran = run(&folder.path, &["test", "k8s", "-o", format]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.stderr);
        for line in ran.stdout.lines() {
            let start = line.trim_start();
            assert!(!start.starts_with("::"), "{format}: {line}");
            assert!(!line.contains("##vso["), "{format}: {line}");
        }
        let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        if format != "json" {
            assert!(ran.stdout.chars().all(is_plain), "{format}");
        }
    }
}

#[test]
fn junit_is_xml_with_unique_names() {
    let folder = folder();
    let ran = run(&folder.path, &["test", "k8s", "-o", "junit"]);
    let mut reader = quick_xml::Reader::from_str(&ran.stdout);
    let mut names = std::collections::BTreeSet::new();
    let (mut n_cases, mut n_failures) = (0, 0);
    loop {
        use quick_xml::events::Event;
        match reader.read_event().expect("valid XML") {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "testcase" => {
                n_cases += 1;
                let attributes = tag.attributes().map(|a| a.expect("an attribute"));
                let key: Vec<String> = attributes.map(|a| a.value.into_owned()).collect();
                assert!(names.insert(key), "a name stands twice");
            }
            Event::Start(tag) if tag.name().as_ref() == "failure" => n_failures += 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((n_cases, n_failures), (18, 9));
}

#[test]
fn tap_has_one_plan_and_as_many_lines() {
    let folder = folder();
    let ran = run(&folder.path, &["test", "k8s", "-o", "tap"]);
    let mut lines = ran.stdout.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = lines
        .next()
        .expect("a plan")
        .strip_prefix("1..")
        .expect("a plan");
    let n_points = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "))
        .count();
    assert_eq!(plan.parse(), Ok(n_points));
    assert_eq!(
        ran.stdout
            .lines()
            .filter(|line| line.starts_with("1.."))
            .count(),
        1
    );
}

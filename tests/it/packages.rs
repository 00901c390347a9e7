//! Rules that find those of other packages by a name which is only known when they are evaluated, as OPA evaluates them.

use serde_json::Value as Json;

use crate::{Folder, report};

#[test]
fn rules_of_packages_that_are_not_named_are_found_as_by_opa() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/parity/packages.json");
    let text = std::fs::read_to_string(path).expect("the recorded answers");
    let recorded: Json = serde_json::from_str(&text).expect("JSON");
    let mut wrong = Vec::new();
    for case in recorded["cases"].as_array().expect("cases") {
        let folder = Folder::new(&[]);
        folder.write("in.json", recorded["input"].to_string().as_bytes());
        for (file, module) in recorded["beside"].as_object().expect("modules") {
            let module = module.as_str().expect("a text");
            folder.write(&format!("policy/{file}"), module.as_bytes());
        }
        let module = case["module"].as_str().expect("a text");
        folder.write("policy/main.rego", module.as_bytes());
        let package = case["package"].as_str().expect("a name");
        let (code, json) = report(&folder.path, &["test", "in.json", "-n", package]);
        let problems = json["problems"].as_array().expect("a list");
        let fits = match case["value"].as_array() {
            None => {
                let mut messages = problems.iter().filter_map(|one| one["message"].as_str());
                code == 2 && messages.any(|message| message.contains("is recursive"))
            }
            Some(value) => {
                let findings = json["findings"].as_array().expect("a list").iter();
                let mut messages: Vec<&Json> = findings.map(|found| &found["message"]).collect();
                messages.sort_by_key(|message| message.to_string());
                problems.is_empty() && messages.iter().copied().eq(value)
            }
        };
        if !fits {
            wrong.push(format!("{case}\n  ours {code} {json}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_tests_replace_and_what_data_files_hold_is_found_too() {
    let module = "package main\n\ndeny contains m if some p; data[p].checks[m]\n";
    let module = module.replace(
        "if some p; data[p].checks[m]",
        "if {\n  some p\n  data[p].checks[m]\n}",
    );
    let team = "package team\n\nchecks contains \"team\" if input.a\n";
    let tests = "package main

test_rule if deny == {\"mock\"} with data.team.checks as {\"mock\"}
test_new if deny == {\"team\", \"new\"} with data.fresh.checks as {\"new\"} with input as {\"a\": 1}
test_none if deny == {\"team\"} with input as {\"a\": 1}
";
    let folder = Folder::new(&[
        ("policy/main.rego", &*module),
        ("policy/team.rego", team),
        ("policy/main_test.rego", tests),
        ("data.yaml", "base: {checks: {based: true}}\n"),
        ("in.json", "{\"a\": 1}"),
    ]);
    let (code, json) = report(&folder.path, &["verify"]);
    assert_eq!((code, &json["summary"]["passed"]), (0, &3.into()), "{json}");
    let (_, json) = report(&folder.path, &["test", "in.json", "-d", "data.yaml"]);
    let findings = json["findings"].as_array().expect("a list").iter();
    let mut messages: Vec<&str> = findings.filter_map(|one| one["message"].as_str()).collect();
    messages.sort_unstable();
    assert_eq!(messages, ["based", "team"], "{json}");
}

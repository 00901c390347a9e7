//! Small inputs with endless results: an error of their document, soon and without the memory.

use crate::{Folder, report, run};

/// The only message of a rule whose body is given, on a document.
fn message_of(body: &str, document: &str) -> String {
    let policy = format!(
        "package main\n\ntext := concat(\"\", [\"xxxxxxxxxx\" | some i in numbers.range(1, 1000)])\n\ntexts := [text | some i in numbers.range(1, 10000)]\n\ndeny contains msg if {{\n\tmsg := \"found\"\n\t{body}\n}}\n"
    );
    let folder = Folder::new(&[("policy/p.rego", &policy), ("a.yaml", document)]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2, "{body}: {json}");
    let problems = json["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 1, "{body}: {json}");
    problems[0]["message"].as_str().expect("a text").to_owned()
}

#[test]
fn numbers_that_would_be_written_out_for_hours_are_errors() {
    let digits = "9".repeat(100_000);
    for (function, amount) in [
        ("units.parse_bytes", "1e999999999"),
        ("units.parse_bytes", "1E99999Mi"),
        ("units.parse", "1e+999999999"),
        ("units.parse", &digits),
        ("to_number", &digits),
    ] {
        let document = format!("memory: \"{amount}\"\n");
        let message = message_of(&format!("{function}(input.memory) > 1"), &document);
        assert!(message.contains("too large"), "{function}: {message}");
    }
}

#[test]
fn texts_longer_than_can_be_held_are_errors() {
    for body in [
        "sprintf(\"%v\", [texts]) != \"\"",
        "sprintf(\"%s %s\", [texts, 1]) != \"\"",
        "json.marshal(texts) != \"\"",
        "yaml.marshal(texts) != \"\"",
        "concat(\"\", texts) != \"\"",
        "concat(text, [\"\" | some i in numbers.range(1, 10000)]) != \"\"",
        "count(numbers.range(1, 10000000)) > 0",
        "count(numbers.range(1, 1000000000)) > 0",
    ] {
        let message = message_of(body, "a: 1\n");
        assert!(message.contains("the result is too large"), "{message}");
    }
}

#[test]
fn findings_with_more_than_can_be_reported_are_errors() {
    let policy = "package main\n\ntext := concat(\"\", [\"xxxxxxxxxx\" | some i in numbers.range(1, 1000)])\n\ndeny contains {\"msg\": \"found\", \"all\": [text | some i in numbers.range(1, 10000)]} if input.a\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("a.yaml", "a: 1\n")]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!((code, &json["summary"]["failures"]), (2, &0.into()));
    let message = json["problems"][0]["message"].as_str().expect("a text");
    assert!(message.contains("64 MiB"), "{message}");
}

#[test]
fn aliases_of_long_texts_count_for_their_length() {
    let text = "x".repeat(100_000);
    let with_aliases = |n: usize| format!("a: &a {text}\nb: [{}]\n", "*a,".repeat(n));
    let folder = Folder::new(&[]);
    folder.write("few.yaml", with_aliases(100).as_bytes());
    folder.write("many.yaml", with_aliases(100_000).as_bytes());
    assert_eq!(run(&folder.path, &["parse", "few.yaml"]).code, 0);
    let many = run(&folder.path, &["parse", "many.yaml"]);
    assert_eq!(many.code, 2);
    assert!(
        many.stderr.contains("more than 2000000 nodes"),
        "{}",
        many.stderr
    );
}

#[test]
fn a_rule_that_cannot_be_evaluated_leaves_nothing_behind_for_the_next() {
    // The engine forgets to go through what it was iterating over when an error came.
    let policy = "package main\n\nvalue := x if walk(input, [_, x])\n\n\
        deny_one contains \"one\" if value\n\ndeny_two contains \"two\" if value\n\n\
        deny_three contains \"three\" if value\n\nwarn_kind contains \"a Pod\" if input.kind == \"Pod\"\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("a.yaml", pod)]);
    let (code, report) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    let problems = report["problems"].as_array().expect("problems");
    for rule in ["deny_one", "deny_two", "deny_three"] {
        let start = format!("rule `main.{rule}` cannot be evaluated on this document");
        let is_told = |problem: &serde_json::Value| {
            let message = problem["message"].as_str().unwrap_or_default();
            problem["severity"] == "error" && message.starts_with(&start)
        };
        assert!(problems.iter().any(is_told), "{rule}: {problems:#?}");
    }
    assert_eq!(report["findings"][0]["message"], "a Pod");
}

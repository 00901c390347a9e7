//! What is said of undefined reads: that a rule finds nothing only where that is certain.

use crate::better::problems;
use crate::{Folder, report};

/// Exit code and the problems of a run of one policy over one Pod without labels.
fn ran(text: &str, more: &[&str]) -> (i32, Vec<(String, String)>) {
    let folder = Folder::new(&[
        ("policy/p.rego", &format!("package main\n{text}\n")),
        ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
    ]);
    let args = [&["test", "k8s"], more].concat();
    let (code, json) = report(&folder.path, &args);
    (code, problems(&json))
}

#[test]
fn rules_that_fire_without_what_they_read_are_not_said_to_find_nothing() {
    let of_one_document = [
        "deny contains \"x\" if not input.metadata.labels",
        "ok if input.spec.approved\ndeny contains \"x\" if not ok",
        "default ok := false\nok if input.spec.approved\ndeny contains \"x\" if ok == false",
        "ok := true if { input.spec.approved } else := false\ndeny contains \"x\" if ok == false",
        "default f(_) := 0\nf(x) := x if input.spec\ndeny contains \"x\" if f(1) == 0",
        "deny contains \"x\" if count({c | some c in input.spec.containers}) == 0",
        "containers contains c if some c in input.spec.containers\ndeny contains \"x\" if count(containers) == 0",
        "deny contains \"x\" if every c in [1] { not input.spec[c] }",
        "deny contains \"x\" if object.get({\"a\": 1}, \"a\", input.kind) == 1\ndeny contains \"y\" if true",
        "deny contains $\"x {input.kind}\" if true",
        "deny contains \"x\" if { print(input.kind); true }",
        "deny contains \"x\" if input.kind == \"Pod\"\ndeny contains \"y\" if true",
        "deny contains \"x\" if { y with input as {\"kind\": 1} }\ny if input.kind",
    ];
    for text in of_one_document {
        let (code, problems) = ran(text, &["--combine"]);
        assert_eq!(code, 1, "{text}: {problems:?}");
        for (severity, message) in problems {
            assert_eq!(severity, "warning", "{text}: {message}");
            assert!(
                message.contains("is always undefined here"),
                "{text}: {message}"
            );
        }
    }
    let of_all_documents = [
        "deny contains \"x\" if { f := [c | c := input[_].contents; c.kind == \"Namespace\"]; count(f) == 0 }",
        "deny contains \"x\" if not any_pod\nany_pod if input[_].contents.kind == \"Pod\"",
        "deny contains \"x\" if not is_pod(input)\nis_pod(all) if { some f in all; f.contents }\nis_pod(_) if input[_].contents",
        "deny contains \"x\" if { some f in input.metadata; not f.contents }\ndeny contains \"y\" if { some f in input; f.contents }",
    ];
    for text in of_all_documents {
        let (code, problems) = ran(text, &[]);
        assert_eq!(code, 1, "{text}: {problems:?}");
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        let (severity, message) = &problems[0];
        assert_eq!(severity, "warning", "{text}: {message}");
        assert!(
            message.contains("is always undefined here"),
            "{text}: {message}"
        );
    }
}

#[test]
fn rules_that_need_what_is_not_there_find_nothing() {
    let of_one_document = [
        "deny contains \"x\" if input.kind == \"Pod\"",
        "deny contains \"x\" if ok\nok if is_pod(1)\nis_pod(_) if input.kind == \"Pod\"",
        "deny contains \"x\" if some c in containers\ncontainers contains c if some c in input.spec.containers",
        "deny contains input.metadata.name if true",
        "import input.spec as spec\ndeny contains \"x\" if spec",
        "deny contains \"x\" if data.main.ok.found\nok := {\"found\": y} if y := input.spec",
        "deny contains \"x\" if { not input.metadata.labels; input.kind == \"Pod\" }",
    ];
    for text in of_one_document {
        let (code, problems) = ran(text, &["--combine"]);
        assert_eq!((code, problems.len()), (2, 1), "{text}: {problems:?}");
        assert!(
            problems[0].1.contains("it finds nothing"),
            "{text}: {problems:?}"
        );
    }
}

#[test]
fn the_text_about_what_is_not_loaded_says_what_comes_of_it() {
    let cases = [
        (
            "deny contains \"x\" if { allowed := {r | some r in data.allowed}; not input.kind in allowed }",
            "the collection that is made of it is empty",
        ),
        (
            "allowed contains r if some r in data.allowed\ndeny contains \"x\" if not input.kind in allowed",
            "the collection that is made of it is empty",
        ),
        (
            "ok if data.allowed[input.kind]\ndeny contains \"x\" if { x := {1 | ok}; count(x) == 0 }",
            "what needs it is, too",
        ),
        (
            "deny contains \"x\" if every r in data.allowed { r }\ndeny contains \"y\" if true",
            "what reads it finds nothing",
        ),
        (
            "deny contains $\"x {data.allowed}\" if true",
            "is always undefined here",
        ),
        (
            "deny contains \"x\" if data.allowed[input.kind]\ndeny contains \"y\" if true",
            "what reads it finds nothing",
        ),
    ];
    for (text, expected) in cases {
        let (code, problems) = ran(text, &[]);
        assert_eq!((code, problems.len()), (1, 1), "{text}: {problems:?}");
        assert!(problems[0].1.contains(expected), "{text}: {problems:?}");
    }
}

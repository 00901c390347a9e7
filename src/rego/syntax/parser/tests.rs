//! What is told of a module with several errors, and what is not, since it may only follow from the first.

use super::{package_of, parse_all, parse_any};
use crate::rego::syntax::Version;
use crate::source::SourceFile;

/// `line:column message` of each error.
fn errors(text: &str) -> Vec<String> {
    let file = SourceFile::new("t.rego", text.to_owned());
    let errors = parse_any(&file).expect_err("errors");
    let shown = errors.iter().map(|error| {
        let place = file.position(error.span.start);
        format!("{}:{} {}", place.line, place.column, error.message)
    });
    shown.collect()
}

#[test]
fn every_rule_with_an_error_is_told() {
    let text = "\
package a

deny contains \"x\" if {
  input.a == = 1
}

p := 1

deny contains \"y\" if input.b == )

default q

# A comment.
r if {
  some x in [1, {\"a\": 2}]
  x x
} else := 2
";
    assert_eq!(
        errors(text),
        [
            "4:14 expected an expression, found `=`",
            "9:33 expected an expression, found `)`",
        ],
        "a bracket that closes nothing says no longer where rules start"
    );
    assert_eq!(
        errors(&text.replace(" )", " ,")),
        [
            "4:14 expected an expression, found `=`",
            "9:33 expected an expression, found `,`",
            "14:1 expected `:=` and the default value, found `r`",
            "16:5 expected a new line, `;` or `}`, found `x`",
        ]
    );
}

#[test]
fn what_may_follow_from_an_error_is_not_told() {
    let one = [
        // Nothing closes the first body.
        "package a\ndeny contains \"x\" if {\n  input.a\n\ndeny contains \"y\" if {\n  input.b == = 1\n}\n",
        // Statements in the first column.
        "package a\ndeny contains msg if {\ninput.a == = 1\nmsg := \"x\"\ny = = 1\n}\n",
        // Brackets that do not fit.
        "package a\np := [1, 2\nq := = 3\n",
        "package a\np := {1]\nq := = 3\n",
        // What an import switches on may be why.
        "package a\nimport future.keywords.iff\np if x = = 1\nq if x = = 1\n",
        "package a\np := 1\nimport rego.v1\nq := = 1\n",
        // The version is not certain.
        "package a\ndeny[\"x\"] {\n  input.a\n}\np if input.b\ndeny[\"y\"] {\n  input.c\n}\n",
        // One error, although the next rule is where it is noticed.
        "package a\np :=\nq := 2\n",
        // No tokens.
        "package a\np := \"x\nq := = 2\n",
    ];
    for text in one {
        assert_eq!(errors(text).len(), 1, "{text}: {:?}", errors(text));
    }
}

#[test]
fn errors_before_something_that_is_no_token_are_told() {
    let text = "package a\n\ndeny contains \"x\" if input.a == = 1\n\np := 1\n\nq := \"abc\n";
    assert_eq!(
        errors(text),
        [
            "3:33 expected an expression, found `=`",
            "7:6 the string does not end on its line",
        ]
    );
    for text in [
        // What comes next may be what is missing.
        "package a\n\np := \"abc\n",
        "package a\n\np := [1, ^\n",
        "package a\n\ndeny[x] { x := input.a }\n\np { input.b ~ 2 }\n",
        "package ^\n",
        "^",
    ] {
        assert_eq!(errors(text).len(), 1, "{text}: {:?}", errors(text));
    }
    let errors = errors("package a\n\ndeny[x] { x := = 1 }\n\np { input.b ~ 2 }\n");
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn there_is_an_end_to_errors() {
    let text = format!("package a\n{}", "p := = 1\n".repeat(1_000));
    assert_eq!(errors(&text).len(), 10);
}

#[test]
fn the_package_is_known_where_the_rest_is_not() {
    let package = |text: &str| {
        let file = SourceFile::new("t.rego", text.to_owned());
        assert!(parse_all(&file, Version::V1).is_err(), "{text}");
        package_of(&file).map(|package| package.join("."))
    };
    let known = |name: &str| Some(name.to_owned());
    assert_eq!(
        package("# x\npackage lib.k8s\np := = 1\n"),
        known("lib.k8s")
    );
    assert_eq!(
        package("package lib[\"k-8\"]; p := = 1\n"),
        known("lib.k-8")
    );
    assert_eq!(package("package lib\np := \"x\n"), known("lib"));
    assert_eq!(package("package lib-k8s\np := 1\n"), None);
    assert_eq!(package("package lib.\np := = 1\n"), None);
    assert_eq!(package("packge lib\np := 1\n"), None);
    assert_eq!(package("package \"lib\np := 1\n"), None);
    assert_eq!(package(""), None);
}

#[test]
fn braces_after_if_say_what_is_wrong_in_the_reading_that_comes_further() {
    let of = |body: &str| errors(&format!("package a\np if {body}\n"));
    assert_eq!(
        of("{\n  input.a\n  input.b == = 1\n}"),
        ["4:14 expected an expression, found `=`"]
    );
    assert_eq!(
        of("{1, 2} == = 1"),
        ["2:16 expected an expression, found `=`"]
    );
    assert_eq!(
        of("{\"a\", \"b\"}"),
        ["2:10 expected a new line, `;` or `}`, found `,`"]
    );
    assert_eq!(
        of("{1} == {1}\nq if = = 1"),
        ["3:6 expected an expression, found `=`"]
    );
}

#[test]
fn braces_after_if_are_read_at_most_twice() {
    let nested = format!("{}x := 1{}", "{y | ".repeat(30), "}".repeat(30));
    let rule = format!("p if {{ {nested}; true }}\n");
    let text = format!("package a\n{}", rule.repeat(200));
    let start = std::time::Instant::now();
    let file = SourceFile::new("t.rego", text);
    assert!(parse_all(&file, Version::V1).is_ok());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

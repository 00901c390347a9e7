//! Policies whose definitions and imports are spread over several files of one package, as OPA evaluates them.

use crate::{Folder, report, run};

const A: &str = r#"package main

import data.lib.one
import rego.v1

level("high") := 3
sub(x, y) := r if { x < 3; r := x - y }
flag(x) := false if x == 1
default opt(_) := "none"
opt(x) := "a" if x == "a"
imp(x) if x == one.v
pat([a, "k"]) := a
pat({"a": v}) := v
p.q(x) := 1 if x == 1
same(x) := x
"#;

const B: &str = r#"package main

import data.lib.two as one

y = 1

level("low") = 1
sub(y, x) = r { y == 3; r := y - x }
flag(z) = true { z == 2 }
opt(y) = "b" { y == "b" }
imp(x) { x == one.v }
pat([b, "l"]) = x { x := [b] }
same(y) = y { y == 5 }
"#;

const TESTS: &str = r#"package main_test

import data.main as m
import rego.v1

mock(x) := 12
test_level if { m.level("high") == 3; m.level("low") == 1; not m.level("x") }
test_sub if { m.sub(3, 1) == 2; m.sub(2, 1) == 1; not m.sub(4, 1) }
test_flag if { m.flag(1) == false; m.flag(2); not m.flag(1) }
test_opt if { m.opt("a") == "a"; m.opt("b") == "b"; m.opt("c") == "none" }
test_imp if { m.imp(1); m.imp(2); not m.imp(3) }
test_pat if {
	m.pat([7, "k"]) == 7
	m.pat([7, "l"]) == [7]
	m.pat({"a": 9}) == 9
	not m.pat([7, "z"])
}
test_pq if { data.main.p.q(1) == 1; data.main.p.q(2) == 2 }
test_same if { m.same(5) == 5; m.same(6) == 6 }
test_mock if { m.level("high") == 12 with data.main.level as mock }
test_every if { every l in ["high", "low"] { m.level(l) > 0 } }
test_compr if { {l | some x in ["high", "low", "none"]; l := m.level(x)} == {1, 3} }
"#;

// OPA 1.22.2 passes all of these tests.
#[test]
fn functions_may_be_defined_in_several_files() {
    let own = "package main\n\nimport rego.v1\n\nmock(x) := 12\ntest_own if { level(\"low\") == 1; level(\"low\") == 12 with level as mock }\n";
    let folder = Folder::new(&[
        ("p/a.rego", A),
        ("p/b.rego", B),
        (
            "p/c.rego",
            "package main.p\n\nimport rego.v1\n\nq(other) := 2 if other == 2\n",
        ),
        ("p/d.rego", "package lib.one\n\nv := 1\n"),
        ("p/e.rego", "package lib.two\n\nv := 2\n"),
        ("p/t_test.rego", TESTS),
        ("p/u_test.rego", own),
    ]);
    let ran = run(&folder.path, &["verify", "p"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("12 tests, 12 passed"), "{}", ran.stdout);
}

/// Line and message of each finding; no problem.
fn findings(files: &[(&str, &str)]) -> Vec<(u64, String)> {
    let folder = Folder::new(files);
    folder.write("a.yaml", b"kind: X\na: 1\n---\nkind: X\na: 2\n");
    let (_, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(json["problems"], serde_json::json!([]), "{json}");
    let found = json["findings"].as_array().expect("a list").iter();
    let found = found.map(|finding| {
        let line = finding["location"]["start"]["line"].as_u64();
        let message = finding["message"].as_str().expect("a text");
        (line.expect("a line"), message.to_owned())
    });
    found.collect()
}

#[test]
fn one_name_may_mean_another_import_in_each_file() {
    let one =
        "package main\n\nimport data.lib.one as lib\n\ndeny contains \"one\" if input.a == lib.v\n";
    let two = "package main\n\nimport data.lib.two as lib\nimport input as it\n\ndeny contains \"two\" if lib.is(it.a)\n";
    let files = [
        ("policy/a.rego", one),
        ("policy/b.rego", two),
        ("policy/c.rego", "package lib.one\n\nv := 1\n"),
        (
            "policy/d.rego",
            "package lib.two\n\nv := 2\n\nis(x) if x == v\n",
        ),
    ];
    let expected = [(2, "one".to_owned()), (5, "two".to_owned())];
    assert_eq!(findings(&files), expected);
}

#[test]
fn one_name_means_one_import_in_a_file() {
    let v1 = "package main\n\nimport data.lib.one as lib\nimport data.lib.two as lib\n\ndeny contains \"x\" if lib.v\n";
    let folder = Folder::new(&[
        ("policy/a.rego", v1),
        ("policy/c.rego", "package lib.one\n\nv := 1\n"),
        ("policy/d.rego", "package lib.two\n\nv := 2\n"),
        ("a.yaml", "kind: X\na: 2\n"),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    assert_eq!(
        json["problems"][0]["message"],
        "`lib` is the name of another import already"
    );
    assert_eq!(json["problems"][0]["location"]["start"]["line"], 4);
    // As OPA: in v0 the last one counts, and twice the same is no harm.
    let v0 = "package main\n\nimport data.lib.one as lib\nimport data.lib.two as lib\n\ndeny[\"x\"] { input.a == lib.v }\n";
    let twice = "package main\n\nimport data.lib.two as lib\nimport data.lib.two as lib\n\ndeny contains \"x\" if input.a == lib.v\n";
    for text in [v0, twice] {
        folder.write("policy/a.rego", text.as_bytes());
        let (code, json) = report(&folder.path, &["test", "a.yaml"]);
        assert_eq!(
            (code, &json["problems"]),
            (1, &serde_json::json!([])),
            "{text}"
        );
    }
}

#[test]
fn patterns_of_a_function_may_stand_in_several_files() {
    let files = [
        (
            "policy/a.rego",
            "package main\n\nname(1) := \"one\"\n\ndeny contains name(input.a)\n",
        ),
        ("policy/b.rego", "package main\n\nname(2) := \"two\"\n"),
    ];
    let messages = findings(&files).into_iter().map(|(_, message)| message);
    assert_eq!(messages.collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn conflicts_of_such_functions_are_told() {
    let folder = Folder::new(&[
        (
            "policy/a.rego",
            "package main\n\nf(x) := 1\n\ndeny contains \"x\" if f(input.a) == 1\n",
        ),
        ("policy/b.rego", "package main\n\nf(y) := 2 if y == 2\n"),
        ("a.yaml", "kind: X\na: 1\n---\nkind: X\na: 2\n"),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2, "{json}");
    let message = json["problems"][0]["message"].as_str().expect("a text");
    assert!(
        message.contains("functions must not produce multiple outputs"),
        "{message}"
    );
    assert_eq!(json["findings"].as_array().expect("a list").len(), 1);
}

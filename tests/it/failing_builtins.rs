//! A built-in function that fails in a rule that finds something all the same: a notice where that makes the run fail,
//! an error everywhere else.

use serde_json::Value;

use crate::{Folder, report, run};

const BODIES: &str = "package main\n\ndeny contains \"no cpu\" if to_number(input.cpu) > 3\n\ndeny contains \"no owner\" if not input.owner\n";
const ELEMENTS: &str = "package main\n\ndeny contains c.name if {\n\tsome c in input.containers\n\tto_number(c.cpu) > 3\n}\n";
const PLAIN: &str = "kind: X\ncpu: 400m\n";
const LIST: &str = "kind: X\ncontainers:\n- name: a\n  cpu: \"4\"\n- name: b\n  cpu: 400m\n";

/// Exit code, severity of the only problem about a builtin, and its message.
fn ran(folder: &Folder, args: &[&str]) -> (i32, String, String) {
    let (code, json) = report(&folder.path, args);
    let problems = json["problems"].as_array().expect("a list");
    let own: Vec<&Value> = problems
        .iter()
        .filter(|problem| {
            problem["message"]
                .as_str()
                .is_some_and(|text| text.contains("strconv"))
        })
        .collect();
    let [own] = own[..] else {
        panic!("{args:?}: {}", json["problems"])
    };
    let text = |key: &str| own[key].as_str().expect("a text").to_owned();
    (code, text("severity"), text("message"))
}

fn verdict(folder: &Folder, args: &[&str]) -> (i32, String) {
    let (code, severity, _) = ran(folder, args);
    (code, severity)
}

fn error() -> (i32, String) {
    (2, "error".to_owned())
}

fn notice() -> (i32, String) {
    (1, "notice".to_owned())
}

#[test]
fn it_is_a_notice_where_a_finding_of_the_rule_fails_the_run() {
    for (policy, manifest) in [(BODIES, PLAIN), (ELEMENTS, LIST)] {
        let folder = Folder::new(&[("policy/p.rego", policy), ("a.yaml", manifest)]);
        let (code, severity, message) = ran(&folder, &["test", "a.yaml"]);
        assert_eq!((code, &*severity), (1, "notice"), "{policy}");
        assert!(
            message.contains("to_number") && message.contains("400m"),
            "{message}"
        );
        let (_, json) = report(&folder.path, &["test", "a.yaml"]);
        let called = &json["problems"][0]["related"][0];
        assert_eq!(called["message"], "called here");
        assert!(
            called["location"]["start"]["line"].as_u64() >= Some(3),
            "{called}"
        );
        for format in [
            "pretty",
            "table",
            "stdout",
            "tap",
            "junit",
            "sarif",
            "github",
            "azure-devops",
            "markdown",
        ] {
            let shown = run(&folder.path, &["test", "a.yaml", "-o", format]);
            assert_eq!(shown.code, 1, "{format}");
            assert!(shown.stdout.contains("400m"), "{format}: {}", shown.stdout);
        }
    }
}

#[test]
fn it_is_an_error_where_that_finding_is_suppressed() {
    let in_list = LIST.replace("\"4\"", "\"4\" # policy:ignore main.deny -- known");
    let folder = Folder::new(&[
        ("bodies/p.rego", BODIES),
        ("elements/p.rego", ELEMENTS),
        ("plain.yaml", PLAIN),
        ("list.yaml", LIST),
        ("in-list.yaml", &in_list),
        (
            "waivers.yaml",
            "waivers:\n- {rule: main.deny, reason: known}\n",
        ),
    ]);
    for (policy, manifest) in [("bodies", "plain.yaml"), ("elements", "list.yaml")] {
        let test = ["test", "-p", policy, manifest];
        let waived = [&test[..], &["--waivers", "waivers.yaml"]].concat();
        assert_eq!(verdict(&folder, &waived), error());
        assert_eq!(
            verdict(&folder, &[&test[..], &["--no-fail"]].concat()),
            error()
        );
    }
    let commented = ["test", "-p", "elements", "in-list.yaml"];
    let (code, severity, message) = ran(&folder, &commented);
    assert_eq!((code, &*severity), (2, "error"));
    assert!(message.contains("may have found more"), "{message}");
    let noticed = [&commented[..], &["--builtin-errors", "notice"]].concat();
    let (code, json) = report(&folder.path, &noticed);
    assert_eq!(
        (code, &json["findings"][0]["status"]),
        (0, &"waived".into())
    );
    // A baseline made while the function did not fail.
    folder.write("now.yaml", LIST.replace("400m", "\"1\"").as_bytes());
    let baseline = [
        "test",
        "-p",
        "elements",
        "now.yaml",
        "--baseline",
        "baseline.json",
    ];
    assert_eq!(
        run(
            &folder.path,
            &[&baseline[..], &["--update-baseline"]].concat()
        )
        .code,
        0
    );
    folder.write("now.yaml", LIST.as_bytes());
    assert_eq!(verdict(&folder, &baseline), error());
}

#[test]
fn it_is_an_error_where_the_rule_only_warns() {
    for (policy, manifest) in [(BODIES, PLAIN), (ELEMENTS, LIST)] {
        let policy = policy.replace("deny", "warn");
        let folder = Folder::new(&[("policy/p.rego", &policy), ("a.yaml", manifest)]);
        assert_eq!(verdict(&folder, &["test", "a.yaml"]), error());
        assert_eq!(
            verdict(&folder, &["test", "a.yaml", "--fail-on-warn"]),
            notice()
        );
    }
}

#[test]
fn what_is_found_in_another_document_or_by_another_rule_changes_nothing() {
    let other = "package main\n\ndeny contains \"no cpu\" if to_number(input.cpu) > 3\n\ndeny_other contains \"x\" if true\n";
    let folder = Folder::new(&[
        ("bodies/p.rego", BODIES),
        ("other/p.rego", other),
        ("a.yaml", "owner: me\ncpu: 400m\n---\ncpu: 1\n"),
    ]);
    assert_eq!(
        verdict(&folder, &["test", "-p", "bodies", "a.yaml"]),
        error()
    );
    assert_eq!(
        verdict(&folder, &["test", "-p", "other", "a.yaml"]),
        error()
    );
}

#[test]
fn documents_judged_together_are_one() {
    let policy = "package main\n\ndeny contains {\"msg\": d.path, \"_loc\": {\"file\": d.path, \"line\": 2}} if {\n\tsome d in input\n\tto_number(d.contents.cpu) > 3\n}\n";
    let folder = Folder::new(&[
        ("policy/p.rego", policy),
        ("a.yaml", "kind: X\ncpu: \"4\"\n"),
        ("b.yaml", "kind: X\ncpu: 400m\n"),
        (
            "waivers.yaml",
            "waivers:\n- {rule: main.deny, reason: known}\n",
        ),
    ]);
    let test = ["test", "--combine", "a.yaml", "b.yaml"];
    assert_eq!(verdict(&folder, &test), notice());
    assert_eq!(
        verdict(
            &folder,
            &[&test[..], &["--waivers", "waivers.yaml"]].concat()
        ),
        error()
    );
}

#[test]
fn merged_shards_decide_as_one_run_does() {
    let folder = Folder::new(&[
        ("policy/p.rego", ELEMENTS),
        ("warn/p.rego", &ELEMENTS.replace("deny", "warn")),
        ("k8s/a.yaml", LIST),
        ("k8s/b.yaml", "kind: X\n"),
        ("waivers.yaml", "waivers:\n- {rule: '*', reason: known}\n"),
    ]);
    for (policy, more, expected) in [
        ("policy", &[][..], notice()),
        ("policy", &["--waivers", "waivers.yaml"], error()),
        ("policy", &["--no-fail"], error()),
        ("warn", &[], error()),
        ("warn", &["--fail-on-warn"], notice()),
    ] {
        let test = ["test", "-p", policy, "k8s"];
        let whole = [&test[..], more].concat();
        assert_eq!(verdict(&folder, &whole), expected, "{whole:?}");
        // With the same flags as the whole run or without any: only what merging is told counts.
        for of_shards in [more, &[]] {
            for index in ["1", "2"] {
                let output = format!("json={index}.json");
                let shard = format!("{index}/2");
                let part = [&test[..], of_shards, &["--shard", &shard, "-o", &output]].concat();
                run(&folder.path, &part);
            }
            let merge = [&["merge", "1.json", "2.json"], more].concat();
            assert_eq!(
                report(&folder.path, &merge),
                report(&folder.path, &whole),
                "{merge:?}"
            );
        }
    }
}

#[test]
fn every_call_that_failed_is_told_with_its_place() {
    let policy = "package main

deny contains c.name if {
	some c in input.containers
	to_number(c.cpu) > 30
}

deny contains c.name if {
	some c in input.containers
	units.parse_bytes(c.memory) > 3000000000
}

deny contains \"z\" if {
	big(input)
	input.nope
}

big(x) if to_number(x.a) > 2

big(x) if x.kind == \"X\"
";
    let manifest = |n: usize| {
        let container = |i| {
            format!(
                "- {{name: c{i}, cpu: {i}m, memory: {}}}\n",
                if i == 1 { "x" } else { "1Mi" }
            )
        };
        let containers: String = (0..n).map(container).collect();
        format!("kind: X\na: q\ncontainers:\n{containers}")
    };
    let folder = Folder::new(&[
        ("policy/p.rego", policy),
        ("a.yaml", &manifest(3)),
        ("b.yaml", &manifest(1_500)),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    let told: Vec<_> = json["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .collect();
    let shown = |problem: &Value| {
        let related = problem["related"].as_array().expect("a list").iter();
        let places = related.map(|related| {
            let line = &related["location"]["start"]["line"];
            format!("{line} {}", related["message"].as_str().expect("a text"))
        });
        let text = |key: &str| problem[key].as_str().expect("a text").to_owned();
        let places: Vec<String> = places.collect();
        (text("severity"), text("message"), places)
    };
    let number = "to_number: strconv.ParseFloat: parsing";
    let also = |value: &str| format!("5 called here, too: {number} \"{value}\": invalid syntax");
    let expected = [
        (
            "error",
            format!(
                "rule `main.deny`: {number} \"0m\": invalid syntax, and 2 more here; the rule gave nothing"
            ),
            vec!["5 called here".to_owned(), also("1m"), also("2m")],
        ),
        (
            "error",
            "rule `main.deny`: units.parse_bytes: could not parse number; the rule gave nothing"
                .to_owned(),
            vec!["10 called here".to_owned()],
        ),
        // Another body of the helper gave a value.
        (
            "notice",
            format!("rule `main.deny`: {number} \"q\": invalid syntax"),
            vec!["18 called here".to_owned()],
        ),
    ];
    let expected =
        expected.map(|(severity, message, places)| (severity.to_owned(), message, places));
    assert_eq!(told.into_iter().map(shown).collect::<Vec<_>>(), expected);

    // However many there are, the report stays short, and nothing is taken for the whole that is not.
    let (code, json) = report(&folder.path, &["test", "b.yaml"]);
    assert_eq!(code, 2);
    let (_, message, places) = shown(&json["problems"][0]);
    assert!(message.contains("and at least "), "{message}");
    assert_eq!(places.len(), 5);
}

#[test]
fn a_failure_that_hides_something_is_told_behind_any_number_of_others() {
    // Under `not` nothing is hidden; more failures than are noted come before the one that does.
    let policy = "package main

deny contains c if {
	some c in input.containers
	not to_number(c) > 3
	to_number(c) > 3
}
";
    let containers: String = (0..1_200).map(|i| format!("- {i}m\n")).collect();
    let manifest = format!("kind: X\ncontainers:\n{containers}");
    let folder = Folder::new(&[("policy/p.rego", policy), ("a.yaml", &manifest)]);
    let (code, _) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    let policy = "package main

deny contains \"a\" if {
	none
	input.nothing
}

none if {
	some c in input.containers
	not to_number(c) > 3
	false
}

deny contains \"b\" if to_number(input.kind) > 3
";
    folder.write("policy/p.rego", policy.as_bytes());
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2, "{json}");
}

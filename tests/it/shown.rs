//! What reports and `policy parse` show of documents and tests.

use serde_json::json;

use crate::{Folder, report, run};

const POLICY: &str = "package main\n\ndeny contains \"x\" if input.kind == \"Pod\"\n";

#[test]
fn a_document_without_api_version_is_called_by_its_kind_and_name() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        (
            "a.yaml",
            "kind: Pod\nmetadata: {name: web, namespace: shop}\n",
        ),
    ]);
    let (code, report) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 1);
    let wanted = json!({"apiVersion": "", "kind": "Pod", "namespace": "shop", "name": "web"});
    assert_eq!(report["findings"][0]["resource"], wanted);
    assert_eq!(report["evaluations"][0]["resource"], wanted);
    let table = run(&folder.path, &["test", "a.yaml", "-o", "table"]).stdout;
    assert!(table.contains("Pod shop/web"), "{table}");
}

#[test]
fn misnamed_rules_are_named_where_there_is_no_other() {
    let folder = Folder::new(&[
        (
            "policy/p.rego",
            "package main\n\ndenied contains \"x\" if input.kind\n\ndenny contains \"x\" if input.kind\n",
        ),
        ("a.yaml", "kind: Pod\n"),
    ]);
    let (code, report) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    let problems = report["problems"].as_array().expect("a list");
    let named: Vec<_> = problems
        .iter()
        .map(|problem| (&problem["severity"], &problem["location"]["start"]["line"]))
        .collect();
    assert_eq!(
        named,
        [
            (&json!("error"), &json!(null)),
            (&json!("warning"), &json!(3)),
            (&json!("warning"), &json!(5))
        ]
    );
    let help = problems[2]["help"].as_str().expect("a help");
    assert!(help.contains("did you mean `deny`?"), "{help}");
}

#[test]
fn parse_prints_the_items_that_rules_see() {
    let list = "apiVersion: v1\nkind: List\nitems:\n  - kind: Pod\n    n: 1\n  - {kind: Job}\n";
    let folder = Folder::new(&[("a.yaml", list)]);
    let parsed = |args: &[&str]| -> serde_json::Value {
        let ran = run(
            &folder.path,
            &[&["parse", "-o", "json", "a.yaml"], args].concat(),
        );
        serde_json::from_str(&ran.stdout).expect("JSON")
    };
    assert_eq!(
        parsed(&[])[0]["documents"],
        json!([
            {"index": 0, "line": 4, "item": "items[0]", "value": {"kind": "Pod", "false": 1}},
            {"index": 0, "line": 6, "item": "items[1]", "value": {"kind": "Job"}},
        ])
    );
    assert_eq!(
        parsed(&["--keep-lists"])[0]["documents"][0]["value"]["kind"],
        "List"
    );
    let shown = run(&folder.path, &["parse", "a.yaml"]).stdout;
    assert!(
        shown.contains("# a.yaml:6 document 0 items[1]\n"),
        "{shown}"
    );
}

#[test]
fn a_document_that_is_a_sequence_is_printed_as_it_stands_where_lists_are_kept() {
    let folder = Folder::new(&[("a.yaml", "# a list\n- a\n- null\n- {b: 1}\n---\n[]\n")]);
    let args = ["parse", "-o", "json", "--keep-lists", "a.yaml"];
    let printed: serde_json::Value =
        serde_json::from_str(&run(&folder.path, &args).stdout).expect("JSON");
    assert_eq!(
        printed[0]["documents"],
        json!([
            {"index": 0, "line": 2, "value": ["a", null, {"b": 1}]},
            {"index": 1, "line": 5, "value": []},
        ])
    );
}

#[test]
fn tests_that_passed_are_shown_at_their_own_lines() {
    let tests = "package main\n\ntest_one if true\n\ntest_two if true\n";
    let folder = Folder::new(&[("policy/p_test.rego", tests)]);
    for format in ["table", "pretty"] {
        let args = ["verify", "--show-passed", "-o", format];
        let shown = run(&folder.path, &args).stdout;
        for wanted in ["p_test.rego:3 ", "p_test.rego:5 "] {
            assert!(shown.contains(wanted), "{format}: {shown}");
        }
    }
}

#[test]
fn paths_beyond_counting_end_with_an_error() {
    let policy = "package main\n\nnodes := {sprintf(\"%d\", [n]): [sprintf(\"%d\", [m]) | some m in numbers.range(n + 1, 40)] | some n in numbers.range(0, 39)}\n\ndeny contains \"x\" if count(graph.reachable_paths(nodes, [\"0\"])) > 0\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("a.yaml", "kind: Pod\n")]);
    let started = std::time::Instant::now();
    let (code, report) = report(&folder.path, &["test", "--timeout", "1s", "a.yaml"]);
    assert_eq!(code, 2, "{report}");
    assert!(started.elapsed().as_secs() < 60);
    let message = report["problems"][0]["message"].as_str().expect("a text");
    assert!(
        message.contains("graph.reachable_paths") || message.contains("too large"),
        "{message}"
    );
}

#[test]
fn findings_that_cannot_be_followed_to_their_field_are_counted() {
    let chain: String = (0..500)
        .map(|n| format!("f{n}(x) := f{}(x)\n", n + 1))
        .collect();
    let policy = format!(
        "package main\n\n{chain}f500(x) := x\n\ndeny contains \"x\" if f0(input.kind) == \"Pod\"\n"
    );
    let folder = Folder::new(&[("policy/p.rego", &policy), ("a.yaml", "kind: Pod\n")]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!((code, &json["run"]["untraced"]), (1, &json!(1)));
    assert_eq!(json["findings"][0]["location"]["precision"], "document");
    let said = run(&folder.path, &["test", "a.yaml", "--verbose"]).stderr;
    assert!(said.contains("1 finding is at its resource"), "{said}");
    let (_, json) = report(&folder.path, &["test", "--no-places", "a.yaml"]);
    assert_eq!(json["run"]["untraced"], json!(null));
}

#[test]
fn rules_that_conflict_on_a_document_are_named_by_file_and_line() {
    let policy = "package main\n\n# What both give.\np := 1 if input.a\n\np := 2 if input.b\n\ndeny contains \"x\" if p == 3\n";
    let template = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sp}
spec:
  crd: {spec: {names: {kind: K8sP}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package x
      p = 1 { input.review.object.a }

      p = 2 { input.review.object.b }
      violation[{\"msg\": \"m\"}] { p == 3 }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sP
metadata: {name: p}
";
    let folder = Folder::new(&[
        ("policy/p.rego", policy),
        ("policy/t.yaml", template),
        (
            "a.yaml",
            "apiVersion: v1\nkind: X\nmetadata: {name: x}\na: 1\nb: 2\n",
        ),
    ]);
    let (code, report) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    let problems = report["problems"].as_array().expect("a list").iter();
    let shown = problems.map(|problem| {
        let message = problem["message"].as_str().expect("a text");
        let line = &problem["related"][0]["location"]["start"]["line"];
        format!("{line} {message}")
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "12 rule `K8sP/p` cannot be evaluated on this document: rule conflicts with rule at policy/t.yaml:10",
            "6 rule `main.deny` cannot be evaluated on this document: rule conflicts with rule at policy/p.rego:4",
        ]
    );
}

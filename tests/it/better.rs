//! What passes unseen elsewhere: documents behind other markers; and colour, which is for terminals only.

use crate::{Folder, policy, report, run};

const POLICY: &str = "package main\n\ndeny contains input.metadata.name if input.kind == \"Pod\"\n";

#[test]
fn documents_are_judged_behind_every_marker() {
    let pod = |name: &str| format!("kind: Pod\nmetadata: {{name: {name}}}\n");
    for marker in [
        "---\n",
        "--- # note\n",
        "--- \n",
        "---\t\n",
        "...\n",
        "...\n---\n",
        "---\r\n",
    ] {
        let text = [pod("a"), pod("b"), pod("c")].join(marker);
        let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", &text)]);
        let (code, json) = report(&folder.path, &["test", "k8s"]);
        let summary = &json["summary"];
        assert_eq!(
            (code, &summary["documents"], &summary["failures"]),
            (1, &3.into(), &3.into()),
            "{marker:?}"
        );
    }
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
    ]);
    let is_coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = policy(&folder.path);
        command.args(["test", "k8s"]).args(args);
        command.envs(variables.iter().copied());
        let output = command.output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(1));
        output.stdout.contains(&0x1b)
    };
    assert!(!is_coloured(&[], &[]));
    assert!(is_coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(is_coloured(&[], &[("FORCE_COLOR", "1")]));
    assert!(is_coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(
        &[],
        &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]
    ));
    assert!(!is_coloured(&["--color", "never"], &[("FORCE_COLOR", "1")]));
    assert!(
        !run(&folder.path, &["test", "k8s", "--no-color"])
            .stdout
            .contains('\u{1b}')
    );
}

/// Severity and message of each problem of a run, without the files' lines.
pub(crate) fn problems(json: &serde_json::Value) -> Vec<(String, String)> {
    let problems = json["problems"].as_array().expect("a list");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    problems
        .iter()
        .map(|problem| (text(&problem["severity"]), text(&problem["message"])))
        .collect()
}

#[test]
fn rules_for_the_other_shape_of_input_do_not_pass_unseen() {
    let combined = [
        "deny contains \"x\" if input[_].contents.kind == \"Pod\"",
        "deny contains f.path if some f in input",
        "deny contains \"x\" if { f := input[_]; endswith(f.path, \".yml\") }",
        "deny contains \"x\" if { some i; is_pod(input[i]) }\nis_pod(f) if f.contents.kind == \"Pod\"",
        "deny contains \"x\" if pods[_].metadata\npods contains p if { p := input[_].contents; p.kind == \"Pod\" }",
    ];
    for text in combined {
        let folder = Folder::new(&[
            ("alone/p.rego", &format!("package main\n{text}\n")),
            ("both/p.rego", &format!("package main\n{text}\n")),
            ("both/q.rego", &POLICY.replace("main", "other")),
            ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
            ("k8s/b.yml", "kind: Pod\nmetadata: {name: b}\n"),
        ]);
        let (code, json) = report(&folder.path, &["test", "-p", "alone", "k8s"]);
        assert_eq!(
            code,
            if text.contains("contents") { 2 } else { 0 },
            "{text}"
        );
        let of_run = problems(&json);
        assert_eq!(of_run.len(), 1, "{text}: {of_run:?}");
        assert!(of_run[0].1.contains("--combine"), "{text}: {of_run:?}");
        assert!(json["problems"][0]["location"]["start"]["line"].is_number());

        let (code, json) = report(&folder.path, &["test", "-p", "both", "k8s"]);
        assert_eq!(code, 1, "{text}");
        let severities: Vec<_> = problems(&json).into_iter().map(|(s, _)| s).collect();
        assert_eq!(severities, ["warning"], "{text}");

        let (code, json) = report(&folder.path, &["test", "-p", "alone", "--combine", "k8s"]);
        assert_eq!((code, problems(&json)), (1, vec![]), "{text}");

        let args = ["test", "-p", "both", "--combine", "k8s"];
        let (code, json) = report(&folder.path, &args);
        assert_eq!(code, 1, "{text}");
        let of_run = problems(&json);
        assert_eq!(of_run.len(), 1, "{text}: {of_run:?}");
        assert!(of_run[0].1.contains("reads `input."), "{text}: {of_run:?}");

        let args = ["test", "-p", "both", "-n", "other", "--combine", "k8s"];
        assert_eq!(run(&folder.path, &args).code, 2, "{text}");
    }
}

#[test]
fn rules_that_fit_any_input_are_left_alone() {
    let rules = [
        "deny contains k if some k, v in input",
        "deny contains \"x\" if { walk(input, [p, v]); v == \"latest\" }",
        "deny contains \"x\" if input.data[_].contents",
        "deny contains \"x\" if { some p in input.spec.rules[_].http.paths; p.path == \"/\" }",
        "deny contains \"x\" if { some i; input[i] == \"Pod\"; p := input.paths[_]; p.path }",
        "deny contains \"x\" if { input.kind == \"Pod\"; found with input as [{\"contents\": input}] }\nfound if count(input) > 9",
    ];
    for text in rules {
        let folder = Folder::new(&[
            ("policy/p.rego", &format!("package main\n{text}\n")),
            ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
        ]);
        let (_, json) = report(&folder.path, &["test", "k8s"]);
        assert_eq!(problems(&json), [], "{text}");
    }
}

#[test]
fn references_to_nothing_are_named() {
    let lib = "package lib.kubernetes\n\ncontainers contains c if some c in input.spec.containers\nlimits := {\"a\": 1}\n";
    let warned = [
        (
            "deny contains \"x\" if data.lib.kubernetes.container[_]",
            "data.lib.kubernetes.containers",
        ),
        (
            "deny contains \"x\" if data.lib.kuberntes.containers[_]",
            "data.lib.kubernetes",
        ),
        (
            "import data.kubernetes\ndeny contains \"x\" if kubernetes.containers[_]",
            "data.lib.kubernetes",
        ),
        (
            "deny contains \"x\" if { some k in banned; input.kind == k }\nbanned := data.config.baned",
            "data.config.banned",
        ),
        (
            "deny contains \"x\" if data.teams[input.metadata.name]",
            "`-d` of data files",
        ),
    ];
    for (text, wanted) in warned {
        let folder = Folder::new(&[
            ("policy/p.rego", &format!("package main\n\n{text}\n")),
            ("policy/lib.rego", lib),
            ("data.yaml", "config: {banned: [Pod]}\n"),
            ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
        ]);
        let (_, json) = report(&folder.path, &["test", "-d", "data.yaml", "k8s"]);
        let of_run = &json["problems"];
        assert_eq!(of_run.as_array().map(Vec::len), Some(1), "{text}: {of_run}");
        assert_eq!(of_run[0]["severity"], "warning", "{text}");
        let help = of_run[0]["help"].as_str().expect("a help");
        assert!(help.contains(wanted), "{text}: {help}");
        assert_eq!(of_run[0]["location"]["file"], "policy/p.rego", "{text}");
    }
    let fine = [
        "deny contains \"x\" if data.lib.kubernetes.limits.b > 0",
        "deny contains \"x\" if data.lib[_].containers[_].image",
        "deny contains \"x\" if data.config.banned[_] == input.kind",
        "deny contains data.conftest.file.name if false",
        "deny contains \"x\" if data.inventory.cluster.v1.Namespace[_].metadata",
        "deny contains \"x\" if { y with data.mock as {\"a\": 1} }\ny if data.mock.a == 2",
        "deny contains \"x\" if data.main.y\ny := 1",
        "deny contains \"x\" if { data.teams; data.teams[_] == input.kind }",
        "deny contains \"x\" if data.teams[_] == input.kind\ndeny contains \"y\" if { not data.teams; false }",
        "default labels := []\nlabels := data.labels if data.labels\ndeny contains \"x\" if labels[_] == input.kind",
    ];
    for text in fine {
        let folder = Folder::new(&[
            ("policy/p.rego", &format!("package main\n\n{text}\n")),
            ("policy/lib.rego", lib),
            ("data.yaml", "config: {banned: [Pod]}\n"),
            ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
        ]);
        let (_, json) = report(&folder.path, &["test", "-d", "data.yaml", "k8s"]);
        assert_eq!(problems(&json), [], "{text}");
    }
    let handled = "package main\n\ndeny contains \"x\" if not data.allowed[input.kind]\n";
    let folder = Folder::new(&[
        ("policy/p.rego", handled),
        ("k8s/a.yaml", "kind: Pod\nmetadata: {name: a}\n"),
    ]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!((code, problems(&json)[0].0.as_str()), (1, "notice"));
}

#[test]
fn the_starter_policies_raise_no_alarm_without_their_data() {
    let folder = Folder::new(&[("a.yaml", "kind: Pod\nmetadata: {name: a}\n")]);
    let policies = crate::root().join("policy");
    let policies = policies.to_str().expect("UTF-8");
    let (_, json) = report(&folder.path, &["test", "-p", policies, "a.yaml"]);
    let of_load = |problem: &&serde_json::Value| problem["stage"] == "load";
    let all = json["problems"].as_array().expect("a list");
    assert_eq!(all.iter().filter(of_load).count(), 0, "{all:?}");
}

#[test]
fn what_is_no_manifest_is_said_and_so_is_what_to_do() {
    let template = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n";
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        (
            "web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        ),
        ("web/values.yaml", "replicas: 3\n"),
        ("web/templates/pod.yaml", template),
        (
            "web/templates/quoted.yaml",
            "kind: Job\nmetadata: {name: \"{{ x }}\"}\n",
        ),
        ("pod.yaml", template),
        ("jinja.yaml", "kind: Pod\nmetadata:\n  name: {{ name }}\n"),
        ("values-prod.yaml", "replicas: 3\n"),
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("text.yaml", "# a note\n---\nkind Pod\n"),
        ("number.yaml", "12\n"),
    ]);
    let cases = [
        (
            "web/values.yaml",
            0,
            "notice",
            "helm template web | policy test -",
        ),
        (
            "web/Chart.yaml",
            0,
            "notice",
            "helm template web | policy test -",
        ),
        (
            "web/templates/quoted.yaml",
            0,
            "notice",
            "helm template web | policy test -",
        ),
        (
            "web/templates/pod.yaml",
            2,
            "error",
            "helm template CHART | policy test -",
        ),
        (
            "pod.yaml",
            2,
            "error",
            "helm template CHART | policy test -",
        ),
        ("jinja.yaml", 2, "error", "quoted"),
        (
            "values-prod.yaml",
            0,
            "notice",
            "helm template CHART -f values-prod.yaml",
        ),
        (
            "base/kustomization.yaml",
            0,
            "notice",
            "kustomize build base | policy test -",
        ),
        ("text.yaml", 0, "warning", "Write a mapping"),
        ("number.yaml", 0, "warning", "Write a mapping"),
    ];
    for (file, expected, severity, help) in cases {
        let (code, json) = report(&folder.path, &["test", file]);
        let first = &json["problems"][0];
        assert_eq!(
            (code, &first["severity"]),
            (expected, &severity.into()),
            "{file}: {first}"
        );
        assert!(
            first["help"].as_str().expect("a help").contains(help),
            "{file}: {first}"
        );
        assert_eq!(first["location"]["file"], file);
    }
    let (_, json) = report(&folder.path, &["test", "text.yaml"]);
    assert_eq!(json["problems"][0]["location"]["start"]["line"], 3);
    // In a walk they are passed over and counted.
    let (code, json) = report(&folder.path, &["test", "web", "base"]);
    assert_eq!(
        (code, json["problems"].as_array().map(Vec::len)),
        (2, Some(2))
    );
}

#[test]
fn what_could_not_be_read_is_told_instead_of_that_there_is_nothing() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", "a: [\n")]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!((code, problems(&json).len()), (2, 1));
    assert_eq!(json["problems"][0]["stage"], "parse");
    let (code, json) = report(&folder.path, &["test", "gone"]);
    assert_eq!((code, problems(&json).len()), (2, 1));
    std::fs::remove_file(folder.path.join("k8s/a.yaml")).expect("it is there");
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 2);
    assert!(problems(&json)[0].1.contains("no document to judge"));
}

#[test]
fn every_path_that_is_named_counts() {
    let test = |name: &str| format!("package {name}\n\ntest_{name} if true\n");
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("one/one_test.rego", &test("one")),
        ("two/two_test.rego", &test("two")),
        ("a,b/three_test.rego", &test("three")),
        (
            "rules/p.rego",
            "package main\n\ndeny contains data.a if data.b\n",
        ),
        ("data/a.yaml", "a: A\n"),
        ("data/b.yaml", "b: true\n"),
        ("pod.yaml", "kind: Pod\n"),
    ]);
    let n_tests = |args: &[&str]| {
        let (code, json) = report(&folder.path, &[&["verify"], args].concat());
        assert_eq!(code, 0, "{args:?}: {json}");
        json["rules"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(n_tests(&["one", "-p", "two"]), 2);
    assert_eq!(n_tests(&["-p", "one", "-p", "two"]), 2);
    assert_eq!(n_tests(&["-p", "one,two"]), 2);
    assert_eq!(n_tests(&["one", "-p", "one"]), 1);
    assert_eq!(n_tests(&["-p", "a,b"]), 1);
    let args = [
        "test",
        "-p",
        "policy,rules",
        "-d",
        "data/a.yaml,data/b.yaml",
        "pod.yaml",
    ];
    let (code, json) = report(&folder.path, &args);
    assert_eq!((code, &json["findings"][0]["message"]), (1, &"A".into()));

    let (code, json) = report(&folder.path, &["verify", "one", "-r", "nope"]);
    assert_eq!((code, problems(&json).len()), (2, 1));
    assert!(problems(&json)[0].1.contains("--run"), "{json}");
    let help = json["problems"][0]["help"].as_str().expect("a help");
    assert!(help.contains("`one.test_one`"), "{help}");
}

#[test]
fn what_an_exception_exempts_is_shown_with_its_place() {
    let policy = "package main\n\ndeny_latest contains msg if {\n\tsome c in input.spec.containers\n\tendswith(c.image, \":latest\")\n\tmsg := sprintf(\"%s is not pinned\", [c.name])\n}\n\ndeny_other contains \"x\" if input.kind == \"Job\"\n\nexception contains [\"latest\", \"other\"] if input.metadata.name == \"a\"\n";
    let pod = "kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: web\n      image: web:latest\n    - name: log\n      image: log:latest\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("pod.yaml", pod)]);
    let (code, json) = report(&folder.path, &["test", "pod.yaml"]);
    assert_eq!((code, &json["summary"]["exceptions"]), (0, &3.into()));
    let findings = json["findings"].as_array().expect("findings");
    let mut found: Vec<_> = findings
        .iter()
        .map(|finding| {
            assert_eq!(finding["status"], "excepted");
            let by = finding["suppression"]["by"].as_str().expect("a text");
            assert!(by.starts_with("data.main.exception[_][_] == "), "{by}");
            let message = finding["message"].as_str().expect("a text");
            (finding["location"]["start"]["line"].as_u64(), message)
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found[1..],
        [
            (Some(6), "web is not pinned"),
            (Some(8), "log is not pinned")
        ]
    );
    assert_eq!(found[0].1, "data.main.exception[_][_] == \"other\"");
    let shown = run(&folder.path, &["test", "pod.yaml"]).stdout;
    assert!(
        shown.contains("web is not pinned") && shown.contains("exception: data.main"),
        "{shown}"
    );
}

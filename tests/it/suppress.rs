//! What does not count although it is found, as a user runs it.

use std::fs;

use serde_json::Value;

use crate::{Folder, report, run};

const POLICY: &str = r#"package main

deny contains msg if {
	some container in input.spec.containers
	endswith(container.image, ":latest")
	msg := sprintf("%s has the tag latest", [container.name])
}

warn contains "no team" if not input.metadata.labels.team
"#;

fn pod(containers: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {{team: a}}\nspec:\n  containers:\n{containers}"
    )
}

fn statuses(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().expect("a list");
    findings
        .iter()
        .map(|finding| {
            (
                finding["message"].as_str().expect("a message"),
                finding["status"].as_str().expect("a status"),
            )
        })
        .collect()
}

fn problems(report: &Value) -> Vec<String> {
    let problems = report["problems"].as_array().expect("a list");
    let text = |problem: &Value| {
        let word = problem["severity"].as_str().expect("a severity");
        format!(
            "{word}: {}",
            problem["message"].as_str().expect("a message")
        )
    };
    problems.iter().map(text).collect()
}

#[test]
fn comments_suppress_where_they_stand_in_every_format() {
    let manifest = pod(&[
        "  - name: a",
        "    image: a:latest # policy:ignore main.deny -- moves in May",
        "  # policy:ignore main.deny -- a whole container",
        "  - name: b",
        "    image: b:latest",
        "  - name: c",
        "    image: c:latest",
    ]
    .join("\n"));
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/pod.yaml", &manifest)]);
    for args in [&["test", "k8s"][..], &["test", "k8s", "--no-places"]] {
        let (code, json) = report(&folder.path, args);
        assert_eq!(code, 1);
        let mut found = statuses(&json);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("a has the tag latest", "waived"),
                ("b has the tag latest", "waived"),
                ("c has the tag latest", "active"),
            ]
        );
        assert_eq!(json["summary"]["suppressed"], 2);
        assert_eq!(json["findings"][0]["suppression"]["reason"], "moves in May");
        assert_eq!(json["findings"][0]["suppression"]["by"], "k8s/pod.yaml:9");
    }
    for format in policy::output::Format::ALL {
        let ran = run(&folder.path, &["test", "k8s", "-o", format.name()]);
        assert_eq!(ran.code, 1, "{format:?}: {}", ran.stderr);
        assert!(
            ran.stdout.contains("moves in May"),
            "{format:?}: {}",
            ran.stdout
        );
    }
    let sarif = run(&folder.path, &["test", "k8s", "-o", "sarif"]).stdout;
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    let suppression = &sarif["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(suppression["kind"], "inSource");
}

#[test]
fn comments_suppress_no_errors_and_say_when_they_are_not_needed() {
    let manifest = "# policy:ignore main.deny -- never needed\nkind: Pod\nspec: 1\n---\n# policy:ignore main.deny -- broken\na: [1\n";
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/pod.yaml", manifest)]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 2);
    assert_eq!(problems(&json).len(), 1, "{json}");
    folder.write(
        "k8s/pod.yaml",
        manifest.split("---").next().expect("text").as_bytes(),
    );
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 0);
    assert_eq!(
        problems(&json),
        ["warning: `policy:ignore main.deny` suppresses nothing"]
    );
    let (code, _) = report(&folder.path, &["test", "k8s", "--fail-on-warn"]);
    assert_eq!(code, 1);
}

#[test]
fn waivers_hold_until_their_day() {
    let waivers = "waivers:\n- rule: main.deny\n  path: k8s/*.yaml\n  reason: moves\n  owner: shop\n  expires: 2027-05-31\n";
    let manifest = pod("  - {name: a, image: 'a:latest'}\n");
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/pod.yaml", &manifest),
        ("k8s/waivers.yaml", waivers),
    ]);
    let test = |date: &str, more: &[&str]| {
        let args = [
            "test",
            "./k8s",
            "--waivers",
            "k8s/waivers.yaml",
            "--date",
            date,
        ];
        let (code, json) = report(&folder.path, &[&args, more].concat());
        (code, problems(&json).join("\n"))
    };
    assert_eq!(test("2027-05-01", &[]), (0, String::new()));
    let soon = "notice: the waiver of `main.deny` ends on 2027-05-31: 1 finding will count again";
    assert_eq!(test("2027-05-31", &[]), (0, soon.to_owned()));
    let (code, said) = test("2027-06-01", &[]);
    assert_eq!(code, 1);
    assert!(said.contains("ended on 2027-05-31"), "{said}");
    folder.write(
        "k8s/pod.yaml",
        pod("  - {name: a, image: 'a:1'}\n").as_bytes(),
    );
    let (code, said) = test("2027-05-01", &[]);
    assert_eq!(
        (code, &*said),
        (0, "warning: the waiver of `main.deny` suppresses nothing")
    );
    // Everything was checked: that is no error, but the run fails, in every format.
    let (code, said) = test("2027-05-01", &["--deny-unused-waivers"]);
    assert_eq!(
        (code, &*said),
        (1, "failure: the waiver of `main.deny` suppresses nothing")
    );
    let deny = [
        "test",
        "k8s",
        "--waivers",
        "k8s/waivers.yaml",
        "--deny-unused-waivers",
        "--date",
        "2027-05-01",
    ];
    for format in policy::output::Format::ALL {
        let ran = run(&folder.path, &[&deny[..], &["-o", format.name()]].concat());
        assert_eq!(ran.code, 1, "{format:?}: {}", ran.stderr);
        assert!(
            ran.stdout.contains("suppresses nothing"),
            "{format:?}: {}",
            ran.stdout
        );
    }
    assert_eq!(
        run(&folder.path, &[&deny[..], &["--no-fail"]].concat()).code,
        0
    );
    folder.write("k8s/waivers.yaml", b"waivers:\n- rule: main.deny\n");
    assert_eq!(test("2027-05-01", &[]).0, 2);
}

#[test]
fn a_baseline_lets_old_findings_be_and_shows_new_ones() {
    let containers = |n: u32| -> String {
        (0..n)
            .map(|i| format!("  - name: c{i}\n    image: c{i}:latest\n"))
            .collect()
    };
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/pod.yaml", &pod(&containers(500))),
    ]);
    let baseline = ["test", "k8s", "--baseline", "baseline.json"];
    let (code, _) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 1);
    let (code, json) = report(&folder.path, &baseline);
    assert_eq!(code, 2, "a baseline that is not there is an error: {json}");
    let update = [&baseline[..], &["--update-baseline"]].concat();
    let (code, json) = report(&folder.path, &update);
    assert_eq!(
        (code, &json["summary"]["suppressed"]),
        (0, &Value::from(500))
    );
    let written = fs::read_to_string(folder.path.join("baseline.json")).expect("it is written");
    assert_eq!(report(&folder.path, &baseline).0, 0);

    // Moved, with a new one at the end.
    let moved = format!("# a comment\n\n{}", pod(&containers(501)));
    folder.write("k8s/pod.yaml", moved.as_bytes());
    let (code, json) = report(&folder.path, &baseline);
    assert_eq!((code, &json["summary"]["failures"]), (1, &Value::from(1)));
    let findings = json["findings"].as_array().expect("a list");
    let active: Vec<_> = findings
        .iter()
        .filter(|f| f["status"] == "active")
        .collect();
    assert_eq!(active[0]["message"], "c500 has the tag latest");
    assert_eq!(active[0]["location"]["start"]["line"], 2 + 7 + 2 * 501);

    // One is fixed.
    let fixed = pod(&containers(500)).replace("c7:latest", "c7:1");
    folder.write("k8s/pod.yaml", fixed.as_bytes());
    let (code, json) = report(&folder.path, &baseline);
    assert_eq!(code, 0);
    assert_eq!(
        problems(&json),
        [
            "notice: 1 finding of the baseline is fixed:\nk8s/pod.yaml main.deny: c7 has the tag latest"
        ]
    );
    // Something that cannot be read: the baseline stays as it is.
    folder.write("k8s/broken.yaml", b"a: [1\n");
    assert_eq!(report(&folder.path, &update).0, 2);
    let text = || fs::read_to_string(folder.path.join("baseline.json")).expect("it is there");
    assert_eq!(text(), written);
    fs::remove_file(folder.path.join("k8s/broken.yaml")).expect("it is removed");
    assert_eq!(report(&folder.path, &update).0, 0);
    assert_eq!(text().lines().count(), written.lines().count() - 1);
}

/// A Deployment with four mistakes: a field that there is not, a word that is none, a value of the wrong type, a port
/// that is missing.
const SCHEMA: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replica: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: first
          image: a
        - name: web
          image: web
          imagePullPolicy: always
          tty: \"yes\"
          ports:
            - name: http
";

#[test]
fn findings_of_schemas_are_waived_by_comments() {
    let manifest = SCHEMA
        .replace(
            "  replica: 2",
            "  replica: 2 # policy:ignore schema/unknown-field -- read by our operator",
        )
        .replace(
            "        - name: web",
            "        # policy:ignore schema/enum, schema/type -- until the chart is new\n        - name: web",
        )
        .replace(
            "            - name: http",
            "            # policy:ignore schema/required -- filled in later\n            - name: http",
        );
    let folder = Folder::new(&[("k8s/web.yaml", &manifest)]);
    let (code, json) = report(&folder.path, &["test", "--schema", "k8s"]);
    assert_eq!(code, 0, "{json}");
    assert_eq!(json["summary"]["suppressed"], 4, "{json}");
    assert_eq!(problems(&json), Vec::<String>::new());
    // One of another rule hides nothing, and says so.
    let other = manifest.replace("schema/required", "schema/range");
    folder.write("k8s/web.yaml", other.as_bytes());
    let (code, json) = report(&folder.path, &["test", "--schema", "k8s"]);
    assert_eq!((code, &json["summary"]["failures"]), (1, &Value::from(1)));
    assert_eq!(
        problems(&json),
        ["warning: `policy:ignore schema/range` suppresses nothing"]
    );
    // At the head of a document it is for all of it.
    let head = format!(
        "# policy:ignore schema/unknown-field, schema/enum, schema/type, schema/required -- old\n{SCHEMA}"
    );
    folder.write("k8s/web.yaml", head.as_bytes());
    let (code, json) = report(&folder.path, &["test", "--schema", "k8s"]);
    assert_eq!(code, 0, "{json}");
}

#[test]
fn findings_of_schemas_are_waived_by_patterns() {
    let folder = Folder::new(&[
        ("k8s/web.yaml", SCHEMA),
        (
            "waivers.yaml",
            "waivers:\n- {rule: schema/*, kind: Deployment, name: web, reason: moves}\n",
        ),
    ]);
    let test = ["test", "--schema", "k8s", "--waivers", "waivers.yaml"];
    let (code, json) = report(&folder.path, &test);
    assert_eq!(code, 0, "{json}");
    assert_eq!(json["summary"]["suppressed"], 4, "{json}");
    let one = "waivers:\n- {rule: schema/enum, path: k8s, reason: moves}\n";
    folder.write("waivers.yaml", one.as_bytes());
    let (code, json) = report(&folder.path, &test);
    assert_eq!((code, &json["summary"]["failures"]), (1, &Value::from(3)));
}

#[test]
fn the_baseline_knows_findings_of_schemas_by_their_fields() {
    let folder = Folder::new(&[("k8s/web.yaml", SCHEMA)]);
    let test = ["test", "--schema", "k8s", "--baseline", "baseline.json"];
    let found = |more: &[&str]| {
        let (code, json) = report(&folder.path, &[&test[..], more].concat());
        let findings = json["findings"].as_array().expect("a list").clone();
        let active = findings.into_iter().filter(|f| f["status"] == "active");
        let place = |f: Value| (f["rule"].clone(), f["location"]["start"]["line"].clone());
        (code, active.map(place).collect::<Vec<_>>(), problems(&json))
    };
    assert_eq!(found(&["--update-baseline"]), (0, vec![], vec![]));
    // Items of lists, keys and the whole document are moved; another version checks, too, and says it in other words.
    let moved = SCHEMA
        .replace("        - name: first\n          image: a\n", "")
        .replace("          ports:", "          env: []\n          ports:")
        .replace("            - name: http\n", "            - {name: other, containerPort: 1}\n            - name: http\n        - name: first\n          image: a\n");
    let moved =
        format!("# moved\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n---\n{moved}");
    folder.write("k8s/web.yaml", moved.as_bytes());
    assert_eq!(found(&[]), (0, vec![], vec![]));
    assert_eq!(
        found(&["--kubernetes-version", "1.30,1.33"]),
        (0, vec![], vec![])
    );
    // The same mistake in another item is a new one, at its line; one that is mended is told.
    let other = moved.replace("- name: first\n", "- name: first\n          tty: \"yes\"\n");
    let other = other.replace("replica: 2", "replicas: 2");
    folder.write("k8s/web.yaml", other.as_bytes());
    let line = other
        .lines()
        .position(|line| line.contains("first"))
        .expect("it is there")
        + 2;
    let (code, active, said) = found(&[]);
    assert_eq!(
        (code, active),
        (1, vec![("schema/type".into(), line.into())])
    );
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("1 finding of the baseline is fixed:\nk8s/web.yaml schema/unknown-field"),
        "{said:?}"
    );
}

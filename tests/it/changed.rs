//! `--changed-since`: what did not change is judged anew when what it is judged by did.

use serde_json::Value;

use crate::parts::git;
use crate::{Folder, definition, policy};

const FOO: &str = "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: a}\nspec: {size: 1}\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// The definition of `Foo`.
fn foos() -> String {
    definition("Foo", "size: {type: integer}")
}

/// A repository with these files, committed.
fn committed(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(files);
    git(&folder.path, &["init", "-q", "-b", "main"]);
    git(&folder.path, &["add", "-A"]);
    git(&folder.path, &["commit", "-qm", "first"]);
    folder
}

/// What a run says: exit code, rules and files of the findings, judged files, problems.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    findings: Vec<String>,
    judged: Vec<String>,
    problems: String,
}

fn said(folder: &Folder, args: &[&str]) -> Said {
    let output = policy(&folder.path)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(["test", "k8s", "--changed-since", "main", "-o", "json"])
        .args(args)
        .output()
        .expect("the binary runs");
    let json: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} {output:?}"));
    let list = |name: &str| json[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Said {
        code: output.status.code(),
        findings: list("findings")
            .iter()
            .map(|f| format!("{} {}", text(&f["location"]["file"]), text(&f["rule"])))
            .collect(),
        judged: list("evaluations")
            .iter()
            .map(|row| text(&row["file"]))
            .collect(),
        problems: json["problems"].to_string(),
    }
}

#[test]
fn a_definition_that_changed_judges_what_did_not() {
    let folder = committed(&[
        ("k8s/crd.yaml", &foos()),
        ("k8s/foo.yaml", FOO),
        ("k8s/map.yaml", MAP),
    ]);
    let all = ["k8s/crd.yaml", "k8s/foo.yaml", "k8s/map.yaml"];
    folder.write("k8s/map.yaml", format!("{MAP}data: {{}}\n").as_bytes());
    let ran = said(&folder, &["--schema"]);
    assert_eq!(ran.judged, ["k8s/map.yaml"], "{ran:?}");
    assert_eq!((ran.code, &*ran.problems), (Some(0), "[]"));
    folder.write(
        "k8s/crd.yaml",
        foos().replace("size:", "weight:").as_bytes(),
    );
    let ran = said(&folder, &["--schema"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.findings, ["k8s/foo.yaml schema/unknown-field"]);
    assert_eq!(ran.judged, all);
    let why = "`k8s/crd.yaml` has changed since `main`, and other documents are judged by what it holds or held: all documents are judged";
    assert!(ran.problems.contains(why), "{ran:?}");
    // Without schemas it is a document as others.
    let none = "package main\n\ndeny contains \"x\" if input.kind == \"None\"\n";
    folder.write("rules/p.rego", none.as_bytes());
    git(&folder.path, &["add", "rules"]);
    git(&folder.path, &["commit", "-qm", "rules", "--", "rules"]);
    let ran = said(&folder, &["-p", "rules"]);
    assert_eq!(ran.judged, ["k8s/crd.yaml", "k8s/map.yaml"], "{ran:?}");
}

#[test]
fn a_definition_that_is_gone_judges_what_did_not_change() {
    let files = [("k8s/foo.yaml", FOO), ("k8s/map.yaml", MAP)];
    let with = |definition: &str| {
        let more = [("k8s/crd.yaml", definition)];
        committed(&[&files[..], &more].concat())
    };
    let strict = ["--schema", "--strict-schemas"];
    // The file is gone, or has another name that no walk takes.
    for command in [&["rm", "-q"][..], &["mv", "k8s/crd.txt"]] {
        let folder = with(&foos());
        let (verb, more) = command.split_at(1);
        git(
            &folder.path,
            &[
                verb,
                if verb == ["rm"] { more } else { &[] },
                &["k8s/crd.yaml"],
                if verb == ["mv"] { more } else { &[] },
            ]
            .concat(),
        );
        git(&folder.path, &["commit", "-qm", "second"]);
        git(&folder.path, &["branch", "-f", "topic"]);
        git(&folder.path, &["checkout", "-q", "topic"]);
        git(&folder.path, &["branch", "-f", "main", "HEAD~1"]);
        let ran = said(&folder, &strict);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.problems.contains("`k8s/crd.yaml` has changed since"));
    }
    // The document is gone.
    let folder = with(&format!("{MAP}---\n{}", foos()));
    folder.write("k8s/crd.yaml", MAP.as_bytes());
    let ran = said(&folder, &strict);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.problems.contains("`k8s/crd.yaml` has changed since"));
    // What was there cannot be read.
    let folder = with("a: [\n");
    git(&folder.path, &["rm", "-q", "k8s/crd.yaml"]);
    let ran = said(&folder, &["--schema"]);
    assert_eq!(ran.judged.len(), 2, "{ran:?}");
    let why = "what `k8s/crd.yaml` was at `main` cannot be read, and other documents may have been judged by it: all documents are judged";
    assert!(ran.problems.contains(why), "{ran:?}");
    // What is gone and was no fact is nothing.
    let folder = with(MAP);
    git(&folder.path, &["rm", "-q", "k8s/crd.yaml"]);
    let ran = said(&folder, &["--schema", "--allow-empty"]);
    assert_eq!((ran.code, ran.judged.len()), (Some(0), 0), "{ran:?}");
    assert_eq!(ran.problems, "[]");
}

fn template(kind: &str, rego: &str) -> String {
    let name = kind.to_lowercase();
    format!(
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nmetadata: {{name: {name}}}\nspec:\n  crd: {{spec: {{names: {{kind: {kind}}}}}}}\n  targets:\n  - target: admission.k8s.gatekeeper.sh\n    rego: |\n      package {name}\n      violation[{{\"msg\": \"no\"}}] {{ {rego} }}\n"
    )
}

fn constraint(kind: &str, matching: &str) -> String {
    format!(
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: {kind}\nmetadata: {{name: c}}\nspec: {{match: {{kinds: [{{apiGroups: [\"\"], kinds: [ConfigMap]}}]{matching}}}}}\n"
    )
}

#[test]
fn a_namespace_or_an_object_of_the_inventory_judges_what_did_not_change() {
    let namespace = |team: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: n, labels: {{team: {team}}}}}\n"
        )
    };
    let map = MAP.replace("name: a", "name: a, namespace: n");
    let files = |rego: &str, matching: &str| {
        let (template, constraint) = (template("Never", rego), constraint("Never", matching));
        committed(&[
            ("policy/template.yaml", &*template),
            ("policy/constraint.yaml", &*constraint),
            ("k8s/map.yaml", &*map),
            ("k8s/namespace.yaml", &*namespace("desk")),
        ])
    };
    let selector = ", namespaceSelector: {matchLabels: {team: shop}}";
    let folder = files("true", selector);
    folder.write("k8s/namespace.yaml", namespace("shop").as_bytes());
    let ran = said(&folder, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.findings, ["k8s/map.yaml Never/c"]);
    assert!(ran.problems.contains("`k8s/namespace.yaml` has changed"));
    let inventory = "data.inventory.cluster[\"v1\"].Namespace[_].metadata.labels.team == \"shop\"";
    let folder = files(inventory, "");
    folder.write("k8s/namespace.yaml", namespace("shop").as_bytes());
    let ran = said(&folder, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.findings, ["k8s/map.yaml Never/c"]);
    // Where nothing is judged by Namespaces, they are documents as others.
    let folder = files("true", "");
    folder.write("k8s/namespace.yaml", namespace("shop").as_bytes());
    let ran = said(&folder, &["--allow-empty"]);
    assert_eq!((ran.code, ran.findings.len()), (Some(0), 0), "{ran:?}");
}

#[test]
fn a_document_that_is_gone_counts_where_all_are_one_input() {
    let pair = "package main\n\ndeny contains \"alone\" if count(input) < 2\n";
    let folder = committed(&[
        ("policy/p.rego", pair),
        ("k8s/a.yaml", MAP),
        ("k8s/b.yaml", MAP),
    ]);
    assert_eq!(said(&folder, &["--combine", "--allow-empty"]).code, Some(0));
    git(&folder.path, &["rm", "-q", "k8s/b.yaml"]);
    let ran = said(&folder, &["--combine"]);
    assert_eq!((ran.code, ran.findings.len()), (Some(1), 1), "{ran:?}");
}

#[test]
fn a_folder_of_schemas_that_changed_judges_everything() {
    let schema = r#"{"type": "object", "required": ["spec"]}"#;
    let folder = committed(&[("schemas/foo.json", "{}"), ("k8s/foo.yaml", FOO)]);
    let location = ["--schema-location", "schemas/{{.ResourceKind}}.json"];
    assert_eq!(said(&folder, &location).judged.len(), 0);
    folder.write("schemas/foo.json", schema.replace("spec", "x").as_bytes());
    let ran = said(&folder, &location);
    assert_eq!((ran.code, ran.findings.len()), (Some(1), 1), "{ran:?}");
    assert!(ran.problems.contains("`schemas` has changed since"));
}

#[cfg(unix)]
#[test]
fn what_links_lead_to_has_changed_with_them() {
    let folder = committed(&[
        ("k8s/map.yaml", MAP),
        ("base/crd.yaml", &foos()),
        ("base/foo.yaml", &FOO.replace("size: 1", "size: x")),
        ("other/map.yaml", MAP),
    ]);
    let link = |to: &str| {
        let path = folder.path.join("k8s/link");
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(to, path).expect("a link");
    };
    link("../base");
    let ran = said(&folder, &["--schema"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.judged.contains(&"k8s/link/foo.yaml".to_owned()));
    git(&folder.path, &["add", "k8s/link"]);
    git(&folder.path, &["commit", "-qm", "link"]);
    link("../other");
    let ran = said(&folder, &["--schema"]);
    assert_eq!(ran.judged.len(), 2, "{ran:?}");
    assert!(ran.problems.contains("what `k8s/link` was at `main`"));
}

//! `policy explain`, and the examples that README and docs/places.md show.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::{root, run};

const POLICY: &str = r#"package main

deny[msg] {
  container := input.spec.template.spec.containers[_]
  endswith(container.image, ":latest")
  msg := sprintf("%s: use a version that can be found again", [container.name])
}
"#;

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
      - name: web
        image: nginx:latest
";

/// A folder with the example of the README.
fn example(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    for (file, text) in [("k8s/web.yaml", MANIFEST), ("policy/images.rego", POLICY)] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}

/// What a document says that a command prints.
fn shown(document: &str, command: &str) -> String {
    let text = fs::read_to_string(root().join(document)).expect("a document");
    let start = format!("```console\n$ {command}\n");
    let from = text.find(&start).expect("the command is shown") + start.len();
    let end = text[from..].find("```").expect("the end of the block");
    text[from..from + end].to_owned()
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let end = rest[start..].find('m').expect("the end of a colour");
        rest = &rest[start + end + 1..];
    }
    plain + rest
}

#[test]
fn the_readme_shows_what_is_printed() {
    let folder = example("readme");
    let ran = run(&folder, &["test", "./k8s", "--color", "always"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert_eq!(
        without_colours(&ran.stdout).trim_end(),
        shown("README.md", "policy test ./k8s").trim_end()
    );
}

#[test]
fn a_rule_that_fired_is_followed() {
    let folder = example("fired");
    let ran = run(&folder, &["explain", "main.deny", "k8s/web.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let command = "policy explain main.deny k8s/web.yaml";
    assert_eq!(ran.stdout, shown("docs/places.md", command));
}

#[test]
fn a_rule_that_did_not_fire_shows_where_it_failed() {
    let folder = example("passed");
    let manifest = MANIFEST.replace(":latest", ":1.27");
    fs::write(folder.join("k8s/web.yaml"), manifest).expect("a file can be written");
    let ran = run(
        &folder,
        &["explain", "main.deny", "k8s/web.yaml#0", "-o", "json"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(told["outcome"], "passed");
    let steps = told["parts"][0]["steps"].as_array().expect("steps");
    let verdicts: Vec<&str> = steps
        .iter()
        .map(|step| step["verdict"].as_str().expect("a verdict"))
        .collect();
    assert_eq!(verdicts, ["held", "failed", "not reached"]);
    let read = &steps[1]["reads"][0];
    assert_eq!(read["path"], "spec.template.spec.containers[0].image");
    assert_eq!(read["value"], "\"nginx:1.27\"");
    assert_eq!(read["location"]["start"]["line"], 11);
}

#[test]
fn rules_and_documents_that_are_not_there_are_errors() {
    let folder = example("unknown");
    let ran = run(&folder, &["explain", "main.dney", "k8s/web.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`main.deny`"), "{}", ran.stderr);
    let ran = run(&folder, &["explain", "main.deny", "k8s/web.yaml#7"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("web.yaml#7"), "{}", ran.stderr);
}

//! Parts of a run: changed files, shards, and their reports put together.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Folder, policy, report, run};

const POLICY: &str = r#"package main

deny contains msg if {
	input.kind == "Pod"
	not input.metadata.labels.team
	msg := sprintf("%s has no team", [input.metadata.name])
}
"#;

fn pod(name: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n")
}

fn shards(folder: &Folder, n: usize) -> Vec<String> {
    (1..=n)
        .map(|index| {
            let file = format!("part-{index}.json");
            let shard = format!("{index}/{n}");
            let output = format!("json={file}");
            let ran = run(
                &folder.path,
                &["test", "k8s", "--shard", &shard, "-o", &output],
            );
            assert!(ran.code <= 1, "{}", ran.stderr);
            file
        })
        .collect()
}

#[test]
fn four_shards_merged_are_one_run() {
    let folder = Folder::new(&[("policy/p.rego", POLICY)]);
    for number in 0..23 {
        let text = format!(
            "{}---\n{}",
            pod(&format!("a{number}")),
            pod(&format!("b{number}"))
        );
        folder.write(&format!("k8s/{number}.yaml"), text.as_bytes());
    }
    let parts = shards(&folder, 4);
    let whole = run(&folder.path, &["test", "k8s", "-o", "json"]);
    let merge = |parts: &[String], more: &[&str]| {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        run(&folder.path, &[&["merge"], &parts[..], more].concat())
    };
    let merged = merge(&parts, &["-o", "json"]);
    assert_eq!((whole.code, merged.code), (1, 1));
    assert_eq!(whole.stdout, merged.stdout);
    let mut turned = parts.clone();
    turned.reverse();
    assert_eq!(merge(&turned, &["-o", "json"]).stdout, whole.stdout);
    for format in [
        "pretty",
        "table",
        "tap",
        "junit",
        "sarif",
        "azure-devops",
        "markdown",
    ] {
        let own = run(&folder.path, &["test", "k8s", "-o", format]);
        assert_eq!(
            merge(&parts, &["-o", format]).stdout,
            own.stdout,
            "{format}"
        );
    }
    let refused = |parts: &[String], why: &str| {
        let ran = merge(parts, &[]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    };
    refused(&parts[1..], "shard 1 of 4 is missing");
    refused(
        &[&parts[..], &parts[..1]].concat(),
        "shard 1 of 4 is there twice",
    );
    folder.write(
        "policy/more.rego",
        b"package more\n\ndeny contains \"x\" if false\n",
    );
    let other = ["test", "k8s", "--shard", "1/4", "-o", "json=other.json"];
    run(&folder.path, &other);
    refused(
        &[&parts[1..], &["other.json".to_owned()]].concat(),
        "it has other policies or data",
    );
}

#[test]
fn waivers_and_baseline_of_shards_are_told_when_merged() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/a.yaml", &pod("a")),
        ("k8s/b.yaml", &pod("b")),
        (
            "waivers.yaml",
            "waivers:\n- {rule: main.deny, name: a, reason: x}\n- {rule: main.deny, name: z, reason: x}\n",
        ),
    ]);
    folder.write(".policy.yaml", b"waivers: waivers.yaml\n");
    let parts = shards(&folder, 2);
    let (code, merged) = report(&folder.path, &["merge", &parts[0], &parts[1]]);
    let (_, whole) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 1);
    assert_eq!(merged, whole);
    assert_eq!(
        merged["problems"].as_array().map(Vec::len),
        Some(1),
        "{merged}"
    );
}

#[test]
fn the_ci_system_says_which_shard_it_is() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/a.yaml", &pod("a")),
        ("k8s/b.yaml", &pod("b")),
    ]);
    let shard = |variables: &[(&str, &str)]| {
        let output = policy(&folder.path)
            .args(["test", "k8s", "--shard", "auto", "-o", "json"])
            .envs(variables.iter().copied())
            .output()
            .expect("the binary runs");
        let json: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        (
            output.status.code(),
            json.map(|json| json["run"]["shard"].to_string()),
        )
    };
    let second = Some(r#"{"index":2,"of":2}"#.to_owned());
    let azure = [
        ("SYSTEM_JOBPOSITIONINPHASE", "2"),
        ("SYSTEM_TOTALJOBSINPHASE", "2"),
    ];
    assert_eq!(shard(&azure), (Some(1), second.clone()));
    let gitlab = [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "2")];
    assert_eq!(shard(&gitlab), (Some(1), second.clone()));
    let circle = [("CIRCLE_NODE_INDEX", "1"), ("CIRCLE_NODE_TOTAL", "2")];
    assert_eq!(shard(&circle), (Some(1), second));
    assert_eq!(shard(&[]).0, Some(2));
    let combined = run(
        &folder.path,
        &["test", "k8s", "--combine", "--shard", "1/2"],
    );
    assert_eq!(combined.code, 2);
    assert_eq!(
        run(&folder.path, &["test", "k8s", "--shard", "3/2"]).code,
        2
    );
}

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .expect("git is there");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn only_changed_files_are_judged() {
    let folder = Folder::new(&[("policy/p.rego", POLICY)]);
    for name in ["old", "changed", "renamed", "gone"] {
        folder.write(&format!("k8s/{name}.yaml"), pod(name).as_bytes());
    }
    git(&folder.path, &["init", "-q", "-b", "main"]);
    git(&folder.path, &["add", "-A"]);
    git(&folder.path, &["commit", "-qm", "first"]);
    git(&folder.path, &["checkout", "-qb", "topic"]);
    let found = |args: &[&str]| {
        let mut command = policy(&folder.path);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command
            .args(["test", "k8s", "--changed-since", "main", "-o", "json"])
            .args(args)
            .output()
            .expect("the binary runs");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let findings = json["findings"].as_array().cloned().unwrap_or_default();
        let name = |finding: &Value| finding["location"]["file"].as_str().map(str::to_owned);
        let names: Vec<String> = findings.iter().filter_map(name).collect();
        (output.status.code(), names)
    };
    assert_eq!(found(&[]), (Some(0), vec![]), "nothing has changed");
    folder.write("k8s/changed.yaml", pod("changed2").as_bytes());
    git(
        &folder.path,
        &["mv", "k8s/renamed.yaml", "k8s/new-name.yaml"],
    );
    git(&folder.path, &["rm", "-q", "k8s/gone.yaml"]);
    git(&folder.path, &["commit", "-qam", "second"]);
    folder.write("k8s/untracked ü.yaml", pod("untracked").as_bytes());
    let changed = [
        "k8s/changed.yaml",
        "k8s/new-name.yaml",
        "k8s/untracked ü.yaml",
    ];
    assert_eq!(found(&[]), (Some(1), changed.map(str::to_owned).to_vec()));
    // What went on elsewhere does not count, a merge of it neither.
    git(&folder.path, &["checkout", "-q", "main"]);
    folder.write("k8s/old.yaml", pod("old2").as_bytes());
    git(
        &folder.path,
        &["commit", "-qm", "third", "--", "k8s/old.yaml"],
    );
    git(&folder.path, &["checkout", "-q", "topic"]);
    assert_eq!(found(&[]).1.len(), 3);
    git(&folder.path, &["merge", "-q", "--no-edit", "main"]);
    assert_eq!(found(&[]).1.len(), 3);
    // Rules that look at all documents see the others.
    let every =
        "package main\n\ndeny contains msg if {\n\tcount(input) > 3\n\tmsg := \"many\"\n}\n";
    folder.write("all/p.rego", every.as_bytes());
    assert_eq!(found(&["-p", "all", "--combine"]).0, Some(1));
    // Another policy judges everything.
    folder.write(
        "policy/p.rego",
        POLICY.replace("no team", "none").as_bytes(),
    );
    let (code, all) = found(&[]);
    assert_eq!((code, all.len()), (Some(1), 4));
    assert_eq!(found(&["--changed-since", "nowhere"]).0, Some(2));
}

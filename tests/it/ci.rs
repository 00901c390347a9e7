//! At home in CI: what the environment of a CI system changes, and what it does not.

use crate::{Folder, policy};

const POLICY: &str =
    "package main\n\ndeny contains \"no ##vso[task.complete]\" if input.kind == \"Pod\"\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"::error::x\"\n";

fn run_in(folder: &Folder, variables: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let mut command = policy(&folder.path);
    let output = command
        .args(["test", "k8s"])
        .args(args)
        .envs(variables.iter().copied())
        .output()
        .expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code().expect("a code"), text)
}

#[test]
fn a_ci_system_gets_its_commands_without_a_flag() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/pod.yaml", POD)]);
    let (code, plain) = run_in(&folder, &[], &[]);
    assert_eq!(code, 1);
    let (code, log) = run_in(&folder, &[("TF_BUILD", "True")], &[]);
    assert_eq!(code, 1);
    let commands = log
        .strip_prefix(&plain)
        .expect("the pretty log comes first");
    let folder_name = folder.path.canonicalize().expect("a path");
    let file = folder_name.join("k8s/pod.yaml");
    assert!(
        commands.starts_with("##vso[task.logissue type=error;sourcepath="),
        "{commands}"
    );
    assert!(
        commands.contains(&*file.to_string_lossy().replace('\\', "/")),
        "{commands}"
    );
    assert!(
        commands.contains(";code=main.deny]no ##_vso[task.complete] (Pod ::error::x)"),
        "{commands}"
    );
    assert_eq!(log.matches("##vso[").count(), 1);

    let (code, log) = run_in(&folder, &[("GITHUB_ACTIONS", "true")], &[]);
    assert_eq!(code, 1);
    let commands = log
        .strip_prefix(&plain)
        .expect("the pretty log comes first");
    assert!(
        commands.starts_with("::error file=k8s/pod.yaml,line="),
        "{commands}"
    );
    assert_eq!(
        log.lines()
            .filter(|line| line.trim_start().starts_with("::"))
            .count(),
        1
    );
}

#[test]
fn a_format_that_was_asked_for_wins_over_the_ci_system() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/pod.yaml", POD)]);
    let (_, plain) = run_in(&folder, &[], &["-o", "table"]);
    let (_, table) = run_in(&folder, &[("TF_BUILD", "True")], &["-o", "table"]);
    assert_eq!(plain, table);
    let (_, quiet) = run_in(&folder, &[("TF_BUILD", "False")], &[]);
    assert!(!quiet.contains("##vso["), "{quiet}");
    for format in ["azure-devops", "azuredevops", "github", "sarif", "markdown"] {
        let (code, text) = run_in(&folder, &[], &["-o", format]);
        assert_eq!(code, 1, "{format}");
        assert!(text.contains("main.deny"), "{format}: {text}");
    }
}

#[test]
fn names_are_told_from_the_root_of_the_repository() {
    let folder = Folder::new(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        ("shop/policy/p.rego", POLICY),
        ("shop/k8s/pod.yaml", POD),
    ]);
    let output = policy(&folder.path.join("shop"))
        .args(["test", "./k8s", "-o", "sarif"])
        .output()
        .expect("the binary runs");
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "shop/k8s/pod.yaml");
}

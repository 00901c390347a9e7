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

//! Parts of a run: changed files, shards, and their reports put together.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Folder, definition, policy, report, run};

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

/// Everything that judges, and facts that stand in other files than what they are about: a definition, Namespaces, an
/// inventory.
fn everything() -> Folder {
    let template = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: uniquehost}
spec:
  crd: {spec: {names: {kind: UniqueHost}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package uniquehost
      violation[{"msg": msg}] {
        host := input.review.object.spec.host
        other := data.inventory.namespace[_]["example.com/v1"]["Gate"][name]
        other.spec.host == host
        name != input.review.object.metadata.name
        msg := sprintf("%v is also the host of %v", [host, name])
      }
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: needsowner}
spec:
  crd: {spec: {names: {kind: NeedsOwner}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package needsowner
      violation[{"msg": "no owner"}] {
        not input.review.object.metadata.labels.owner
      }
"#;
    let constraints = r#"apiVersion: constraints.gatekeeper.sh/v1beta1
kind: UniqueHost
metadata: {name: hosts}
spec: {match: {kinds: [{apiGroups: [example.com], kinds: [Gate]}]}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NeedsOwner
metadata: {name: shop}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}], namespaceSelector: {matchLabels: {team: shop}}}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NeedsOwner
metadata: {name: services}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Service]}]}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NeedsOwner
metadata: {name: elsewhere}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}], namespaces: [nowhere]}}
"#;
    let gates = definition("Gate", "host: {type: string}, size: {type: integer}");
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("policy/templates.yaml", template),
        ("policy/constraints.yaml", constraints),
        ("k8s/00-definition.yaml", &gates),
        ("k8s/97-plain.yaml", "name: x\n"),
        ("k8s/98-empty.yaml", "# nothing\n"),
        (
            "k8s/99-thing.yaml",
            "apiVersion: other.io/v1\nkind: Thing\nmetadata: {name: x}\n",
        ),
    ]);
    for number in 1..=9 {
        let namespace = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: n{number}, labels: {{team: {}}}}}\n",
            if number % 2 == 0 { "shop" } else { "desk" }
        );
        folder.write(
            &format!("k8s/{number}0-namespace.yaml"),
            namespace.as_bytes(),
        );
        let others = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: n{}}}\nspec: {{containers: [{{name: a, image: x, imagePullPolicy: sometimes}}]}}\n---\n\
             apiVersion: example.com/v1\nkind: Gate\nmetadata: {{name: g{number}, namespace: n1}}\nspec: {{host: h{}, sise: 1}}\n",
            10 - number,
            number % 4,
        );
        folder.write(&format!("k8s/{number}1-others.yaml"), others.as_bytes());
    }
    folder
}

#[test]
fn what_stands_in_other_shards_is_known() {
    let folder = everything();
    let test = ["test", "k8s", "--schema"];
    let (code, whole) = report(&folder.path, &test);
    assert_eq!(code, 1, "{whole}");
    // What the test is about is there.
    let rules: Vec<_> = whole["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| f["rule"].as_str())
        .collect();
    for rule in [
        "main.deny",
        "UniqueHost/hosts",
        "NeedsOwner/shop",
        "schema/enum",
        "schema/unknown-field",
    ] {
        assert!(rules.contains(&Some(rule)), "{rule}: {whole}");
    }
    let said: Vec<_> = whole["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| p["message"].as_str().expect("a text"))
        .collect();
    for text in [
        "constraint `NeedsOwner/services` matched no document",
        "constraint `NeedsOwner/elsewhere` matched no document",
        "1 document had no schema: 1 Thing",
        "1 document has no apiVersion or no kind",
    ] {
        assert!(said.contains(&text), "{text}: {said:?}");
    }
    for n in [2, 4, 7, 40] {
        let parts: Vec<String> = (1..=n)
            .map(|index| {
                let shard = format!("{index}/{n}");
                let output = format!("json={index}.json");
                let part = [&test[..], &["--shard", &shard, "-o", &output]].concat();
                let ran = run(&folder.path, &part);
                assert!(ran.code <= 1, "{}", ran.stderr);
                format!("{index}.json")
            })
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (code, merged) = report(&folder.path, &[&["merge"], &parts[..]].concat());
        assert_eq!(code, 1);
        assert_eq!(merged, whole, "{n} shards");
    }
}

#[test]
fn shards_without_anything_to_judge_are_told_as_one_run_tells_it() {
    let folder = Folder::new(&[("k8s/a.yaml", "name: x\n"), ("k8s/b.yaml", "name: y\n")]);
    let test = ["test", "k8s", "--schema"];
    assert_eq!(run(&folder.path, &test).code, 2);
    for index in ["1", "2"] {
        let output = format!("json={index}.json");
        let shard = format!("{index}/2");
        let shard = ["--shard", &shard, "-o", &output];
        assert_eq!(run(&folder.path, &[&test[..], &shard].concat()).code, 0);
    }
    let merged = run(&folder.path, &["merge", "1.json", "2.json"]);
    assert_eq!(merged.code, 2, "{}", merged.stdout);
    let merged = ["merge", "1.json", "2.json", "--allow-empty"];
    assert_eq!(run(&folder.path, &merged).code, 0);
}

#[test]
fn shards_of_what_has_changed_say_nothing_about_the_rest() {
    let folder = everything();
    git(&folder.path, &["init", "-q", "-b", "main"]);
    git(&folder.path, &["add", "-A"]);
    git(&folder.path, &["commit", "-qm", "first"]);
    folder.write("k8s/11-others.yaml", pod("changed").as_bytes());
    let waivers = "waivers:\n- {rule: NeedsOwner/shop, reason: x}\n";
    folder.write("waivers.yaml", waivers.as_bytes());
    for index in ["1", "2"] {
        let mut command = policy(&folder.path);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command
            .args(["test", "k8s", "--changed-since", "main", "--shard"])
            .args([
                format!("{index}/2"),
                "-o".to_owned(),
                format!("json={index}.json"),
            ])
            .output()
            .expect("the binary runs");
        assert!(output.status.code() <= Some(1));
    }
    let merge = ["merge", "1.json", "2.json", "--waivers", "waivers.yaml"];
    let (code, merged) = report(&folder.path, &merge);
    assert_eq!(code, 1, "{merged}");
    let said: Vec<_> = merged["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| problem["message"].as_str().expect("a text"))
        .collect();
    // An inventory is judged by each of its objects; that is all that is said.
    let why = "`k8s/11-others.yaml` has changed since `main`, and other documents are judged by what it holds or held: all documents are judged";
    assert_eq!(said, [why]);
}

#[test]
fn a_file_that_lost_its_documents_is_fixed_in_a_merged_report_too() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/a.yaml", &pod("a")),
        ("k8s/b.yaml", &pod("b")),
    ]);
    folder.write(".policy.yaml", b"baseline: baseline.json\n");
    let update = ["test", "k8s", "--update-baseline"];
    assert_eq!(run(&folder.path, &update).code, 0);
    folder.write("k8s/a.yaml", b"# moved away\n");
    let parts = shards(&folder, 2);
    let (code, merged) = report(&folder.path, &["merge", &parts[0], &parts[1]]);
    let (_, whole) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 0);
    assert_eq!(merged, whole);
    let said = merged["problems"][0]["message"].as_str();
    assert!(
        said.is_some_and(|said| said.starts_with("1 finding of the baseline is fixed")),
        "{merged}"
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
fn shards_of_different_files_are_not_merged() {
    let shard = |folder: &Folder, index: usize| {
        let ran = run(
            &folder.path,
            &[
                "test",
                "k8s",
                "--shard",
                &format!("{index}/2"),
                "-o",
                &format!("json={index}.json"),
            ],
        );
        assert_eq!(ran.code, 1, "{}", ran.stderr);
    };
    let made = || {
        Folder::new(&[
            ("policy/p.rego", POLICY),
            ("k8s/a.yaml", &pod("a")),
            ("k8s/b.yaml", &pod("b")),
            ("k8s/c.yaml", &pod("c")),
            ("k8s/d.yaml", &pod("d")),
        ])
    };
    let merge = ["merge", "1.json", "2.json"];
    let gone = |folder: &Folder| {
        std::fs::remove_file(folder.path.join("k8s/b.yaml")).expect("it is there");
    };
    let changes: [&dyn Fn(&Folder); 3] = [
        &|folder| folder.write("k8s/0.yaml", pod("0").as_bytes()),
        &gone,
        &|folder| folder.write("k8s/a.yaml", pod("another").as_bytes()),
    ];
    for change in changes {
        let folder = made();
        shard(&folder, 1);
        change(&folder);
        shard(&folder, 2);
        let ran = run(&folder.path, &merge);
        assert_eq!(ran.code, 2, "{}", ran.stdout);
        assert!(
            ran.stderr.contains("it looked at different files"),
            "{}",
            ran.stderr
        );
    }
    // What stands elsewhere may change, and each machine may have a folder of its own.
    let (folder, other) = (made(), made());
    shard(&folder, 1);
    other.write("elsewhere/x.yaml", pod("x").as_bytes());
    shard(&other, 2);
    let second = std::fs::read(other.path.join("2.json")).expect("a report");
    folder.write("2.json", &second);
    let schema = std::fs::read_to_string(crate::root().join("docs/report.schema.json"));
    let schema: Value = serde_json::from_str(&schema.expect("a schema")).expect("JSON");
    let second: Value = serde_json::from_slice(&second).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &second), "{second:#}");
    assert!(second["run"]["inputs"].is_string());
    let (code, merged) = report(&folder.path, &merge);
    let (_, whole) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 1);
    assert_eq!(merged, whole);
    assert!(whole["run"].get("inputs").is_none());
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

pub(crate) fn git(folder: &Path, arguments: &[&str]) {
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

#[test]
fn a_report_of_what_has_changed_is_not_taken_for_the_whole() {
    let waivers = "waivers:\n- {rule: main.deny, name: old, reason: x}\n";
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/old.yaml", &pod("old")),
        ("waivers.yaml", waivers),
    ]);
    git(&folder.path, &["init", "-q", "-b", "main"]);
    git(&folder.path, &["add", "."]);
    git(&folder.path, &["commit", "-qm", "a"]);
    folder.write("k8s/new.yaml", b"kind: ConfigMap\n");
    let common = ["--waivers", "waivers.yaml", "--deny-unused-waivers"];
    for part in [
        &["k8s", "--changed-since", "main"][..],
        &["--hook", "k8s/new.yaml"],
    ] {
        let output = policy(&folder.path)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .args([&["test"], part, &common, &["-o", "json=part.json"]].concat())
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let (code, json) = report(
            &folder.path,
            &[&["merge", "part.json"], &common[..]].concat(),
        );
        assert_eq!(code, 0, "{part:?} {json:#}");
        assert_eq!(json["problems"], serde_json::json!([]), "{part:?}");
        assert_eq!(json["run"]["partial"], true);
        let schema = std::fs::read_to_string(crate::root().join("docs/report.schema.json"));
        let schema: Value = serde_json::from_str(&schema.expect("a schema")).expect("JSON");
        assert!(jsonschema::is_valid(&schema, &json), "{json:#}");
    }
    // Of a whole run it is said.
    std::fs::remove_file(folder.path.join("k8s/old.yaml")).expect("it is there");
    let whole = ["test", "k8s", "-o", "json=whole.json"];
    assert_eq!(run(&folder.path, &whole).code, 0);
    let (code, json) = report(
        &folder.path,
        &[&["merge", "whole.json"], &common[..]].concat(),
    );
    assert_eq!(code, 1, "{json:#}");
    assert!(json["run"].get("partial").is_none());
}

#[test]
fn numbers_that_nobody_can_have_counted_are_no_harm() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", &pod("a"))]);
    let parts = shards(&folder, 2);
    let changed = |change: &dyn Fn(&mut Value)| {
        for part in &parts {
            let text = std::fs::read_to_string(folder.path.join(part)).expect("a report");
            let mut json: Value = serde_json::from_str(&text).expect("JSON");
            change(&mut json);
            folder.write(&format!("x-{part}"), json.to_string().as_bytes());
        }
        run(&folder.path, &["merge", "x-part-1.json", "x-part-2.json"])
    };
    let ran = changed(&|json| json["run"]["shard"]["of"] = 1_000_000_000_000_000_u64.into());
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains(
            "shard 3, 4, 5, 6, 7 and 999999999999993 more of 1000000000000000 are missing"
        ),
        "{}",
        ran.stderr
    );
    let ran = changed(&|json| {
        for name in ["files", "documents"] {
            json["summary"][name] = u64::MAX.into();
        }
        json["run"]["untraced"] = u64::MAX.into();
        json["tally"] = serde_json::json!({
            "plain": u64::MAX,
            "kinds": {"Pod": u64::MAX},
            "unmatched": {},
            "without_schema": {"Gate": u64::MAX, "Thing": u64::MAX},
            "empty_files": [],
        });
    });
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains(&format!("{} documents", u64::MAX)),
        "{}",
        ran.stdout
    );
}

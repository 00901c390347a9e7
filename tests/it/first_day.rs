//! The first day of a user, as the README tells it: from an empty repository to an annotation at the line of a pull request.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::agent::{Agent, azure_steps, git, github_steps, gitlab_steps};
use crate::root;

/// The manifest that the pull request brings; each mistake says its line and rule.
const MANIFEST: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app.kubernetes.io/name: web, app.kubernetes.io/part-of: shop}
spec:
  replica: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web, app.kubernetes.io/name: web, app.kubernetes.io/part-of: shop}
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
        - name: web
          image: docker.io/library/nginx:latest
          resources:
            limits: {memory: 64Mi, cpu: 100m}
            requests: {memory: 64Mi, cpu: 100m}
"#;

/// The commands of the README's section about CI: how checking begins, and the baseline.
fn commands() -> [String; 2] {
    let text = fs::read_to_string(root().join("README.md")).expect("a README");
    let (_, section) = text.split_once("\n## In CI\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("its end");
    let blocks = section.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().expect("its end").to_owned());
    blocks.collect::<Vec<_>>().try_into().expect("two blocks")
}

/// What a user types, with `policy` in the path.
fn type_in(agent: &Agent, folder: &Path, commands: &str) -> (i32, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_policy"));
    let bin = binary.parent().expect("a folder").display().to_string();
    let path = format!("{bin}:{}", crate::agent::search_path());
    let user = [
        ("PATH", &*path),
        ("GIT_AUTHOR_NAME", "x"),
        ("GIT_AUTHOR_EMAIL", "x@example.com"),
        ("GIT_COMMITTER_NAME", "x"),
        ("GIT_COMMITTER_EMAIL", "x@example.com"),
    ];
    agent.script(folder, commands, &user)
}

/// An empty repository, cloned; the commands of the README are run in it for a CI system, then a topic brings a mistake.
fn repository(agent: &Agent, system: &str) -> PathBuf {
    let origin = agent.folder("origin.git");
    let clone = agent.folder("clone");
    git(
        &agent.machine.path,
        &["init", "-q", "--bare", "-b", "main", "origin.git"],
    );
    git(
        &agent.machine.path,
        &["clone", "-q", &origin.to_string_lossy(), "clone"],
    );
    let [commands, _] = commands();
    let commands = commands
        .replace("--ci github", &format!("--ci {system}"))
        .replace("OWNER/policy", &agent.source());
    let (code, log) = type_in(agent, &clone, &commands);
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("to do"), "{log}");
    git(&clone, &["checkout", "-q", "-b", "topic"]);
    fs::create_dir(clone.join("k8s")).expect("a folder");
    fs::write(clone.join("k8s/web.yaml"), MANIFEST).expect("a manifest");
    git(&clone, &["add", "--all"]);
    git(&clone, &["commit", "-qm", "web"]);
    clone
}

#[test]
fn github_gets_annotations_at_their_lines() {
    let agent = Agent::new();
    let clone = repository(&agent, "github");
    let workflow = clone.join(".github/workflows/policy.yml");
    let (code, log) = agent.github(&clone, &github_steps(&workflow, "pull_request"));
    assert_eq!(code, 1, "{log}");
    let annotations: Vec<_> = log.lines().filter(|line| line.starts_with("::")).collect();
    let places = [
        "::error file=k8s/web.yaml,line=7,endLine=7,col=3,endColumn=10,title=schema/unknown-field::",
        "::error file=k8s/web.yaml,line=18,endLine=18,col=18,endColumn=48,title=kubernetes.no_latest.deny_latest::",
    ];
    assert_eq!(annotations.len(), 2, "{log}");
    for (annotation, place) in annotations.iter().zip(places) {
        assert!(annotation.starts_with(place), "{log}");
    }
    // Everything, every night: the report for code scanning and the summary.
    let (code, log) = agent.github(&clone, &github_steps(&workflow, "schedule"));
    assert_eq!(code, 1, "{log}");
    assert!(clone.join("policy.sarif").is_file());
    let summary = fs::read_to_string(agent.folder("temp/summary.md")).expect("a summary");
    assert!(summary.contains("k8s/web.yaml:18"), "{summary}");
}

#[test]
fn azure_devops_gets_issues_at_their_lines() {
    let agent = Agent::new();
    let clone = repository(&agent, "azure-devops");
    for name in ["pull-request.yml", "nightly.yml"] {
        let steps = azure_steps(&clone.join("azure-pipelines").join(name), &[]);
        let (code, log) = agent.azure(&clone, &steps);
        assert_eq!(code, 1, "{name}: {log}");
        let file = clone
            .canonicalize()
            .expect("it is there")
            .join("k8s/web.yaml");
        let issue = |line: u32, column: u32, rule: &str| {
            let file = file.display();
            format!(
                "##vso[task.logissue type=error;sourcepath={file};linenumber={line};columnnumber={column};code={rule}]"
            )
        };
        let issues = log
            .lines()
            .filter(|line| line.starts_with("##vso[task.logissue"));
        assert_eq!(issues.count(), 2, "{name}: {log}");
        assert!(log.contains(&issue(7, 3, "schema/unknown-field")), "{log}");
        assert!(
            log.contains(&issue(18, 18, "kubernetes.no_latest.deny_latest")),
            "{log}"
        );
    }
}

#[test]
fn gitlab_gets_a_report_with_places() {
    let agent = Agent::new();
    let clone = repository(&agent, "gitlab");
    let base = git(&clone, &["rev-parse", "main"]);
    let steps = gitlab_steps(&clone.join(".gitlab/policy.yml"));
    for base in [Some(base.trim()), None] {
        let (code, log) = agent.gitlab(&clone, &steps, base);
        assert_eq!(code, 1, "{log}");
        assert!(
            log.contains("FAIL ./k8s/web.yaml:7:3 schema/unknown-field"),
            "{log}"
        );
        let junit = fs::read_to_string(clone.join("policy.xml")).expect("a report");
        assert!(junit.contains("k8s/web.yaml:18:18"), "{junit}");
        fs::remove_file(clone.join("policy.xml")).expect("it is there");
        fs::remove_file(clone.join("policy.json")).expect("it is there");
    }
}

#[test]
fn own_policies_are_used_and_no_data_is_made_up() {
    let agent = Agent::new();
    let own = "package main\n\ndeny contains \"no replica\" if not input.spec.replicas\n";
    for (folder, data) in [("own", false), ("data", true)] {
        let write = |name: &str, text: &str| {
            let name = format!("{folder}/{name}");
            agent.machine.write(&name, text.as_bytes());
        };
        write("policy/own.rego", own);
        write("k8s/web.yaml", MANIFEST);
        if data {
            write("policy/data/registries.yaml", "registries: [x]\n");
        }
        let folder = agent.folder(folder);
        let [commands, _] = commands();
        let commands = commands.lines().next().expect("it begins with `init`");
        let commands = commands.replace("OWNER/policy", &agent.source());
        let test = "policy test k8s || exit $?";
        let (code, log) = type_in(&agent, &folder, &format!("{commands}\n{test}"));
        assert_eq!(code, 1, "{log}");
        assert!(
            log.contains("kept policy") && log.contains("main.deny"),
            "{log}"
        );
        let (_, log) = type_in(&agent, &folder, "policy config");
        assert_eq!(log.contains("\ndata: [policy/data]"), data, "{log}");
    }
}

#[test]
fn a_repository_with_findings_begins_with_a_baseline() {
    let agent = Agent::new();
    let folder = agent.folder("old");
    let write =
        |name: &str, text: &str| agent.machine.write(&format!("old/{name}"), text.as_bytes());
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it is there");
    // 250 manifests with two mistakes each: one of a policy, one of a schema.
    for number in 0..250 {
        let text = MANIFEST.replace("name: web\n", &format!("name: web{number}\n"));
        write(&format!("k8s/{}/{number}.yaml", number % 9), &text);
    }
    let [_, baseline] = commands();
    let test = "policy test . --schema";
    let (code, log) = type_in(&agent, &folder, &format!("policy init\n{test} || exit $?"));
    assert_eq!(code, 1, "{log}");
    assert!(log.contains(" 500 failures,"), "{log}");
    let (code, log) = type_in(&agent, &folder, &baseline);
    assert_eq!(code, 0, "{log}");
    let configuration = read(".policy.yaml") + "baseline: baseline.json\n";
    write(".policy.yaml", &configuration);
    let found = || {
        let (code, log) = type_in(&agent, &folder, test);
        let places = log.lines().filter(|line| line.starts_with("FAIL "));
        let places: Vec<_> = places.map(str::to_owned).collect();
        (code, places, log)
    };
    let (code, _, log) = found();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains(", 500 suppressed"), "{log}");
    // A new mistake fails, at its line.
    let old = read("k8s/7/7.yaml");
    write(
        "k8s/7/7.yaml",
        &old.replace("  replica: 2\n", "  replica: 2\n  pause: true\n"),
    );
    let (code, places, log) = found();
    assert_eq!((code, places.len()), (1, 1), "{log}");
    assert!(
        places[0].starts_with("FAIL ./k8s/7/7.yaml:8:3 schema/unknown-field"),
        "{log}"
    );
    // Moved within its file it is still the old one.
    let (head, spec) = old.split_once("spec:\n").expect("it is there");
    let spec = spec.replacen("  replica: 2\n", "", 1);
    write(
        "k8s/7/7.yaml",
        &format!("# moved\n\n{head}spec:\n{spec}  # down\n  replica: 2\n"),
    );
    let (code, _, log) = found();
    assert_eq!(code, 0, "{log}");
    // What is fixed is told.
    write("k8s/7/7.yaml", &old.replace("nginx:latest", "nginx:1.29.3"));
    let (code, _, log) = found();
    assert_eq!(code, 0, "{log}");
    let fixed = "1 finding of the baseline is fixed";
    assert!(
        log.contains(fixed) && log.contains("k8s/7/7.yaml kubernetes.no_latest.deny_latest"),
        "{log}"
    );
    let (code, log) = type_in(&agent, &folder, &baseline);
    assert_eq!(code, 0, "{log}");
    assert!(!found().2.contains(fixed));
    assert_eq!(
        read("baseline.json").matches("\"fingerprint\"").count(),
        499
    );
}

//! The pipeline files that we ship: valid for the CI systems' own schemas, and their scripts run as they stand.

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Command;

use serde_json::Value;

use crate::agent::yaml;
#[cfg(target_os = "linux")]
use crate::agent::{Agent, Step, azure_steps, git, github_steps, gitlab_steps, search_path};
use crate::root;
#[cfg(target_os = "linux")]
use crate::{Folder, run};

#[cfg(target_os = "linux")]
const POLICY: &str = "package main\n\ndeny contains \"no pods\" if input.kind == \"Pod\"\n";
#[cfg(target_os = "linux")]
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
#[cfg(target_os = "linux")]
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n";

fn check_schema(schema: &str, name: &str, value: &Value) {
    let path = root().join("testdata/schemas").join(schema);
    let text = fs::read_to_string(path).expect("a schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

/// A workflow of GitHub, which reads `on` as a text where kubectl reads a boolean.
fn workflow(path: &Path) -> Value {
    let mut value = yaml(path);
    let entries = value.as_object_mut().expect("a mapping");
    let on = entries.remove("true").expect("when it runs");
    entries.insert("on".to_owned(), on);
    value
}

/// To Azure Pipelines every scalar is a text, and its schema says so.
fn as_texts(value: Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::from(value.to_string()),
        Value::Array(items) => items.into_iter().map(as_texts).collect(),
        Value::Object(entries) => entries
            .into_iter()
            .map(|(key, value)| match &*key {
                // Tasks say themselves what their inputs are.
                "inputs" => (key, value),
                _ => (key, as_texts(value)),
            })
            .collect(),
        Value::Null | Value::String(_) => value,
    }
}

fn azure_files() -> Vec<PathBuf> {
    let folder = root().join("azure-pipelines");
    let mut files = Vec::new();
    for folder in [folder.clone(), folder.join("steps")] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The first YAML block of a page.
fn block(page: &str) -> String {
    let text = fs::read_to_string(root().join("docs").join(page)).expect("a page");
    let (_, rest) = text.split_once("```yaml\n").expect("a block");
    rest.split_once("\n```").expect("its end").0.to_owned() + "\n"
}

#[test]
fn pipelines_are_valid_for_their_systems() {
    let files = azure_files();
    assert_eq!(files.len(), 6);
    for path in files {
        let name = path.to_string_lossy().into_owned();
        check_schema("azure-pipelines.json", &name, &as_texts(yaml(&path)));
    }
    let release = root().join(".github/workflows/release.yml");
    check_schema("github-workflows.json", "release.yml", &workflow(&release));
    let written = root().join("src/bin/policy/init");
    let github = workflow(&written.join("github.yml"));
    check_schema("github-workflows.json", "github.yml", &github);
    for name in ["gitlab.yml", "gitlab-ci.yml"] {
        check_schema("gitlab-ci.json", name, &yaml(&written.join(name)));
    }
}

#[test]
fn pages_show_the_files_that_init_writes() {
    for name in ["github", "gitlab"] {
        let file = root().join(format!("src/bin/policy/init/{name}.yml"));
        let text = fs::read_to_string(file).expect("a file");
        assert_eq!(block(&format!("{name}.md")), text, "docs/{name}.md");
    }
    let version = format!("v{}", env!("CARGO_PKG_VERSION"));
    let hooks = root().join("src/bin/policy/init/pre-commit-config.yaml");
    assert_eq!(yaml(&hooks)["repos"][0]["rev"], *version);
    for file in ["github.yml", "gitlab.yml"] {
        let text = fs::read_to_string(root().join("src/bin/policy/init").join(file));
        let line = format!("VERSION: {}\n", env!("CARGO_PKG_VERSION"));
        assert!(text.expect("a file").contains(&line), "{file}");
    }
    for file in ["nightly.yml", "pull-request.yml"] {
        let pipeline = yaml(&root().join("azure-pipelines").join(file));
        let mut parameters = pipeline["parameters"].as_array().expect("a list").iter();
        let own = parameters.find(|known| known["name"] == "version");
        assert_eq!(
            own.expect("a version")["default"],
            env!("CARGO_PKG_VERSION")
        );
    }
}

#[test]
fn templates_and_parameters_that_pipelines_name_are_there() {
    for name in ["nightly.yml", "pull-request.yml", "example.yml"] {
        let pipeline = yaml(&root().join("azure-pipelines").join(name));
        let steps = pipeline["steps"].as_array().expect("steps");
        let included = steps.iter().filter_map(|step| {
            let file = step["template"].as_str()?;
            let parameters = step["parameters"].as_object()?;
            Some((file.trim_end_matches("@policy"), parameters))
        });
        let mut n_included = 0;
        for (file, parameters) in included {
            n_included += 1;
            let file = file.trim_start_matches("azure-pipelines/");
            let template = yaml(&root().join("azure-pipelines").join(file));
            let known = template["parameters"].as_array().expect("parameters");
            for given in parameters.keys() {
                assert!(
                    known.iter().any(|known| known["name"] == **given),
                    "{name}: {given}"
                );
            }
            for known in known.iter().filter(|known| known["default"].is_null()) {
                let wanted = known["name"].as_str().expect("a name");
                assert!(parameters.contains_key(wanted), "{name}: {wanted}");
            }
        }
        assert_eq!(n_included, 2, "{name}");
    }
    let nightly = yaml(&root().join("azure-pipelines/nightly.yml"));
    assert_eq!(nightly["schedules"][0]["always"], true);
}

/// A repository with a policy, a target branch and what the pull request changes.
#[cfg(target_os = "linux")]
fn repository(changed: &str) -> Folder {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/old.yaml", POD)]);
    git(&folder.path, &["init", "-q", "-b", "main"]);
    git(&folder.path, &["add", "-A"]);
    git(&folder.path, &["commit", "-qm", "first"]);
    git(
        &folder.path,
        &["update-ref", "refs/remotes/origin/main", "HEAD"],
    );
    folder.write("k8s/new.yaml", changed.as_bytes());
    git(&folder.path, &["add", "-A"]);
    git(&folder.path, &["commit", "-qm", "second"]);
    folder
}

/// The steps of one of our pipelines, with releases of the agent's machine.
#[cfg(target_os = "linux")]
fn azure(agent: &Agent, name: &str, more: &[(&str, &str)]) -> Vec<Step> {
    let (releases, source) = (agent.releases(), agent.source());
    let own = [("releases", &*releases), ("source", &*source)];
    let pipeline = root().join("azure-pipelines").join(name);
    azure_steps(&pipeline, &[&own[..], more].concat())
}

#[test]
#[cfg(target_os = "linux")]
fn the_nightly_scan_publishes_and_fails() {
    let folder = repository(POD);
    let agent = Agent::new();
    let steps = azure(&agent, "nightly.yml", &[]);
    let scan = || agent.azure(&folder.path, &steps);
    let (code, log) = scan();
    assert_eq!((steps.len(), code), (2, 1), "{log}");
    assert!(
        log.contains("##vso[task.logissue type=error;sourcepath="),
        "{log}"
    );
    // The schemas find what the policies do not look for.
    assert!(log.contains(";code=schema/required]"), "{log}");
    let reports = agent.folder("staging/policy");
    let summary = format!("##vso[task.uploadsummary]{}/policy.md", reports.display());
    assert!(log.contains(&summary), "{log}");
    for file in [
        "CodeAnalysisLogs/policy.sarif",
        "policy.xml",
        "policy.md",
        "policy.json",
    ] {
        assert!(reports.join(file).is_file(), "{file}");
    }
    // Without schemas, and for a version.
    let (code, log) = agent.azure(
        &folder.path,
        &azure(&agent, "nightly.yml", &[("kubernetesVersion", "none")]),
    );
    assert!(
        code == 1 && log.contains("main.deny") && !log.contains("schema/"),
        "{log}"
    );
    folder.write(
        ".policy.yaml",
        b"policy: [policy]\nschema: true\nkubernetes-version: [\"1.31\"]\n",
    );
    let (code, log) = agent.azure(
        &folder.path,
        &azure(&agent, "nightly.yml", &[("kubernetesVersion", "none")]),
    );
    assert!(
        code == 1 && log.contains("main.deny") && !log.contains("schema"),
        "{log}"
    );
    fs::remove_file(folder.path.join(".policy.yaml")).expect("it is there");
    let (code, log) = agent.azure(
        &folder.path,
        &azure(&agent, "nightly.yml", &[("kubernetesVersion", "1.30,1.33")]),
    );
    assert!(
        code == 1 && log.contains("schemas: Kubernetes 1.30, 1.33"),
        "{log}"
    );
    // What is not given is what the configuration says; policies that it names and that are not there are no pass.
    let configured = |text: &str| {
        folder.write(".policy.yaml", text.as_bytes());
        agent.azure(&folder.path, &steps)
    };
    let (code, log) = configured("policy: [policy]\nkubernetes-version: [\"1.31\"]\n");
    assert!(
        code == 1 && log.contains("schemas: Kubernetes 1.31") && log.contains("main.deny"),
        "{log}"
    );
    assert_eq!(configured("policy: [elsewhere]\n").0, 2);
    fs::remove_file(folder.path.join(".policy.yaml")).expect("it is there");
    // With a baseline only what is new fails.
    let baseline = [
        "test",
        ".",
        "--schema",
        "--baseline",
        "baseline.json",
        "--update-baseline",
    ];
    assert_eq!(run(&folder.path, &baseline).code, 0);
    assert_eq!(scan().0, 0);
    folder.write("k8s/broken.yaml", b"a: [1\n");
    assert_eq!(scan().0, 2);
}

#[test]
#[cfg(target_os = "linux")]
fn the_check_of_a_pull_request_judges_what_it_changes() {
    let agent = Agent::new();
    let steps = azure(&agent, "pull-request.yml", &[]);
    let (code, log) = agent.azure(&repository(CONFIG).path, &steps);
    assert_eq!((steps.len(), code), (3, 0), "{log}");
    let (code, log) = agent.azure(&repository(POD).path, &steps);
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("k8s/new.yaml:"), "{log}");
    assert!(log.contains("schema/required"), "{log}");
    assert!(!log.contains("k8s/old.yaml:"), "{log}");
    // A repository without policies has its schemas checked, and nothing to verify.
    let folder = repository(CONFIG);
    fs::remove_dir_all(folder.path.join("policy")).expect("it is there");
    let (code, log) = agent.azure(&folder.path, &steps);
    assert_eq!(code, 0, "{log}");
    let (code, log) = agent.azure(
        &folder.path,
        &azure(&agent, "pull-request.yml", &[("policies", "policy")]),
    );
    assert_eq!(code, 2, "{log}");
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_unchecked_is_installed() {
    let folder = repository(CONFIG);
    let written = root().join("src/bin/policy/init");
    // The archive is another one than that of the checksum.
    let agent = Agent::new();
    let archive = fs::read(agent.archive()).expect("an archive");
    fs::write(agent.archive(), [&archive[..], b"x"].concat()).expect("it is written");
    let own = |step: &mut Step| step.set("SOURCE", &agent.source());
    let mut github = github_steps(&written.join("github.yml"), "pull_request");
    github.iter_mut().for_each(own);
    let mut gitlab = gitlab_steps(&written.join("gitlab.yml"));
    gitlab.iter_mut().for_each(own);
    let azure = azure(&agent, "pull-request.yml", &[]);
    for (code, log) in [
        agent.azure(&folder.path, &azure),
        agent.github(&folder.path, &github),
        agent.gitlab(&folder.path, &gitlab, None),
    ] {
        assert_ne!(code, 0, "{log}");
        assert!(log.contains("FAILED"), "{log}");
        assert!(!log.contains("verdict"), "{log}");
    }
    // Without a release it is built from the tag, with the versions of the lock file.
    fs::remove_file(agent.archive()).expect("it is removed");
    let cargo = "#!/bin/sh\necho \"cargo $*\"\nexit 7\n";
    agent.machine.write("bin/cargo", cargo.as_bytes());
    let make = Command::new("chmod")
        .arg("+x")
        .arg(agent.folder("bin/cargo"))
        .status();
    assert!(make.expect("chmod is there").success());
    let path = format!("{}:{}", agent.folder("bin").display(), search_path());
    for steps in [&azure, &github, &gitlab] {
        let (code, log) = agent.run(&folder.path, steps, &["-e"], &[("PATH", &path)]);
        let wanted = format!(
            "cargo install --locked --git {} --tag v{} --root ",
            agent.source(),
            env!("CARGO_PKG_VERSION")
        );
        assert!(code == 7 && log.contains(&wanted), "{log}");
    }
}

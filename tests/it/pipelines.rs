//! The pipeline files that we ship: valid for the CI systems' own schemas, and their scripts run as they stand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{Folder, root, run};

const POLICY: &str = "package main\n\ndeny contains \"no pods\" if input.kind == \"Pod\"\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n";

/// A YAML file as a value, read by our own parser.
fn yaml(path: &Path) -> Value {
    let name = path.to_str().expect("UTF-8");
    let ran = run(&root(), &["parse", "--no-config", "-o", "json", name]);
    assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    let parsed: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    parsed[0]["documents"][0]["value"].clone()
}

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
    let folder = Folder::new(&[
        ("github.yaml", &block("github.md")),
        ("gitlab.yaml", &block("gitlab.md")),
    ]);
    let github = workflow(&folder.path.join("github.yaml"));
    check_schema("github-workflows.json", "docs/github.md", &github);
    check_schema(
        "gitlab-ci.json",
        "docs/gitlab.md",
        &yaml(&folder.path.join("gitlab.yaml")),
    );
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

#[expect(clippy::disallowed_methods, reason = "scripts need their programs")]
fn search_path() -> String {
    std::env::var("PATH").expect("a path")
}

/// A repository with a policy, a target branch and what the pull request changes.
fn repository(changed: &str) -> Folder {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/old.yaml", POD)]);
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(&folder.path)
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
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "first"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    folder.write("k8s/new.yaml", changed.as_bytes());
    git(&["add", "-A"]);
    git(&["commit", "-qm", "second"]);
    folder
}

/// Runs the scripts of a template with its defaults, as the agent would; gives each one's exit code and log.
fn run_template(name: &str, folder: &Folder) -> Vec<(i32, String)> {
    let template = yaml(&root().join("azure-pipelines/steps").join(name));
    let defaults = template["parameters"]
        .as_array()
        .expect("parameters")
        .clone();
    let fill = |text: &str| {
        let mut text = text.to_owned();
        for parameter in &defaults {
            let name = parameter["name"].as_str().expect("a name");
            let default = parameter["default"].as_str().unwrap_or_default();
            text = text.replace(&format!("${{{{ parameters.{name} }}}}"), default);
        }
        let staging = folder.path.join("staging");
        let staging = staging.to_str().expect("UTF-8");
        text.replace("$(Build.ArtifactStagingDirectory)", staging)
            .replace("$(System.PullRequest.TargetBranch)", "refs/heads/main")
    };
    let steps = template["steps"].as_array().expect("steps");
    let scripts = steps.iter().filter(|step| step["bash"].is_string());
    let bin = Path::new(env!("CARGO_BIN_EXE_policy"))
        .parent()
        .expect("a folder");
    let path = search_path();
    scripts
        .map(|step| {
            let mut command = Command::new("bash");
            command
                .current_dir(&folder.path)
                .env_clear()
                .env("PATH", format!("{}:{path}", bin.display()))
                .env("TF_BUILD", "True")
                .arg("-c")
                .arg(fill(step["bash"].as_str().expect("a script")));
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                command.env(name, fill(value.as_str().expect("a text")));
            }
            let output = command.output().expect("bash is there");
            let log = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(!log.contains("parameters."), "{log}");
            (output.status.code().expect("a code"), log)
        })
        .collect()
}

#[test]
#[cfg(unix)]
fn the_nightly_scan_publishes_and_fails() {
    let folder = repository(POD);
    let ran = run_template("scan.yml", &folder);
    assert_eq!((ran.len(), ran[0].0), (1, 1), "{}", ran[0].1);
    assert!(
        ran[0]
            .1
            .contains("##vso[task.logissue type=error;sourcepath="),
        "{}",
        ran[0].1
    );
    let reports = folder.path.join("staging/policy");
    let summary = format!("##vso[task.uploadsummary]{}/policy.md", reports.display());
    assert!(ran[0].1.contains(&summary), "{}", ran[0].1);
    for file in [
        "CodeAnalysisLogs/policy.sarif",
        "policy.xml",
        "policy.md",
        "policy.json",
    ] {
        assert!(reports.join(file).is_file(), "{file}");
    }
    // With a baseline only what is new fails.
    let baseline = [
        "test",
        ".",
        "--baseline",
        "baseline.json",
        "--update-baseline",
    ];
    assert_eq!(run(&folder.path, &baseline).code, 0);
    assert_eq!(run_template("scan.yml", &folder)[0].0, 0);
    folder.write("k8s/broken.yaml", b"a: [1\n");
    assert_eq!(run_template("scan.yml", &folder)[0].0, 2);
}

#[test]
#[cfg(unix)]
fn the_check_of_a_pull_request_judges_what_it_changes() {
    let good = run_template("check.yml", &repository(CONFIG));
    assert_eq!((good.len(), good[0].0), (2, 0), "{}", good[0].1);
    let bad = run_template("check.yml", &repository(POD));
    assert_eq!(bad[0].0, 1, "{}", bad[0].1);
    assert!(bad[0].1.contains("k8s/new.yaml:"), "{}", bad[0].1);
    assert!(!bad[0].1.contains("k8s/old.yaml:"), "{}", bad[0].1);
}

#[test]
#[cfg(unix)]
fn the_commands_in_docs_run() {
    let folder = repository(CONFIG);
    let github = block("github.md");
    let scratch = Folder::new(&[("github.yaml", &github)]);
    let workflow = yaml(&scratch.path.join("github.yaml"));
    let steps = workflow["jobs"]["policy"]["steps"]
        .as_array()
        .expect("steps");
    let bin = Path::new(env!("CARGO_BIN_EXE_policy"))
        .parent()
        .expect("a folder");
    let path = search_path();
    let mut codes = Vec::new();
    for script in steps.iter().filter_map(|step| step["run"].as_str()) {
        if !script.starts_with("policy ") {
            continue;
        }
        let status = Command::new("bash")
            .current_dir(&folder.path)
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("GITHUB_BASE_REF", "main")
            .env("GITHUB_STEP_SUMMARY", folder.path.join("summary.md"))
            .env("GITHUB_ACTIONS", "true")
            .args(["-c", script])
            .output()
            .expect("bash is there")
            .status;
        codes.push(status.code());
    }
    // Only the pod that was there before fails.
    assert_eq!(codes, [Some(0), Some(1)]);
    assert!(folder.path.join("summary.md").is_file() && folder.path.join("policy.sarif").is_file());
    let gitlab = block("gitlab.md");
    let script = gitlab
        .lines()
        .find_map(|line| line.trim().strip_prefix("- policy "));
    let arguments: Vec<&str> = script.expect("a command").split(' ').collect();
    assert_eq!(run(&folder.path, &arguments).code, 1);
}

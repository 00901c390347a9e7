//! An agent of a CI system, as far as our pipelines need one: it runs the scripts of their steps as they stand.
//!
//! It installs `policy` from a release as the pipelines do: an archive with a checksum, here in a folder.

#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "the scripts are run on Linux")
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

use crate::{Folder, root, run};

/// A YAML file as a value, read by our own parser.
pub(crate) fn yaml(path: &Path) -> Value {
    let name = path.to_str().expect("UTF-8");
    let ran = run(&root(), &["parse", "--no-config", "-o", "json", name]);
    assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    let parsed: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    parsed[0]["documents"][0]["value"].clone()
}

#[expect(clippy::disallowed_methods, reason = "scripts need their programs")]
pub(crate) fn search_path() -> String {
    std::env::var("PATH").expect("a path")
}

/// Runs git with an identity; gives what it says.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=x", "-c", "user.email=x@example.com"])
        .args(["-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .expect("git is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A script of a step and the variables that the step gives it.
pub(crate) struct Step {
    pub(crate) script: String,
    variables: Vec<(String, String)>,
}

impl Step {
    /// Sets a variable that the step has.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let mut variables = self.variables.iter_mut();
        if let Some((_, own)) = variables.find(|(own, _)| own == name) {
            value.clone_into(own);
        }
    }
}

/// The steps of a pipeline of Azure DevOps with the steps that it includes; `given` are parameters.
pub(crate) fn azure_steps(pipeline: &Path, given: &[(&str, &str)]) -> Vec<Step> {
    let given = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()));
    let mut steps = Vec::new();
    include(pipeline, &given.collect(), &mut steps);
    steps
}

fn include(file: &Path, given: &Map<String, Value>, steps: &mut Vec<Step>) {
    let template = yaml(file);
    let mut parameters = Map::new();
    for known in template["parameters"].as_array().expect("parameters") {
        let name = known["name"].as_str().expect("a name");
        let value = given.get(name).unwrap_or(&known["default"]);
        assert!(value.is_string(), "{}: {name}", file.display());
        parameters.insert(name.to_owned(), value.clone());
    }
    for name in given.keys() {
        assert!(parameters.contains_key(name), "{}: {name}", file.display());
    }
    let fill = |value: &Value| {
        let mut text = value.as_str().expect("a text").to_owned();
        for (name, value) in &parameters {
            let value = value.as_str().expect("a text");
            text = text.replace(&format!("${{{{ parameters.{name} }}}}"), value);
        }
        assert!(!text.contains("${{"), "{text}");
        text
    };
    let entries = |value: &Value| -> Vec<(String, String)> {
        let entries = value.as_object().into_iter().flatten();
        entries
            .map(|(name, value)| (name.clone(), fill(value)))
            .collect()
    };
    for step in template["steps"].as_array().expect("steps") {
        if let Some(name) = step["template"].as_str() {
            let given = entries(&step["parameters"]).into_iter();
            let given = given.map(|(name, value)| (name, value.into())).collect();
            include(&file.with_file_name(name), &given, steps);
        } else if step["bash"].is_string() {
            steps.push(Step {
                script: fill(&step["bash"]),
                variables: entries(&step["env"]),
            });
        }
    }
}

/// The steps of a workflow of GitHub that are run for an event.
pub(crate) fn github_steps(workflow: &Path, event: &str) -> Vec<Step> {
    let workflow = yaml(workflow);
    let entries = |value: &Value| -> Vec<(String, String)> {
        let entries = value.as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        entries
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    };
    let mut steps = Vec::new();
    for step in workflow["jobs"]["policy"]["steps"]
        .as_array()
        .expect("steps")
    {
        let Some(script) = step["run"].as_str() else {
            continue;
        };
        let is_run = match step["if"].as_str() {
            None => true,
            Some("github.event_name == 'pull_request'") => event == "pull_request",
            Some("github.event_name != 'pull_request'") => event != "pull_request",
            Some(other) => panic!("what is `{other}`?"),
        };
        if is_run {
            let variables = [entries(&workflow["env"]), entries(&step["env"])].concat();
            let script = script.to_owned();
            steps.push(Step { script, variables });
        }
    }
    steps
}

/// The one script that GitLab makes of a job.
pub(crate) fn gitlab_steps(job: &Path) -> Vec<Step> {
    let job = &yaml(job)["policy"];
    let lines = ["before_script", "script"].map(|name| job[name].as_array().expect("lines"));
    let lines = lines
        .into_iter()
        .flatten()
        .map(|line| line.as_str().expect("a text"));
    let variables = job["variables"].as_object().expect("variables").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    vec![Step {
        script: lines.collect::<Vec<_>>().join("\n"),
        variables: variables
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
    }]
}

/// A machine with a checkout, and a place that releases of `policy` come from.
pub(crate) struct Agent {
    pub(crate) machine: Folder,
}

impl Agent {
    pub(crate) fn new() -> Self {
        let agent = Self {
            machine: Folder::new(&[("temp/x", ""), ("home/x", "")]),
        };
        agent.release();
        agent
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.machine.path.join(name)
    }

    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// What is written for the repository of `policy`.
    pub(crate) fn source(&self) -> String {
        format!("file://{}", self.folder("policy").display())
    }

    /// Where releases are below that.
    pub(crate) fn releases(&self) -> String {
        format!("{}/releases/download", self.source())
    }

    /// The archive of the release.
    pub(crate) fn archive(&self) -> PathBuf {
        let version = Self::version();
        let arch = std::env::consts::ARCH;
        let name = format!("policy-{version}-{arch}-unknown-linux-musl.tar.gz");
        let folder = self.folder("policy/releases/download");
        folder.join(format!("v{version}")).join(name)
    }

    /// A release whose binary is the one under test.
    fn release(&self) {
        let archive = self.archive();
        let folder = archive.parent().expect("a folder");
        let binary = env!("CARGO_BIN_EXE_policy");
        let script = format!("#!/bin/sh\nexec '{binary}' \"$@\"\n");
        fs::create_dir_all(folder).expect("a folder");
        self.machine.write("build/policy", script.as_bytes());
        let name = archive
            .file_name()
            .and_then(|name| name.to_str())
            .expect("UTF-8");
        let pack = format!(
            "chmod +x '{0}/policy' && tar -C '{0}' -czf {name} policy && sha256sum {name} > {name}.sha256",
            self.folder("build").display()
        );
        let status = Command::new("bash")
            .current_dir(folder)
            .args(["-c", &pack])
            .status();
        assert!(status.expect("bash is there").success());
    }

    /// Runs steps up to the first that fails; gives its exit code and the whole log.
    pub(crate) fn run(
        &self,
        checkout: &Path,
        steps: &[Step],
        shell: &[&str],
        variables: &[(&str, &str)],
    ) -> (i32, String) {
        let mut path = search_path();
        let mut log = String::new();
        let added = self.folder("temp/path");
        for step in steps {
            let staging = self.folder("staging").display().to_string();
            let fill = |text: &str| {
                let text = text.replace("$(Build.ArtifactStagingDirectory)", &staging);
                text.replace("$(System.PullRequest.TargetBranch)", "refs/heads/main")
            };
            let mut command = Command::new("bash");
            command.args(shell).arg("-c").arg(fill(&step.script));
            command.current_dir(checkout).env_clear().env("PATH", &path);
            command
                .env("HOME", self.folder("home"))
                .env("AGENT_TOOLSDIRECTORY", self.folder("tools"))
                .env("RUNNER_TEMP", self.folder("temp"))
                .env("GITHUB_PATH", &added)
                .env("GITHUB_STEP_SUMMARY", self.folder("temp/summary.md"))
                .envs(variables.iter().copied())
                .envs(step.variables.iter().map(|(name, text)| (name, fill(text))));
            let output = command.output().expect("bash is there");
            let own = String::from_utf8_lossy(&output.stdout).into_owned();
            for line in own.lines() {
                if let Some(folder) = line.strip_prefix("##vso[task.prependpath]") {
                    path = format!("{folder}:{path}");
                }
            }
            for folder in fs::read_to_string(&added).unwrap_or_default().lines() {
                path = format!("{folder}:{path}");
            }
            log += &own;
            log += &String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().expect("a code");
            if code != 0 {
                return (code, log);
            }
        }
        (0, log)
    }

    /// Runs commands that a user types.
    pub(crate) fn script(
        &self,
        folder: &Path,
        script: &str,
        variables: &[(&str, &str)],
    ) -> (i32, String) {
        let step = Step {
            script: script.to_owned(),
            variables: Vec::new(),
        };
        self.run(folder, &[step], &["-e"], variables)
    }

    pub(crate) fn azure(&self, checkout: &Path, steps: &[Step]) -> (i32, String) {
        self.run(checkout, steps, &[], &[("TF_BUILD", "True")])
    }

    pub(crate) fn github(&self, checkout: &Path, steps: &[Step]) -> (i32, String) {
        let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "main")];
        self.run(checkout, steps, &["-e"], &variables)
    }

    pub(crate) fn gitlab(
        &self,
        checkout: &Path,
        steps: &[Step],
        base: Option<&str>,
    ) -> (i32, String) {
        let base = base.map(|base| ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base));
        let variables: Vec<_> = [("CI", "true"), ("GITLAB_CI", "true")]
            .into_iter()
            .chain(base)
            .collect();
        self.run(checkout, steps, &["-e", "-o", "pipefail"], &variables)
    }
}

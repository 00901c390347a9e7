//! `policy init`: writes the configuration, a starter policy folder, and on request files for CI and pre-commit.
//!
//! What is there already is never touched.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::PASSED;
use crate::error::CommandError;

/// The configuration that is written: what is commented out shows what there is.
pub(crate) const CONFIGURATION: &str = include_str!("init/policy.yaml");

/// The starter policies.
const POLICIES: [(&str, &str); 11] = [
    (
        "policy/no_latest.rego",
        include_str!("../../../policy/no_latest.rego"),
    ),
    (
        "policy/no_latest_test.rego",
        include_str!("../../../policy/no_latest_test.rego"),
    ),
    (
        "policy/required_labels.rego",
        include_str!("../../../policy/required_labels.rego"),
    ),
    (
        "policy/required_labels_test.rego",
        include_str!("../../../policy/required_labels_test.rego"),
    ),
    (
        "policy/resource_limits.rego",
        include_str!("../../../policy/resource_limits.rego"),
    ),
    (
        "policy/resource_limits_test.rego",
        include_str!("../../../policy/resource_limits_test.rego"),
    ),
    (
        "policy/run_as_non_root.rego",
        include_str!("../../../policy/run_as_non_root.rego"),
    ),
    (
        "policy/run_as_non_root_test.rego",
        include_str!("../../../policy/run_as_non_root_test.rego"),
    ),
    (
        "policy/lib/kubernetes.rego",
        include_str!("../../../policy/lib/kubernetes.rego"),
    ),
    (
        "policy/allowed_registries.rego",
        include_str!("../../../policy/allowed_registries.rego"),
    ),
    (
        "policy/data/allowed_registries.yaml",
        include_str!("../../../policy/data/allowed_registries.yaml"),
    ),
];

const PRE_COMMIT: [(&str, &str); 1] = [(
    ".pre-commit-config.yaml",
    include_str!("init/pre-commit-config.yaml"),
)];

const AZURE_DEVOPS: [(&str, &str); 5] = [
    (
        "azure-pipelines/nightly.yml",
        include_str!("../../../azure-pipelines/nightly.yml"),
    ),
    (
        "azure-pipelines/pull-request.yml",
        include_str!("../../../azure-pipelines/pull-request.yml"),
    ),
    (
        "azure-pipelines/steps/install.yml",
        include_str!("../../../azure-pipelines/steps/install.yml"),
    ),
    (
        "azure-pipelines/steps/scan.yml",
        include_str!("../../../azure-pipelines/steps/scan.yml"),
    ),
    (
        "azure-pipelines/steps/check.yml",
        include_str!("../../../azure-pipelines/steps/check.yml"),
    ),
];

const GITHUB: [(&str, &str); 1] = [(
    ".github/workflows/policy.yml",
    include_str!("init/github.yml"),
)];

const GITLAB: [(&str, &str); 2] = [
    (".gitlab/policy.yml", include_str!("init/gitlab.yml")),
    (".gitlab-ci.yml", include_str!("init/gitlab-ci.yml")),
];

/// What stands in our files for the place that `policy` comes from.
const PLACEHOLDER: &str = "https://github.com/OWNER/policy";

#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The folder to write into.
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) path: PathBuf,
    /// Write the pipeline of a CI system, too; may be given several times.
    #[arg(long, value_name = "SYSTEM", value_delimiter = ',')]
    pub(crate) ci: Vec<System>,
    /// Write `.pre-commit-config.yaml`, too.
    #[arg(long)]
    pub(crate) pre_commit: bool,
    /// Where pipelines and hooks get `policy` from: `OWNER/policy` on GitHub, or the address of a repository (`https://…`).
    #[arg(long, value_name = "REPOSITORY", value_parser = repository)]
    pub(crate) repository: Option<String>,
}

/// A CI system that there are pipelines for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum System {
    /// A nightly scan and the check of pull requests, in `azure-pipelines`.
    AzureDevops,
    /// A workflow for both.
    Github,
    /// A job for both.
    Gitlab,
}

impl System {
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::AzureDevops => &AZURE_DEVOPS,
            Self::Github => &GITHUB,
            Self::Gitlab => &GITLAB,
        }
    }
}

/// The address of a repository: an address, `git@HOST:PATH` or `OWNER/NAME`.
fn repository(text: &str) -> Result<String, String> {
    const HELP: &str = "write `OWNER/policy` for a repository on GitHub, or its address: `https://example.com/OWNER/policy`";
    let is_word = |text: &str, more: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain)
    };
    let text = text.trim_end_matches('/');
    let without_git = text.strip_suffix(".git").unwrap_or(text);
    let found = if let Some((scheme, rest)) = text.split_once("://") {
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_host = is_word(host, "-._:@") || scheme == "file" && host.is_empty();
        let is_path = !path.is_empty() && is_word(&format!("x{path}"), "-._~/@");
        let is_known = matches!(scheme, "https" | "http" | "file");
        // Others may serve it under this name only.
        let is_named_without = matches!(host, "github.com" | "gitlab.com");
        let address = if is_named_without { without_git } else { text };
        (is_known && is_host && is_path).then(|| address.to_owned())
    } else if let Some((host, path)) = without_git
        .strip_prefix("git@")
        .and_then(|rest| rest.split_once(':'))
    {
        // Azure DevOps has other addresses for ssh.
        let is_same = is_word(host, "-.") && !host.starts_with("ssh.");
        (is_same && is_word(path, "-._~/")).then(|| format!("https://{host}/{path}"))
    } else {
        let parts = without_git.split_once('/');
        let is_named = |(owner, name): (&str, &str)| {
            // GitHub's owners have no dots, names of machines have.
            is_word(owner, "-_")
                && is_word(&format!("x{name}"), "-._")
                && !name.trim_matches('.').is_empty()
        };
        parts
            .is_some_and(is_named)
            .then(|| format!("https://github.com/{without_git}"))
    };
    found.ok_or_else(|| HELP.to_owned())
}

/// The configuration: its data is named where there is some, else only shown.
fn configuration(has_data: bool) -> String {
    let data = match has_data {
        true => "data: [policy/data]",
        false => "# data: [policy/data]         # files and folders that rules see below `data`",
    };
    CONFIGURATION.replace("data: [policy/data]", data)
}

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &InitArgs) -> Result<u8, CommandError> {
    // A folder with policies is somebody's own: nothing is put into it.
    let is_kept = args.path.join("policy").exists();
    let configuration = configuration(!is_kept || args.path.join("policy/data").exists());
    let mut files = vec![(policy::config::FILE, &*configuration)];
    if is_kept {
        say("kept", "policy");
    } else {
        files.extend(POLICIES);
    }
    for system in &args.ci {
        files.extend(system.files());
    }
    if args.pre_commit {
        files.extend(PRE_COMMIT);
    }
    let mut unfinished = Vec::new();
    for (name, text) in files {
        let own = match &args.repository {
            Some(repository) => text.replace(PLACEHOLDER, repository),
            None => text.to_owned(),
        };
        if write(&args.path, name, &own)? == Written::New && own.contains(PLACEHOLDER) {
            unfinished.push(name);
        }
    }
    if !unfinished.is_empty() {
        let files = unfinished.join(", ");
        let message = format!("write for OWNER whose repository `policy` comes from, in {files}");
        say("to do:", &message);
    }
    Ok(PASSED)
}

/// Whether a file was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    New,
    /// There was one already.
    Kept,
}

/// What is to be done by hand where the file was there already.
fn by_hand(name: &str) -> &'static str {
    match name {
        ".gitlab-ci.yml" => ": add `.gitlab/policy.yml` to what it includes",
        ".pre-commit-config.yaml" => ": add the hooks `policy-test` and `policy-verify`",
        _ => "",
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<Written, CommandError> {
    let path = folder.join(name);
    let failed = |error: io::Error| {
        CommandError::new(
            format!("`{}` cannot be written: {error}", path.display()),
            "Check that its folder may be written to.",
        )
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(failed)?;
            say("wrote", name);
            Ok(Written::New)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            say("kept", &format!("{name}{}", by_hand(name)));
            Ok(Written::Kept)
        }
        Err(error) => Err(failed(error)),
    }
}

fn say(what: &str, name: &str) {
    // Nothing can be done about a closed standard output.
    let _ = writeln!(io::stdout().lock(), "{what} {name}");
}

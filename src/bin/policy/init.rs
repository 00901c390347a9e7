//! `policy init`: writes the configuration, a starter policy folder, and on request files for CI and pre-commit.
//!
//! What is there already is never touched.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

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

const PRE_COMMIT: &str = include_str!("init/pre-commit-config.yaml");

#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The folder to write into.
    #[arg(value_name = "FOLDER", default_value = ".")]
    pub(crate) path: PathBuf,
    /// Write `.pre-commit-config.yaml`, too.
    #[arg(long)]
    pub(crate) pre_commit: bool,
}

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &InitArgs) -> Result<u8, CommandError> {
    let mut files = vec![(policy::config::FILE, CONFIGURATION)];
    // A folder with policies is somebody's own: nothing is put into it.
    if args.path.join("policy").exists() {
        say("kept", "policy");
    } else {
        files.extend(POLICIES);
    }
    if args.pre_commit {
        files.push((".pre-commit-config.yaml", PRE_COMMIT));
    }
    for (name, text) in files {
        write(&args.path, name, text)?;
    }
    Ok(PASSED)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), CommandError> {
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
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            say("kept", name);
            Ok(())
        }
        Err(error) => Err(failed(error)),
    }
}

fn say(what: &str, name: &str) {
    // Nothing can be done about a closed standard output.
    let _ = writeln!(io::stdout().lock(), "{what} {name}");
}

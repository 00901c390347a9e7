//! What the environment says: the CI system, the working directory, the repository and its pages on the web.
//!
//! Only what is named here is looked at, and only by the binary.

#![expect(
    clippy::disallowed_methods,
    reason = "the binary alone sees environment, clock and working directory"
)]

use std::path::{Path, PathBuf};

use policy::checkout::{Checkout, Web};
use policy::output::Ci;

/// A variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The names of variables that are set, not empty and start so.
pub(crate) fn variables_with(prefix: &str) -> Vec<String> {
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let names = set.filter_map(|(name, _)| name.into_string().ok());
    // Where case does not matter, names are known in capitals.
    let names = names.map(|name| match cfg!(windows) {
        true => name.to_uppercase(),
        false => name,
    });
    names.filter(|name| name.starts_with(prefix)).collect()
}

/// The CI system whose step this is.
pub(crate) fn ci() -> Option<Ci> {
    let is_true = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_true("TF_BUILD") {
        Some(Ci::AzureDevOps)
    } else if is_true("GITHUB_ACTIONS") {
        Some(Ci::Github)
    } else {
        None
    }
}

/// Whether the log is a CI system's: all of them say so by `CI` or a variable of their own.
pub(crate) fn is_ci() -> bool {
    ci().is_some() || variable("CI").is_some_and(|value| !value.eq_ignore_ascii_case("false"))
}

/// The working directory, empty where it cannot be known.
pub(crate) fn directory() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// The nearest folder from `start` upwards in which `is_it` holds.
fn folder_above(start: &Path, is_it: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|folder| is_it(folder))
        .map(Path::to_path_buf)
}

/// The root of the repository around a folder.
pub(crate) fn repository_around(start: &Path) -> Option<PathBuf> {
    folder_above(start, |folder| folder.join(".git").exists())
}

/// Where the names in a report lead; `base` is the folder of the configuration, where there is one.
pub(crate) fn checkout(base: Option<&Path>) -> Checkout {
    let directory = directory();
    let root = repository_around(&directory)
        .or_else(|| base.map(Path::to_path_buf))
        .unwrap_or_else(|| directory.clone());
    Checkout {
        directory: with_slashes(&directory),
        base: with_slashes(base.unwrap_or(&root)),
        root: with_slashes(&root),
        web: web(),
    }
}

/// A path with `/` between folders.
pub(crate) fn with_slashes(path: &Path) -> String {
    let name = path.to_string_lossy();
    if cfg!(windows) {
        name.replace('\\', "/")
    } else {
        name.into_owned()
    }
}

/// The pages of the repository, as CI systems name them.
fn web() -> Option<Web> {
    let github = || {
        let server = variable("GITHUB_SERVER_URL")?;
        let (name, commit) = (variable("GITHUB_REPOSITORY")?, variable("GITHUB_SHA")?);
        Some(Web::Github(format!("{server}/{name}/blob/{commit}")))
    };
    let azure = || {
        Some(Web::Azure {
            repository: variable("BUILD_REPOSITORY_URI")
                .filter(|_| variable("BUILD_REPOSITORY_PROVIDER").as_deref() == Some("TfsGit"))?,
            commit: variable("BUILD_SOURCEVERSION")?,
        })
    };
    let gitlab = || {
        let (project, commit) = (variable("CI_PROJECT_URL")?, variable("CI_COMMIT_SHA")?);
        Some(Web::Gitlab(format!("{project}/-/blob/{commit}")))
    };
    github().or_else(azure).or_else(gitlab)
}

//! Which files are judged: what changed since a commit, by git's own word, and the part of one machine of several.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use policy::finding::{Problem, Stage};
use policy::walk::FileEntry;
use policy::walk::select::{self, Shard};

use crate::environment;
use crate::error::CommandError;

/// Lets only files be judged that have changed since `reference`. What judges must not have changed, else all are.
pub(crate) fn changed_since(
    reference: &str,
    files: &mut [FileEntry],
    judges: &[PathBuf],
) -> Result<Option<Problem>, CommandError> {
    let top = PathBuf::from(one_line(&git(
        Path::new("."),
        &["rev-parse", "--show-toplevel"],
    )?));
    if reference.starts_with('-') {
        return Err(unknown(reference, "it is no name of a commit"));
    }
    let base = git(&top, &["merge-base", reference, "HEAD"])
        .map_err(|error| unknown(reference, error.message()))?;
    let base = one_line(&base);
    // A renamed file is one that went and one that came; what is not committed yet counts, too.
    let diff = [
        "diff",
        "--name-only",
        "-z",
        "--no-renames",
        "--no-ext-diff",
        &base,
        "--",
    ];
    let new = ["ls-files", "-z", "--others", "--exclude-standard"];
    let mut names = names(&git(&top, &diff)?);
    names.extend(self::names(&git(&top, &new)?));
    let top = top.canonicalize().unwrap_or(top);
    let changed: BTreeSet<PathBuf> = names.iter().map(|name| top.join(name)).collect();
    let judge = judges.iter().find(|path| {
        let real = path
            .canonicalize()
            .unwrap_or_else(|_| environment::directory().join(path));
        changed.iter().any(|changed| changed.starts_with(&real))
    });
    if let Some(path) = judge {
        let message = format!(
            "`{}` has changed since `{reference}`: all documents are judged",
            path.display()
        );
        return Ok(Some(Problem::notice(Stage::Read, message)));
    }
    select::changed(files, &changed);
    Ok(None)
}

fn names(output: &str) -> Vec<String> {
    let names = output.split('\0').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn one_line(output: &str) -> String {
    output.trim_end_matches(['\n', '\r']).to_owned()
}

fn unknown(reference: &str, why: &str) -> CommandError {
    CommandError::new(
        format!("what has changed since `{reference}` cannot be found out: {why}"),
        "Fetch that commit and the history between (`fetchDepth: 0` in Azure Pipelines, `fetch-depth: 0` in GitHub Actions).",
    )
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, CommandError> {
    let failed = |why: String| {
        CommandError::new(
            format!("`git {}`: {why}", arguments.join(" ")),
            "`--changed-since` asks git.",
        )
    };
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(said.trim().to_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))
}

/// Which part `--shard` asks for: `2/5`, or `auto` for what the CI system says.
pub(crate) fn shard(text: &str) -> Result<Shard, CommandError> {
    let help = "Write `--shard 2/5` for the second of five, or `--shard auto` in a CI system that runs jobs in parallel.";
    let wrong = |message: String| CommandError::new(message, help);
    if text != "auto" {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let shard = numbers.and_then(|(index, of)| Shard::new(index, of));
        return shard.ok_or_else(|| wrong(format!("`{text}` is no shard")));
    }
    // Position and number of jobs, and where counting starts.
    let systems = [
        ("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1),
        ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
        ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
        ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    ];
    for (position, total, first) in systems {
        let number = |name| environment::variable(name)?.parse::<usize>().ok();
        if let (Some(position), Some(total)) = (number(position), number(total)) {
            let shard = Shard::new((position + 1).saturating_sub(first), total);
            return shard.ok_or_else(|| wrong(format!("job {position} of {total} is no shard")));
        }
    }
    Err(wrong(
        "no variable says which job of how many this is".to_owned(),
    ))
}

//! What has changed since a commit, by git's own word, and whether only that is to be judged.
//!
//! Documents that did not change are judged anew when what judges them did: policies, data, and documents that are facts
//! for others, as they are now and as they were. What cannot be looked at may be one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use policy::check::{Check, Needs};
use policy::document::{self, Limits, Syntax};
use policy::finding::{Problem, Severity, Stage};
use policy::source::SourceFile;
use policy::walk::{self, FileEntry, Role, select};

use crate::environment;
use crate::error::CommandError;

/// What a change is held against.
pub(crate) struct Judging<'a> {
    /// Files and folders that judge: policies, data, configuration.
    pub(crate) files: Vec<PathBuf>,
    /// What may judge documents by others.
    pub(crate) checks: &'a [&'a dyn Check],
    /// Largest file that is read, in bytes.
    pub(crate) max_bytes: u64,
}

/// Lets only files be judged that have changed since `reference`. What judges must not have changed, else all are, and it
/// is said why.
pub(crate) fn since(
    reference: &str,
    files: &mut [FileEntry],
    judging: &Judging<'_>,
) -> Result<Option<Problem>, CommandError> {
    let changes = Changes::since(reference)?;
    let changed = changes.paths();
    let judge = judging.files.iter().find(|path| {
        let real = real(path);
        changed.iter().any(|changed| changed.starts_with(&real))
    });
    let everything = |why: String| {
        let message = format!("{why}: all documents are judged");
        Ok(Some(Problem::notice(Stage::Read, message)))
    };
    if let Some(path) = judge {
        let path = path.display();
        return everything(format!("`{path}` has changed since `{reference}`"));
    }
    let mut selected = files.to_vec();
    select::changed(&mut selected, &changed);
    if let Some(why) = changes.fact(reference, &selected, judging) {
        return everything(why);
    }
    files.clone_from_slice(&selected);
    Ok(None)
}

/// The real path of a file that may be gone.
fn real(path: &Path) -> PathBuf {
    path.canonicalize()
        .unwrap_or_else(|_| environment::directory().join(path))
}

/// What git says has changed.
struct Changes {
    /// The root of the work tree, its real path.
    top: PathBuf,
    entries: Vec<Entry>,
}

struct Entry {
    /// From the root on, with `/`.
    name: String,
    /// What there was.
    old: Old,
    is_gone: bool,
}

/// What stood at a name before it changed.
enum Old {
    Nothing,
    /// A file, with the name of its content.
    File(String),
    /// A link, another repository, or nobody can say.
    Elsewhere,
}

impl Changes {
    fn since(reference: &str) -> Result<Self, CommandError> {
        let top = git(Path::new("."), &["rev-parse", "--show-toplevel"])?;
        let top = PathBuf::from(one_line(&top));
        if reference.starts_with('-') {
            return Err(unknown(reference, "it is no name of a commit"));
        }
        let base = git(&top, &["merge-base", reference, "HEAD"])
            .map_err(|error| unknown(reference, error.message()))?;
        let base = one_line(&base);
        // A renamed file is one that went and one that came; what is not committed yet counts, too.
        let diff = [
            "diff",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=none",
            &base,
            "--",
        ];
        let new = ["ls-files", "-z", "--others", "--exclude-standard"];
        let mut entries = entries(&git(&top, &diff)?)
            .ok_or_else(|| unknown(reference, "what `git diff` says is not understood"))?;
        let new = git(&top, &new)?;
        let new = new.split('\0').filter(|name| !name.is_empty());
        entries.extend(new.map(|name| Entry {
            name: name.to_owned(),
            old: Old::Nothing,
            is_gone: false,
        }));
        let top = top.canonicalize().unwrap_or(top);
        Ok(Self { top, entries })
    }

    /// The paths; a link is what it leads to, too.
    fn paths(&self) -> BTreeSet<PathBuf> {
        let paths = self.entries.iter().flat_map(|entry| {
            let path = self.top.join(&entry.name);
            [path.canonicalize().ok(), Some(path)]
        });
        paths.flatten().collect()
    }

    /// Why other documents than those of changed files may be judged otherwise than before.
    fn fact(&self, reference: &str, files: &[FileEntry], judging: &Judging<'_>) -> Option<String> {
        let mut checks = judging.checks.iter();
        if !checks.any(|check| check.may_collect() || check.needs() == Needs::AllDocuments) {
            return None;
        }
        let changed = files.iter().filter(|file| file.role == Role::Judged);
        if files.len() > 1 && files.iter().any(FileEntry::is_stdin) {
            return Some("other documents may be judged by what standard input holds".to_owned());
        }
        let holds = |name: &str| {
            format!(
                "`{name}` has changed since `{reference}`, and other documents are judged by what it holds or held"
            )
        };
        let mut real_paths = BTreeSet::new();
        for file in changed {
            // What cannot be read is an error when it is judged.
            let now = walk::read(file, judging.max_bytes).ok();
            if now.is_some_and(|bytes| judging.look(&file.name, bytes) == Look::Fact) {
                return Some(holds(&file.name));
            }
            real_paths.extend(file.path.canonicalize());
        }
        for entry in &self.entries {
            let path = self.top.join(&entry.name);
            let name = &entry.name;
            let is_looked_at = match entry.is_gone {
                true => walk::is_manifest(&path),
                false => real_paths.contains(&path),
            };
            let look = match &entry.old {
                Old::Nothing => continue,
                Old::Elsewhere => Look::Unknown,
                Old::File(_) if !is_looked_at => continue,
                Old::File(content) => git_bytes(&self.top, &["cat-file", "blob", content])
                    .map_or(Look::Unknown, |bytes| judging.look(name, bytes)),
            };
            match look {
                Look::Nothing => {}
                Look::Fact => return Some(holds(name)),
                Look::Unknown => {
                    return Some(format!(
                        "what `{name}` was at `{reference}` cannot be read, and other documents may have been judged by it"
                    ));
                }
            }
        }
        None
    }
}

/// What a file may mean for the documents of others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Nothing,
    Fact,
    Unknown,
}

impl Judging<'_> {
    fn look(&self, name: &str, bytes: Vec<u8>) -> Look {
        let Ok(text) = document::decode(bytes) else {
            return Look::Unknown;
        };
        let file = Arc::new(SourceFile::new(name, text));
        let parsed = document::parse(&file, Syntax::of_name(name), &Limits::default());
        let is_fact = |document| self.checks.iter().any(|check| check.informs(document));
        let mut problems = parsed.problems.iter();
        if parsed.documents.iter().any(is_fact) {
            Look::Fact
        } else if problems.any(|problem| problem.problem.severity == Severity::Error) {
            Look::Unknown
        } else {
            Look::Nothing
        }
    }
}

/// Reads `git diff --raw -z`: `:mode mode content content status`, then the name.
fn entries(output: &str) -> Option<Vec<Entry>> {
    let mut parts = output.split('\0').filter(|part| !part.is_empty());
    let mut entries = Vec::new();
    while let Some(what) = parts.next() {
        let name = parts.next()?.to_owned();
        let mut words = what.strip_prefix(':')?.split(' ');
        let (old_mode, mode) = (words.next()?, words.next()?);
        let (content, _, status) = (words.next()?, words.next()?, words.next()?);
        let old = match old_mode {
            // A conflict that is not resolved.
            _ if status == "U" => Old::Elsewhere,
            "000000" => Old::Nothing,
            "120000" | "160000" => Old::Elsewhere,
            _ => Old::File(content.to_owned()),
        };
        entries.push(Entry {
            name,
            old,
            is_gone: mode == "000000",
        });
    }
    Some(entries)
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
    let output = git_bytes(folder, arguments)?;
    String::from_utf8(output).map_err(|error| failed(arguments, &error.to_string()))
}

fn git_bytes(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, CommandError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| failed(arguments, &error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(arguments, said.trim()));
    }
    Ok(output.stdout)
}

fn failed(arguments: &[&str], why: &str) -> CommandError {
    CommandError::new(
        format!("`git {}`: {why}", arguments.join(" ")),
        "`--changed-since` asks git.",
    )
}

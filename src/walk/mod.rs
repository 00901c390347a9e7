//! Paths and patterns → files, sorted; standard input.
//!
//! What is passed over in a folder is counted with its reason; what cannot be read is a problem, never silence.
//! Folders are told apart by their real path, so that no link leads the walk round in circles or to a file twice.

mod chart;
mod names;
mod pattern;
mod rules;
pub mod select;
#[cfg(test)]
mod tests;
mod walker;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::finding::{Location, Problem, Stage};
use crate::walk::walker::Walker;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// How reports name it: as typed, with `/`; `-` for standard input.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What becomes of its documents.
    pub role: Role,
}

/// What becomes of the documents of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// They are judged.
    #[default]
    Judged,
    /// They are known to the rules that look at all documents, and not judged.
    Known,
}

impl FileEntry {
    /// Whether it is standard input.
    #[must_use]
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

/// What becomes of a file that the user named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Named {
    /// It is read, whatever it is called and whatever patterns say.
    #[default]
    Read,
    /// It is taken or passed over as it would be in a walk: pre-commit names every file of a repository.
    AsInWalk,
}

/// What is looked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Patterns as in a `.gitignore`, for paths as they are typed or below the folder that is walked.
    pub exclude: Vec<String>,
    /// Files and folders that hold no manifests: policies, data.
    pub never_enter: Vec<PathBuf>,
    /// The name of standard input, `-` where none is given.
    pub stdin_name: Option<String>,
    /// What becomes of files that the user named.
    pub named: Named,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, sorted by name, each once.
    pub files: Vec<FileEntry>,
    /// What could not be read, and what is worth saying.
    pub problems: Vec<Problem>,
    /// Files that were passed over, by the reason.
    pub skipped: BTreeMap<String, usize>,
}

/// Finds the files at and below the paths.
#[must_use]
pub fn find(paths: &[PathBuf], options: &Options) -> Found {
    let mut walker = Walker::new(options);
    for path in paths {
        walker.path(path, options.named);
    }
    let mut found = walker.finish();
    found.files.sort();
    found
}

/// Whether a walk takes a file of this name, as far as the name alone says.
#[must_use]
pub fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(names::is_manifest)
}

/// The bytes of a file.
///
/// # Errors
/// The file cannot be read or is larger than `max_bytes`.
pub fn read(entry: &FileEntry, max_bytes: u64) -> Result<Vec<u8>, Problem> {
    let mut file = fs::File::open(&entry.path).map_err(|error| unreadable(&entry.name, &error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    read_from(&mut file, &entry.name, size, max_bytes)
}

/// The bytes that a reader gives, standard input for example; `name` is how reports call it.
///
/// # Errors
/// It cannot be read or gives more than `max_bytes`.
pub fn read_stdin(input: &mut dyn Read, name: &str, max_bytes: u64) -> Result<Vec<u8>, Problem> {
    read_from(input, name, 0, max_bytes)
}

fn read_from(
    input: &mut dyn Read,
    name: &str,
    expected: u64,
    max_bytes: u64,
) -> Result<Vec<u8>, Problem> {
    // One byte more than expected shows the end at once; files that grow or lie about their size are read too.
    let capacity = expected.min(max_bytes).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
    input
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > max_bytes {
        let message = format!("the file is larger than {} MiB", max_bytes >> 20);
        return Err(Problem::error(Stage::Read, message)
            .at(Location::whole_file(name))
            .help("Split it, or allow more with `--max-file-size`."));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &io::Error) -> Problem {
    Problem::error(Stage::Read, format!("the file cannot be read: {error}"))
        .at(Location::whole_file(name))
        .help("Check that it is there and that it may be read.")
}

/// A path as reports show it: as typed, with `/`.
fn display_name(path: &Path) -> String {
    let name = path.to_string_lossy();
    if cfg!(windows) {
        name.replace('\\', "/")
    } else {
        name.into_owned()
    }
}

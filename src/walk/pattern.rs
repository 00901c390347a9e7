//! Patterns that no shell expanded (quoted, or on Windows) → paths, as a shell would give them.
//!
//! Hidden names match only where the pattern's own name starts with a dot; links are not followed by `**`.

use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::finding::{Location, Problem, Stage};
use crate::walk::display_name;
use crate::walk::names::is_hidden;
use crate::walk::walker::list;

/// Whether a path that is not there may be a pattern.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// Whether the pattern's last part says nothing about the name, or its folders are searched.
pub(super) fn matches_anything(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "**")
        || path.file_name().is_some_and(|name| name == "*")
}

/// The paths that match, sorted.
pub(super) fn expand(pattern: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for part in pattern.components() {
        let name = Path::new(part.as_os_str());
        if name.as_os_str() == "**" {
            paths = paths
                .iter()
                .flat_map(|path| below(path, problems))
                .collect();
        } else if is_pattern(name) {
            let Some(matcher) = matcher(pattern, name, problems) else {
                return Vec::new();
            };
            let with_hidden = is_hidden(name.as_os_str());
            let found = paths.iter().flat_map(|path| entries(path, problems));
            let matching = found.filter(|path| {
                let name = path.file_name().unwrap_or_default();
                matcher.is_match(name) && (with_hidden || !is_hidden(name))
            });
            paths = matching.collect();
        } else {
            paths = paths.into_iter().map(|path| path.join(name)).collect();
            paths.retain(|path| fs::symlink_metadata(path).is_ok());
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

fn matcher(pattern: &Path, name: &Path, problems: &mut Vec<Problem>) -> Option<GlobMatcher> {
    match GlobBuilder::new(&name.to_string_lossy()).build() {
        Ok(glob) => Some(glob.compile_matcher()),
        Err(error) => {
            let message = format!("this is no pattern for files: {error}");
            let location = Location::whole_file(display_name(pattern).as_str());
            let help = "Known are `*`, `?`, `[…]`, `{…}` and `**`.";
            problems.push(Problem::error(Stage::Read, message).at(location).help(help));
            None
        }
    }
}

/// The entries of a folder; what is no folder has none.
fn entries(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let shown = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    if !shown.is_dir() {
        return Vec::new();
    }
    match list(shown) {
        Ok(entries) => entries
            .iter()
            .map(|entry| folder.join(entry.file_name()))
            .collect(),
        Err(error) => {
            let message = format!("the folder cannot be read: {error}");
            let location = Location::whole_file(display_name(shown).as_str());
            let help = "Check that it may be read.";
            problems.push(Problem::error(Stage::Read, message).at(location).help(help));
            Vec::new()
        }
    }
}

/// A folder and all folders below it.
fn below(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    let mut next = 0;
    while let Some(folder) = folders.get(next).cloned() {
        next += 1;
        let found = entries(&folder, problems);
        folders.extend(found.into_iter().filter(|path| {
            let is_folder = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
            is_folder && !is_hidden(path.file_name().unwrap_or_default())
        }));
    }
    folders
}

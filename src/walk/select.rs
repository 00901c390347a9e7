//! Which of the files that were found are judged: changed ones, the part of one machine. The others stay known.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::walk::{FileEntry, Role};

/// One of several machines that share the files of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

impl Shard {
    /// A shard; none where the index is not among them.
    #[must_use]
    pub fn new(index: usize, of: usize) -> Option<Self> {
        (1..=of).contains(&index).then_some(Self { index, of })
    }
}

/// `sha256:…` over the names and sizes of files, so that shards of different files are told apart; `known_as` gives the
/// names that all machines have for them.
#[must_use]
pub fn digest(files: &[FileEntry], known_as: impl Fn(&str) -> String) -> String {
    let size = |file: &FileEntry| match file.is_stdin() {
        true => 0,
        false => fs::metadata(&file.path).map_or(0, |metadata| metadata.len()),
    };
    let mut all: Vec<_> = files
        .iter()
        .map(|file| (known_as(&file.name), size(file)))
        .collect();
    all.sort();
    let mut hasher = Sha256::new();
    for (name, size) in all {
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(size.to_le_bytes());
    }
    let bytes = hasher.finalize();
    bytes.iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Lets only the files of a shard be judged: every n-th of those that are, so that large folders are shared.
pub fn shard(files: &mut [FileEntry], shard: Shard) {
    let judged = files
        .iter_mut()
        .filter(|file| file.role == Role::Judged)
        .enumerate();
    for (number, file) in judged {
        if number % shard.of != shard.index - 1 {
            file.role = Role::Known;
        }
    }
}

/// Lets only files be judged whose real path, or a folder above, is among `changed`; standard input always is.
pub fn changed(files: &mut [FileEntry], changed: &BTreeSet<PathBuf>) {
    for file in files {
        let is_changed = file.is_stdin()
            || file
                .path
                .canonicalize()
                .is_ok_and(|real| real.ancestors().any(|path| changed.contains(path)));
        if !is_changed {
            file.role = Role::Known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_one_shard() {
        let files: Vec<FileEntry> = (0..11)
            .map(|number| FileEntry {
                name: format!("{number}.yaml"),
                path: format!("{number}.yaml").into(),
                role: Role::Judged,
            })
            .collect();
        let mut judged = Vec::new();
        for index in 1..=4 {
            let mut part = files.clone();
            shard(&mut part, Shard::new(index, 4).expect("is one"));
            let own = part.into_iter().filter(|file| file.role == Role::Judged);
            judged.extend(own);
        }
        judged.sort();
        let mut all = files;
        all.sort();
        assert_eq!(judged, all);
        assert_eq!(Shard::new(0, 4), None);
        assert_eq!(Shard::new(5, 4), None);
    }
}

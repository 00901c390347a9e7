//! Which of the files that were found are judged: changed ones, the part of one machine. The others stay known.

use std::collections::BTreeSet;
use std::path::PathBuf;

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

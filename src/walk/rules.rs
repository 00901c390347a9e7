//! Which paths are left out: `--exclude` patterns and `.policyignore` files, both with the meaning of a `.gitignore`.
//!
//! `.gitignore` files themselves are never read. A pattern that cannot be read is an error, not a pattern less.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::finding::{Location, Problem, Stage};
use crate::source::Position;
use crate::walk::display_name;

/// The file that names what is left out at and below its folder.
pub(super) const FILE: &str = ".policyignore";

/// The patterns of `--exclude`.
pub(super) struct Excluded {
    patterns: Gitignore,
}

impl Excluded {
    pub(super) fn new(patterns: &[String], problems: &mut Vec<Problem>) -> Self {
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            let line = pattern.strip_prefix("./").unwrap_or(pattern);
            // In a file these lines would be a comment or empty.
            let escaped = if line.starts_with('#') {
                format!("\\{line}")
            } else {
                line.to_owned()
            };
            let result = builder
                .add_line(None, &escaped)
                .map_err(|error| error.to_string());
            let wrong = match result {
                Ok(_) if line.trim().is_empty() => "it is empty".to_owned(),
                Ok(_) => continue,
                Err(error) => error,
            };
            let message = format!("`{pattern}` is no pattern for `--exclude`: {wrong}");
            let help = "Patterns are as in a `.gitignore`.";
            problems.push(Problem::error(Stage::Read, message).help(help));
        }
        Self {
            patterns: build(&builder, problems),
        }
    }

    /// Whether a path met in a walk is left out; the patterns are for the path as typed or below the walked folder.
    pub(super) fn matches(&self, typed: &Path, below_root: Option<&Path>, is_folder: bool) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        match self.patterns.matched(relative(typed), is_folder) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => {
                below_root.is_some_and(|path| self.patterns.matched(path, is_folder).is_ignore())
            }
        }
    }

    /// Whether a file that the user named, or a folder that it is in, matches.
    pub(super) fn matches_typed(&self, typed: &Path) -> bool {
        let typed = relative(typed);
        let matches = |path: &Path| self.patterns.matched(path, path != typed).is_ignore();
        let is_some = |path: &&Path| !path.as_os_str().is_empty();
        !self.patterns.is_empty() && typed.ancestors().take_while(is_some).any(matches)
    }
}

/// A typed path without what stands for no name.
fn relative(path: &Path) -> PathBuf {
    let is_name = |part: &Component<'_>| matches!(part, Component::Normal(_));
    path.components().filter(is_name).collect()
}

/// The `.policyignore` of a folder and those of the folders above it.
pub(super) struct Rules {
    patterns: Gitignore,
    folder: PathBuf,
    above: Option<Rc<Self>>,
}

impl Rules {
    /// The rules of the folders above a path, up to the repository's root or else the working directory.
    pub(super) fn above(real: &Path, problems: &mut Vec<Problem>) -> Option<Rc<Self>> {
        let top = top_of(real)?;
        let folders: Vec<_> = real
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(&top))
            .filter(|folder| folder.join(FILE).is_file())
            .collect();
        folders.into_iter().rev().fold(None, |above, folder| {
            Self::of_folder(folder, folder, above, problems)
        })
    }

    /// The rules of a folder that has a `.policyignore`; `typed` is how reports name the folder.
    pub(super) fn of_folder(
        typed: &Path,
        folder: &Path,
        above: Option<Rc<Self>>,
        problems: &mut Vec<Problem>,
    ) -> Option<Rc<Self>> {
        let file = typed.join(FILE);
        let name = display_name(&file);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                problems.push(super::unreadable(&name, &error));
                return above;
            }
        };
        let mut builder = GitignoreBuilder::new("");
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        for (line, number) in text.lines().zip(1..) {
            if let Err(error) = builder.add_line(None, line) {
                let at = Position {
                    line: number,
                    column: 1,
                };
                let location = Location {
                    start: at,
                    end: at,
                    ..Location::whole_file(name.as_str())
                };
                let message = format!("this is no pattern: {error}");
                let help = "Patterns are as in a `.gitignore`.";
                problems.push(Problem::error(Stage::Read, message).at(location).help(help));
            }
        }
        Some(Rc::new(Self {
            patterns: build(&builder, problems),
            folder: folder.to_path_buf(),
            above,
        }))
    }

    /// Whether a path is left out; the nearest file that says something about it decides.
    pub(super) fn exclude(&self, path: &Path, is_folder: bool) -> bool {
        let below = path.strip_prefix(&self.folder).ok();
        // The folder of the file is not among what its patterns speak of.
        let below = below.filter(|path| !path.as_os_str().is_empty());
        match below.map(|path| self.patterns.matched(path, is_folder)) {
            Some(Match::Ignore(_)) => true,
            Some(Match::Whitelist(_)) => false,
            Some(Match::None) | None => self
                .above
                .as_ref()
                .is_some_and(|above| above.exclude(path, is_folder)),
        }
    }

    /// Whether a file or a folder that it is in is left out.
    pub(super) fn exclude_file(&self, file: &Path) -> bool {
        file.ancestors()
            .any(|path| self.exclude(path, path != file))
    }
}

fn build(builder: &GitignoreBuilder, problems: &mut Vec<Problem>) -> Gitignore {
    builder.build().unwrap_or_else(|error| {
        let message = format!("the patterns cannot be used together: {error}");
        problems.push(Problem::error(Stage::Read, message).help("Use fewer or shorter ones."));
        Gitignore::empty()
    })
}

/// The highest folder whose rules count: the repository's root, else the working directory if the path lies in it.
fn top_of(real: &Path) -> Option<PathBuf> {
    let repository = real.ancestors().find(|folder| folder.join(".git").exists());
    let working = || {
        Path::new(".")
            .canonicalize()
            .ok()
            .filter(|top| real.starts_with(top))
    };
    repository.map(Path::to_path_buf).or_else(working)
}

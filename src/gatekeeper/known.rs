//! Objects that are known and not judged: files and folders named with `--inventory`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::document::{self, Document, Limits, Syntax};
use crate::finding::{Problem, Stage};
use crate::gatekeeper::read::is_yaml;
use crate::rego::load::{display_name, read};

/// Reads all documents at and below `paths`, in the order of the paths and of files; what cannot be read is an error.
#[must_use]
pub fn read_known(paths: &[PathBuf]) -> (Vec<Arc<Document>>, Vec<Problem>) {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let mut files = BTreeSet::new();
        for entry in walkdir::WalkDir::new(path).follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => {
                    if entry.depth() == 0 || is_yaml(entry.path()) {
                        files.insert(entry.into_path());
                    }
                }
                Err(error) => {
                    let name = display_name(path);
                    let message = format!("the inventory `{name}` cannot be read: {error}");
                    problems.push(Problem::error(Stage::Load, message));
                }
            }
        }
        for path in files {
            match read(&path) {
                Ok(file) => {
                    let file = Arc::new(file);
                    let syntax = Syntax::of_name(file.name());
                    let parsed = document::parse(&file, syntax, &Limits::default());
                    documents.extend(parsed.documents);
                    let broken = parsed.problems.into_iter().map(|broken| Problem {
                        stage: Stage::Load,
                        ..broken.problem
                    });
                    problems.extend(broken);
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    (documents, problems)
}

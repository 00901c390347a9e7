//! Data files: read, put below their folders' names, merged at the root of `data`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::value::{Object, Value};
use crate::document::{self, Limits, Syntax};
use crate::finding::{Location, Problem, Stage};
use crate::rego::gaps::Gap;
use crate::rego::prepare::names::below_data;
use crate::source::SourceFile;

/// The merged data and what went into it.
#[derive(Debug)]
pub(in crate::rego) struct Data {
    /// What rules see as `data`, apart from packages.
    pub(in crate::rego) value: Value,
    /// The files, in order.
    pub(in crate::rego) files: Vec<Arc<SourceFile>>,
    /// What could not be read or merged.
    pub(in crate::rego) problems: Vec<Problem>,
    /// The files that this is.
    pub(in crate::rego) gaps: Vec<Gap>,
}

/// Reads files and folders; inside a folder the names of folders are keys.
pub(in crate::rego) fn load(paths: &[PathBuf]) -> Data {
    let mut data = Data {
        value: Value::new_object(),
        files: Vec::new(),
        problems: Vec::new(),
        gaps: Vec::new(),
    };
    for path in paths {
        if path.is_dir() {
            data.folder(path);
        } else {
            data.file(path, &[]);
        }
    }
    data
}

/// The value that a path leads to, whose first component is `data`.
pub(in crate::rego) fn at<'v>(data: &'v Value, path: &[Arc<str>]) -> Option<&'v Value> {
    let mut keys = path[1..].iter();
    keys.try_fold(data, |value, key| {
        value.as_object().ok()?.get(&Value::from(&**key))
    })
}

impl Data {
    fn folder(&mut self, root: &Path) {
        let entries = walkdir::WalkDir::new(root)
            .follow_links(true)
            .sort_by_file_name();
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_data(entry.path()) => {
                    let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
                    let folders = below.parent().into_iter().flat_map(Path::components);
                    let keys: Vec<String> = folders
                        .map(|folder| folder.as_os_str().to_string_lossy().into_owned())
                        .collect();
                    self.file(entry.path(), &keys);
                }
                Ok(_) => {}
                Err(error) => {
                    self.gaps.push(Gap::default());
                    self.problems.push(unreadable(root, &error.to_string()));
                }
            }
        }
    }

    fn file(&mut self, path: &Path, keys: &[String]) {
        let n_problems = self.problems.len();
        let keys: Vec<Arc<str>> = keys.iter().map(|key| Arc::from(&**key)).collect();
        let text = match super::load::read(path) {
            Ok(file) => {
                let file = Arc::new(file);
                self.text(&file, &keys);
                Some(file)
            }
            Err(problem) => {
                self.problems.push(problem);
                super::load::lossy(path).map(Arc::new)
            }
        };
        if self.problems.len() > n_problems {
            self.gaps.push(Gap {
                at: Some(below_data(&keys)),
                text,
            });
        }
    }

    fn text(&mut self, file: &Arc<SourceFile>, keys: &[Arc<str>]) {
        let syntax = match Syntax::of_name(file.name()) {
            Syntax::Json => Syntax::Json,
            Syntax::Yaml | Syntax::DataYaml => Syntax::DataYaml,
        };
        let parsed = document::parse(file, syntax, &Limits::default());
        self.files.push(Arc::clone(file));
        let broken = parsed.problems.into_iter().map(|problem| problem.problem);
        self.problems.extend(broken.map(|problem| Problem {
            stage: Stage::Load,
            ..problem
        }));
        let mut documents = parsed.documents.into_iter();
        let Some(first) = documents.next() else {
            return;
        };
        if let Some(second) = documents.next() {
            let span = second.first_line(second.span.start);
            let location = second.location(span, crate::finding::Precision::Document);
            let problem = Problem::error(
                Stage::Load,
                "a data file holds one document, this is its second",
            )
            .at(location)
            .help("Put each document into a file of its own.");
            return self.problems.push(problem);
        }
        if first.value.as_object().is_err() {
            let problem = Problem::error(Stage::Load, "a data file holds a mapping at its root")
                .at(Location::whole_file(Arc::clone(file.name())))
                .help("Give the value a key; rules see it as `data.KEY`.");
            return self.problems.push(problem);
        }
        let value = keys.iter().rev().fold(first.value.clone(), |value, key| {
            let entry = (Value::from(&**key), value);
            Value::from(std::iter::once(entry).collect::<Object>())
        });
        if let Err(path) = merge(&mut self.value, value) {
            let message = format!("`data.{path}` is defined by another data file too");
            let problem = Problem::error(Stage::Load, message)
                .at(Location::whole_file(Arc::clone(file.name())))
                .help("Values of several files are merged key by key; a value that is no mapping stands in one file only.");
            self.problems.push(problem);
        }
    }
}

fn is_data(path: &Path) -> bool {
    let extension = path.extension().map(|text| text.to_ascii_lowercase());
    matches!(
        extension.as_deref().and_then(std::ffi::OsStr::to_str),
        Some("json" | "yaml" | "yml")
    )
}

fn unreadable(path: &Path, why: &str) -> Problem {
    let name = super::load::display_name(path);
    Problem::error(Stage::Load, format!("data cannot be read: {why}"))
        .at(Location::whole_file(name))
}

/// Merges mappings key by key; the path of the first value that both have otherwise.
fn merge(into: &mut Value, from: Value) -> Result<(), String> {
    if *into == from {
        return Ok(());
    }
    let (Ok(target), Value::Object(source)) = (into.as_object_mut(), &from) else {
        return Err(String::new());
    };
    for (key, value) in source.iter() {
        if let Some(existing) = target.get_mut(key) {
            merge(existing, value.clone()).map_err(|path| {
                let name = key
                    .as_string()
                    .map_or_else(|_| key.to_string(), |name| name.to_string());
                if path.is_empty() {
                    name
                } else {
                    format!("{name}.{path}")
                }
            })?;
        } else {
            target.insert(key.clone(), value.clone());
        }
    }
    Ok(())
}

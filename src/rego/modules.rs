//! Policy paths → modules; what is wrong with one file never hides what is wrong with another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Location, Precision, Problem, Stage};
use crate::rego::annotations;
use crate::rego::gaps::Gap;
use crate::rego::hosted::is_source_of;
use crate::rego::load::{Options, Tests, display_name, lossy, read};
use crate::rego::prepare::names::below_data;
use crate::rego::set::Source;
use crate::rego::syntax::ast::Module;
use crate::rego::syntax::parser;
use crate::source::SourceFile;

/// The `.rego` files at and below policy paths.
#[derive(Debug, Default)]
pub(in crate::rego) struct Files {
    /// The files, sorted.
    pub(in crate::rego) paths: BTreeSet<PathBuf>,
    /// What could not be looked at.
    gaps: Vec<Gap>,
    /// What is wrong with the paths.
    pub(in crate::rego) problems: Vec<Problem>,
}

/// The modules of the files.
#[derive(Debug, Default)]
pub(in crate::rego) struct Modules {
    /// Their texts.
    pub(in crate::rego) sources: Vec<Source>,
    /// The modules, in the same order.
    pub(in crate::rego) trees: Vec<Module>,
    /// The files that are none.
    pub(in crate::rego) gaps: Vec<Gap>,
    /// What is wrong, also with the paths.
    pub(in crate::rego) problems: Vec<Problem>,
}

impl Files {
    /// Looks for files.
    pub(in crate::rego) fn find(options: &Options) -> Self {
        let mut files = Self::default();
        for path in &options.policies {
            if path.exists() {
                files.walk(path, options);
            } else {
                let message = format!("there is no policy `{}`", display_name(path));
                files.gap(Problem::error(Stage::Load, message).help(
                    "Name the folder or file with `-p`; without it, `policy` in the working directory is taken.",
                ));
            }
        }
        files
    }

    fn gap(&mut self, problem: Problem) {
        self.gaps.push(Gap::default());
        self.problems.push(problem);
    }

    fn walk(&mut self, path: &Path, options: &Options) {
        let before = self.paths.len();
        for entry in walkdir::WalkDir::new(path).follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    self.take(entry.path(), entry.depth() == 0, options);
                }
                Ok(_) => {}
                Err(error) => {
                    let message = format!("a policy folder cannot be read: {error}");
                    self.gap(Problem::error(Stage::Load, message));
                }
            }
        }
        let is_elsewhere = options.elsewhere.iter().any(|file| file.starts_with(path));
        let is_empty = self.paths.len() == before && !is_elsewhere;
        if is_empty && path.is_dir() && options.tests == Tests::Excluded {
            let message = format!("there is no policy in `{}`", display_name(path));
            self.problems.push(
                Problem::error(Stage::Load, message)
                    .help("Policies are files that end in `.rego`; those that end in `_test.rego` are only run by `policy verify`."),
            );
        }
    }

    fn take(&mut self, path: &Path, is_named: bool, options: &Options) {
        let name = display_name(path);
        let is_rego = path
            .extension()
            .is_some_and(|extension| extension == "rego");
        if is_rego {
            if options.tests == Tests::Included || is_named || !name.ends_with("_test.rego") {
                self.paths.insert(path.to_path_buf());
            }
        } else if is_named && !options.elsewhere.contains(path) {
            self.gap(
                Problem::error(Stage::Load, "this is no policy")
                    .at(Location::whole_file(name))
                    .help("Policies are `.rego` files and Gatekeeper's templates and constraints; data files are named with `-d`."),
            );
        }
    }
}

impl Modules {
    /// Reads all files; every error of each.
    pub(in crate::rego) fn read(files: Files, options: &Options) -> Self {
        let mut modules = Self {
            gaps: files.gaps,
            problems: files.problems,
            ..Self::default()
        };
        for path in &files.paths {
            match read(path) {
                Ok(file) => modules.take(Arc::new(file), options),
                Err(problem) => {
                    modules.problems.push(problem);
                    modules
                        .gaps
                        .push(lossy(path).map_or_else(Gap::default, gap));
                }
            }
        }
        modules
    }

    fn take(&mut self, file: Arc<SourceFile>, options: &Options) {
        let parsed = match options.version {
            Some(version) => parser::parse_all(&file, version),
            None => parser::parse_any(&file),
        };
        match parsed {
            Ok(tree) => {
                let (annotations, annotation_errors) = annotations::annotations(&file, &tree);
                let source = Source {
                    file,
                    embedded: None,
                    annotations,
                    annotation_errors,
                };
                if is_source_of(&tree, &options.templates) {
                    return self.problems.push(not_run(&source, &tree));
                }
                self.sources.push(source);
                self.trees.push(tree);
            }
            Err(errors) => {
                self.problems.extend(errors.into_iter().map(|error| {
                    Problem::error(Stage::Load, error.message)
                        .at(Location::in_file(&file, error.span, Precision::Field))
                        .help(error.help)
                }));
                self.gaps.push(gap(file));
            }
        }
    }
}

/// What is known of a module that could not be parsed.
pub(in crate::rego) fn gap(file: impl Into<Arc<SourceFile>>) -> Gap {
    let file = file.into();
    Gap {
        at: parser::package_of(&file).map(|package| below_data(&package)),
        text: Some(file),
    }
}

fn not_run(source: &Source, module: &Module) -> Problem {
    let message = "this is the source of a template that is loaded too; it is not run on its own";
    Problem::notice(Stage::Load, message).at(source.location(module.package_span))
}

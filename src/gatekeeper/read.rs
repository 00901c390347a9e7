//! Policy paths → Gatekeeper's documents in the YAML and JSON files there; other documents are no policy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::input::{Input, Lists};
use crate::document::{self, Limits, Syntax};
use crate::finding::{Problem, Stage};
use crate::rego::load::{lossy, read};
use crate::source::SourceFile;

/// Gatekeeper's documents below policy paths, in the order of files.
#[derive(Debug, Default)]
pub struct PolicyDocuments {
    /// ConstraintTemplates.
    pub templates: Vec<Input>,
    /// Constraints.
    pub constraints: Vec<Input>,
    /// ExpansionTemplates.
    pub expansions: Vec<Input>,
    /// Suites of `gator verify`.
    pub suites: Vec<Input>,
    /// Providers of external data.
    pub providers: Vec<Input>,
    /// Mutations.
    pub mutations: Vec<Input>,
    /// How many there are of kinds that say nothing about documents: Config, SyncSet and the like.
    pub n_others: usize,
    /// The files that hold any of these.
    pub files: BTreeSet<PathBuf>,
    /// Their texts.
    pub sources: Vec<Arc<SourceFile>>,
    /// How many files hold none.
    pub n_other_files: usize,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Files that could not be read, at least in part; none of a text that is not known.
    pub(super) broken: Vec<Option<Arc<SourceFile>>>,
}

/// What sort of Gatekeeper's document an apiVersion and kind name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Template,
    Constraint,
    Expansion,
    Suite,
    Provider,
    Mutation,
    Other,
}

/// The ending of the API groups of Gatekeeper.
const GROUPS: &str = "gatekeeper.sh";
/// The beginning of the one of templates.
const TEMPLATES: &str = "templates.";
/// The beginning of the one of constraints.
const CONSTRAINTS: &str = "constraints.";

/// Reads all YAML and JSON files at and below `paths`.
#[must_use]
pub fn read_policies(paths: &[PathBuf]) -> PolicyDocuments {
    let mut found = PolicyDocuments::default();
    let mut files = BTreeSet::new();
    for path in paths {
        // What cannot be walked is said where Rego files are looked for.
        let entries = walkdir::WalkDir::new(path).follow_links(true);
        for entry in entries.into_iter().flatten() {
            if entry.file_type().is_file() && is_yaml(entry.path()) {
                files.insert(entry.into_path());
            }
        }
    }
    for path in files {
        found.file(path);
    }
    found
}

pub(super) fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    matches!(
        extension.as_deref().and_then(std::ffi::OsStr::to_str),
        Some("json" | "yaml" | "yml")
    )
}

impl PolicyDocuments {
    /// Whether there is anything to evaluate or to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    fn file(&mut self, path: PathBuf) {
        let file = match read(&path) {
            Ok(file) => Arc::new(file),
            Err(problem) => {
                self.broken.push(lossy(&path).map(Arc::new));
                return self.problems.push(problem);
            }
        };
        // Everything of Gatekeeper's has this in its apiVersion; other files need not even be YAML.
        if !file.text().contains(GROUPS) {
            self.n_other_files += 1;
            return;
        }
        let syntax = Syntax::of_name(file.name());
        let parsed = document::parse(&file, syntax, &Limits::default());
        let mut is_one = false;
        for document in &parsed.documents {
            for input in Input::of_document(document, Lists::Items) {
                is_one |= self.take(input);
            }
        }
        if !parsed.problems.is_empty() {
            is_one = true;
            self.broken.push(Some(Arc::clone(&file)));
        }
        self.problems
            .extend(parsed.problems.into_iter().map(|broken| Problem {
                stage: Stage::Load,
                ..broken.problem
            }));
        if is_one {
            self.files.insert(path);
            self.sources.push(file);
        } else {
            self.n_other_files += 1;
        }
    }

    /// Takes a document that is Gatekeeper's; whether it is.
    fn take(&mut self, input: Input) -> bool {
        let resource = input.subject.resource.as_deref();
        let Some(sort) = resource.and_then(|resource| sort(&resource.api_version, &resource.kind))
        else {
            return false;
        };
        match sort {
            Sort::Template => self.templates.push(input),
            Sort::Constraint => self.constraints.push(input),
            Sort::Expansion => self.expansions.push(input),
            Sort::Suite => self.suites.push(input),
            Sort::Provider => self.providers.push(input),
            Sort::Mutation => self.mutations.push(input),
            Sort::Other => self.n_others += 1,
        }
        true
    }

    /// Whether a file that could not be read may hold a template of this kind.
    #[must_use]
    pub fn may_have_template(&self, kind: &str) -> bool {
        self.may_have(TEMPLATES, kind)
    }

    /// Whether a file that could not be read may hold a constraint of this kind.
    #[must_use]
    pub fn may_have_constraint(&self, kind: &str) -> bool {
        self.may_have(CONSTRAINTS, kind)
    }

    fn may_have(&self, group: &str, kind: &str) -> bool {
        let has = |text: &SourceFile| {
            text.text().contains(group) && text.text().contains(GROUPS) && text.has_word(kind)
        };
        let mut broken = self.broken.iter();
        broken.any(|text| text.as_deref().is_none_or(has))
    }

    /// What is recognised and not evaluated.
    #[must_use]
    pub fn notices(&self) -> Vec<Problem> {
        let mut notices = Vec::new();
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for input in &self.mutations {
            let resource = input.subject.resource.as_deref();
            *kinds
                .entry(resource.map_or("", |resource| resource.kind.as_str()))
                .or_default() += 1;
        }
        if !kinds.is_empty() {
            let kinds: Vec<String> = kinds
                .iter()
                .map(|(kind, n)| format!("{n} {kind}"))
                .collect();
            let message = format!(
                "mutations are not applied: {}; documents are judged as they are written",
                kinds.join(", ")
            );
            notices.push(Problem::notice(Stage::Load, message));
        }
        for input in &self.providers {
            let name = input
                .subject
                .resource
                .as_deref()
                .map_or("", |resource| resource.name.as_str());
            let message =
                format!("the Provider `{name}` is not asked: policies cannot reach the network");
            notices.push(Problem::notice(Stage::Load, message).at(input.location()));
        }
        notices
    }
}

fn sort(api_version: &str, kind: &str) -> Option<Sort> {
    let (group, _) = api_version.split_once('/')?;
    Some(match group.strip_suffix(GROUPS)? {
        TEMPLATES => Sort::Template,
        CONSTRAINTS => Sort::Constraint,
        "expansion." => Sort::Expansion,
        "test." if kind == "Suite" => Sort::Suite,
        "externaldata." => Sort::Provider,
        "mutations." => Sort::Mutation,
        _ => Sort::Other,
    })
}

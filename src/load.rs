//! Configuration → checks: the one file of the library that knows every kind of check.

use std::path::PathBuf;
use std::sync::Arc;

use crate::check::Check;
use crate::document::input::Input;
use crate::document::{self, Document, Limits, Syntax};
use crate::finding::{Location, Problem, Severity, Stage};
use crate::gatekeeper::{self, Constraints, read};
use crate::rego::set::PolicySet;
use crate::schema::check::Schemas;
use crate::schema::custom::Customs;
use crate::schema::location::{Locations, Source};
use crate::source::SourceFile;
use crate::walk::{self, FileEntry};
use crate::{rego, schema};

/// What to load and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Policy paths, data, and how Rego is evaluated.
    pub rego: rego::load::Options,
    /// How constraints are evaluated.
    pub gatekeeper: gatekeeper::Options,
    /// How documents are checked against the schemas of their kinds, where that is asked for.
    pub schemas: Option<SchemaOptions>,
}

/// What the schemas of kinds are checked for, and where definitions of custom resources are.
#[derive(Clone, Debug, Default)]
pub struct SchemaOptions {
    /// Versions, kinds.
    pub check: schema::options::Options,
    /// Files and folders with CustomResourceDefinitions that are not among the inputs.
    pub crds: Vec<PathBuf>,
    /// Where JSON schemas of further kinds are.
    pub locations: Vec<Source>,
    /// Largest file that is read, in bytes.
    pub max_bytes: u64,
}

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The policies of Rego files.
    pub rego: Option<PolicySet>,
    /// The constraints.
    pub constraints: Option<Constraints>,
    /// The schemas of kinds.
    pub schemas: Option<Schemas>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `sha256:…` over the names and contents of all policies and data.
    pub digest: String,
    /// How many YAML files below policy paths are no policies.
    pub n_other_files: usize,
}

impl Loaded {
    /// All checks.
    #[must_use]
    pub fn checks(&self) -> Vec<&dyn Check> {
        let rego = self.rego.iter().map(|set| set as &dyn Check);
        let constraints = self.constraints.iter().map(|check| check as &dyn Check);
        let schemas = self.schemas.iter().map(|check| check as &dyn Check);
        rego.chain(constraints).chain(schemas).collect()
    }

    /// The versions of Kubernetes whose schemas are checked.
    #[must_use]
    pub fn kubernetes(&self) -> Vec<String> {
        self.schemas
            .as_ref()
            .map(Schemas::versions)
            .unwrap_or_default()
    }
}

/// What there is to test.
#[derive(Debug)]
pub struct LoadedTests {
    /// The policies of Rego files, with their tests.
    pub rego: Option<PolicySet>,
    /// Gatekeeper's suites.
    pub suites: Vec<Input>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `sha256:…` over the names and contents of all policies, data and suites.
    pub digest: String,
}

/// Loads policies with their tests, and suites.
#[must_use]
pub fn load_tests(mut rego: rego::load::Options) -> LoadedTests {
    let documents = read::read_policies(&rego.policies);
    rego.elsewhere = documents.files;
    let modules = rego::load::load(&rego);
    let mut problems = documents.problems;
    problems.extend(modules.problems);
    LoadedTests {
        digest: digest(modules.set.as_ref(), &documents.sources),
        rego: modules.set,
        suites: documents.suites,
        problems,
    }
}

fn digest(set: Option<&PolicySet>, sources: &[Arc<SourceFile>]) -> String {
    match (set, sources.is_empty()) {
        (Some(set), true) => set.digest().to_owned(),
        (set, _) => rego::digest(set, sources),
    }
}

/// Loads all policies; what is wrong with one kind never stops the other.
#[must_use]
pub fn load(options: Options) -> Loaded {
    let Options {
        mut rego,
        gatekeeper,
        schemas,
    } = options;
    let mut problems = Vec::new();
    let schemas = schemas.map(|options| load_schemas(options, &mut problems));
    if rego.policies.is_empty() && schemas.is_some() {
        return Loaded {
            rego: None,
            constraints: None,
            schemas,
            problems,
            digest: String::new(),
            n_other_files: 0,
        };
    }
    let documents = read::read_policies(&rego.policies);
    let mut loaded = gatekeeper::load(&documents, &gatekeeper, &rego);
    rego.templates = loaded.sketches;
    rego.elsewhere = documents.files;
    problems.extend(documents.problems);
    problems.append(&mut loaded.problems);
    let modules = rego::load::load(&rego);
    problems.extend(modules.problems);
    let rules = |check: Option<&dyn Check>| check.map_or(0, |check| check.rules().len());
    let n_rules = rules(modules.set.as_ref().map(|set| set as &dyn Check))
        + rules(loaded.constraints.as_ref().map(|check| check as &dyn Check));
    if n_rules == 0 && schemas.is_none() && !problems.iter().any(is_error) {
        problems.push(no_rule(&rego.policies));
    }
    Loaded {
        digest: digest(modules.set.as_ref(), &documents.sources),
        rego: modules.set,
        constraints: loaded.constraints,
        schemas,
        problems,
        n_other_files: documents.n_other_files,
    }
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

/// Templates without constraints judge nothing.
fn no_rule(policies: &[PathBuf]) -> Problem {
    let paths: Vec<String> = policies
        .iter()
        .map(|path| format!("`{}`", rego::load::display_name(path)))
        .collect();
    let message = format!("there is no rule to run in {}", paths.join(", "));
    Problem::error(Stage::Load, message)
        .help("Constraints make the rules of templates run: name their folder with `-p`, too.")
}

fn load_schemas(options: SchemaOptions, problems: &mut Vec<Problem>) -> Schemas {
    let documents = documents(&options, problems);
    let (customs, wrong, n_others) = Customs::read(&documents);
    problems.extend(wrong);
    if n_others > 0 {
        let message = format!(
            "--crds: {n_others} documents are no CustomResourceDefinitions and were passed over"
        );
        problems.push(Problem::notice(Stage::Load, message));
    }
    if !options.crds.is_empty() && documents.is_empty() && problems.is_empty() {
        let message = "--crds: there is no document at the paths that were named";
        problems.push(
            Problem::error(Stage::Load, message)
                .help("Name files or folders with CustomResourceDefinitions."),
        );
    }
    problems.extend(options.check.unmatched(&customs));
    let (locations, wrong) = Locations::new(&options.locations);
    problems.extend(wrong);
    Schemas::new(options.check, customs, locations)
}

/// The documents at and below the paths that are to hold definitions.
fn documents(options: &SchemaOptions, problems: &mut Vec<Problem>) -> Vec<Arc<Document>> {
    let mut documents = Vec::new();
    if options.crds.is_empty() {
        return documents;
    }
    let found = walk::find(&options.crds, &walk::Options::default());
    problems.extend(found.problems);
    for entry in &found.files {
        match source(entry, options.max_bytes) {
            Ok(file) => {
                let syntax = Syntax::of_name(&entry.name);
                let parsed = document::parse(&Arc::new(file), syntax, &Limits::default());
                documents.extend(parsed.documents);
                problems.extend(parsed.problems.into_iter().map(|problem| problem.problem));
            }
            Err(problem) => problems.push(problem),
        }
    }
    documents
}

fn source(entry: &FileEntry, max_bytes: u64) -> Result<SourceFile, Problem> {
    let bytes = walk::read(entry, max_bytes)?;
    let text = document::decode(bytes).map_err(|error| {
        Problem::error(Stage::Load, error.to_string())
            .at(Location::whole_file(entry.name.as_str()))
            .help("Save the file as UTF-8.")
    })?;
    Ok(SourceFile::new(entry.name.as_str(), text))
}

//! Policy paths → a policy set that can be evaluated, or every reason why it cannot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::document;
use crate::finding::{Location, Precision, Problem, Stage};
use crate::rego::annotations::{self};
use crate::rego::combined::misfits;
use crate::rego::data::{self, Data};
use crate::rego::describe::described;
use crate::rego::eval::engine_problems;
use crate::rego::hosted::{Sketch, is_source_of};
use crate::rego::packages::{Packages, list};
use crate::rego::prepare::calls::ConftestFile;
pub use crate::rego::prepare::check::Environment;
use crate::rego::prepare::check::Network;
use crate::rego::prepare::{Policies, PolicyError};
use crate::rego::reach::Reach;
use crate::rego::rules::{self, Inventory};
use crate::rego::set::{PolicySet, Settings, Source};
use crate::rego::shape::Shape;
pub use crate::rego::syntax::Version;
use crate::rego::syntax::ast::{Module, join_path};
use crate::rego::syntax::parser;
use crate::rego::undefined::undefined;
use crate::source::SourceFile;

/// What to load and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files and folders with policies.
    pub policies: Vec<PathBuf>,
    /// Files and folders with data.
    pub data: Vec<PathBuf>,
    /// Globs of the packages to run; all where there are none.
    pub packages: Vec<String>,
    /// The version of all modules; found for each where none is given.
    pub version: Option<Version>,
    /// Whether policies may read the environment.
    pub environment: Environment,
    /// The environment's variables, used only where policies may read them.
    pub variables: Vec<(String, String)>,
    /// Whether `_test.rego` files are loaded.
    pub tests: Tests,
    /// What an evaluation of one document may take.
    pub timeout: Duration,
    /// What `time.now_ns` gives, in nanoseconds since 1970.
    pub now_ns: i64,
    /// The folder that file names are relative to.
    pub directory: PathBuf,
    /// What an error of a builtin function is.
    pub builtin_errors: BuiltinErrors,
    /// Whether all documents are one input.
    pub combine: bool,
    /// What the place of a finding is.
    pub places: Places,
    /// Files below the policy paths that hold policies of another kind.
    pub elsewhere: BTreeSet<PathBuf>,
    /// What the modules of templates are known by: their sources beside them are not run on their own.
    pub templates: Vec<Sketch>,
}

/// What the place of a finding is, where the policy does not give it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Places {
    /// The field that made the rule fire.
    #[default]
    Field,
    /// The resource: nothing is traced.
    Resource,
}

/// Whether `_test.rego` files are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tests {
    /// They are not: `policy test` runs rules.
    Excluded,
    /// They are: `policy verify` runs tests.
    Included,
}

/// What an error of a builtin function is, where it may have hidden a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuiltinErrors {
    /// An error of its document.
    #[default]
    Error,
    /// A notice.
    Notice,
    /// Nothing, as in Conftest.
    Ignore,
}

/// What loading gave.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The set, where everything could be loaded.
    pub set: Option<PolicySet>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Reads a text file; what is wrong with it otherwise.
pub fn read(path: &Path) -> Result<SourceFile, Problem> {
    let name = display_name(path);
    let problem = |message: String| {
        Problem::error(Stage::Load, message).at(Location::whole_file(name.as_str()))
    };
    let bytes = std::fs::read(path).map_err(|error| {
        problem(format!("the file cannot be read: {error}"))
            .help("Check that it is there and that it may be read.")
    })?;
    let text = document::decode(bytes).map_err(|error| {
        problem(format!("the file is not UTF-8: {error}")).help("Save it as UTF-8.")
    })?;
    Ok(SourceFile::new(name.as_str(), text))
}

/// A path as reports show it, with `/`.
#[must_use]
pub fn display_name(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Loads policies and data and checks them.
#[must_use]
pub fn load(options: &Options) -> Loaded {
    let mut problems = Vec::new();
    let paths = policy_files(options, &mut problems);
    if paths.is_empty() && !options.elsewhere.is_empty() {
        return Loaded {
            set: None,
            problems,
        };
    }
    load_files(options, &paths, problems)
}

fn load_files(options: &Options, paths: &[PathBuf], mut problems: Vec<Problem>) -> Loaded {
    let mut sources = Vec::new();
    let mut modules = Vec::new();
    for path in paths {
        match module(path, options.version) {
            Ok((source, module)) if is_source_of(&module, &options.templates) => {
                problems.push(not_run(&source, &module));
            }
            Ok((source, module)) => {
                sources.push(source);
                modules.push(module);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let mut data = data::load(&options.data);
    problems.append(&mut data.problems);
    if problems.iter().any(is_error) {
        return Loaded {
            set: None,
            problems,
        };
    }
    let policies = Policies::new(modules);
    let mut inventory = inventory(&policies, options, &mut problems);
    let place = |error: PolicyError| located(&sources[error.module], error);
    if inventory.rules.is_empty() && options.tests == Tests::Excluded {
        // Misnamed rules are why there is none.
        let misnamed = std::mem::take(&mut inventory.warnings).into_iter();
        problems.extend(misnamed.map(|error| Problem {
            severity: crate::finding::Severity::Warning,
            ..place(error)
        }));
    }
    let network = match options.tests {
        Tests::Excluded => Network::Refused,
        Tests::Included => Network::Mocked,
    };
    let checked = policies.check(options.environment, network);
    problems.extend(checked.into_iter().map(place));
    problems.extend(data_conflicts(&policies, &data).into_iter().map(place));
    if problems.iter().any(is_error) {
        return Loaded {
            set: None,
            problems,
        };
    }
    let set = policy_set(options, sources, policies, inventory, data, &mut problems);
    if problems.iter().any(is_error) {
        return Loaded {
            set: None,
            problems,
        };
    }
    Loaded {
        set: Some(set),
        problems,
    }
}

fn not_run(source: &Source, module: &Module) -> Problem {
    let message = "this is the source of a template that is loaded too; it is not run on its own";
    Problem::notice(Stage::Load, message).at(source.location(module.package_span))
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == crate::finding::Severity::Error
}

pub(in crate::rego) fn located(source: &Source, error: PolicyError) -> Problem {
    Problem::error(Stage::Load, error.error.message)
        .at(source.location(error.error.span))
        .help(error.error.help)
}

/// The `.rego` files at and below the policy paths, sorted; what is wrong with the paths.
fn policy_files(options: &Options, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files = BTreeSet::new();
    for path in &options.policies {
        if !path.exists() {
            let name = display_name(path);
            problems.push(
                Problem::error(Stage::Load, format!("there is no policy `{name}`")).help(
                    "Name the folder or file with `-p`; without it, `policy` in the working directory is taken.",
                ),
            );
            continue;
        }
        let before = files.len();
        for entry in walkdir::WalkDir::new(path).follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let named = entry.depth() == 0;
                    problems.extend(take_policy_file(entry.path(), named, options, &mut files));
                }
                Ok(_) => {}
                Err(error) => problems.push(Problem::error(
                    Stage::Load,
                    format!("a policy folder cannot be read: {error}"),
                )),
            }
        }
        let is_elsewhere = options.elsewhere.iter().any(|file| file.starts_with(path));
        let is_empty = files.len() == before && !is_elsewhere;
        if is_empty && path.is_dir() && options.tests == Tests::Excluded {
            let message = format!("there is no policy in `{}`", display_name(path));
            problems.push(
                Problem::error(Stage::Load, message)
                    .help("Policies are files that end in `.rego`; those that end in `_test.rego` are only run by `policy verify`."),
            );
        }
    }
    files.into_iter().collect()
}

fn take_policy_file(
    path: &Path,
    named: bool,
    options: &Options,
    files: &mut BTreeSet<PathBuf>,
) -> Option<Problem> {
    let name = display_name(path);
    let is_rego = path
        .extension()
        .is_some_and(|extension| extension == "rego");
    if is_rego {
        if options.tests == Tests::Included || named || !name.ends_with("_test.rego") {
            files.insert(path.to_path_buf());
        }
        return None;
    }
    (named && !options.elsewhere.contains(path)).then(|| {
        Problem::error(Stage::Load, "this is no policy")
            .at(Location::whole_file(name))
            .help("Policies are `.rego` files and Gatekeeper's templates and constraints; data files are named with `-d`.")
    })
}

fn module(path: &Path, version: Option<Version>) -> Result<(Source, Module), Problem> {
    let file = Arc::new(read(path)?);
    let parsed = match version {
        Some(version) => parser::parse(&file, version),
        None => parser::parse_any(&file),
    };
    let module = parsed.map_err(|error| {
        Problem::error(Stage::Load, error.message)
            .at(Location::in_file(&file, error.span, Precision::Field))
            .help(error.help)
    })?;
    let (annotations, errors) = annotations::annotations(&file, &module);
    Ok((
        Source {
            file,
            embedded: None,
            annotations,
            annotation_errors: errors,
        },
        module,
    ))
}

/// The rules to run; nothing to run is an error that says where it was looked for.
fn inventory(policies: &Policies, options: &Options, problems: &mut Vec<Problem>) -> Inventory {
    let selection = match Packages::new(&options.packages) {
        Ok(selection) => selection,
        Err(problem) => {
            problems.push(problem);
            return Inventory::default();
        }
    };
    let inventory = rules::inventory(policies, &|package| selection.selects(package));
    if options.tests == Tests::Included {
        return inventory;
    }
    let packages: BTreeSet<String> = policies
        .units
        .iter()
        .map(|unit| unit.module.package_name())
        .collect();
    let known: Vec<&str> = packages.iter().map(String::as_str).collect();
    problems.extend(selection.unmatched(&known));
    if inventory.rules.is_empty() && !policies.units.is_empty() && !problems.iter().any(is_error) {
        problems.push(
            Problem::error(
                Stage::Load,
                format!(
                    "there is no rule to run in {}: looked for `deny`, `violation` and `warn` in the packages {}",
                    list(&options.policies.iter().map(|path| display_name(path)).collect::<Vec<_>>()),
                    list(&known),
                ),
            )
            .help("Write `deny contains msg if { … }` in a package that is selected (`-n` narrows, without it all are)."),
        );
    }
    inventory
}

/// Rules whose path is also that of a data file's value.
fn data_conflicts(policies: &Policies, data: &Data) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    for (module, unit) in policies.units.iter().enumerate() {
        for (rule, _) in unit.rules() {
            let path = crate::rego::prepare::names::rule_path(&unit.module, rule);
            if data::at(&data.value, &path).is_some() {
                let message = format!("`{}` is both a rule and data", join_path(&path));
                let error = crate::rego::syntax::SyntaxError::new(rule.head.span, message)
                    .help("Rename the package or the key of the data file.");
                errors.push(PolicyError { module, error });
            }
        }
    }
    errors
}

fn policy_set(
    options: &Options,
    sources: Vec<Source>,
    policies: Policies,
    inventory: Inventory,
    data: Data,
    problems: &mut Vec<Problem>,
) -> PolicySet {
    let warning = |error: PolicyError| Problem {
        severity: crate::finding::Severity::Warning,
        ..located(&sources[error.module], error)
    };
    if options.tests == Tests::Excluded {
        let reach = Reach::new(&policies);
        let undefined = undefined(&policies, &reach, &inventory.rules, &data.value);
        for (severity, error) in undefined {
            let problem = located(&sources[error.module], error);
            problems.push(Problem {
                severity,
                ..problem
            });
        }
        problems.extend(inventory.warnings.into_iter().map(warning));
        for (module, source) in sources.iter().enumerate() {
            for error in source.annotation_errors.clone() {
                problems.push(warning(PolicyError { module, error }));
            }
        }
        let shape = match options.combine {
            true => Shape::List,
            false => Shape::Document,
        };
        let (misfits, is_all) = misfits(&reach, &inventory.rules, shape);
        let place = |error: PolicyError| located(&sources[error.module], error);
        problems.extend(inventory.errors.into_iter().map(place));
        // Where no rule can find anything and nothing else judges, nothing would be checked.
        let is_grave = is_all && options.elsewhere.is_empty();
        problems.extend(misfits.into_iter().map(|error| match is_grave {
            true => place(error),
            false => warning(error),
        }));
    }
    let rules = inventory
        .rules
        .iter()
        .map(|rule| described(rule, &sources, &policies))
        .collect();
    let conftest_file = match options.tests {
        Tests::Excluded => ConftestFile::Known,
        Tests::Included => ConftestFile::Unknown,
    };
    let set = PolicySet::new(
        sources,
        policies,
        conftest_file,
        data,
        (rules, inventory.rules, inventory.exceptions),
        Settings::of(options),
    );
    let too_deep = set.prepared.errors();
    problems.extend(
        too_deep
            .into_iter()
            .map(|error| located(&set.sources[error.module], error)),
    );
    if !problems.iter().any(is_error) {
        problems.extend(engine_problems(&set));
    }
    set
}

/// Options for tests.
#[cfg(test)]
pub(in crate::rego) fn tests_options() -> Options {
    Options {
        policies: Vec::new(),
        data: Vec::new(),
        packages: Vec::new(),
        version: None,
        environment: Environment::Hidden,
        variables: Vec::new(),
        tests: Tests::Excluded,
        timeout: Duration::from_secs(20),
        now_ns: 0,
        directory: PathBuf::new(),
        builtin_errors: BuiltinErrors::Ignore,
        combine: false,
        places: Places::Field,
        elsewhere: BTreeSet::new(),
        templates: Vec::new(),
    }
}

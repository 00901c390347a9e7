//! Policy paths → a policy set that can be evaluated, or every reason why it cannot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::document;
use crate::finding::{Location, Problem, Severity, Stage};
use crate::rego::combined::misfits;
use crate::rego::data::{self, Data};
use crate::rego::describe::described;
use crate::rego::eval::engine_problems;
use crate::rego::gaps::Gaps;
use crate::rego::hosted::Sketch;
use crate::rego::modules::{Files, Modules};
use crate::rego::packages::{Packages, list};
use crate::rego::prepare::calls::ConftestFile;
pub use crate::rego::prepare::check::Environment;
use crate::rego::prepare::check::Network;
use crate::rego::prepare::conflicts::Conflict;
use crate::rego::prepare::{Policies, PolicyError};
use crate::rego::reach::Reach;
use crate::rego::rules::{self, Inventory};
use crate::rego::set::{PolicySet, Settings, Source};
use crate::rego::shape::Shape;
pub use crate::rego::syntax::Version;
use crate::rego::syntax::ast::join_path;
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

/// What can be read of a file that is not UTF-8, most often for one letter in a comment.
pub fn lossy(path: &Path) -> Option<SourceFile> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(SourceFile::new(display_name(path).as_str(), text))
}

/// A path as reports show it, with `/`.
#[must_use]
pub fn display_name(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Loads policies and data and checks them: what is wrong with one file never hides what is wrong with another.
#[must_use]
pub fn load(options: &Options) -> Loaded {
    let files = Files::find(options);
    if files.paths.is_empty() && !options.elsewhere.is_empty() {
        return Loaded {
            set: None,
            problems: files.problems,
        };
    }
    let modules = Modules::read(files, options);
    let mut data = data::load(&options.data);
    let mut problems = modules.problems;
    problems.append(&mut data.problems);
    let gaps = Gaps {
        policies: modules.gaps,
        data: std::mem::take(&mut data.gaps),
    };
    let policies = Policies::new(modules.trees);
    let inventory = inventory(&policies, options, &gaps, &mut problems);
    let checking = Checking {
        options,
        sources: &modules.sources,
        policies: &policies,
        inventory: &inventory,
        gaps: &gaps,
    };
    checking.errors(&data, &mut problems);
    if options.tests == Tests::Excluded {
        checking.rules(&data, &mut problems);
    }
    if problems.iter().any(is_error) {
        let too_deep = policies.prepare(conftest_file(options)).errors();
        problems.extend(too_deep.into_iter().map(|error| checking.located(error)));
        return Loaded {
            set: None,
            problems,
        };
    }
    let set = policy_set(options, modules.sources, policies, inventory, data);
    let mut errors = prepared_problems(&set);
    if errors.is_empty() {
        errors = engine_problems(&set);
    }
    Loaded {
        set: errors.is_empty().then_some(set),
        problems: [problems, errors].concat(),
    }
}

/// What the engine would take too long for.
pub(in crate::rego) fn prepared_problems(set: &PolicySet) -> Vec<Problem> {
    let errors = set.prepared.errors().into_iter();
    let located = |error: PolicyError| located(&set.sources[error.module], error);
    errors.map(located).collect()
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

pub(in crate::rego) fn located(source: &Source, error: PolicyError) -> Problem {
    Problem::error(Stage::Load, error.error.message)
        .at(source.location(error.error.span))
        .help(error.error.help)
}

/// Definitions that cannot stand beside each other, with the places of both.
pub(in crate::rego) fn conflict_problems(sources: &[Source], policies: &Policies) -> Vec<Problem> {
    let problem = |conflict: Conflict| {
        let first = sources[conflict.module].location(conflict.span);
        located(&sources[conflict.error.module], conflict.error).related(first, conflict.what)
    };
    policies.conflicts().into_iter().map(problem).collect()
}

/// The rules to run; nothing to run is an error that says where it was looked for.
fn inventory(
    policies: &Policies,
    options: &Options,
    gaps: &Gaps,
    problems: &mut Vec<Problem>,
) -> Inventory {
    let selection = match Packages::new(&options.packages) {
        Ok(selection) => selection,
        Err(problem) => {
            problems.push(problem);
            return Inventory::default();
        }
    };
    let inventory = rules::inventory(policies, &|package| selection.selects(package), gaps);
    if options.tests == Tests::Included {
        return inventory;
    }
    let units = policies.units.iter();
    let mut packages: BTreeSet<String> = units.map(|unit| unit.module.package_name()).collect();
    packages.extend(gaps.packages().map(|path| join_path(&path[1..])));
    let known: Vec<&str> = packages.iter().map(String::as_str).collect();
    let unmatched = match gaps.policies.iter().all(|gap| gap.at.is_some()) {
        true => selection.unmatched(&known),
        false => Vec::new(),
    };
    let is_told = !unmatched.is_empty() || !gaps.policies.is_empty();
    problems.extend(unmatched);
    if inventory.rules.is_empty() && !policies.units.is_empty() && !is_told {
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

/// What is looked at for errors.
struct Checking<'a> {
    options: &'a Options,
    sources: &'a [Source],
    policies: &'a Policies,
    inventory: &'a Inventory,
    gaps: &'a Gaps,
}

impl Checking<'_> {
    fn located(&self, error: PolicyError) -> Problem {
        located(&self.sources[error.module], error)
    }

    fn warning(&self, error: PolicyError) -> Problem {
        Problem {
            severity: Severity::Warning,
            ..self.located(error)
        }
    }

    /// What cannot be evaluated.
    fn errors(&self, data: &Data, problems: &mut Vec<Problem>) {
        let network = match self.options.tests {
            Tests::Excluded => Network::Refused,
            Tests::Included => Network::Mocked,
        };
        let environment = self.options.environment;
        let mut errors = self.policies.check(environment, network, self.gaps);
        errors.extend(self.policies.check_chains());
        errors.extend(data_conflicts(self.policies, data));
        problems.extend(errors.into_iter().map(|error| self.located(error)));
        problems.extend(conflict_problems(self.sources, self.policies));
    }

    /// What is wrong with the rules that are run and with what they read.
    fn rules(&self, data: &Data, problems: &mut Vec<Problem>) {
        let reach = Reach::new(self.policies);
        let rules = &self.inventory.rules;
        let undefined = undefined(self.policies, &reach, rules, &data.value, self.gaps);
        problems.extend(undefined.into_iter().map(|(severity, error)| Problem {
            severity,
            ..self.located(error)
        }));
        let warnings = self.inventory.warnings.iter().cloned();
        problems.extend(warnings.map(|error| self.warning(error)));
        for (module, source) in self.sources.iter().enumerate() {
            for error in source.annotation_errors.clone() {
                problems.push(self.warning(PolicyError { module, error }));
            }
        }
        let errors = self.inventory.errors.iter().cloned();
        problems.extend(errors.map(|error| self.located(error)));
        // What a rule finds may hang on what could not be read.
        if self.gaps.policies.is_empty() {
            self.shape(&reach, problems);
        }
    }

    /// Rules for the other shape of input.
    fn shape(&self, reach: &Reach<'_>, problems: &mut Vec<Problem>) {
        let shape = match self.options.combine {
            true => Shape::List,
            false => Shape::Document,
        };
        let (misfits, is_all) = misfits(reach, &self.inventory.rules, shape);
        // Where no rule can find anything and nothing else judges, nothing would be checked.
        let is_grave = is_all && self.options.elsewhere.is_empty();
        problems.extend(misfits.into_iter().map(|error| match is_grave {
            true => self.located(error),
            false => self.warning(error),
        }));
    }
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

fn conftest_file(options: &Options) -> ConftestFile {
    match options.tests {
        Tests::Excluded => ConftestFile::Known,
        Tests::Included => ConftestFile::Unknown,
    }
}

fn policy_set(
    options: &Options,
    sources: Vec<Source>,
    policies: Policies,
    inventory: Inventory,
    data: Data,
) -> PolicySet {
    let rules = inventory
        .rules
        .iter()
        .map(|rule| described(rule, &sources, &policies))
        .collect();
    PolicySet::new(
        sources,
        policies,
        conftest_file(options),
        data,
        (rules, inventory.rules, inventory.exceptions),
        Settings::of(options),
    )
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

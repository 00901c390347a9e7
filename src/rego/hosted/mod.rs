//! Modules that a host brings along, for example those of a ConstraintTemplate: one rule of them is asked for, with the
//! input and the data that the host gives.
//!
//! Each set is for itself: its modules never meet those of another set or of the policy folder.

mod check;
mod evaluate;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::document::embedded::EmbeddedText;
use crate::document::value::Value;
use crate::finding::{Location, Problem, RuleKind, Severity, Stage};
use crate::rego::data::Data;
use crate::rego::describe::described;
use crate::rego::eval::engine_problems;
use crate::rego::gaps::Gaps;
pub use crate::rego::hosted::evaluate::{Answer, Evaluator, Found};
use crate::rego::load::{Options, conflict_problems, located, prepared_problems};
use crate::rego::modules::gap;
use crate::rego::prepare::calls::ConftestFile;
use crate::rego::prepare::check::{Environment, Network};
use crate::rego::prepare::references::references;
use crate::rego::prepare::{Policies, PolicyError};
use crate::rego::reach::Reach;
use crate::rego::rules::{PolicyRule, reads_review};
use crate::rego::set::{PolicySet, Settings, Source};
use crate::rego::syntax::Version;
use crate::rego::syntax::ast::Module;
use crate::rego::syntax::parser;
use crate::rego::undefined::undefined;
use crate::source::Span;

/// A module and what it is for.
#[derive(Clone, Debug)]
pub struct HostedModule {
    /// Its text and where that stands.
    pub text: EmbeddedText,
    /// The version of the language that the host reads it as.
    pub version: Version,
    /// What it is for.
    pub role: Role,
}

/// What a module is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It has the rule that is asked for; its package's name does not matter.
    Entry,
    /// Others import it.
    Library,
}

/// What a host asks for and lets its modules see.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The rule that the entry module must have.
    pub rule: &'static str,
    /// The key of `data` that the host fills.
    pub data: &'static str,
    /// The first component of the packages of libraries.
    pub libraries: &'static str,
}

/// What a module is known by: its package and the names of its rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sketch {
    package: Vec<Arc<str>>,
    rules: BTreeSet<Arc<str>>,
}

/// Modules that are ready to be evaluated.
#[derive(Debug)]
pub struct Hosted {
    set: PolicySet,
    reads_data: bool,
    sketch: Sketch,
    warnings: Vec<Problem>,
}

/// The package that the entry module gets, whatever its own.
const PACKAGE: &str = "template";

impl Sketch {
    pub(in crate::rego) fn of(module: &Module) -> Self {
        Self {
            package: module.package.clone(),
            rules: module
                .rules
                .iter()
                .map(|rule| Arc::clone(rule.name()))
                .collect(),
        }
    }
}

impl Sketch {
    /// What the entry of modules is known by that cannot be evaluated; none where it cannot even be parsed.
    #[must_use]
    pub fn of_entry(modules: &[HostedModule]) -> Option<Self> {
        let entry = modules.iter().find(|module| module.role == Role::Entry)?;
        let tree = parser::parse(entry.text.text(), entry.version).ok()?;
        Some(Self::of(&tree))
    }
}

impl Hosted {
    /// Reads and checks modules; every reason why they cannot be evaluated otherwise.
    pub fn load(
        modules: Vec<HostedModule>,
        host: Host,
        options: &Options,
    ) -> Result<Self, Vec<Problem>> {
        let Parsed {
            sources,
            mut trees,
            roles,
            gaps,
            mut problems,
        } = Parsed::of(&modules);
        let mut wrong = check::packages(&trees, &roles, host);
        let entry = roles.iter().position(|role| *role == Role::Entry);
        let sketch = entry.map(|entry| Sketch::of(&trees[entry]));
        if let Some(entry) = entry {
            trees[entry].package = vec![PACKAGE.into()];
        }
        let policies = Policies::new(trees);
        let refused: Vec<_> = wrong.iter().map(place).collect();
        let found = errors(&policies, host, &gaps).into_iter();
        wrong.extend(found.filter(|error| !refused.contains(&place(error))));
        let wrong = wrong.into_iter();
        problems.extend(wrong.map(|error| located(&sources[error.module], error)));
        problems.extend(conflict_problems(&sources, &policies));
        let (Some(entry), Some(sketch), true) = (entry, sketch, problems.is_empty()) else {
            return Err(problems);
        };
        let reads_data = reads(&policies, host.data);
        let set = policy_set(sources, policies, entry, host, options);
        problems = prepared_problems(&set);
        if problems.is_empty() {
            problems = engine_problems(&set);
        }
        match problems.is_empty() {
            true => Ok(Self {
                warnings: warnings(&set),
                set,
                reads_data,
                sketch,
            }),
            false => Err(problems),
        }
    }

    /// Whether any module reads the data that the host fills.
    #[must_use]
    pub fn reads_data(&self) -> bool {
        self.reads_data
    }

    /// What is worth saying of the modules, although they can be evaluated.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What the entry module is known by.
    #[must_use]
    pub fn sketch(&self) -> &Sketch {
        &self.sketch
    }

    /// Where the rule stands, where it has one definition.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        let location = self.set.policy_locations.first()?.as_deref();
        location.cloned()
    }

    /// An evaluator for one thread, with the value of the key of `data` that the host fills.
    #[must_use]
    pub fn evaluator(&self, host: Host, data: Value) -> Evaluator<'_> {
        Evaluator::new(&self.set, host, data)
    }
}

/// References to libraries that there are not: they are undefined.
fn warnings(set: &PolicySet) -> Vec<Problem> {
    let reach = Reach::new(&set.policies);
    let nothing = Gaps::default();
    let undefined = undefined(
        &set.policies,
        &reach,
        &set.policy_rules,
        &set.data,
        &nothing,
    );
    let problem = |(severity, error): (Severity, PolicyError)| {
        let problem = located(&set.sources[error.module], error);
        let help = match problem.help.starts_with("Did you mean") {
            true => problem.help,
            false => "Its own libraries are all that a template sees: put it there.".to_owned(),
        };
        Problem {
            severity,
            help,
            ..problem
        }
    };
    undefined.into_iter().map(problem).collect()
}

/// Everything that cannot be evaluated faithfully or that a host refuses, each place once.
fn errors(policies: &Policies, host: Host, gaps: &Gaps) -> Vec<PolicyError> {
    let mut errors = check::references(policies, host);
    let refused: Vec<_> = errors.iter().map(place).collect();
    let checked = policies.check(Environment::Hidden, Network::Refused, gaps);
    let is_new = |error: &PolicyError| !refused.contains(&place(error));
    errors.extend(checked.into_iter().filter(is_new));
    // A reference that is refused leads in a circle where it is to all of `data`.
    if refused.is_empty() {
        errors.extend(policies.check_chains());
    }
    errors
}

fn place(error: &PolicyError) -> (usize, Span) {
    (error.module, error.error.span)
}

/// The modules that could be parsed, and what is wrong with the others.
#[derive(Default)]
struct Parsed {
    sources: Vec<Source>,
    trees: Vec<Module>,
    roles: Vec<Role>,
    gaps: Gaps,
    problems: Vec<Problem>,
}

impl Parsed {
    fn of(modules: &[HostedModule]) -> Self {
        let mut parsed = Self::default();
        for module in modules {
            let source = Source {
                file: Arc::clone(module.text.text()),
                embedded: Some(module.text.clone()),
                annotations: Vec::new(),
                annotation_errors: Vec::new(),
            };
            match parser::parse_all(module.text.text(), module.version) {
                Ok(tree) => {
                    parsed.trees.push(tree);
                    parsed.sources.push(source);
                    parsed.roles.push(module.role);
                }
                Err(errors) => {
                    parsed.problems.extend(errors.into_iter().map(|error| {
                        Problem::error(Stage::Load, error.message)
                            .at(source.location(error.span))
                            .help(error.help)
                    }));
                    parsed.gaps.policies.push(gap(source.file));
                }
            }
        }
        parsed
    }
}

fn reads(policies: &Policies, key: &str) -> bool {
    policies.units.iter().any(|unit| {
        unit.rules().any(|(rule, locals)| {
            references(unit, rule, locals)
                .iter()
                .any(|path| path.get(1).is_none_or(|name| &**name == key))
        })
    })
}

fn policy_set(
    sources: Vec<Source>,
    policies: Policies,
    entry: usize,
    host: Host,
    options: &Options,
) -> PolicySet {
    let definitions = policies.units[entry].module.rules.iter().enumerate();
    let rule = PolicyRule {
        package: vec![PACKAGE.into()],
        name: host.rule.into(),
        kind: RuleKind::Violation,
        definitions: definitions
            .filter(|(_, rule)| &**rule.name() == host.rule)
            .map(|(index, _)| (entry, index))
            .collect(),
        kinds: None,
    };
    let rules = vec![described(&rule, &sources, &policies)];
    let data = Data {
        value: Value::new_object(),
        files: Vec::new(),
        problems: Vec::new(),
        gaps: Vec::new(),
    };
    PolicySet::new(
        sources,
        policies,
        ConftestFile::Unknown,
        data,
        (rules, vec![rule], BTreeSet::new()),
        Settings::of(options),
    )
}

/// Whether a module beside templates is the source of one: it reads `input.review` and is known by the same.
pub(in crate::rego) fn is_source_of(module: &Module, templates: &[Sketch]) -> bool {
    reads_review(module).is_some() && templates.contains(&Sketch::of(module))
}

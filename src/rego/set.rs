//! A policy set: modules, data and rules, built once and read by all workers.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of expressions count here"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::document::embedded::EmbeddedText;
use crate::document::value::Value;
use crate::finding::{Location, Precision, Rule};
use crate::rego::annotations::{Annotation, Scope};
use crate::rego::data::Data;
use crate::rego::describe::digest;
use crate::rego::load::{BuiltinErrors, Environment, Options, Places};
use crate::rego::prepare::calls::{ConftestFile, arithmetic};
use crate::rego::prepare::{Policies, Prepared};
use crate::rego::rules::PolicyRule;
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, ExprKind, Rule as RegoRule, join_path};
use crate::rego::syntax::print::Printed;
use crate::rego::syntax::visit::{Visitor, walk_expr, walk_rule};
use crate::source::{SourceFile, Span};

/// The text of a module and the annotations in it.
#[derive(Debug)]
pub(in crate::rego) struct Source {
    /// The text, under the name of its file.
    pub(in crate::rego) file: Arc<SourceFile>,
    /// Where it stands in the file, where it is not all of it.
    pub(in crate::rego) embedded: Option<EmbeddedText>,
    /// Its annotations.
    pub(in crate::rego) annotations: Vec<(Scope, Annotation)>,
    /// Those that could not be read.
    pub(in crate::rego) annotation_errors: Vec<SyntaxError>,
}

impl Source {
    /// The place in the file of a part of the text, with the lines around it.
    pub(in crate::rego) fn location(&self, span: Span) -> Location {
        match &self.embedded {
            Some(embedded) => embedded.location(span, Precision::Field),
            None => Location::in_file(&self.file, span, Precision::Field),
        }
    }
}

/// How rules are evaluated.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Settings {
    /// What the evaluation of one input may take.
    pub(in crate::rego) timeout: Duration,
    /// What `time.now_ns` gives.
    pub(in crate::rego) now_ns: i64,
    /// What `opa.runtime().env` holds.
    pub(in crate::rego) variables: Vec<(String, String)>,
    /// The folder that file names are relative to.
    pub(in crate::rego) directory: PathBuf,
    /// What an error of a builtin function is.
    pub(in crate::rego) builtin_errors: BuiltinErrors,
    /// Whether all documents are one input.
    pub(in crate::rego) combine: bool,
    /// What the place of a finding is.
    pub(in crate::rego) places: Places,
}

impl Settings {
    /// The settings that loading was asked for.
    pub(in crate::rego) fn of(options: &Options) -> Self {
        Self {
            timeout: options.timeout,
            now_ns: options.now_ns,
            variables: match options.environment {
                Environment::Visible => options.variables.clone(),
                Environment::Hidden => Vec::new(),
            },
            directory: options.directory.clone(),
            builtin_errors: options.builtin_errors,
            combine: options.combine,
            places: options.places,
        }
    }
}

/// Policies that are ready to be evaluated.
#[derive(Debug)]
pub struct PolicySet {
    pub(in crate::rego) sources: Vec<Source>,
    pub(in crate::rego) policies: Policies,
    pub(in crate::rego) prepared: Prepared,
    pub(in crate::rego) printed: Vec<Printed>,
    /// The texts of modules beside these.
    pub(in crate::rego) gathered: Vec<String>,
    pub(in crate::rego) data: Value,
    pub(in crate::rego) rules: Vec<Rule>,
    pub(in crate::rego) policy_rules: Vec<PolicyRule>,
    /// Where each rule stands that has one definition only.
    pub(in crate::rego) policy_locations: Vec<Option<Arc<Location>>>,
    pub(in crate::rego) entries: Entries,
    pub(in crate::rego) settings: Settings,
    digest: String,
}

impl PolicySet {
    pub(in crate::rego) fn new(
        sources: Vec<Source>,
        policies: Policies,
        conftest_file: ConftestFile,
        data: Data,
        (rules, policy_rules, exceptions): (Vec<Rule>, Vec<PolicyRule>, BTreeSet<Vec<Arc<str>>>),
        settings: Settings,
    ) -> Self {
        let policies = policies.beside(&data.value);
        let prepared = policies.prepare(conftest_file);
        let files = sources.iter().map(|source| &source.file);
        let digest = digest(files.chain(&data.files));
        Self {
            entries: Entries::new(&policy_rules, &exceptions),
            policy_locations: policy_locations(&rules, &policy_rules),
            sources,
            policies,
            printed: prepared.print(),
            gathered: prepared.print_gathered(),
            prepared,
            data: data.value,
            rules,
            policy_rules,
            settings,
            digest,
        }
    }

    /// The path for the engine of a rule by its number, or of an `exception` rule, which are numbered after them.
    pub(in crate::rego) fn path(&self, number: usize) -> String {
        let exception = number.checked_sub(self.policy_rules.len());
        match exception.and_then(|index| self.entries.exceptions.get(index)) {
            Some(package) => path_of(package, "exception"),
            None => {
                let rule = &self.policy_rules[number];
                path_of(&rule.package, &rule.name)
            }
        }
    }

    /// Where a rule calls this builtin: the first place in its own definitions, else in the modules of its package.
    pub(in crate::rego) fn call_site(&self, rule: usize, builtin: &str) -> Option<Location> {
        let rule = &self.policy_rules[rule];
        let own = rule.definitions.iter().copied();
        let all = self
            .policies
            .units
            .iter()
            .enumerate()
            .flat_map(|(module, unit)| {
                (0..unit.module.rules.len()).map(move |index| (module, index))
            });
        own.chain(all).find_map(|(module, index)| {
            let definition = &self.policies.units[module].module.rules[index];
            let span = call_in(definition, builtin)?;
            Some(self.sources[module].location(span))
        })
    }

    /// How many policy files there are.
    #[must_use]
    pub fn n_modules(&self) -> usize {
        self.sources.len()
    }

    /// `sha256:…` over the names and contents of all policy and data files.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// The place of each rule whose definitions are one: which of several fired is not known.
fn policy_locations(rules: &[Rule], policy_rules: &[PolicyRule]) -> Vec<Option<Arc<Location>>> {
    let place = |(rule, policy_rule): (&Rule, &PolicyRule)| {
        let location = rule.location.clone().map(Location::without_excerpt);
        location
            .filter(|_| policy_rule.definitions.len() == 1)
            .map(Arc::new)
    };
    rules.iter().zip(policy_rules).map(place).collect()
}

/// Where a rule calls a builtin, or uses the operator that stands for it.
fn call_in(rule: &RegoRule, builtin: &str) -> Option<Span> {
    struct Calls<'a> {
        builtin: &'a str,
        found: Option<Span>,
    }
    impl Visitor for Calls<'_> {
        fn expr(&mut self, expr: &Expr) {
            let is_it = match &expr.kind {
                ExprKind::Call(function, _) => function
                    .as_path()
                    .is_some_and(|path| path.join(".") == self.builtin),
                ExprKind::Binary(operator, ..) => arithmetic(*operator) == Some(self.builtin),
                _ => false,
            };
            if is_it && self.found.is_none() {
                self.found = Some(expr.span);
            }
            walk_expr(self, expr);
        }
    }
    let mut calls = Calls {
        builtin,
        found: None,
    };
    walk_rule(&mut calls, rule);
    calls.found
}

/// The package of the module that asks for all rules at once, so that what rules share is evaluated once.
const PACKAGE: &str = "policy__entry";

/// What is asked of the engine for an input of each kind.
#[derive(Debug)]
pub(in crate::rego) struct Entries {
    /// The module that asks.
    pub(in crate::rego) module: String,
    /// Kinds that rules ask for; the entry of each has its index, the last one is for all others.
    kinds: Vec<Arc<str>>,
    /// The rules that each entry asks for.
    rules: Vec<Vec<usize>>,
    /// The packages whose `exception` rules are asked for.
    pub(in crate::rego) exceptions: Vec<Vec<Arc<str>>>,
    /// The name of each entry for the engine.
    names: Vec<String>,
}

/// Beyond this many lines the module of entries has one entry for all kinds.
const MAX_LINES: usize = 20_000;

impl Entries {
    fn new(rules: &[PolicyRule], exceptions: &BTreeSet<Vec<Arc<str>>>) -> Self {
        let of_rules = rules.iter().flat_map(|rule| rule.kinds.iter().flatten());
        let mut kinds: BTreeSet<Arc<str>> = of_rules.cloned().collect();
        if (kinds.len() + 1) * (rules.len() + exceptions.len()) > MAX_LINES {
            kinds.clear();
        }
        let kinds: Vec<Arc<str>> = kinds.into_iter().collect();
        let mut entries = Self {
            module: format!("package {PACKAGE}\n"),
            rules: Vec::new(),
            exceptions: exceptions.iter().cloned().collect(),
            names: Vec::new(),
            kinds,
        };
        for index in 0..=entries.kinds.len() {
            entries.push(index, rules);
        }
        entries
    }

    fn push(&mut self, index: usize, rules: &[PolicyRule]) {
        let applies = |rule: &PolicyRule| match (&rule.kinds, self.kinds.get(index)) {
            (Some(kinds), Some(kind)) => kinds.contains(kind),
            (Some(_), None) => self.kinds.is_empty(),
            (None, _) => true,
        };
        let asked: Vec<usize> = (0..rules.len())
            .filter(|&rule| applies(&rules[rule]))
            .collect();
        for &rule in &asked {
            let path = path_of(&rules[rule].package, &rules[rule].name);
            self.module
                .push_str(&format!("k{index} contains [{rule}, {path}]\n"));
        }
        for (exception, package) in self.exceptions.iter().enumerate() {
            let path = path_of(package, "exception");
            let number = rules.len() + exception;
            self.module
                .push_str(&format!("k{index} contains [{number}, {path}]\n"));
        }
        self.names.push(format!("data.{PACKAGE}.k{index}"));
        self.rules.push(asked);
    }

    /// What to ask for an input of this kind: the entry's name and its rules.
    pub(in crate::rego) fn for_kind(&self, kind: Option<&str>) -> (&str, &[usize]) {
        let index = kind
            .and_then(|kind| {
                self.kinds
                    .binary_search_by(|known| (**known).cmp(kind))
                    .ok()
            })
            .unwrap_or(self.kinds.len());
        (&self.names[index], &self.rules[index])
    }
}

/// The path of a rule for the engine.
pub(in crate::rego) fn path_of(package: &[Arc<str>], name: &str) -> String {
    let mut path: Vec<Arc<str>> = vec!["data".into()];
    path.extend(package.iter().cloned());
    path.push(name.into());
    join_path(&path)
}

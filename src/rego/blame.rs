//! Whether the failure of a builtin may have hidden a finding.
//!
//! It has, where no other body, `else`, `default` or `not` took care of it: what the rule found in one element says nothing
//! of the next one, for which the function failed. Whether that is an error or a notice is settled after suppression.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::document::value::Value;
use crate::finding::{Location, Problem};
use crate::rego::builtins::{self, BuiltinError};
use crate::rego::engine::{EngineError, Worker};
use crate::rego::prepare::diagnose::{self, BodyId, CallSite, Inside, Probed};
use crate::rego::prepare::names::{DataPath, rule_path};
use crate::rego::prepare::references::references;
use crate::rego::set::PolicySet;
use crate::rego::syntax::ast::Rule;
use crate::rego::syntax::print;

/// What probes noted in one evaluation.
#[derive(Debug, Default)]
pub(in crate::rego) struct Notes {
    /// Calls that failed: number of the call, arguments of the function around it, what was wrong.
    failed: Vec<(usize, Value, String)>,
    /// Bodies that gave a value: number of the body, arguments of its function.
    gave: BTreeSet<(usize, Value)>,
}

/// An engine whose modules have probes.
pub(in crate::rego) struct Diagnosis {
    worker: Worker,
    probed: Probed,
    notes: Arc<Mutex<Notes>>,
}

/// A call of a builtin that failed.
pub(in crate::rego) struct Blamed {
    /// What was wrong, each text once.
    pub(in crate::rego) messages: Vec<String>,
    /// Whether these are all.
    is_all: bool,
    /// The call, where it is known.
    pub(in crate::rego) location: Option<Location>,
    /// Whether a finding may be hidden.
    pub(in crate::rego) hides: bool,
}

/// Most calls that are told of one rule on one input.
const MAX_CALLS: usize = 16;
/// Most texts of one call that are shown.
const MAX_SHOWN: usize = 5;

impl Blamed {
    /// What is known of failures without a diagnosis: each function where the rule calls it.
    pub(in crate::rego) fn by_name(
        set: &PolicySet,
        rule: usize,
        errors: &[BuiltinError],
        hides: bool,
    ) -> Vec<Self> {
        let mut all: BTreeMap<&str, Self> = BTreeMap::new();
        for error in errors {
            let blamed = all.entry(&error.name).or_insert_with(|| Self {
                messages: Vec::new(),
                is_all: errors.len() < builtins::MAX_ERRORS,
                location: set.call_site(rule, &error.name),
                hides,
            });
            blamed.add(error.text());
        }
        all.into_values().collect()
    }

    fn add(&mut self, message: String) {
        if !self.messages.contains(&message) {
            self.messages.push(message);
        }
    }

    /// The first text, and how many others there are.
    pub(in crate::rego) fn text(&self) -> String {
        let Some((first, more)) = self.messages.split_first() else {
            return String::new();
        };
        let at_least = if self.is_all { "" } else { "at least " };
        match more.len() {
            0 => first.clone(),
            n => format!("{first}, and {at_least}{n} more here"),
        }
    }

    /// The problem with the place of the call, and others of the texts there.
    pub(in crate::rego) fn place(self, problem: Problem) -> Problem {
        let Some(location) = self.location else {
            return problem;
        };
        let problem = problem.related(location.clone(), "called here");
        let shown = self.messages.iter().take(MAX_SHOWN).skip(1);
        shown.fold(problem, |problem, more| {
            problem.related(location.clone(), format!("called here, too: {more}"))
        })
    }
}

impl Diagnosis {
    /// Loads the modules of a set with probes.
    pub(in crate::rego) fn new(set: &PolicySet) -> Result<Self, EngineError> {
        let probed = diagnose::probe(&set.prepared.modules);
        let texts: Vec<String> = probed
            .modules
            .iter()
            .map(|module| print::module(module).text)
            .collect();
        let notes = Arc::new(Mutex::new(Notes::default()));
        let worker = Worker::with_probes(set, &texts, &notes)?;
        Ok(Self {
            worker,
            probed,
            notes,
        })
    }

    /// Evaluates a rule on an input and says what is to be blamed, in the order of the policies: what may hide something
    /// and what does not; nothing where that cannot be found out.
    pub(in crate::rego) fn of_rule(
        &mut self,
        set: &PolicySet,
        rule: usize,
        path: &str,
        input: (&Value, Option<Value>, u64),
        timeout: Duration,
    ) -> Vec<Blamed> {
        let (value, file, seed) = input;
        self.worker.set_input(value.clone(), file, seed);
        if self.worker.evaluate(set, path, timeout).is_err() {
            return Vec::new();
        }
        self.worker.take_prints(set);
        let Ok(mut notes) = self
            .notes
            .lock()
            .map(|mut notes| std::mem::take(&mut *notes))
        else {
            return Vec::new();
        };
        let failed = std::mem::take(&mut notes.failed);
        let is_all = failed.len() < Notes::MOST;
        let definitions = &set.policy_rules[rule].definitions;
        let mut found: BTreeMap<(bool, usize), Blamed> = BTreeMap::new();
        for (number, args, message) in failed {
            let Some(site) = self.probed.calls.get(number) else {
                continue;
            };
            // A call that hid something once is to be looked at, whatever it did then.
            let hides = found.contains_key(&(false, number))
                || !self.is_handled(set, site, &args, &notes, definitions);
            let blamed = found.entry((!hides, number)).or_insert_with(|| Blamed {
                messages: Vec::new(),
                is_all,
                location: Some(set.sources[site.body.module].location(site.span)),
                hides,
            });
            blamed.add(message);
        }
        let mut found: Vec<Blamed> = found.into_values().collect();
        found.truncate(MAX_CALLS);
        // Of what was not noted any more nobody knows whether it hides something.
        match is_all || found.iter().any(|blamed| blamed.hides) {
            true => found,
            false => Vec::new(),
        }
    }

    fn is_handled(
        &self,
        set: &PolicySet,
        site: &CallSite,
        args: &Value,
        notes: &Notes,
        definitions: &[(usize, usize)],
    ) -> bool {
        if site.inside == Inside::Not {
            return true;
        }
        let in_collection = site.inside == Inside::Collection;
        let is_own = definitions.contains(&(site.body.module, site.body.rule));
        let took_care = self.another_gave(set, site.body, Some(args), notes) && !in_collection;
        took_care
            || (!is_own
                && self.callers_handle(set, site.body, notes, definitions, &mut BTreeSet::new()))
    }

    /// Whether another body of the same rule gave a value (for these arguments), or there is a default.
    fn another_gave(
        &self,
        set: &PolicySet,
        body: BodyId,
        args: Option<&Value>,
        notes: &Notes,
    ) -> bool {
        let path = path_of(set, body);
        let same = |other: &BodyId| path_of(set, *other) == path;
        let gave = notes.gave.iter().any(|(number, given)| {
            self.probed.bodies.get(*number).is_some_and(|other| {
                *other != body && same(other) && args.is_none_or(|args| args == given)
            })
        });
        let rules = set
            .policies
            .units
            .iter()
            .flat_map(|unit| unit.module.rules.iter().map(move |rule| (unit, rule)));
        gave || rules
            .filter(|(_, rule)| rule.is_default)
            .any(|(unit, rule)| rule_path(&unit.module, rule) == path)
    }

    /// Whether everything that refers to a rule without a value takes care of that.
    fn callers_handle(
        &self,
        set: &PolicySet,
        body: BodyId,
        notes: &Notes,
        definitions: &[(usize, usize)],
        seen: &mut BTreeSet<DataPath>,
    ) -> bool {
        let path = path_of(set, body);
        if !seen.insert(path.clone()) {
            return true;
        }
        callers(set, &path).into_iter().all(|(caller, under_not)| {
            under_not
                || self.another_gave(set, caller, None, notes)
                || (!definitions.contains(&(caller.module, caller.rule))
                    && self.callers_handle(set, caller, notes, definitions, seen))
        })
    }
}

fn path_of(set: &PolicySet, body: BodyId) -> DataPath {
    let unit = &set.policies.units[body.module];
    rule_path(&unit.module, &unit.module.rules[body.rule])
}

/// The definitions that refer to a rule, and whether they do so under `not` only.
fn callers(set: &PolicySet, path: &DataPath) -> Vec<(BodyId, bool)> {
    let mut found = Vec::new();
    for (module, unit) in set.policies.units.iter().enumerate() {
        for (index, (rule, locals)) in unit.rules().enumerate() {
            let refers = |rule: &Rule| {
                references(unit, rule, locals)
                    .iter()
                    .any(|found| found.starts_with(path) || path.starts_with(found))
            };
            if refers(rule) {
                let body = BodyId {
                    module,
                    rule: index,
                    body: 0,
                };
                found.push((body, !refers(&without_not(rule))));
            }
        }
    }
    found
}

/// A rule without its negated statements.
fn without_not(rule: &Rule) -> Rule {
    use crate::rego::syntax::ast::{Body, StatementKind};
    let keep =
        |body: &mut Body| body.retain(|statement| !matches!(statement.kind, StatementKind::Not(_)));
    let mut rule = rule.clone();
    rule.body.iter_mut().for_each(keep);
    rule.otherwise
        .iter_mut()
        .filter_map(|other| other.body.as_mut())
        .for_each(keep);
    rule
}

impl Notes {
    /// The most failures that are noted.
    const MOST: usize = 1_000;

    /// Errors of builtins that came up in a call.
    pub(in crate::rego) fn failed(&mut self, call: usize, args: &Value, messages: Vec<String>) {
        for message in messages {
            if self.failed.len() < Self::MOST {
                self.failed.push((call, args.clone(), message));
            }
        }
    }

    /// A body gave a value.
    pub(in crate::rego) fn gave(&mut self, body: usize, args: &Value) {
        self.gave.insert((body, args.clone()));
    }
}

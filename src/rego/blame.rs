//! Whether the failure of a builtin may have hidden a finding.
//!
//! It has, where no other body, `else`, `default` or `not` took care of it: what the rule found in one element says nothing
//! of the next one, for which the function failed. Whether that is an error or a notice is settled after suppression.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::document::value::Value;
use crate::finding::Location;
use crate::rego::engine::{EngineError, Worker};
use crate::rego::prepare::check::references;
use crate::rego::prepare::diagnose::{self, BodyId, CallSite, Inside, Probed};
use crate::rego::prepare::names::{DataPath, rule_path};
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

/// The failure of a builtin that was not taken care of, or the first that was.
pub(in crate::rego) struct Blamed {
    /// What was wrong.
    pub(in crate::rego) message: String,
    /// The call.
    pub(in crate::rego) location: Location,
    /// Whether a finding may be hidden.
    pub(in crate::rego) hides: bool,
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

    /// Evaluates a rule on an input and says what is to be blamed.
    pub(in crate::rego) fn of_rule(
        &mut self,
        set: &PolicySet,
        rule: usize,
        path: &str,
        input: (&Value, Option<Value>, u64),
        timeout: Duration,
    ) -> Option<Blamed> {
        let (value, file, seed) = input;
        self.worker.set_input(value.clone(), file, seed);
        self.worker.evaluate(set, path, timeout).ok()?;
        self.worker.take_prints(set);
        let notes = std::mem::take(&mut *self.notes.lock().ok()?);
        let definitions = &set.policy_rules[rule].definitions;
        let mut handled = None;
        for (number, args, message) in &notes.failed {
            let site = self.probed.calls.get(*number)?;
            let hides = !self.is_handled(set, site, args, &notes, definitions);
            let blamed = Blamed {
                message: message.clone(),
                location: set.sources[site.body.module].location(site.span),
                hides,
            };
            if hides {
                return Some(blamed);
            }
            handled = handled.or(Some(blamed));
        }
        handled
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
    /// Errors of builtins that came up in a call.
    pub(in crate::rego) fn failed(&mut self, call: usize, args: &Value, messages: Vec<String>) {
        const MOST: usize = 1_000;
        for message in messages {
            if self.failed.len() < MOST {
                self.failed.push((call, args.clone(), message));
            }
        }
    }

    /// A body gave a value.
    pub(in crate::rego) fn gave(&mut self, body: usize, args: &Value) {
        self.gave.insert((body, args.clone()));
    }
}

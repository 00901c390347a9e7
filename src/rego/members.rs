//! What rules gave → findings.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::document::value::Value;
use crate::finding::{Finding, Level, Outcome, Problem, RuleKind, Stage, Status};
use crate::rego::builtins::is_writable;
use crate::rego::eval::Run;
use crate::rego::load::Places;
use crate::rego::messages::{path_text, with_details};
use crate::rego::trace::places::{Found, Tracer};

impl Run<'_> {
    pub(in crate::rego) fn take_value(&mut self, rule: usize, value: &Value) {
        if self.take_exemption(rule, value) {
            return;
        }
        if !is_writable(value) {
            self.judgement.outcomes[rule] = Outcome::Errored;
            let message = format!(
                "rule `{}` gives more text than the 64 MiB that can be reported",
                self.set.rules[rule].id
            );
            self.push(Problem::error(Stage::Evaluate, message));
            return;
        }
        match value {
            Value::Undefined => {}
            Value::Set(members) => self.take_members(rule, value, members.iter().collect()),
            Value::Array(members) => self.take_members(rule, value, members.iter().collect()),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => {
                self.wrong_value(rule, value, "gives", "a set of messages");
            }
        }
    }

    /// Reports what a rule that is exempted found, or that it is where it found nothing; whether it is exempted.
    pub(in crate::rego) fn take_exemption(&mut self, rule: usize, value: &Value) -> bool {
        let policy_rule = &self.set.policy_rules[rule];
        let exception = policy_rule
            .name
            .strip_prefix(policy_rule.kind.as_str())
            .map(|rest| rest.strip_prefix('_').unwrap_or(rest))
            .unwrap_or_default();
        let exempt = self.exempt.get(&policy_rule.package);
        let n_exempt = exempt.map_or(0, |names| {
            names.iter().filter(|name| ***name == *exception).count()
        });
        if n_exempt == 0 {
            return false;
        }
        let by = format!(
            "data.{}.exception[_][_] == {}",
            path_text(&policy_rule.package),
            serde_json::Value::from(exception)
        );
        let members: Vec<&Value> = match value {
            Value::Set(members) if is_writable(value) => members.iter().collect(),
            Value::Array(members) if is_writable(value) => members.iter().collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Set(_)
            | Value::Object(_)
            | Value::Undefined => Vec::new(),
        };
        let mut places = self.places(rule, value, &members).into_iter();
        let mut findings: Vec<Finding> = Vec::new();
        for member in members {
            let found = places.next().unwrap_or_default();
            findings.extend(self.finding_of(rule, member, found).ok());
        }
        findings.retain(|finding| !finding.message.is_empty());
        if findings.is_empty() {
            findings.extend((0..n_exempt).map(|_| self.finding(rule, by.clone())));
        }
        for mut finding in findings {
            finding.status = Status::Excepted(by.clone());
            self.judgement.findings.push(finding);
        }
        self.judgement.outcomes[rule] = Outcome::Excepted;
        true
    }

    fn take_members(&mut self, rule: usize, value: &Value, members: Vec<&Value>) {
        let mut places = self.places(rule, value, &members).into_iter();
        for member in members {
            self.take_member(rule, member, places.next().unwrap_or_default());
        }
    }

    /// Where members of a rule's value come from, in their order; nothing where that is not asked for.
    fn places(&mut self, rule: usize, value: &Value, members: &[&Value]) -> Vec<Found> {
        let asks = self.set.settings.places == Places::Field || self.input.has_directives();
        if !asks || members.is_empty() {
            return Vec::new();
        }
        let (set, input, tracer) = (self.set, self.input, self.tracer);
        let (before, file, seed) = (self.trace.take(), self.file(), self.seed());
        // A fault of the trace leaves a finding without its exact place, never without a verdict.
        let traced = catch_unwind(AssertUnwindSafe(|| {
            let tracer = tracer.get_or_init(|| Tracer::new(set)).as_ref()?;
            let mut trace = before.unwrap_or_else(|| tracer.trace(set, input, file, seed));
            let places = trace.places(rule, value, members);
            Some((places, trace))
        }));
        match traced {
            Ok(Some((places, trace))) => {
                self.trace = Some(trace);
                let tracer = tracer.get().and_then(Option::as_ref);
                self.judgement.n_untraced += tracer.map_or(0, |tracer| tracer.dropped.take());
                places
            }
            Ok(None) | Err(_) => {
                self.judgement.n_untraced += members.len();
                Vec::new()
            }
        }
    }

    /// The finding of a member; what it should be where it is no message.
    fn finding_of(
        &mut self,
        rule: usize,
        member: &Value,
        found: Found,
    ) -> Result<Finding, &'static str> {
        match member {
            Value::String(message) => Ok(self.placed(rule, message.to_string(), found)),
            Value::Object(object) => match object.get(&"msg".into()) {
                Some(Value::String(message)) => {
                    let finding = self.placed(rule, message.to_string(), found);
                    Ok(with_details(finding, object))
                }
                Some(_) | None => Err("objects with the message as a string under `msg`"),
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Set(_)
            | Value::Undefined => Err("strings or objects with `msg`"),
        }
    }

    fn take_member(&mut self, rule: usize, member: &Value, found: Found) {
        let finding = match self.finding_of(rule, member, found) {
            Ok(finding) => finding,
            Err(wanted) => return self.wrong_value(rule, member, "gives", wanted),
        };
        // As Conftest: a member with an empty message is a pass.
        if finding.message.is_empty() {
            return;
        }
        if self.judgement.outcomes[rule] == Outcome::Passed {
            self.judgement.outcomes[rule] = Outcome::Found;
        }
        self.judgement.findings.push(finding);
    }

    fn wrong_value(&mut self, rule: usize, value: &Value, verb: &str, wanted: &str) {
        self.judgement.outcomes[rule] = Outcome::Errored;
        let described = &self.set.rules[rule];
        let mut shown: String = value.to_string().chars().take(80).collect();
        if shown.len() < value.to_string().len() {
            shown.push('…');
        }
        let message = format!("rule `{}` {verb} {shown}, not {wanted}", described.id);
        let mut problem = Problem::error(Stage::Evaluate, message).help(format!(
            "Write `{name} contains msg if {{ … }}` (in Rego v0 `{name}[msg] {{ … }}`) with a string or an object with `msg`.",
            name = described.name
        ));
        if let Some(location) = &described.location {
            problem = problem.related(location.clone(), "this rule");
        }
        self.push(problem);
    }

    fn placed(&mut self, rule: usize, message: String, found: Found) -> Finding {
        let mut finding = self.finding(rule, message);
        if let Some(location) = found.location {
            finding.location = location;
        }
        finding.related = found.related;
        if let Some(location) = found.policy_location {
            finding.policy_location = Some(Arc::new(location));
        }
        finding
    }

    fn finding(&mut self, rule: usize, message: String) -> Finding {
        let level = match self.set.rules[rule].kind {
            RuleKind::Warn => Level::Warning,
            RuleKind::Deny
            | RuleKind::Violation
            | RuleKind::Constraint
            | RuleKind::Schema
            | RuleKind::Test => Level::Failure,
        };
        Finding {
            rule,
            level,
            status: Status::Active,
            message,
            location: self
                .location
                .get_or_insert_with(|| self.input.location())
                .clone(),
            related: Vec::new(),
            policy_location: self.set.policy_locations[rule].clone(),
            enforcement_action: String::new(),
            resource: self.input.subject.resource.clone(),
            document: self.input.subject.document,
            item: self.input.subject.item.clone(),
            details: BTreeMap::new(),
            fingerprint: String::new(),
        }
    }
}

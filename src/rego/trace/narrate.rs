//! The derivation of a rule's value, statement by statement, for people.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::document::place::Placed;
use crate::document::print::to_json;
use crate::document::value::Value;
use crate::explain::{Part, ReadValue, Step, Verdict};
use crate::finding::Location;
use crate::rego::trace::explain::{Explainer, derivations};
use crate::rego::trace::machine::Stop;
use crate::rego::trace::places::Trace;
use crate::rego::trace::plan::{Branch, Definition, GroupId, Program, Slot, Statement};
use crate::rego::trace::reads::Reads;
use crate::rego::trace::term::{Derivation, Frame};

/// A statement with what became of it, before its reads are looked up in the documents.
struct Told {
    branch: Arc<Branch>,
    statement: usize,
    verdict: Verdict,
    variables: Vec<(String, String)>,
    reads: Reads,
}

impl Trace<'_> {
    /// Each body that gave a member of the rule's value; where it has none, each body with the statement at which it
    /// failed. None where the trace gives another value than the engine or gave up.
    pub(in crate::rego) fn parts(&mut self, rule: usize, value: &Value) -> Option<Vec<Part>> {
        let group = self.group_of(rule)?;
        let term = self.machine.rule(group).ok()?;
        let traced = term.as_ref().map_or(&Value::Undefined, |term| &term.value);
        if traced != value {
            return None;
        }
        let members: Vec<Value> = match value {
            Value::Set(members) => members.iter().cloned().collect(),
            Value::Array(members) => members.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let program = self.machine.program;
        let mut told: Vec<(String, Arc<Branch>, Vec<Told>)> = Vec::new();
        let mut explainer = Explainer::new(&mut self.machine, &self.prefixes, &mut self.known);
        if let Some(term) = term.filter(|_| !members.is_empty()) {
            for member in &members {
                for derivation in derivations(&term, member) {
                    let steps = explainer.held(program, group, &derivation).ok()?;
                    told.push((message(member), Arc::clone(&derivation.branch), steps));
                }
            }
        } else {
            for definition in &program.groups[group].definitions {
                for branch in &definition.branches {
                    let steps = explainer.failed(definition, branch).ok()?;
                    told.push((String::new(), Arc::clone(branch), steps));
                }
            }
        }
        let part = |(message, branch, steps): (String, Arc<Branch>, Vec<Told>)| Part {
            message,
            location: self.policy_place(&branch),
            steps: steps.iter().map(|step| self.step(step)).collect(),
            ..Part::default()
        };
        Some(told.into_iter().map(part).collect())
    }

    fn policy_place(&self, branch: &Branch) -> Option<Location> {
        let source = self.set.sources.get(branch.module)?;
        Some(source.location(branch.span).without_excerpt())
    }

    fn step(&self, told: &Told) -> Step {
        let statement = &told.branch.body.statements[told.statement];
        let source = self.set.sources.get(told.branch.module);
        let text = source.map_or("", |source| source.file.slice(statement.span));
        let words: Vec<&str> = text.split_whitespace().collect();
        let location = source.map(|source| source.location(statement.span).without_excerpt());
        let mut reads: Vec<ReadValue> = Vec::new();
        for read in &told.reads {
            let Some(Placed { location, .. }) = self.place(read) else {
                continue;
            };
            let read = ReadValue {
                path: path_text(&location),
                value: self.value_at(&read.place.keys()).map(|value| short(&value)),
                location: location.without_excerpt(),
            };
            if !reads.contains(&read) {
                reads.push(read);
            }
        }
        Step {
            text: words.join(" "),
            location,
            verdict: told.verdict,
            variables: told.variables.clone(),
            reads,
        }
    }

    fn value_at(&self, keys: &[Value]) -> Option<Value> {
        let mut value = self.input.value.clone();
        for key in keys {
            value = match &value {
                Value::Object(object) => object.get(key)?.clone(),
                Value::Array(items) => items.get(super::term::index(key)?)?.clone(),
                _ => return None,
            };
        }
        Some(value)
    }
}

/// The path of a node, the missing part included.
fn path_text(location: &Location) -> String {
    match (location.path.as_str(), location.missing.as_str()) {
        (path, "") => path.to_owned(),
        ("", missing) => missing.to_owned(),
        (path, missing) if missing.starts_with('[') => format!("{path}{missing}"),
        (path, missing) => format!("{path}.{missing}"),
    }
}

fn message(member: &Value) -> String {
    let msg = match member {
        Value::Object(object) => object.get(&"msg".into()),
        member => Some(member),
    };
    match msg {
        Some(Value::String(text)) => text.to_string(),
        _ => to_json(member),
    }
}

/// A value as JSON, cut where it is long.
fn short(value: &Value) -> String {
    const MOST: usize = 120;
    let text = to_json(value);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Explainer<'_, '_> {
    /// The statements of a body that held.
    fn held(
        &mut self,
        program: &Program,
        group: GroupId,
        derivation: &Rc<Derivation>,
    ) -> Result<Vec<Told>, Stop> {
        let branch = &derivation.branch;
        let definition = program.groups[group].definitions.iter().find(|definition| {
            let mut branches = definition.branches.iter();
            branches.any(|other| Arc::ptr_eq(other, branch))
        });
        let names = definition.map(|definition| &definition.names);
        self.in_context(&derivation.context, |explainer| {
            explainer.tell(branch, names, &derivation.frame, None)
        })
    }

    /// The statements of a body, up to the one at which it failed.
    fn failed(&mut self, definition: &Definition, branch: &Arc<Branch>) -> Result<Vec<Told>, Stop> {
        let mut frame: Frame = vec![None; definition.n_slots];
        let (at, frame) = match self.furthest(&branch.body, &mut frame)? {
            Some(failure) => (Some(failure.at), failure.first),
            None => (None, frame),
        };
        self.tell(branch, Some(&definition.names), &frame, at)
    }

    /// `failed_at` is the statement that did not hold, by the order of evaluation; those after it were not reached.
    fn tell(
        &mut self,
        branch: &Arc<Branch>,
        names: Option<&BTreeMap<Slot, Arc<str>>>,
        frame: &Frame,
        failed_at: Option<usize>,
    ) -> Result<Vec<Told>, Stop> {
        let mut told = Vec::new();
        for (index, statement) in branch.body.statements.iter().enumerate() {
            let verdict = match failed_at {
                Some(at) if index == at => Verdict::Failed,
                Some(at) if index > at => Verdict::NotReached,
                _ => Verdict::Held,
            };
            let mut reads = match verdict {
                Verdict::NotReached => Reads::new(),
                Verdict::Held | Verdict::Failed => {
                    self.statement(statement, &mut frame.clone(), verdict == Verdict::Held)?
                }
            };
            self.keep_document(&mut reads);
            reads.truncate(8);
            told.push(Told {
                branch: Arc::clone(branch),
                statement: index,
                verdict,
                variables: match verdict {
                    Verdict::NotReached => Vec::new(),
                    Verdict::Held | Verdict::Failed => variables(statement, names, frame),
                },
                reads,
            });
        }
        told.sort_by_key(|told| branch.body.statements[told.statement].number);
        Ok(told)
    }
}

/// The variables of a statement that have a value.
fn variables(
    statement: &Statement,
    names: Option<&BTreeMap<Slot, Arc<str>>>,
    frame: &Frame,
) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for slot in statement.slots() {
        let name = names.and_then(|names| names.get(&slot));
        if let (Some(name), Some(Some(term))) = (name, frame.get(slot))
            && !name.starts_with('_')
        {
            variables.push((name.to_string(), short(&term.value)));
        }
    }
    variables
}

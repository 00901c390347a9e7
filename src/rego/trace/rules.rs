//! Evaluates rules and functions.

use std::rc::Rc;
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::trace::machine::{Flow, Machine, Replacement, Step, Stop, ThenValue};
use crate::rego::trace::meter::Meter;
use crate::rego::trace::plan::{
    Branch, Callee, Definition, Fallback, GroupId, GroupKind, Node, NodeKind,
};
use crate::rego::trace::term::{Derivation, Frame, Made, Source, Term, n_elements};

/// Two bodies give different values.
pub(super) const CONFLICT: Stop = Stop::Unsupported("values conflict");

impl Machine<'_> {
    /// The rule at a constant path below `data`.
    pub(in crate::rego) fn group_at(&self, steps: &[Node]) -> Option<GroupId> {
        let mut keys = Vec::with_capacity(steps.len());
        for step in steps {
            keys.push(step.as_key()?);
        }
        self.program.tree.at(keys)?.group
    }

    /// Whether a rule is a function.
    pub(in crate::rego) fn is_function(&self, group: GroupId) -> bool {
        self.program.groups[group].kind == GroupKind::Function
    }

    /// What a rule without arguments gives.
    pub(in crate::rego) fn rule(&mut self, id: GroupId) -> Result<Option<Term>, Stop> {
        let key = (self.context.number, id);
        if let Some(known) = self.results.get(&key) {
            return Ok(known.clone());
        }
        let group = &self.program.groups[id];
        let path = &group.path;
        let result = match self.replaced_at(path) {
            Some(term) => Some(term),
            None => match group.kind {
                GroupKind::Function => return Ok(None),
                GroupKind::Complete => self.deeper(|machine| machine.first(id, Vec::new()))?,
                GroupKind::Partial => Some(self.deeper(|machine| machine.partial(id))?),
            },
        };
        self.results.insert(key, result.clone());
        Ok(result)
    }

    /// What a function gives for arguments.
    pub(in crate::rego) fn function(
        &mut self,
        id: GroupId,
        args: Vec<Term>,
    ) -> Result<Option<Term>, Stop> {
        if !self.is_function(id) {
            return self.rule(id);
        }
        let path = &self.program.groups[id].path;
        let replacement = self
            .context
            .data
            .iter()
            .rev()
            .find(|(at, _)| at == path)
            .map(|(_, replacement)| replacement.clone());
        match replacement {
            Some(Replacement::Value(term)) => Ok(Some(term)),
            Some(Replacement::Function(other)) if other != id => {
                self.deeper(|machine| machine.first(other, args))
            }
            Some(Replacement::Function(_)) | None => self.deeper(|machine| machine.first(id, args)),
        }
    }

    /// The value that bodies give, else the default.
    fn first(&mut self, id: GroupId, args: Vec<Term>) -> Result<Option<Term>, Stop> {
        let group = &self.program.groups[id];
        let mut found = None;
        for definition in &group.definitions {
            self.definition(definition, &args, &mut found)?;
            if found.is_some() && (!self.is_strict || group.agrees) {
                break;
            }
        }
        if found.is_some() {
            return Ok(found);
        }
        let Some(default) = &group.default else {
            return Ok(None);
        };
        let default = self.fallback(default)?;
        Ok(default.map(|default| Term {
            value: default.value,
            source: Source::Made(Rc::new(Made::Default(id, args, Rc::clone(&self.context)))),
        }))
    }

    /// Evaluates a definition: the first value is kept in `found`, which may have one from the definitions before.
    fn definition(
        &mut self,
        definition: &Definition,
        args: &[Term],
        found: &mut Option<Term>,
    ) -> Result<(), Stop> {
        self.allowed(definition)?;
        if args.len() != definition.args.len() {
            return Ok(());
        }
        let mut frame: Frame = vec![None; definition.n_slots];
        self.arguments(&definition.args, args, &mut frame, &mut |machine, frame| {
            for branch in &definition.branches {
                let one_is_enough = !machine.is_strict || branch.is_constant();
                let mut holds = false;
                machine.branch(branch, frame, &mut |_, _, term| {
                    holds = true;
                    match &found {
                        None => *found = Some(term),
                        // Without strictness nothing is asked once there is a value.
                        Some(before) if before.value == term.value => {}
                        Some(_) => return Err(CONFLICT),
                    }
                    Ok(if one_is_enough {
                        Flow::Enough
                    } else {
                        Flow::More
                    })
                })?;
                if holds {
                    break;
                }
            }
            Ok(Flow::Enough)
        })?;
        Ok(())
    }

    /// The value of a default.
    pub(super) fn fallback(&mut self, default: &Fallback) -> Result<Option<Term>, Stop> {
        if self.is_strict && !default.is_fixed {
            return Err(Stop::Unsupported("a default hangs on something"));
        }
        self.value(&default.value, &mut vec![None; default.n_slots])
    }

    /// Whether a definition can be evaluated here.
    pub(super) fn allowed(&self, definition: &Definition) -> Result<(), Stop> {
        let left = definition.left.filter(|_| self.is_strict);
        match definition.fault.or(left) {
            Some(reason) => Err(Stop::Unsupported(reason)),
            None => Ok(()),
        }
    }

    /// Matches the patterns of arguments with their values.
    pub(in crate::rego) fn arguments(
        &mut self,
        patterns: &[Node],
        args: &[Term],
        frame: &mut Frame,
        then: crate::rego::trace::machine::Then<'_>,
    ) -> Step {
        match (patterns.split_first(), args.split_first()) {
            (Some((pattern, patterns)), Some((arg, args))) => {
                self.matches(pattern, arg.clone(), frame, &mut |machine, frame| {
                    machine.arguments(patterns, args, frame, then)
                })
            }
            _ => then(self, frame),
        }
    }

    /// Each value that a body gives, with the body as its source.
    fn branch(&mut self, branch: &Arc<Branch>, frame: &mut Frame, then: ThenValue<'_>) -> Step {
        self.body(&branch.body, 0, frame, &mut |machine, frame| {
            let derivation = machine.derivation(branch, frame);
            let Some(value) = &branch.value else {
                let source = Source::result(derivation, Source::Constant);
                let value = Value::from(true);
                return then(machine, frame, Term { value, source });
            };
            machine.each(value, frame, &mut |machine, frame, term| {
                let source = Source::result(Rc::clone(&derivation), term.source);
                let value = term.value;
                then(machine, frame, Term { value, source })
            })
        })
    }

    pub(in crate::rego) fn derivation(
        &self,
        branch: &Arc<Branch>,
        frame: &Frame,
    ) -> Rc<Derivation> {
        Rc::new(Derivation {
            branch: Arc::clone(branch),
            frame: frame.clone(),
            context: Rc::clone(&self.context),
        })
    }

    /// What a function gives that stands for a builtin; in itself the builtin is what it always was.
    fn stand_in(
        &mut self,
        name: &Arc<str>,
        group: GroupId,
        args: Vec<Term>,
    ) -> Result<Option<Term>, Stop> {
        let mut inner = self.next_context();
        inner.builtins.retain(|(replaced, _)| replaced != name);
        let outer = std::mem::replace(&mut self.context, Rc::new(inner));
        let result = self.deeper(|machine| machine.first(group, args));
        self.context = outer;
        result
    }

    /// What a builtin gives for arguments; undefined where it fails.
    pub(in crate::rego) fn builtin(
        &mut self,
        name: &Arc<str>,
        args: Vec<Term>,
    ) -> Result<Option<Term>, Stop> {
        self.spend(2)?;
        let replacement = self
            .context
            .builtins
            .iter()
            .rev()
            .find(|(replaced, _)| replaced == name)
            .map(|(_, replacement)| replacement.clone());
        match replacement {
            Some(Replacement::Value(term)) => return Ok(Some(term)),
            Some(Replacement::Function(group)) => return self.stand_in(name, group, args),
            None => {}
        }
        let is_text = |arg: &Term| matches!(arg.value, Value::String(_));
        if &**name == "trace" && (!self.is_strict || args.first().is_some_and(is_text)) {
            return Ok(Some(Term::constant(true)));
        }
        if &**name == "object.get"
            && let [object, key, default] = args.as_slice()
            && (!self.is_strict || matches!(object.value, Value::Object(_)))
        {
            return Ok(got(object, key, default, &self.budget));
        }
        let values = args.iter().map(|arg| arg.value.clone()).collect();
        let value = self.functions.call(name, values, self.is_strict)?;
        if let Some(value) = &value
            && self.is_strict
        {
            self.spend(weight(value))?;
        }
        Ok(value.map(|value| Term {
            value,
            source: Source::call(name, args, &self.budget),
        }))
    }
}

/// How many steps what a builtin gave counts for: there is no other bound for its memory here.
fn weight(value: &Value) -> u64 {
    let size = match value {
        Value::String(text) => text.len() / 64,
        value => n_elements(value),
    };
    size as u64
}

/// `object.get`: what is at a key or a path, else the default, which knows where nothing was found.
fn got(object: &Term, key: &Term, default: &Term, meter: &Meter) -> Option<Term> {
    if !matches!(object.value, Value::Object(_)) {
        return None;
    }
    let path: Vec<Value> = match &key.value {
        Value::Array(path) => path.iter().cloned().collect(),
        key => vec![key.clone()],
    };
    if let Some(found) = object.at(&path) {
        return Some(found);
    }
    let source = match object.place() {
        Some(place) => {
            let place = path
                .iter()
                .fold(place.clone(), |place, key| place.child(key));
            Source::Made(Rc::new(Made::Absent(place, default.source.clone())))
        }
        None => match &object.source {
            Source::Constant => default.source.clone(),
            _ => Source::call(
                &"object.get".into(),
                vec![object.clone(), default.clone()],
                meter,
            ),
        },
    };
    Some(Term {
        value: default.value.clone(),
        source,
    })
}

/// Whether a call is one of a function of the policies.
pub(in crate::rego) fn calls_group(node: &Node) -> Option<GroupId> {
    match &node.kind {
        NodeKind::Call(Callee::Group(group), _) => Some(*group),
        _ => None,
    }
}

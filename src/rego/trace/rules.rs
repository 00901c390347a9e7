//! Evaluates rules and functions, and references below `data`.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::prepare::names::DataPath;
use crate::rego::trace::collections::collection;
use crate::rego::trace::machine::{Flow, Machine, Replacement, Step, Stop, ThenValue, put};
use crate::rego::trace::meter::Meter;
use crate::rego::trace::partial::merged;
use crate::rego::trace::plan::{
    Branch, Callee, DataNode, Definition, GroupId, GroupKind, Node, NodeKind,
};
use crate::rego::trace::term::{Derivation, Frame, Made, Member, Origin, Source, Term};

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

    /// Calls `then` with each value of a reference below `data`.
    pub(in crate::rego) fn data(
        &mut self,
        steps: &[Node],
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        let program = self.program;
        let mut node = Some(&program.tree);
        let mut path: DataPath = vec!["data".into()];
        for (index, step) in steps.iter().enumerate() {
            if let Some(replaced) = self.replaced_at(&path) {
                return self.steps(replaced, &steps[index..], frame, then);
            }
            if let Some(group) = node.and_then(|node| node.group)
                && node.is_some_and(|node| node.children.is_empty())
                && !self.is_replaced_below(&path)
            {
                return match self.rule(group)? {
                    Some(term) => self.steps(term, &steps[index..], frame, then),
                    None => Ok(Flow::More),
                };
            }
            let key = match step.open {
                true => None,
                false => self.value(step, frame)?.map(|term| term.value),
            };
            match key {
                Some(Value::String(key)) => {
                    node = node.and_then(|node| node.children.get(&key));
                    path.push(key);
                }
                // An index that is no name, or one that takes all that there are.
                _ => {
                    return match self.whole(node, &path)? {
                        Some(term) => self.steps(term, &steps[index..], frame, then),
                        None => Ok(Flow::More),
                    };
                }
            }
            if node.is_none() && !self.is_replaced_below(&path) && self.replaced_at(&path).is_none()
            {
                return match self.base_at(&path) {
                    Some(term) => self.steps(term, &steps[index + 1..], frame, then),
                    None => Ok(Flow::More),
                };
            }
        }
        match self.whole(node, &path)? {
            Some(term) => then(self, frame, term),
            None => Ok(Flow::More),
        }
    }

    /// What `with` put at a path or above it.
    fn replaced_at(&self, path: &[Arc<str>]) -> Option<Term> {
        self.context
            .data
            .iter()
            .rev()
            .find_map(|(at, replacement)| match replacement {
                Replacement::Value(term) if at.as_slice() == path => Some(term.clone()),
                _ => None,
            })
    }

    fn is_replaced_below(&self, path: &[Arc<str>]) -> bool {
        self.context
            .data
            .iter()
            .any(|(at, _)| at.len() > path.len() && at.starts_with(path))
    }

    /// The data files' value at a path.
    fn base_at(&self, path: &[Arc<str>]) -> Option<Term> {
        let keys: Vec<Value> = path[1..].iter().map(|key| Value::from(&**key)).collect();
        self.base.at(&keys)
    }

    /// All that is at a path below `data`.
    #[cfg(test)]
    pub(in crate::rego) fn at(&mut self, path: &DataPath) -> Result<Option<Term>, Stop> {
        self.whole(self.program.tree.at(&path[1..]), path)
    }

    /// All that is at a node below `data`: rules, data files and what `with` put there.
    fn whole(&mut self, node: Option<&DataNode>, path: &DataPath) -> Result<Option<Term>, Stop> {
        self.spend(1)?;
        if let Some(replaced) = self.replaced_at(path) {
            return Ok(Some(replaced));
        }
        let mut whole = self.base_at(path);
        if let Some(node) = node {
            if let Some(group) = node.group
                && let Some(term) = self.rule(group)?
            {
                whole = match whole {
                    Some(base) if !node.children.is_empty() => Some(merged(base, term)),
                    _ => Some(term),
                };
            }
            for (key, child) in &node.children {
                let mut path = path.clone();
                path.push(Arc::clone(key));
                if let Some(term) = self.whole(Some(child), &path)? {
                    let entry = put(None, &[Value::from(&**key)], term.clone());
                    let entry = collection(
                        entry.value,
                        Origin::Literal,
                        BTreeMap::from([(
                            Value::from(&**key),
                            Member {
                                key: Source::Constant,
                                value: term,
                                derivations: Vec::new(),
                            },
                        )]),
                    );
                    whole = Some(match whole {
                        Some(whole) => merged(whole, entry),
                        None => entry,
                    });
                } else if whole.is_none() {
                    // A package without values is an empty object.
                    whole = Some(Term::constant(Value::new_object()));
                }
            }
        }
        let below: Vec<(DataPath, Term)> = self
            .context
            .data
            .iter()
            .filter(|(at, _)| at.len() > path.len() && at.starts_with(path))
            .filter_map(|(at, replacement)| match replacement {
                Replacement::Value(term) => Some((at.clone(), term.clone())),
                Replacement::Function(_) => None,
            })
            .collect();
        for (at, term) in below {
            let keys: Vec<Value> = at[path.len()..]
                .iter()
                .map(|key| Value::from(&**key))
                .collect();
            whole = Some(put(whole, &keys, term));
        }
        Ok(whole)
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

    /// The first value that a body gives, else the default.
    fn first(&mut self, id: GroupId, args: Vec<Term>) -> Result<Option<Term>, Stop> {
        let group = &self.program.groups[id];
        for definition in &group.definitions {
            if let Some(term) = self.definition(definition, &args)? {
                return Ok(Some(term));
            }
        }
        let Some(default) = &group.default else {
            return Ok(None);
        };
        let default = self.value(&default.value, &mut vec![None; default.n_slots])?;
        Ok(default.map(|default| Term {
            value: default.value,
            source: Source::Made(Rc::new(Made::Default(id, args, Rc::clone(&self.context)))),
        }))
    }

    fn definition(&mut self, definition: &Definition, args: &[Term]) -> Result<Option<Term>, Stop> {
        if let Some(fault) = definition.fault {
            return Err(Stop::Unsupported(fault));
        }
        if args.len() != definition.args.len() {
            return Ok(None);
        }
        let mut frame: Frame = vec![None; definition.n_slots];
        let mut found = None;
        self.arguments(&definition.args, args, &mut frame, &mut |machine, frame| {
            for branch in &definition.branches {
                let flow = machine.branch(branch, frame, &mut |_, _, term| {
                    found = Some(term);
                    Ok(Flow::Enough)
                })?;
                if flow == Flow::Enough {
                    return Ok(flow);
                }
            }
            Ok(Flow::More)
        })?;
        Ok(found)
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
        if &**name == "trace" {
            return Ok(Some(Term::constant(true)));
        }
        if &**name == "object.get"
            && let [object, key, default] = args.as_slice()
        {
            return Ok(got(object, key, default, &self.budget));
        }
        let values = args.iter().map(|arg| arg.value.clone()).collect();
        let value = self.functions.call(name, values)?;
        Ok(value.map(|value| Term {
            value,
            source: Source::call(name, args, &self.budget),
        }))
    }
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

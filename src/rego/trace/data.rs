//! References below `data`: rules, data files and what `with` puts in their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::prepare::names::DataPath;
use crate::rego::trace::collections::{Entries, collection};
use crate::rego::trace::machine::{Flow, Machine, Replacement, Step, Stop, ThenValue, put};
use crate::rego::trace::partial::merged;
use crate::rego::trace::plan::{DataNode, GroupId, GroupKind, Node};
use crate::rego::trace::rules::CONFLICT;
use crate::rego::trace::term::{Frame, Member, Origin, Source, Term};

impl Machine<'_> {
    /// Calls `then` with each value of a reference below `data`.
    pub(in crate::rego) fn data(
        &mut self,
        steps: &[Node],
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        let program = self.program;
        if let Some((group, n_steps)) = self.rule_at(steps) {
            return match self.rule(group)? {
                Some(term) => self.steps(term, &steps[n_steps..], frame, then),
                None => Ok(Flow::More),
            };
        }
        let mut node = Some(&program.tree);
        let mut path: DataPath = vec!["data".into()];
        for (index, step) in steps.iter().enumerate() {
            if let Some(replaced) = self.replaced_at(&path) {
                return self.steps(replaced, &steps[index..], frame, then);
            }
            self.allowed_below(node)?;
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
            let is_rule = node.is_some_and(|node| node.group.is_some());
            let next = key.as_ref().and_then(|key| match key {
                Value::String(key) => Some((key, node.and_then(|node| node.children.get(key)))),
                _ => None,
            });
            match next {
                // What is below a rule is a member of it too.
                Some((key, below)) if !is_rule => {
                    node = below;
                    path.push(Arc::clone(key));
                }
                // An index that is no name, or one that takes all that there are.
                _ => {
                    return match self.whole(node, &path)? {
                        Some(term) => self.data_steps(term, &steps[index..], frame, then),
                        None => Ok(Flow::More),
                    };
                }
            }
            if node.is_none() && !self.is_replaced_below(&path) && self.replaced_at(&path).is_none()
            {
                return match self.base_at(&path) {
                    Some(term) => self.data_steps(term, &steps[index + 1..], frame, then),
                    None => Ok(Flow::More),
                };
            }
        }
        match self.whole(node, &path)? {
            Some(term) => then(self, frame, term),
            None => Ok(Flow::More),
        }
    }

    /// The rule that a reference begins with, and how many of its steps lead there, where nothing else is in its place.
    fn rule_at(&self, steps: &[Node]) -> Option<(GroupId, usize)> {
        let mut node = &self.program.tree;
        for (index, step) in steps.iter().enumerate() {
            node = node.children.get(step.as_key()?)?;
            if let Some(group) = node.group {
                let path = self.program.groups[group].path.as_slice();
                let is_replaced = |(at, _): &(DataPath, Replacement)| {
                    at.starts_with(path) || path.starts_with(at)
                };
                let is_alone =
                    node.children.is_empty() && !self.context.data.iter().any(is_replaced);
                return is_alone.then_some((group, index + 1));
            }
        }
        None
    }

    /// As OPA, which refuses rules below one that has one value.
    fn allowed_below(&self, node: Option<&DataNode>) -> Result<(), Stop> {
        let has_below = node.filter(|node| !node.children.is_empty());
        let group = has_below.and_then(|node| node.group);
        let kind = group.map(|group| self.program.groups[group].kind);
        match self.is_strict && kind.is_some_and(|kind| kind != GroupKind::Partial) {
            true => Err(CONFLICT),
            false => Ok(()),
        }
    }

    /// Follows the steps below data files. As OPA, which asks them by names, so that a number there is a name.
    fn data_steps(
        &mut self,
        mut term: Term,
        mut steps: &[Node],
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        while let Some((step, rest)) = steps.split_first()
            && !step.open
            && matches!(
                (&term.value, &term.source),
                (Value::Object(_), Source::Constant)
            )
        {
            let Some(key) = self.value(step, frame)? else {
                return Ok(Flow::More);
            };
            let found = match &key.value {
                Value::Number(number) => term.child(&Value::from(number.format_decimal())),
                key => term.child(key),
            };
            let Some(child) = found else {
                return Ok(Flow::More);
            };
            (term, steps) = (child, rest);
        }
        self.steps(term, steps, frame, then)
    }

    /// What `with` put at a path or above it.
    pub(super) fn replaced_at(&self, path: &[Arc<str>]) -> Option<Term> {
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

    /// What is at a path below `data`, where that may decide.
    #[cfg(test)]
    pub(in crate::rego) fn judged(&mut self, path: &DataPath) -> Result<Value, Stop> {
        self.refill_to_judge();
        self.is_strict = true;
        let term = self.at(path);
        self.is_strict = false;
        Ok(term?.map_or(Value::Undefined, |term| term.value))
    }

    /// All that is at a node below `data`: rules, data files and what `with` put there.
    fn whole(&mut self, node: Option<&DataNode>, path: &DataPath) -> Result<Option<Term>, Stop> {
        self.spend(1)?;
        self.allowed_below(node)?;
        if let Some(replaced) = self.replaced_at(path) {
            return Ok(Some(replaced));
        }
        let mut whole = self.base_at(path);
        if let Some(node) = node {
            if let Some(group) = node.group
                && let Some(term) = self.rule(group)?
            {
                whole = match whole {
                    Some(base) if !node.children.is_empty() => Some(self.joined(base, term)?),
                    Some(_) if self.is_strict => return Err(CONFLICT),
                    _ => Some(term),
                };
            }
            for (key, child) in &node.children {
                let mut path = path.clone();
                path.push(Arc::clone(key));
                if let Some(term) = self.whole(Some(child), &path)? {
                    let entry = put(None, &[Value::from(&**key)], term.clone());
                    let member = (Value::from(&**key), Member::of(Source::Constant, term));
                    let entries = Entries::Map(BTreeMap::from([member]));
                    let entry = collection(entry.value, Origin::Literal, entries);
                    whole = Some(match whole {
                        Some(whole) => self.joined(whole, entry)?,
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

    /// Two objects in one; what is in both must be the same where that matters.
    fn joined(&self, first: Term, second: Term) -> Result<Term, Stop> {
        match self.is_strict && !can_be_one(&first.value, &second.value) {
            true => Err(CONFLICT),
            false => Ok(merged(first, second)),
        }
    }
}

/// Whether two values have nothing in common but objects that can be one.
fn can_be_one(first: &Value, second: &Value) -> bool {
    let (Value::Object(first), Value::Object(second)) = (first, second) else {
        return false;
    };
    second
        .iter()
        .all(|(key, second)| first.get(key).is_none_or(|first| can_be_one(first, second)))
}

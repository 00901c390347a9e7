//! Matches patterns with values; variables without a value take theirs from it.

use crate::document::value::Value;
use crate::rego::trace::machine::{Flow, Machine, Step, Stop, Then};
use crate::rego::trace::plan::{Node, NodeKind};
use crate::rego::trace::term::{Frame, Term};

impl Machine<'_> {
    /// `left = right`: the side that has a value is matched with the other.
    pub(in crate::rego) fn unify(
        &mut self,
        left: &Node,
        right: &Node,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        let is_free = |node: &Node, frame: &Frame| match &node.kind {
            NodeKind::Local(slot) => frame[*slot].is_none(),
            _ => false,
        };
        let is_pattern = |node: &Node| {
            matches!(node.kind, NodeKind::Array(_) | NodeKind::Object(_)) && node.open
        };
        if is_free(left, frame) {
            if is_free(right, frame) {
                return Err(Stop::Unsupported("two variables without a value are equal"));
            }
            return self.each(right, frame, &mut |machine, frame, value| {
                machine.matches(left, value, frame, then)
            });
        }
        if is_free(right, frame) {
            return self.each(left, frame, &mut |machine, frame, value| {
                machine.matches(right, value, frame, then)
            });
        }
        if let (NodeKind::Array(lefts), NodeKind::Array(rights)) = (&left.kind, &right.kind)
            && left.open
            && right.open
        {
            if lefts.len() != rights.len() {
                return Ok(Flow::More);
            }
            return self.unify_items(lefts, rights, frame, then);
        }
        let (pattern, other) = if is_pattern(right) {
            (right, left)
        } else {
            (left, right)
        };
        self.each(other, frame, &mut |machine, frame, value| {
            machine.matches(pattern, value, frame, then)
        })
    }

    fn unify_items(
        &mut self,
        lefts: &[Node],
        rights: &[Node],
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        match (lefts.split_first(), rights.split_first()) {
            (Some((left, lefts)), Some((right, rights))) => {
                self.unify(left, right, frame, &mut |machine, frame| {
                    machine.unify_items(lefts, rights, frame, then)
                })
            }
            _ => then(self, frame),
        }
    }

    /// Matches a pattern with a value; variables without one take theirs from it.
    pub(in crate::rego) fn matches(
        &mut self,
        pattern: &Node,
        term: Term,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        match &pattern.kind {
            NodeKind::Local(slot) => match &frame[*slot] {
                Some(known) if known.value == term.value => then(self, frame),
                Some(_) => Ok(Flow::More),
                None => self.bind(*slot, term, frame, then),
            },
            NodeKind::Array(items) if pattern.open => {
                let is_same = term
                    .value
                    .as_array()
                    .is_ok_and(|found| found.len() == items.len());
                match is_same {
                    true => self.match_items(items, 0, &term, frame, then),
                    false => Ok(Flow::More),
                }
            }
            NodeKind::Object(entries) if pattern.open => {
                let n_found = term.value.as_object().map(|object| object.len());
                match n_found {
                    Ok(n_found) if n_found == entries.len() => {
                        self.match_entries(entries, &term, frame, then)
                    }
                    _ => Ok(Flow::More),
                }
            }
            _ => self.each(
                pattern,
                frame,
                &mut |machine, frame, value| match value.value == term.value {
                    true => then(machine, frame),
                    false => Ok(Flow::More),
                },
            ),
        }
    }

    fn match_items(
        &mut self,
        items: &[Node],
        at: usize,
        term: &Term,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        let Some(item) = items.get(at) else {
            return then(self, frame);
        };
        match term.child(&Value::from(at as u64)) {
            Some(child) => self.matches(item, child, frame, &mut |machine, frame| {
                machine.match_items(items, at + 1, term, frame, then)
            }),
            None => Ok(Flow::More),
        }
    }

    fn match_entries(
        &mut self,
        entries: &[(Node, Node)],
        term: &Term,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        let Some(((key, value), rest)) = entries.split_first() else {
            return then(self, frame);
        };
        let child = match self.value(key, frame)? {
            Some(key) => term.child(&key.value),
            None => None,
        };
        match child {
            Some(child) => self.matches(value, child, frame, &mut |machine, frame| {
                machine.match_entries(rest, term, frame, then)
            }),
            None => Ok(Flow::More),
        }
    }
}

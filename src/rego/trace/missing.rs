//! Why expressions have no value.

use crate::rego::trace::explain::Explainer;
use crate::rego::trace::plan::{Callee, Node, NodeKind};
use crate::rego::trace::reads::{Found, Read, Reads, extend, parts_first};
use crate::rego::trace::term::{Frame, Made, Origin, Source, Term, n_elements};

impl Explainer<'_, '_> {
    /// Why an expression has no value: the node that is missing, or what the rule that gave none reads.
    pub(in crate::rego) fn missing(&mut self, node: &Node, frame: &mut Frame) -> Found {
        self.within(|explainer| explainer.missing_node(node, frame))
    }

    fn missing_node(&mut self, node: &Node, frame: &mut Frame) -> Found {
        match &node.kind {
            NodeKind::Constant(_) | NodeKind::Local(_) | NodeKind::Input => Ok(Reads::new()),
            NodeKind::Ref(head, steps) => match self.machine.value(head, frame)? {
                Some(term) => self.missing_below(term, steps, frame),
                None => self.missing(head, frame),
            },
            NodeKind::Data(steps) => self.missing_data(steps, frame),
            NodeKind::Call(callee, args) => {
                let mut terms = Vec::new();
                for arg in args {
                    match self.machine.value(arg, frame)? {
                        Some(term) => terms.push(term),
                        None => return self.missing(arg, frame),
                    }
                }
                let mut given = Reads::new();
                for term in &terms {
                    given.extend(self.given(term)?);
                }
                parts_first(&mut given);
                let mut reads = match callee {
                    Callee::Group(group) => self.failed_rule(*group, &terms)?,
                    Callee::Builtin(_) | Callee::Walk => Reads::new(),
                };
                // What the function was asked about says more than what it compared that with.
                reads.sort_by_key(|read| !given.iter().any(|arg| read.place.is_below(&arg.place)));
                extend(&mut reads, given);
                Ok(reads)
            }
            NodeKind::Comprehension(_)
            | NodeKind::Array(_)
            | NodeKind::Set(_)
            | NodeKind::Object(_)
            | NodeKind::Compare(..)
            | NodeKind::Unify(_)
            | NodeKind::In(..)
            | NodeKind::Template(_) => {
                for part in node.parts() {
                    if self.machine.value(part, frame)?.is_none() {
                        let reads = self.missing(part, frame)?;
                        if !reads.is_empty() {
                            return Ok(reads);
                        }
                    }
                }
                Ok(Reads::new())
            }
        }
    }

    /// What an argument is made of: of a collection that the program made, what its elements are made of.
    fn given(&mut self, term: &Term) -> Found {
        let is_made = matches!(&term.source, Source::Made(made) if matches!(
            &**made,
            Made::Collection(members) if !matches!(members.origin, Origin::Literal)
        ));
        if is_made && n_elements(&term.value) > 0 {
            return self.elements(term, 0);
        }
        self.reads(term)
    }

    fn missing_below(&mut self, mut term: Term, steps: &[Node], frame: &mut Frame) -> Found {
        for (index, step) in steps.iter().enumerate() {
            let is_free = |slot: usize| frame.get(slot).is_none_or(Option::is_none);
            if matches!(step.kind, NodeKind::Local(slot) if is_free(slot)) {
                return self.below_all(&term, &steps[index + 1..], frame);
            }
            let Some(key) = self.machine.value(step, frame)? else {
                return self.missing(step, frame);
            };
            if let Some(child) = term.child(&key.value) {
                term = child;
                continue;
            }
            if let Some(place) = term.place() {
                let mut place = place.child(&key.value);
                for step in &steps[index + 1..] {
                    match self.machine.value(step, frame)? {
                        Some(key) if !step.open => place = place.child(&key.value),
                        _ => break,
                    }
                }
                // A value of the document that names what is not there says more than what lacks it.
                let mut reads = match &key.source {
                    Source::Node(name) => vec![Read::node(name)],
                    _ => Reads::new(),
                };
                reads.push(Read::node(&place));
                return Ok(reads);
            }
            let mut reads = self.reads(&key)?;
            self.keep_document(&mut reads);
            if reads.is_empty() {
                reads = self.collection(&term)?;
            }
            return Ok(reads);
        }
        // It is there, but false.
        self.reads(&term)
    }

    /// None of the elements has what follows: where there is but one, that; else all of them together.
    fn below_all(&mut self, term: &Term, rest: &[Node], frame: &mut Frame) -> Found {
        let children = term.children();
        if let ([(_, child)], false) = (children.as_slice(), rest.is_empty()) {
            return self.missing_below(child.clone(), rest, frame);
        }
        self.collection(term)
    }

    pub(super) fn missing_data(&mut self, steps: &[Node], frame: &mut Frame) -> Found {
        let program = self.machine.program;
        let mut node = &program.tree;
        for (index, step) in steps.iter().enumerate() {
            match step.as_key().and_then(|key| node.at([key])) {
                Some(child) => node = child,
                None => break,
            }
            if let Some(group) = node.group {
                return match self.machine.rule(group)? {
                    Some(term) => self.missing_below(term, &steps[index + 1..], frame),
                    None => self.failed_rule(group, &[]),
                };
            }
        }
        // A look-up in data files: what was looked up.
        let mut reads = Reads::new();
        for step in steps.iter().rev() {
            if let Some(key) = self.machine.value(step, frame)? {
                reads.extend(self.reads(&key)?);
            }
        }
        Ok(reads)
    }
}

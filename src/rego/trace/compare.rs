//! What comparisons and memberships read.

use crate::document::value::Value;
use crate::rego::syntax::ast::Operator;
use crate::rego::trace::explain::Explainer;
use crate::rego::trace::machine::Stop;
use crate::rego::trace::plan::{Callee, Node, NodeKind};
use crate::rego::trace::reads::{Found, Read, Reads};
use crate::rego::trace::term::{Frame, Place, Term, index, n_elements};

impl Explainer<'_, '_> {
    /// What a side of a comparison reads. Where none of the nodes that it iterates over is as compared, all of them.
    fn operand(&mut self, node: &Node, frame: &mut Frame, holds: bool) -> Found {
        if !holds
            && node.open
            && let Some(place) = self.iterated(node, frame)?
        {
            return Ok(vec![Read::node(&place)]);
        }
        match self.machine.value(node, frame)? {
            Some(term) => {
                let mut reads = self.reads(&term)?;
                self.keep_document(&mut reads);
                if reads.is_empty() {
                    reads = self.referred(node, &term, frame)?;
                }
                Ok(reads)
            }
            None => self.missing(node, frame),
        }
    }

    pub(super) fn comparison(
        &mut self,
        operator: Operator,
        sides: &(Node, Node),
        frame: &mut Frame,
        holds: bool,
    ) -> Found {
        let (left, right) = sides;
        if let Some(reads) = self.emptiness(operator, left, right, frame, holds)? {
            return Ok(reads);
        }
        if let Some(reads) = self.repeated(operator, sides, frame, holds)? {
            return Ok(reads);
        }
        let flipped = match operator {
            Operator::Less => Operator::Greater,
            Operator::LessEqual => Operator::GreaterEqual,
            Operator::Greater => Operator::Less,
            Operator::GreaterEqual => Operator::LessEqual,
            other => other,
        };
        if let Some(reads) = self.emptiness(flipped, right, left, frame, holds)? {
            return Ok(reads);
        }
        let mut lefts = self.operand(left, frame, holds)?;
        let mut rights = self.operand(right, frame, holds)?;
        if holds
            && operator == Operator::Equal
            && let Some((first, second)) = self.pair(&lefts, &rights)
            && let Some(order) = twins(&first.place, &second.place, are_alike(left, right))
        {
            let (mut later, earlier) = match order {
                std::cmp::Ordering::Less => (second.clone(), first.place.clone()),
                _ => (first.clone(), second.place.clone()),
            };
            later.twin = Some(earlier);
            later.weight = later.weight.or_else(|| self.weight_of_twin(&later));
            return Ok(vec![later]);
        }
        self.keep_document(&mut rights);
        if !holds && left.open && !right.open && !rights.is_empty() {
            // Nothing of what is iterated over is like the other side.
            std::mem::swap(&mut lefts, &mut rights);
        }
        lefts.append(&mut rights);
        Ok(lefts)
    }

    /// The parts of two equal values that say most about what they are.
    fn pair<'r>(&self, lefts: &'r [Read], rights: &'r [Read]) -> Option<(&'r Read, &'r Read)> {
        let at = match lefts.len() == rights.len() {
            true => self.most_particular(lefts)?,
            false => 0,
        };
        Some((lefts.get(at)?, rights.get(at)?))
    }

    /// `count(x) > 0`, `x != set()` and the like: what is in the collection, or what it is filled from.
    fn emptiness(
        &mut self,
        operator: Operator,
        side: &Node,
        other: &Node,
        frame: &mut Frame,
        holds: bool,
    ) -> Result<Option<Reads>, Stop> {
        let (collection, number) = match (&side.kind, &other.kind) {
            (
                NodeKind::Call(Callee::Builtin(name), args),
                NodeKind::Constant(number @ Value::Number(_)),
            ) if &**name == "count" && args.len() == 1 => (&args[0], index(number).unwrap_or(0)),
            (_, NodeKind::Constant(value)) if is_empty_collection(value) => (side, 0),
            _ => return Ok(None),
        };
        let Some(term) = self.machine.value(collection, frame)? else {
            return self.missing(collection, frame).map(Some);
        };
        let first = match (operator, holds) {
            (Operator::Greater | Operator::NotEqual, true) => Some(number),
            (Operator::GreaterEqual, true) => Some(number.saturating_sub(1)),
            (Operator::Less, false) => Some(number.saturating_sub(1)),
            (Operator::LessEqual, false) => Some(number),
            (Operator::Equal, false) => Some(number),
            _ => None,
        };
        let is_filled = n_elements(&term.value) > 0;
        match first {
            Some(0) if holds && operator == Operator::Greater && term.place().is_some() => {
                let mut reads = self.counted(&term, 0)?;
                // That there is something is a guard.
                for read in &mut reads {
                    let own = read.weight.unwrap_or(self.own_weight(read));
                    read.weight = Some(own.max(1));
                }
                Ok(Some(reads))
            }
            Some(first) if is_filled => self.counted(&term, first).map(Some),
            _ => self.collection(&term).map(Some),
        }
    }

    /// The elements from number `first` on; the one that is too many has the first one as its twin.
    fn counted(&mut self, term: &Term, first: usize) -> Found {
        let mut reads = self.elements(term, first)?;
        if first > 0 && term.place().is_none() {
            let start = self.elements(term, 0)?;
            if let (Some(read), Some(start)) = (reads.first_mut(), start.first())
                && !start.place.is_below(&read.place)
            {
                read.twin = Some(start.place.clone());
            }
        }
        Ok(reads)
    }

    pub(super) fn membership(
        &mut self,
        sides: &(Node, Node),
        frame: &mut Frame,
        holds: bool,
    ) -> Found {
        let (value, collection) = sides;
        let Some(member) = self.machine.value(value, frame)? else {
            return self.missing(value, frame);
        };
        let mut reads = self.reads(&member)?;
        self.keep_document(&mut reads);
        let Some(term) = self.machine.value(collection, frame)? else {
            if reads.is_empty() {
                return self.missing(collection, frame);
            }
            return Ok(reads);
        };
        if !reads.is_empty() {
            return Ok(reads);
        }
        if holds
            && let Some(element) = term
                .elements()
                .into_iter()
                .find(|element| element.value == member.value)
        {
            reads = self.reads_of_existence(&element)?;
            self.keep_document(&mut reads);
        }
        if reads.is_empty() {
            reads = self.collection(&term)?;
        }
        Ok(reads)
    }
}

fn is_empty_collection(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Set(items) => items.is_empty(),
        Value::Object(items) => items.is_empty(),
        _ => false,
    }
}

/// In which keys two places may differ that are compared as elements of one collection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// In numbers of elements.
    Indexes,
    /// In names, too.
    Any,
}

/// `x.port == y.port`: the same part of two elements that were iterated over.
fn are_alike(left: &Node, right: &Node) -> Keys {
    let (NodeKind::Ref(left_head, left), NodeKind::Ref(right_head, right)) =
        (&left.kind, &right.kind)
    else {
        return Keys::Indexes;
    };
    let same = left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|pair| match (&pair.0.kind, &pair.1.kind) {
                (NodeKind::Constant(one), NodeKind::Constant(two)) => one == two,
                _ => false,
            });
    match (&left_head.kind, &right_head.kind) {
        (NodeKind::Local(one), NodeKind::Local(two)) if same && one != two => Keys::Any,
        _ => Keys::Indexes,
    }
}

/// Which of two places comes later that differ only in indexes, or other keys.
fn twins(first: &Place, second: &Place, keys: Keys) -> Option<std::cmp::Ordering> {
    let (first, second) = (first.keys(), second.keys());
    if first.len() != second.len() || first == second {
        return None;
    }
    let is_index = |value: &Value| matches!(value, Value::Number(_));
    let same = first
        .iter()
        .zip(&second)
        .all(|(one, two)| one == two || keys == Keys::Any || is_index(one) && is_index(two));
    same.then(|| first.cmp(&second))
}

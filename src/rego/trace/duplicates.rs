//! What is there twice: elements of a list that a count finds equal, and which parts of two equal values say so best.

use std::collections::BTreeMap;

use crate::document::value::Value;
use crate::rego::syntax::ast::Operator;
use crate::rego::trace::explain::Explainer;
use crate::rego::trace::machine::Stop;
use crate::rego::trace::plan::{Node, NodeKind};
use crate::rego::trace::reads::{Read, Reads};
use crate::rego::trace::term::{Frame, Made, Source, Term};

/// The most elements of a list that are looked at.
const MOST: usize = 10_000;

impl Explainer<'_, '_> {
    /// `count(list) != count(set)` and the like, where values of the list repeat: those that are there already, with the
    /// first one as their twin.
    pub(super) fn repeated(
        &mut self,
        operator: Operator,
        sides: &(Node, Node),
        frame: &mut Frame,
        holds: bool,
    ) -> Result<Option<Reads>, Stop> {
        let differs = match operator {
            Operator::NotEqual | Operator::Less | Operator::Greater => holds,
            Operator::Equal | Operator::LessEqual | Operator::GreaterEqual => !holds,
            _ => false,
        };
        let is_constant = |node: &Node| matches!(node.kind, NodeKind::Constant(_));
        if !differs || is_constant(&sides.0) || is_constant(&sides.1) {
            return Ok(None);
        }
        let (Some(left), Some(right)) = (
            self.machine.value(&sides.0, frame)?,
            self.machine.value(&sides.1, frame)?,
        ) else {
            return Ok(None);
        };
        let (Some(left), Some(right)) = (counted(&left), counted(&right)) else {
            return Ok(None);
        };
        let (list, set) = match (&left.value, &right.value) {
            (Value::Array(_), Value::Set(set)) => (left, set),
            (Value::Set(set), Value::Array(_)) => (right, set),
            _ => return Ok(None),
        };
        let mut first_of: BTreeMap<Value, Term> = BTreeMap::new();
        let mut reads = Reads::new();
        for element in list.elements().into_iter().take(MOST) {
            if !set.contains(&element.value) {
                // The set is of something else.
                return Ok(None);
            }
            if let Some(first) = first_of.get(&element.value) {
                let later = self.own_reads(&element)?;
                let earlier = self.own_reads(first)?;
                reads.extend(self.twin(&later, &earlier));
            } else {
                first_of.insert(element.value.clone(), element);
            }
        }
        Ok((!reads.is_empty()).then_some(reads))
    }

    /// What a value is made of, whichever bodies gave it.
    pub(super) fn own_reads(&mut self, term: &Term) -> Result<Reads, Stop> {
        let mut reads = self.reads(&Term {
            value: term.value.clone(),
            source: term.source.inner().clone(),
        })?;
        self.keep_document(&mut reads);
        Ok(reads)
    }

    /// The part of the later of two equal values that says most about what it is, with that of the earlier one.
    fn twin(&self, later: &[Read], earlier: &[Read]) -> Option<Read> {
        let mut read = later.get(self.most_particular(later)?)?.clone();
        let own = read.place.keys();
        let is_same = |other: &&Read| other.place.keys().last() == own.last();
        let twin = earlier.iter().find(is_same).or(earlier.first());
        read.twin = twin.map(|twin| twin.place.clone());
        read.weight = self.weight_of_twin(&read);
        Some(read)
    }
}

/// The collection whose elements were counted.
fn counted(term: &Term) -> Option<&Term> {
    match term.source.inner() {
        Source::Made(made) => match &**made {
            Made::Call { name, args, .. } if &**name == "count" => args.first(),
            _ => None,
        },
        _ => None,
    }
}

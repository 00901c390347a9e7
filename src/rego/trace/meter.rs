//! How much an evaluation may still do. What searches only when it is asked for a place draws on the same meter.

use std::cell::Cell;
use std::rc::Rc;

/// Steps left; copies count together.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Meter(Rc<Cell<u64>>);

impl Meter {
    /// So many steps.
    pub(in crate::rego) fn new(steps: u64) -> Self {
        Self(Rc::new(Cell::new(steps)))
    }

    /// Sets how many are left.
    pub(in crate::rego) fn refill(&self, steps: u64) {
        self.0.set(steps);
    }

    /// How many are left.
    pub(in crate::rego) fn left(&self) -> u64 {
        self.0.get()
    }

    /// Takes steps; none where there are too few, of which none is left then.
    pub(in crate::rego) fn take(&self, steps: u64) -> Option<()> {
        let left = self.left().checked_sub(steps);
        self.refill(left.unwrap_or_default());
        left.map(|_| ())
    }
}

//! Why rules and bodies gave nothing.

use crate::rego::trace::explain::Explainer;
use crate::rego::trace::machine::{Flow, Stop, Watch};
use crate::rego::trace::plan::{Body, Earlier, GroupId};
use crate::rego::trace::reads::{Found, Read, Reads, parts_first};
use crate::rego::trace::term::{Frame, Place, Term};

/// Where a body failed.
pub(super) struct Failure {
    /// The statement that did not hold.
    pub(super) at: usize,
    /// The variables as they were the first time.
    pub(super) first: Frame,
    /// The variables as they were the last time, where there were several.
    last: Option<Frame>,
}

impl Explainer<'_, '_> {
    /// Why a rule gave nothing: the statement of each body that did not hold.
    pub(in crate::rego) fn failed_rule(&mut self, group: GroupId, args: &[Term]) -> Found {
        self.within(|explainer| {
            let program = explainer.machine.program;
            let mut bodies: Vec<Reads> = Vec::new();
            for definition in &program.groups[group].definitions {
                let mut frame: Frame = vec![None; definition.n_slots];
                if definition.args.len() != args.len() {
                    continue;
                }
                let mut bound = None;
                explainer.machine.arguments(
                    &definition.args,
                    args,
                    &mut frame,
                    &mut |_, frame| {
                        bound = Some(frame.clone());
                        Ok(Flow::Enough)
                    },
                )?;
                let Some(mut frame) = bound else {
                    continue;
                };
                for branch in &definition.branches {
                    bodies.push(explainer.failed_body(&branch.body, &mut frame)?);
                }
            }
            // The body that found most of what it looks for is the one for this kind of input.
            bodies.sort_by_key(|reads| reads.first().map(|read| explainer.distance(read)));
            let mut reads: Reads = bodies.into_iter().flatten().collect();
            // Another body may have looked at a part of what one looked at.
            parts_first(&mut reads);
            Ok(reads)
        })
    }

    /// Why the bodies before an `else` did not hold.
    pub(super) fn failed_before(&mut self, earlier: &Earlier, frame: &Frame) -> Found {
        let mut reads = Reads::new();
        for branch in &earlier.branches {
            let mut given: Frame = vec![None; frame.len()];
            for &slot in &earlier.args {
                given[slot].clone_from(&frame[slot]);
            }
            reads.extend(self.failed_body(&branch.body, &mut given)?);
        }
        Ok(reads)
    }

    /// What the statements of a body read that holds, those first that say most.
    pub(super) fn held_body(&mut self, body: &Body, frame: &mut Frame) -> Found {
        let mut held = None;
        self.machine.body(body, 0, frame, &mut |_, frame| {
            held = Some(frame.clone());
            Ok(Flow::Enough)
        })?;
        let Some(mut frame) = held else {
            return Ok(Reads::new());
        };
        self.within(|explainer| {
            let mut reads = Reads::new();
            for &(index, _) in &body.ranked {
                reads.extend(explainer.statement(&body.statements[index], &mut frame, true)?);
            }
            Ok(reads)
        })
    }

    /// What the statement read at which a body failed.
    pub(in crate::rego) fn failed_body(&mut self, body: &Body, frame: &mut Frame) -> Found {
        let given: Vec<Place> = frame
            .iter()
            .flatten()
            .filter_map(|term| term.place().cloned())
            .collect();
        let Some(failure) = self.furthest(body, frame)? else {
            return Ok(Reads::new());
        };
        let statement = &body.statements[failure.at];
        let mut read = |mut frame: Frame| {
            self.within(|explainer| explainer.statement(statement, &mut frame, false))
        };
        let mut reads = read(failure.first)?;
        let last = failure.last.map(read).transpose()?;
        // It failed for one element after the other: it is the list of them.
        if let (Some(first), Some(last)) =
            (reads.first(), last.as_ref().and_then(|last| last.first()))
            && let Some(list) = first.place.list_with(&last.place)
        {
            reads.insert(0, Read::node(&list));
            return Ok(reads);
        }
        // Where no element has the name that is looked for, it is the list that lacks it.
        if let Some(first) = reads.first()
            && let Some(list) = self.searched(first)
            && !given
                .iter()
                .any(|given| first.place.is_below(given) && !list.is_below(given))
        {
            reads.insert(0, Read::node(&list));
        }
        Ok(reads)
    }

    /// The statement at which a body failed, with the variables as they were.
    pub(in crate::rego) fn furthest(
        &mut self,
        body: &Body,
        frame: &mut Frame,
    ) -> Result<Option<Failure>, Stop> {
        let outer = self.machine.watch.replace(Watch {
            body,
            furthest: None,
            last: None,
        });
        let flow = self
            .machine
            .body(body, 0, frame, &mut |_, _| Ok(Flow::Enough));
        let watch = std::mem::replace(&mut self.machine.watch, outer);
        if flow? == Flow::Enough {
            return Ok(None);
        }
        Ok(watch.and_then(|watch| {
            let (at, first) = watch.furthest?;
            let last = watch.last;
            Some(Failure { at, first, last })
        }))
    }
}

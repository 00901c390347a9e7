//! Why rules and bodies gave nothing.

use crate::rego::trace::explain::Explainer;
use crate::rego::trace::machine::{Flow, Stop, Watch};
use crate::rego::trace::plan::{Body, Earlier, GroupId};
use crate::rego::trace::reads::{Found, Reads, parts_first};
use crate::rego::trace::term::{Frame, Term};

impl Explainer<'_, '_> {
    /// Why a rule gave nothing: the statement of each body that did not hold.
    pub(in crate::rego) fn failed_rule(&mut self, group: GroupId, args: &[Term]) -> Found {
        self.within(|explainer| {
            let program = explainer.machine.program;
            let mut reads = Reads::new();
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
                    reads.extend(explainer.failed_body(&branch.body, &mut frame)?);
                }
            }
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
        match self.furthest(body, frame)? {
            Some((at, mut frame)) => {
                let statement = &body.statements[at];
                self.within(|explainer| explainer.statement(statement, &mut frame, false))
            }
            None => Ok(Reads::new()),
        }
    }

    /// The statement at which a body failed, with the variables as they were.
    pub(in crate::rego) fn furthest(
        &mut self,
        body: &Body,
        frame: &mut Frame,
    ) -> Result<Option<(usize, Frame)>, Stop> {
        let outer = self.machine.watch.replace(Watch {
            body,
            furthest: None,
        });
        let flow = self
            .machine
            .body(body, 0, frame, &mut |_, _| Ok(Flow::Enough));
        let watch = std::mem::replace(&mut self.machine.watch, outer);
        if flow? == Flow::Enough {
            return Ok(None);
        }
        Ok(watch.and_then(|watch| watch.furthest))
    }
}

//! Tokens → events: what stands in collections, in block style and in brackets.

use crate::document::stream::grammar::{Grammar, State, empty};
use crate::document::stream::scanner::Kind;
use crate::document::stream::{Event, Scanned};
use crate::source::Span;

type Found<'a> = Scanned<(Event<'a>, Span)>;

impl<'a> Grammar<'a> {
    /// Ends a collection at the token that is next.
    fn end(&mut self, event: Event<'a>) -> Found<'a> {
        let span = self.take()?.span;
        self.marks.pop();
        self.pop();
        Ok((event, span))
    }

    /// Reads a node and goes on with `state` after it.
    fn node_then(&mut self, state: State, in_block: bool, takes_level: bool) -> Found<'a> {
        self.states.push(state);
        self.node(in_block, takes_level)
    }

    pub(super) fn block_sequence(&mut self) -> Found<'a> {
        match self.peek()?.kind {
            Kind::BlockEntry => {}
            Kind::BlockEnd => return self.end(Event::SequenceEnd),
            _ => {
                return Err(
                    self.unexpected("this is no element of the list that it stands in", INDENT)
                );
            }
        }
        let dash = self.take()?.span;
        if matches!(self.peek()?.kind, Kind::BlockEntry | Kind::BlockEnd) {
            return Ok(empty(dash.end));
        }
        self.node_then(State::BlockSequence, true, false)
    }

    pub(super) fn level_sequence(&mut self) -> Found<'a> {
        if !matches!(self.peek()?.kind, Kind::BlockEntry) {
            let at = Span::new(self.last_end, self.last_end);
            self.pop();
            return Ok((Event::SequenceEnd, at));
        }
        let dash = self.take()?.span;
        if matches!(
            self.peek()?.kind,
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd
        ) {
            return Ok(empty(dash.end));
        }
        self.node_then(State::LevelSequence, true, false)
    }

    pub(super) fn block_key(&mut self) -> Found<'a> {
        match self.peek()?.kind {
            Kind::Key => {}
            Kind::BlockEnd => return self.end(Event::MappingEnd),
            _ => {
                return Err(
                    self.unexpected("this is no key of the mapping that it stands in", INDENT)
                );
            }
        }
        let end = self.take()?.span.end;
        if matches!(self.peek()?.kind, Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.state = State::BlockValue;
            return Ok(empty(end));
        }
        self.node_then(State::BlockValue, true, true)
    }

    pub(super) fn block_value(&mut self) -> Found<'a> {
        self.state = State::BlockKey;
        if !matches!(self.peek()?.kind, Kind::Value) {
            return Ok(empty(self.last_end));
        }
        let colon = self.take()?.span;
        if matches!(self.peek()?.kind, Kind::Key | Kind::Value | Kind::BlockEnd) {
            return Ok(empty(colon.start));
        }
        self.node_then(State::BlockKey, true, true)
    }

    pub(super) fn flow_sequence(&mut self, is_first: bool) -> Found<'a> {
        if !is_first && !matches!(self.peek()?.kind, Kind::FlowSequenceEnd) {
            self.comma("`,` or `]` is missing before this")?;
        }
        match self.peek()?.kind {
            Kind::FlowSequenceEnd => self.end(Event::SequenceEnd),
            Kind::Key => {
                let start = self.take()?.span.start;
                self.state = State::PairKey;
                Ok((Event::MappingStart(0), Span::new(start, start)))
            }
            _ => self.node_then(State::FlowSequence(false), false, false),
        }
    }

    pub(super) fn pair_key(&mut self) -> Found<'a> {
        let end = self.last_end;
        if matches!(
            self.peek()?.kind,
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd
        ) {
            // As kubectl's library: the token counts as read, what follows is the value.
            self.take()?;
            self.state = State::PairValue;
            return Ok(empty(end));
        }
        self.node_then(State::PairValue, false, false)
    }

    pub(super) fn pair_value(&mut self) -> Found<'a> {
        self.value_in_flow(State::PairEnd, |kind| {
            matches!(kind, Kind::FlowEntry | Kind::FlowSequenceEnd)
        })
    }

    pub(super) fn pair_end(&mut self) -> Found<'a> {
        self.state = State::FlowSequence(false);
        Ok((Event::MappingEnd, Span::new(self.last_end, self.last_end)))
    }

    pub(super) fn flow_key(&mut self, is_first: bool) -> Found<'a> {
        if !is_first && !matches!(self.peek()?.kind, Kind::FlowMappingEnd) {
            self.comma("`,` or `}` is missing before this")?;
        }
        match self.peek()?.kind {
            Kind::FlowMappingEnd => self.end(Event::MappingEnd),
            Kind::Key => {
                let end = self.take()?.span.end;
                if matches!(
                    self.peek()?.kind,
                    Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd
                ) {
                    self.state = State::FlowValue;
                    return Ok(empty(end));
                }
                self.node_then(State::FlowValue, false, false)
            }
            _ => self.node_then(State::FlowNoValue, false, false),
        }
    }

    pub(super) fn flow_value(&mut self) -> Found<'a> {
        self.value_in_flow(State::FlowKey(false), |kind| {
            matches!(kind, Kind::FlowEntry | Kind::FlowMappingEnd)
        })
    }

    /// Past the comma that must stand here.
    fn comma(&mut self, missing: &str) -> Scanned<()> {
        if !matches!(self.peek()?.kind, Kind::FlowEntry) {
            return Err(self.unexpected(missing, ""));
        }
        self.take()?;
        Ok(())
    }

    /// The value of a key in brackets or braces, empty where it has no colon or one that something stands behind which ends
    /// the entry.
    fn value_in_flow(&mut self, then: State, is_end: fn(&Kind<'_>) -> bool) -> Found<'a> {
        let mut at = self.last_end;
        self.state = then;
        if matches!(self.peek()?.kind, Kind::Value) {
            at = self.take()?.span.start;
            if !is_end(&self.peek()?.kind) {
                return self.node_then(then, false, false);
            }
        }
        Ok(empty(at))
    }
}

/// What to do about a line that belongs nowhere.
const INDENT: &str = "Indent it as what it belongs to.";

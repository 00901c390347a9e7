//! Tokens → events: documents, and nodes with what stands before them.

use rustc_hash::FxHashMap;

use crate::document::build::BuildError;
use crate::document::stream::scanner::{Kind, Scanner, Token};
use crate::document::stream::{Event, Scalar, Scanned};
use crate::source::{Span, to_u32};

/// YAML's own tags.
pub(in crate::document) const CORE: &str = "tag:yaml.org,2002:";

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockSequence,
    /// A sequence whose dashes stand in the column of its key.
    LevelSequence,
    BlockKey,
    BlockValue,
    /// In brackets: whether nothing stands there yet.
    FlowSequence(bool),
    /// A mapping of one key without braces, in brackets.
    PairKey,
    PairValue,
    PairEnd,
    /// In braces: whether nothing stands there yet.
    FlowKey(bool),
    FlowValue,
    /// The value of a key without colon.
    FlowNoValue,
    End,
}

/// What stands before a node.
struct Properties {
    anchor: usize,
    tag: Option<String>,
    /// Where it ends; none where there is nothing.
    end: Option<u32>,
}

/// Makes events of a text.
#[derive(Debug)]
pub(in crate::document) struct Grammar<'a> {
    pub(super) scanner: Scanner<'a>,
    pub(super) state: State,
    pub(super) states: Vec<State>,
    /// Where the open collections begin; those in brackets have a width.
    pub(super) marks: Vec<Span>,
    /// End of the last token that is written.
    pub(super) last_end: u32,
    anchors: FxHashMap<&'a str, usize>,
    n_anchors: usize,
    /// Handles of tags and what they stand for.
    handles: FxHashMap<&'a str, String>,
    /// Whether a document may begin without `---`.
    may_be_bare: bool,
    /// Whether no document has come yet.
    is_first: bool,
    /// Where the last document begins.
    start: u32,
}

impl<'a> Grammar<'a> {
    pub(in crate::document) fn new(text: &'a str, keeps_comments: bool) -> Self {
        Self {
            scanner: Scanner::new(text, keeps_comments),
            state: State::DocumentStart,
            states: Vec::new(),
            marks: Vec::new(),
            last_end: 0,
            anchors: FxHashMap::default(),
            n_anchors: 0,
            handles: FxHashMap::default(),
            may_be_bare: true,
            is_first: true,
            start: 0,
        }
    }

    /// The next comment that begins before an offset and was read already.
    pub(in crate::document) fn comment_before(&mut self, at: u32) -> Option<Span> {
        self.scanner.comment_before(at)
    }

    /// The next event and where it stands.
    pub(in crate::document) fn event(&mut self) -> Scanned<(Event<'a>, Span)> {
        match self.state {
            State::DocumentStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockSequence => self.block_sequence(),
            State::LevelSequence => self.level_sequence(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowSequence(is_first) => self.flow_sequence(is_first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => self.pair_end(),
            State::FlowKey(is_first) => self.flow_key(is_first),
            State::FlowValue => self.flow_value(),
            State::FlowNoValue => {
                self.state = State::FlowKey(false);
                Ok(empty(self.last_end))
            }
            State::End => Ok((Event::StreamEnd, Span::new(self.last_end, self.last_end))),
        }
    }

    /// Goes on at the document after the one in which there is an error at an offset; whether there is one.
    ///
    /// `---` and `...` stand at the start of a line between documents only, whatever is wrong before them.
    pub(in crate::document) fn recover(&mut self, at: u32) -> bool {
        self.scanner.forget_comments();
        let text = self.scanner.cursor.text;
        let at = at.max(self.start) as usize;
        let is_start = |line: &str| {
            let rest = line
                .strip_prefix("---")
                .or_else(|| line.strip_prefix("..."));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
        };
        let first = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let mut is_in_directives =
            self.state == State::DocumentStart && text[first..].starts_with('%');
        let mut line_start = first;
        let mut directives = None;
        for line in text[first..].split_inclusive(['\n', '\r']) {
            let ends_nothing = line_start == at && line.starts_with("...");
            if (line_start > self.start as usize || ends_nothing) && is_start(line) {
                if line.starts_with("...") {
                    return self.restart(line_start + line.len());
                }
                if !is_in_directives {
                    return self.restart(directives.unwrap_or(line_start));
                }
                is_in_directives = false;
            }
            let is_gap = line.starts_with('#') || line.trim().is_empty();
            match line.starts_with('%') && line_start > at {
                true => directives = directives.or(Some(line_start)),
                false if is_gap => {}
                false => directives = None,
            }
            line_start += line.len();
        }
        self.state = State::End;
        false
    }

    fn restart(&mut self, at: usize) -> bool {
        self.scanner.restart(at);
        self.state = State::DocumentStart;
        self.states.clear();
        self.marks.clear();
        self.may_be_bare = true;
        self.is_first = false;
        self.start = to_u32(at);
        true
    }

    pub(super) fn peek(&mut self) -> Scanned<&Token<'a>> {
        self.scanner.peek()
    }

    pub(super) fn take(&mut self) -> Scanned<Token<'a>> {
        let token = self.scanner.take()?;
        if !token.span.is_empty() {
            self.last_end = token.span.end;
        }
        Ok(token)
    }

    /// Goes back to what was open before.
    pub(super) fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn document_start(&mut self) -> Scanned<(Event<'a>, Span)> {
        self.anchors.clear();
        self.handles.clear();
        while matches!(self.peek()?.kind, Kind::DocumentEnd) {
            let span = self.take()?.span;
            if self.is_first {
                return Err(BuildError::new(
                    span,
                    "`...` ends a document, and none stands before it",
                ));
            }
            self.may_be_bare = true;
        }
        let token = self.peek()?;
        let span = token.span;
        let has_marker = match token.kind {
            Kind::StreamEnd => {
                self.state = State::End;
                return Ok((Event::StreamEnd, span));
            }
            Kind::Version | Kind::TagDirective(..) | Kind::DocumentStart => true,
            _ => false,
        };
        self.is_first = false;
        self.start = span.start;
        let mut span = Span::new(span.start, span.start);
        if has_marker {
            self.directives()?;
            let marker = self.take()?;
            span = marker.span;
            if !matches!(marker.kind, Kind::DocumentStart) {
                return Err(error_at(
                    span,
                    "`---` must stand between directives and a document",
                ));
            }
            self.start = span.start;
        } else if !self.may_be_bare {
            return Err(error_at(span, "this stands behind the end of the document")
                .help("Indent it as what it belongs to, or begin a document with `---` on a line of its own."));
        }
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok((Event::DocumentStart, span))
    }

    /// `%YAML` and `%TAG`.
    fn directives(&mut self) -> Scanned<()> {
        let mut has_version = false;
        while matches!(self.peek()?.kind, Kind::Version | Kind::TagDirective(..)) {
            let Token { kind, span } = self.take()?;
            match kind {
                Kind::TagDirective(handle, prefix) => {
                    if self.handles.contains_key(handle) {
                        let message = format!("`%TAG {handle}` stands here a second time");
                        return Err(BuildError::new(span, message));
                    }
                    self.handles.insert(handle, prefix);
                }
                _ if has_version => {
                    return Err(BuildError::new(span, "`%YAML` stands here a second time"));
                }
                _ => has_version = true,
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Scanned<(Event<'a>, Span)> {
        let token = self.peek()?;
        match token.kind {
            Kind::Version
            | Kind::TagDirective(..)
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => {
                let start = token.span.start;
                self.pop();
                Ok(empty(start))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Scanned<(Event<'a>, Span)> {
        let token = self.peek()?;
        let start = token.span.start;
        self.may_be_bare = matches!(token.kind, Kind::DocumentEnd);
        if self.may_be_bare {
            self.take()?;
        }
        self.state = State::DocumentStart;
        Ok((Event::DocumentEnd, Span::new(start, start)))
    }

    /// A node: in block style also one that begins a block collection; `takes_level` also a dash in the column of its key.
    pub(super) fn node(&mut self, in_block: bool, takes_level: bool) -> Scanned<(Event<'a>, Span)> {
        if let Token {
            kind: Kind::Alias(name),
            span,
        } = *self.peek()?
        {
            return self.alias(name, span);
        }
        let Properties { anchor, tag, end } = self.properties()?;
        let Token { kind, span } = self.peek()?;
        let at = Span::new(span.start, span.start);
        let span = *span;
        let (state, event, mark) = match kind {
            Kind::BlockEntry if takes_level => {
                self.state = State::LevelSequence;
                return Ok((Event::SequenceStart(anchor), at));
            }
            Kind::Scalar(..) => {
                let Kind::Scalar(text, is_plain) = self.take()?.kind else {
                    return Err(error_at(span, "a value is missing"));
                };
                self.pop();
                let scalar = Scalar {
                    text,
                    is_plain,
                    anchor,
                    tag,
                };
                return Ok((Event::Scalar(scalar), span));
            }
            Kind::FlowSequenceStart => (
                State::FlowSequence(true),
                Event::SequenceStart(anchor),
                span,
            ),
            Kind::FlowMappingStart => (State::FlowKey(true), Event::MappingStart(anchor), span),
            Kind::BlockSequenceStart if in_block => {
                (State::BlockSequence, Event::SequenceStart(anchor), at)
            }
            Kind::BlockMappingStart if in_block => {
                (State::BlockKey, Event::MappingStart(anchor), at)
            }
            _ => {
                let Some(end) = end else {
                    return Err(self.unexpected("a value is missing here", ""));
                };
                self.pop();
                let (_, span) = empty(end);
                let scalar = Scalar {
                    text: "".into(),
                    is_plain: true,
                    anchor,
                    tag,
                };
                return Ok((Event::Scalar(scalar), span));
            }
        };
        self.take()?;
        self.marks.push(mark);
        self.state = state;
        Ok((event, mark))
    }

    fn alias(&mut self, name: &'a str, span: Span) -> Scanned<(Event<'a>, Span)> {
        self.take()?;
        self.pop();
        let unknown = || {
            let message = format!("there is no anchor `&{name}` before this in the document");
            BuildError::new(span, message).help("A text that begins with `*` is put in quotes.")
        };
        let anchor = self.anchors.get(name).copied().ok_or_else(unknown)?;
        Ok((Event::Alias(anchor), span))
    }

    /// An anchor and a tag, in any order.
    fn properties(&mut self) -> Scanned<Properties> {
        let mut properties = Properties {
            anchor: 0,
            tag: None,
            end: None,
        };
        let mut name = None;
        loop {
            match self.peek()?.kind {
                Kind::Anchor(anchor) if name.is_none() => name = Some(anchor),
                Kind::Tag(..) if properties.tag.is_none() => {}
                _ => break,
            }
            let token = self.take()?;
            properties.end = Some(token.span.end);
            if let Kind::Tag(handle, suffix) = token.kind {
                properties.tag = Some(self.whole_tag(handle, suffix, token.span)?);
            }
        }
        if let Some(name) = name {
            self.n_anchors += 1;
            properties.anchor = self.n_anchors;
            self.anchors.insert(name, self.n_anchors);
        }
        Ok(properties)
    }

    /// A tag with what its handle stands for.
    fn whole_tag(&self, handle: &str, suffix: String, span: Span) -> Scanned<String> {
        let declared = self.handles.get(handle);
        match (declared, handle) {
            (_, "") => Ok(suffix),
            (Some(prefix), _) => Ok(format!("{prefix}{suffix}")),
            (None, "!") => Ok(format!("!{suffix}")),
            (None, "!!") => Ok(format!("{CORE}{suffix}")),
            (None, _) => Err(BuildError::new(
                span,
                format!("`{handle}` is no handle of a tag that is known"),
            )
            .help("A line `%TAG` before the document says what it stands for.")),
        }
    }

    /// What is wrong at the next token: a bracket that is not closed, or else this.
    pub(super) fn unexpected(&mut self, message: &str, help: &str) -> BuildError {
        let open = self.marks.last().copied().filter(|mark| !mark.is_empty());
        let token = match self.peek() {
            Ok(token) => token,
            Err(error) => return error,
        };
        let span = token.span;
        let is_end = matches!(
            token.kind,
            Kind::StreamEnd | Kind::DocumentStart | Kind::DocumentEnd
        );
        let is_bracket = matches!(token.kind, Kind::FlowSequenceEnd | Kind::FlowMappingEnd);
        let text = self.scanner.cursor.text;
        let Some(open) = open else {
            let gap = &text[(self.last_end.min(span.start)) as usize..span.start as usize];
            let is_behind = self.last_end > self.start && !gap.contains(['\n', '\r']);
            return match is_bracket {
                true => error_at(span, "this bracket closes nothing"),
                false if is_behind && !is_end => {
                    error_at(span, "this stands behind a value that has ended")
                        .help("Quotes stand around the whole of a value.")
                }
                false => error_at(span, message).help(help),
            };
        };
        let bracket = &text[open.start as usize..open.end as usize];
        if is_end {
            return BuildError::new(open, format!("unclosed bracket '{bracket}'"));
        }
        let closing = &text[span.start as usize..span.end as usize];
        let mut error = match (bracket, closing) {
            ("[", "}") | ("{", "]") => BuildError::new(
                span,
                format!("mismatched bracket '{bracket}' closed by '{closing}'"),
            ),
            _ => error_at(span, message),
        };
        error.related = Some((open, "the bracket that is open"));
        error
    }
}

/// An error at the first character of a token.
pub(super) fn error_at(span: Span, message: &str) -> BuildError {
    BuildError::new(Span::new(span.start, span.start), message)
}

/// A scalar that is not written.
pub(super) fn empty<'a>(at: u32) -> (Event<'a>, Span) {
    let scalar = Scalar {
        text: "".into(),
        is_plain: true,
        anchor: 0,
        tag: None,
    };
    (Event::Scalar(scalar), Span::new(at, at))
}

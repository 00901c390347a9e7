//! Text → tokens: indentation becomes starts and ends of collections, keys are known by their colons.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::document::build::BuildError;
use crate::document::stream::cursor::{Cursor, Mark};
use crate::document::stream::{Scanned, error};
use crate::source::{Span, to_u32};

/// What stands at a place.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) span: Span,
}

/// The kinds of tokens.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    StreamEnd,
    /// `%YAML`
    Version,
    /// `%TAG` with a handle and what it stands for.
    TagDirective(&'a str, String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// A handle, which may be empty, and what follows it.
    Tag(&'a str, String),
    /// A text, and whether it stands without quotes.
    Scalar(Cow<'a, str>, bool),
}

/// Where a key may have begun whose colon has not come yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SimpleKey {
    pub(super) is_possible: bool,
    /// Whether nothing but a key may stand there.
    is_required: bool,
    /// The number of its first token.
    pub(super) token: usize,
    pub(super) mark: Mark,
}

/// A key and its colon are at most so many characters apart.
pub(super) const MAX_KEY: usize = 1024;

/// Makes tokens of a text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) tokens: VecDeque<Token<'a>>,
    pub(super) n_taken: usize,
    /// Whether the first token is known for what it is.
    is_ready: bool,
    /// The column of the innermost block collection; -1 for none.
    pub(super) indent: isize,
    indents: Vec<isize>,
    /// One for the block context and one for each open bracket.
    pub(super) keys: Vec<SimpleKey>,
    pub(super) allows_key: bool,
    /// Whether a document begins with the line that comes next.
    pub(super) is_at_start: bool,
    /// Comments, where somebody wants them.
    comments: Option<VecDeque<Span>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, keeps_comments: bool) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            n_taken: 0,
            is_ready: false,
            indent: -1,
            indents: Vec::new(),
            keys: vec![SimpleKey::default()],
            allows_key: true,
            is_at_start: true,
            comments: keeps_comments.then(VecDeque::new),
        }
    }

    /// Forgets what was open and goes on at the start of a line.
    pub(super) fn restart(&mut self, at: usize) {
        self.cursor.go_to_line(at);
        self.tokens.clear();
        self.is_ready = false;
        self.indent = -1;
        self.indents.clear();
        self.keys = vec![SimpleKey::default()];
        self.allows_key = true;
        self.is_at_start = true;
    }

    /// Forgets the comments that were not asked for.
    pub(super) fn forget_comments(&mut self) {
        if let Some(comments) = &mut self.comments {
            comments.clear();
        }
    }

    /// The next comment that begins before an offset.
    pub(super) fn comment_before(&mut self, at: u32) -> Option<Span> {
        let comments = self.comments.as_mut()?;
        let is_before = comments.front()?.start < at;
        is_before.then(|| comments.pop_front()).flatten()
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Scanned<&Token<'a>> {
        if !self.is_ready {
            self.fill()?;
            self.is_ready = true;
        }
        let end = self.cursor.mark.at;
        let ended = || error(end, end, "the text has ended");
        self.tokens.front().ok_or_else(ended)
    }

    /// The next token, and past it.
    pub(super) fn take(&mut self) -> Scanned<Token<'a>> {
        self.peek()?;
        self.n_taken += 1;
        self.is_ready = false;
        let end = self.cursor.mark.at;
        let ended = || error(end, end, "the text has ended");
        self.tokens.pop_front().ok_or_else(ended)
    }

    /// Reads on until the first token is known for what it is: a key may still begin with it.
    fn fill(&mut self) -> Scanned<()> {
        loop {
            if !self.tokens.is_empty() {
                let is_first = |key: &SimpleKey| key.is_possible && key.token == self.n_taken;
                let Some(key) = self.keys.iter().position(is_first) else {
                    return Ok(());
                };
                if !self.is_valid(key)? {
                    return Ok(());
                }
            }
            if let Err(error) = self.fetch() {
                return Err(self.refused().unwrap_or(error));
            }
        }
    }

    /// What is wrong where a character stands that may not be there.
    pub(super) fn refused(&self) -> Option<BuildError> {
        let refused = self.cursor.refused()?;
        let at = self.cursor.mark.at;
        let message = format!(
            "the character U+{:04X} may not stand in YAML",
            refused as u32
        );
        Some(
            error(at, at + refused.len_utf8(), message)
                .help("Remove it, or write it as an escape in double quotes."),
        )
    }

    /// Whether a bracket is open.
    pub(super) fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    pub(super) fn push(&mut self, kind: Kind<'a>, start: usize) {
        let span = Span::from_offsets(start, self.cursor.mark.at);
        self.tokens.push_back(Token { kind, span });
    }

    /// The last token ends earlier than what was read for it.
    pub(super) fn end_last(&mut self, end: usize) {
        if let Some(token) = self.tokens.back_mut() {
            token.span = Span::new(token.span.start, to_u32(end));
        }
    }

    /// Past blanks, line breaks and comments. A tab counts as a blank only where no key can begin.
    pub(super) fn pass_gaps(&mut self) {
        loop {
            if self.is_at_start && self.cursor.mark.column == 0 {
                self.cursor.skip_order_mark();
                self.is_at_start = false;
            }
            let takes_tabs = self.in_flow() || !self.allows_key;
            while self.cursor.peek(0) == b' ' || takes_tabs && self.cursor.peek(0) == b'\t' {
                self.cursor.skip();
            }
            self.comment();
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.read_break();
            if !self.in_flow() {
                self.allows_key = true;
            }
        }
    }

    /// Past a comment, where there is one.
    pub(super) fn comment(&mut self) {
        if self.cursor.peek(0) == b'#' {
            let start = self.cursor.mark.at;
            self.cursor.skip_line();
            if let Some(comments) = &mut self.comments {
                comments.push_back(Span::from_offsets(start, self.cursor.mark.at));
            }
        }
    }

    /// Whether a key may still begin there; an error where it must and cannot.
    pub(super) fn is_valid(&mut self, key: usize) -> Scanned<bool> {
        let SimpleKey {
            is_possible,
            is_required,
            mark,
            ..
        } = self.keys[key];
        let now = self.cursor.mark;
        if !is_possible || mark.line == now.line && mark.index + MAX_KEY >= now.index {
            return Ok(is_possible);
        }
        if is_required {
            return Err(self.no_colon(mark));
        }
        self.keys[key].is_possible = false;
        Ok(false)
    }

    /// A required key whose colon is missing.
    fn no_colon(&self, mark: Mark) -> BuildError {
        let line = &self.cursor.text[mark.at..];
        let line = line.split(['\n', '\r']).next().unwrap_or(line).trim_end();
        let end = mark.at + line.len();
        if line.chars().count() > MAX_KEY {
            return too_long(mark);
        }
        error(
            mark.at,
            end,
            "there is no `: ` after this, where a key must stand",
        )
        .help("A text of several lines is indented further than its key, or stands below `|`.")
    }

    pub(super) fn save_key(&mut self) -> Scanned<()> {
        if self.allows_key {
            let mark = self.cursor.mark;
            let key = SimpleKey {
                is_possible: true,
                is_required: !self.in_flow() && self.indent == mark.column.cast_signed(),
                token: self.n_taken + self.tokens.len(),
                mark,
            };
            self.remove_key()?;
            if let Some(last) = self.keys.last_mut() {
                *last = key;
            }
        }
        Ok(())
    }

    /// What may have been a key is none.
    pub(super) fn remove_key(&mut self) -> Scanned<()> {
        let key = self.keys.last().copied().unwrap_or_default();
        if key.is_possible && key.is_required {
            return Err(self.no_colon(key.mark));
        }
        if let Some(key) = self.keys.last_mut() {
            key.is_possible = false;
        }
        Ok(())
    }

    /// Begins a block collection where the column is further in; its token is put before the one with a number, or last.
    pub(super) fn roll(&mut self, mark: Mark, token: Option<usize>, kind: Kind<'a>) {
        let column = mark.column.cast_signed();
        if self.in_flow() || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let at = token.map_or(self.tokens.len(), |token| token - self.n_taken);
        let span = Span::from_offsets(mark.at, mark.at);
        self.tokens.insert(at, Token { kind, span });
    }

    /// Ends the block collections that are further in than a column.
    pub(super) fn unroll(&mut self, column: isize) {
        if self.in_flow() {
            return;
        }
        while self.indent > column {
            self.push(Kind::BlockEnd, self.cursor.mark.at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}

/// A key that begins there has no end where it must have one.
pub(super) fn too_long(mark: Mark) -> BuildError {
    let message = format!("a key is at most {MAX_KEY} characters long");
    error(mark.at, mark.at, message).help("A longer one is written after `? `.")
}

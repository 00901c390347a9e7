//! What indicators make: tokens of brackets, dashes, question marks, colons and markers.

use crate::document::build::BuildError;
use crate::document::stream::Scanned;
use crate::document::stream::cursor::Mark;
use crate::document::stream::error;
use crate::document::stream::scanner::{Kind, MAX_KEY, Scanner, SimpleKey, Token, too_long};
use crate::source::Span;

impl<'a> Scanner<'a> {
    /// Reads on by a token, or by more where collections begin or end.
    pub(super) fn fetch(&mut self) -> Scanned<()> {
        self.pass_gaps();
        self.unroll(self.cursor.mark.column.cast_signed());
        if self.cursor.is_at_end() {
            return self.refused().map_or_else(|| self.stream_end(), Err);
        }
        let is_at_margin = self.cursor.mark.column == 0;
        if is_at_margin && self.cursor.peek(0) == b'%' {
            return self.directive();
        }
        if self.cursor.is_at_marker() {
            return self.document_marker();
        }
        let in_flow = self.in_flow();
        let is_tight = !self.cursor.is_gap(1);
        match self.cursor.peek(0) {
            b'[' => self.open(Kind::FlowSequenceStart),
            b'{' => self.open(Kind::FlowMappingStart),
            b']' => self.close(Kind::FlowSequenceEnd),
            b'}' => self.close(Kind::FlowMappingEnd),
            b',' => {
                self.remove_key()?;
                self.allows_key = true;
                self.push_skipped(Kind::FlowEntry);
                Ok(())
            }
            b'-' if !is_tight => self.block_entry(),
            b'?' if in_flow || !is_tight => self.key(),
            b':' if in_flow || !is_tight => self.value(),
            b'*' | b'&' => self.anchor(),
            b'!' => {
                self.save_key()?;
                self.allows_key = false;
                self.tag()
            }
            b'|' | b'>' if !in_flow => {
                self.remove_key()?;
                self.allows_key = true;
                self.block_text()
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.allows_key = false;
                self.quoted()
            }
            b'\t' => Err(self.tab()),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.no_token()),
            _ => {
                self.save_key()?;
                self.allows_key = false;
                self.plain()
            }
        }
    }

    fn tab(&self) -> BuildError {
        let start = self.cursor.mark.at;
        let rest = &self.cursor.text[start..];
        let end = start + rest.len() - rest.trim_start_matches(['\t', ' ']).len();
        let before = &self.cursor.text[..start];
        let line = before.rsplit(['\n', '\r']).next().unwrap_or(before);
        if line.trim_start_matches(' ').is_empty() {
            return error(start, end, "a tab in the indentation").help("Indent with blanks.");
        }
        error(start, end, "a tab between an indicator and what follows it").help("Write a blank.")
    }

    fn no_token(&self) -> BuildError {
        let at = self.cursor.mark.at;
        let character = char::from(self.cursor.peek(0));
        error(at, at + 1, format!("`{character}` cannot begin a value"))
            .help("Put the value in quotes.")
    }

    /// A token of one character, and past it.
    fn push_skipped(&mut self, kind: Kind<'a>) {
        let start = self.cursor.mark.at;
        self.cursor.skip();
        self.push(kind, start);
    }

    fn stream_end(&mut self) -> Scanned<()> {
        // The end ends the line, too: no key can begin on it any more.
        self.cursor.mark.line += 1;
        self.unroll(-1);
        self.remove_key()?;
        self.allows_key = false;
        self.push(Kind::StreamEnd, self.cursor.mark.at);
        Ok(())
    }

    fn document_marker(&mut self) -> Scanned<()> {
        self.unroll(-1);
        self.remove_key()?;
        self.allows_key = false;
        self.is_at_start = true;
        let start = self.cursor.mark.at;
        let kind = match self.cursor.peek(0) {
            b'-' => Kind::DocumentStart,
            _ => Kind::DocumentEnd,
        };
        for _ in 0..3 {
            self.cursor.skip();
        }
        self.push(kind, start);
        Ok(())
    }

    fn directive(&mut self) -> Scanned<()> {
        self.unroll(-1);
        self.remove_key()?;
        self.allows_key = false;
        self.directive_line()
    }

    fn open(&mut self, kind: Kind<'a>) -> Scanned<()> {
        self.save_key()?;
        self.keys.push(SimpleKey::default());
        self.allows_key = true;
        self.push_skipped(kind);
        Ok(())
    }

    fn close(&mut self, kind: Kind<'a>) -> Scanned<()> {
        self.remove_key()?;
        if self.in_flow() {
            self.keys.pop();
        }
        self.allows_key = false;
        self.push_skipped(kind);
        Ok(())
    }

    fn block_entry(&mut self) -> Scanned<()> {
        let mark = self.cursor.mark;
        if !self.in_flow() {
            if !self.allows_key {
                return Err(error(mark.at, mark.at + 1, "a list cannot begin here")
                    .help("Its dashes stand on lines of their own; a text is put in quotes."));
            }
            self.roll(mark, None, Kind::BlockSequenceStart);
        }
        self.remove_key()?;
        self.allows_key = true;
        self.push_skipped(Kind::BlockEntry);
        Ok(())
    }

    fn key(&mut self) -> Scanned<()> {
        let mark = self.cursor.mark;
        if !self.in_flow() {
            if !self.allows_key {
                return Err(error(mark.at, mark.at + 1, "a key cannot begin here")
                    .help("A text that begins with `? ` is put in quotes."));
            }
            self.roll(mark, None, Kind::BlockMappingStart);
        }
        self.remove_key()?;
        self.allows_key = !self.in_flow();
        self.push_skipped(Kind::Key);
        Ok(())
    }

    fn value(&mut self) -> Scanned<()> {
        let last = self.keys.len() - 1;
        if self.is_valid(last)? {
            let SimpleKey { token, mark, .. } = self.keys[last];
            let span = Span::from_offsets(mark.at, mark.at);
            let kind = Kind::Key;
            self.tokens
                .insert(token - self.n_taken, Token { kind, span });
            self.roll(mark, Some(token), Kind::BlockMappingStart);
            self.keys[last].is_possible = false;
            self.allows_key = false;
        } else {
            let mark = self.cursor.mark;
            if !self.in_flow() {
                if !self.allows_key {
                    return Err(self.no_mapping(self.keys[last].mark));
                }
                self.roll(mark, None, Kind::BlockMappingStart);
            }
            self.allows_key = !self.in_flow();
        }
        self.push_skipped(Kind::Value);
        Ok(())
    }

    /// A colon where no mapping can begin; what begins before it on its line may be too long for a key.
    fn no_mapping(&self, key: Mark) -> BuildError {
        let mark = self.cursor.mark;
        if key.line == mark.line && key.index + MAX_KEY < mark.index {
            return too_long(key);
        }
        error(mark.at, mark.at + 1, "a mapping cannot begin here")
            .help("A text that holds `: ` is put in quotes; a mapping begins on a line of its own.")
    }

    fn anchor(&mut self) -> Scanned<()> {
        self.save_key()?;
        self.allows_key = false;
        self.anchor_name()
    }
}

//! The text of a file and a place in it: lines with content, markers, comments.

use crate::source::to_u32;

/// A place in the text of a file that holds nothing unusual.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Where the line begins that the place is on.
    line: usize,
}

/// What comes next after blank lines and comments.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// Nothing.
    End,
    /// `---`
    Marker {
        /// Where it begins.
        start: u32,
    },
    /// Something in this column, from 0.
    Text {
        /// Where it begins.
        start: u32,
        /// How many blanks stand before it on its line, and dashes.
        column: usize,
    },
}

impl<'a> Lines<'a> {
    /// The start of a text; none where it holds tabs, other line ends than `\n` or characters that YAML has rules for.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        let is_simple = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
        let is_usual = |c: char| match c {
            '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' => true,
            '\u{e000}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' => true,
            c => c >= '\u{10000}',
        };
        let bytes = text.as_bytes();
        let fits = u32::try_from(bytes.len()).is_ok();
        let is_usual = fits && (bytes.iter().all(is_simple) || text.chars().all(is_usual));
        is_usual.then_some(Self {
            text,
            bytes,
            at: 0,
            line: 0,
        })
    }

    /// The offset of the place.
    pub(super) fn offset(&self) -> u32 {
        to_u32(self.at)
    }

    /// The byte at the place; none at the end of the text.
    pub(super) fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether a blank, the end of a line or of the text stands at an offset.
    pub(super) fn is_gap(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b' ' | b'\n'))
    }

    /// Whether the place is at the dash of an element.
    pub(super) fn is_at_dash(&self) -> bool {
        self.byte() == Some(b'-') && self.is_gap(self.at + 1)
    }

    /// Goes on to what is no blank; how many there were.
    pub(super) fn pass_blanks(&mut self) -> usize {
        let start = self.at;
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
        self.at - start
    }

    /// Whether nothing but blanks and a comment is left of the line, and past it if so; none for a `#` without a blank.
    pub(super) fn ends_line(&mut self) -> Option<bool> {
        self.pass_blanks();
        match self.byte() {
            None => {}
            Some(b'\n') => self.pass_line(),
            Some(b'#') if self.bytes[self.at - 1] == b' ' => self.pass_line(),
            Some(b'#') => return None,
            Some(_) => return Some(false),
        }
        Some(true)
    }

    /// Goes to the next line.
    pub(super) fn pass_line(&mut self) {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        self.go_to_line(self.at + end.map_or(rest.len(), |end| end + 1));
    }

    /// Goes to a line that begins at an offset.
    pub(super) fn go_to_line(&mut self, start: usize) {
        self.at = start;
        self.line = start;
    }

    /// Goes to an offset that is further on, maybe on another line.
    pub(super) fn go_within(&mut self, at: usize) {
        let passed = &self.bytes[self.at..at];
        if let Some(end) = passed.iter().rposition(|byte| *byte == b'\n') {
            self.line = self.at + end + 1;
        }
        self.at = at;
    }

    /// What comes next, and goes there; none where it is not for this reader.
    pub(super) fn content(&mut self) -> Option<Content> {
        loop {
            self.pass_blanks();
            let start = self.offset();
            let column = self.at - self.line;
            match self.byte() {
                None => return Some(Content::End),
                Some(b'\n' | b'#') => self.pass_line(),
                Some(b'-' | b'.' | b'%') if column == 0 => return self.at_margin(),
                Some(_) => return Some(Content::Text { start, column }),
            }
        }
    }

    /// What stands at the margin and may be no content.
    fn at_margin(&self) -> Option<Content> {
        let start = self.offset();
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"---") && self.is_gap(self.at + 3) {
            return Some(Content::Marker { start });
        }
        let is_text = !rest.starts_with(b"---") && !rest.starts_with(b"...") && rest[0] != b'%';
        is_text.then_some(Content::Text { start, column: 0 })
    }

    /// Goes past a marker and the rest of its line; none where the document begins there.
    pub(super) fn pass_marker(&mut self) -> Option<()> {
        self.at += 3;
        self.ends_line()?.then_some(())
    }
}

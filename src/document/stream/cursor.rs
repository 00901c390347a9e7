//! A place in a text, and what kubectl's library takes for blanks, line breaks and characters that may not be there.

/// A place: its offset, and its line and column in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// Offset in bytes.
    pub(super) at: usize,
    /// How many characters stand before it.
    pub(super) index: usize,
    /// How many line breaks stand before it.
    pub(super) line: usize,
    /// How many characters stand before it on its line.
    pub(super) column: usize,
}

/// Goes through a text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    /// The text up to the first character that may not be there.
    bytes: &'a [u8],
    pub(super) mark: Mark,
}

/// What a text may hold.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// The part of a text before its first character that may not be there.
fn allowed(text: &str) -> &[u8] {
    let is_simple = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    let bytes = text.as_bytes();
    if bytes.iter().all(is_simple) {
        return bytes;
    }
    let refused = text.char_indices().find(|(_, c)| !is_allowed(*c));
    &bytes[..refused.map_or(bytes.len(), |(at, _)| at)]
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: allowed(text),
            mark: Mark::default(),
        }
    }

    /// Goes to the start of a line further on.
    pub(super) fn go_to_line(&mut self, at: usize) {
        if at > self.bytes.len() {
            let limit = at + allowed(&self.text[at..]).len();
            self.bytes = &self.text.as_bytes()[..limit];
        }
        self.mark = Mark {
            at,
            ..Mark::default()
        };
    }

    /// The character that may not be there, where the place is at it.
    pub(super) fn refused(&self) -> Option<char> {
        let rest = &self.text[self.bytes.len()..];
        rest.chars().next().filter(|_| self.is_at_end())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.mark.at >= self.bytes.len()
    }

    /// A byte from the place on; 0 after the end.
    pub(super) fn peek(&self, n: usize) -> u8 {
        self.bytes.get(self.mark.at + n).copied().unwrap_or(0)
    }

    pub(super) fn is_blank(&self, n: usize) -> bool {
        matches!(self.peek(n), b' ' | b'\t')
    }

    pub(super) fn is_break(&self, n: usize) -> bool {
        match self.peek(n) {
            b'\n' | b'\r' => true,
            0xc2 => self.peek(n + 1) == 0x85,
            0xe2 => self.peek(n + 1) == 0x80 && matches!(self.peek(n + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(super) fn is_break_or_end(&self, n: usize) -> bool {
        self.peek(n) == 0 || self.is_break(n)
    }

    /// Whether a blank, a line break or the end stands there.
    pub(super) fn is_gap(&self, n: usize) -> bool {
        self.is_blank(n) || self.is_break_or_end(n)
    }

    /// Whether the place is at `---` or `...` at the start of a line.
    pub(super) fn is_at_marker(&self) -> bool {
        let rest = &self.bytes[self.mark.at..];
        self.mark.column == 0
            && (rest.starts_with(b"---") || rest.starts_with(b"..."))
            && self.is_gap(3)
    }

    /// Past a character that is no line break.
    pub(super) fn skip(&mut self) {
        let width = match self.peek(0) {
            0 => return,
            0x01..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
        };
        self.mark.at += width;
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Past a line break; the text it stands for, nothing where there is none.
    pub(super) fn read_break(&mut self) -> &'static str {
        let (width, n_characters, text) = match (self.peek(0), self.peek(1), self.peek(2)) {
            (b'\r', b'\n', _) => (2, 2, "\n"),
            (b'\r' | b'\n', ..) => (1, 1, "\n"),
            (0xc2, 0x85, _) => (2, 1, "\n"),
            (0xe2, 0x80, 0xa8) => (3, 1, "\u{2028}"),
            (0xe2, 0x80, 0xa9) => (3, 1, "\u{2029}"),
            _ => return "",
        };
        self.mark.at += width;
        self.mark.index += n_characters;
        self.mark.line += 1;
        self.mark.column = 0;
        text
    }

    /// Past blanks and tabs.
    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    /// To the end of the line.
    pub(super) fn skip_line(&mut self) {
        while !self.is_break_or_end(0) {
            self.skip();
        }
    }

    /// Past letters, digits, `_` and `-`: those.
    pub(super) fn word(&mut self) -> &'a str {
        let start = self.mark.at;
        while matches!(self.peek(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-') {
            self.skip();
        }
        self.since(start)
    }

    /// The text from an offset to the place.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.mark.at]
    }

    /// Past a byte order mark at the start of a document: it takes no column.
    pub(super) fn skip_order_mark(&mut self) {
        if self.bytes[self.mark.at..].starts_with(b"\xef\xbb\xbf") {
            self.mark.at += 3;
        }
    }
}

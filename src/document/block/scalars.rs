//! Texts of scalars: plain and quoted ones on one line, and `|` with what is below it.

use std::borrow::Cow;

use crate::document::block::lines::{Lines, to_u32};

/// The text of a scalar.
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether it stands without quotes.
    pub(super) is_plain: bool,
}

/// Keys are at most 1,024 characters long for a parser to know them as such.
const MAX_KEY_BYTES: usize = 1_000;

/// Whether a plain scalar may begin so, whatever comes after.
fn begins_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"/_.~$()+;=^\\".contains(&byte)
}

impl<'a> Lines<'a> {
    /// Whether the place is at a key.
    pub(super) fn is_at_key(&self) -> bool {
        Lines::clone(self).key().is_some()
    }

    /// A key, and to its colon.
    pub(super) fn key(&mut self) -> Option<Text<'a>> {
        let start = self.at;
        let key = match self.byte()? {
            b'"' | b'\'' => self.quoted()?,
            _ => {
                self.begin_plain(false)?;
                while !(self.byte()? == b':' && self.is_gap(self.at + 1)) {
                    self.plain_byte()?;
                }
                self.plain(start)
            }
        };
        let is_key = self.byte()? == b':' && self.is_gap(self.at + 1);
        let is_tight = !self.is_gap(self.at - 1) && self.at - start <= MAX_KEY_BYTES;
        (is_key && is_tight).then_some(key)
    }

    /// A scalar that is a value and ends on its line, and to its end.
    pub(super) fn scalar(&mut self) -> Option<Text<'a>> {
        let start = self.at;
        if matches!(self.byte()?, b'"' | b'\'') {
            return self.quoted();
        }
        self.begin_plain(false)?;
        while !matches!(self.byte(), None | Some(b'\n')) {
            if self.byte() == Some(b':') && self.is_gap(self.at + 1) {
                return None;
            }
            if self.byte() == Some(b'#') && self.bytes[self.at - 1] == b' ' {
                break;
            }
            self.at += 1;
        }
        self.trim();
        Some(self.plain(start))
    }

    /// A scalar in a collection in brackets, and to its end.
    pub(super) fn flow_scalar(&mut self) -> Option<Text<'a>> {
        let start = self.at;
        if matches!(self.byte()?, b'"' | b'\'') {
            return self.quoted();
        }
        self.begin_plain(true)?;
        while !matches!(self.byte()?, b',' | b']' | b'}') {
            if self.byte() == Some(b':') && self.ends_flow_key() {
                break;
            }
            if matches!(self.byte()?, b'[' | b'{') {
                return None;
            }
            self.plain_byte()?;
        }
        self.trim();
        Some(self.plain(start))
    }

    /// Whether the colon at the place ends a key in brackets.
    fn ends_flow_key(&self) -> bool {
        let next = self.bytes.get(self.at + 1);
        self.is_gap(self.at + 1) || matches!(next, Some(b',' | b'[' | b']' | b'{' | b'}'))
    }

    /// Past the first byte of a plain scalar; none where something else begins.
    fn begin_plain(&mut self, in_flow: bool) -> Option<()> {
        let first = self.byte()?;
        let next = self.bytes.get(self.at + 1).copied().unwrap_or(b' ');
        let is_sign = first == b'-' && (next.is_ascii_alphanumeric() || next == b'-' && !in_flow);
        if !begins_plain(first) && !is_sign {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Past a byte of a plain scalar that may not end on this line or at a comment.
    fn plain_byte(&mut self) -> Option<()> {
        let byte = self.byte()?;
        if byte == b'\n' || byte == b'#' && self.bytes[self.at - 1] == b' ' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Back over blanks.
    fn trim(&mut self) {
        while self.bytes[self.at - 1] == b' ' {
            self.at -= 1;
        }
    }

    fn plain(&self, start: usize) -> Text<'a> {
        Text {
            text: Cow::Borrowed(&self.text[start..self.at]),
            is_plain: true,
        }
    }

    /// A scalar in quotes that ends on its line, and past it.
    fn quoted(&mut self) -> Option<Text<'a>> {
        let quote = self.byte()?;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        let mut from = self.at;
        loop {
            match self.byte()? {
                b'\n' => return None,
                b'\\' if quote == b'"' => {
                    text += &self.text[from..self.at];
                    text += match self.bytes.get(self.at + 1)? {
                        b'"' => "\"",
                        b'\\' => "\\",
                        b'/' => "/",
                        b'n' => "\n",
                        b't' => "\t",
                        _ => return None,
                    };
                    self.at += 2;
                    from = self.at;
                }
                byte if byte == quote => {
                    text += &self.text[from..self.at];
                    self.at += 1;
                    if quote == b'"' || self.byte() != Some(b'\'') {
                        break;
                    }
                    text += "'";
                    self.at += 1;
                    from = self.at;
                }
                _ => self.at += 1,
            }
        }
        Some(Text {
            text,
            is_plain: false,
        })
    }

    /// A text below `|` for the key or dash in `column`, and to the line after it; its end is that of the last
    /// line with content.
    pub(super) fn literal(&mut self, column: usize) -> Option<(String, u32)> {
        self.at += 1;
        let chomping = self.byte()?;
        if matches!(chomping, b'-' | b'+') {
            self.at += 1;
        }
        if self.byte()? != b'\n' {
            return None;
        }
        let mut at = self.at + 1;
        let mut indent = None;
        let mut text = String::new();
        let (mut end, mut n_empty) = (0, 0);
        while at < self.bytes.len() {
            // A last line without a line feed is for the full reader.
            let length = self.bytes[at..].iter().position(|byte| *byte == b'\n')?;
            let line = &self.bytes[at..at + length];
            let n_blanks = line.iter().take_while(|byte| **byte == b' ').count();
            if n_blanks == length {
                if n_blanks > indent.unwrap_or(0) {
                    return None;
                }
                n_empty += 1;
                at += length + 1;
                continue;
            }
            if n_blanks < indent.unwrap_or(column + 1) {
                // Between the columns stands what is no content and no end.
                if n_blanks > column {
                    return None;
                }
                break;
            }
            let indent = *indent.get_or_insert(n_blanks);
            text.extend(std::iter::repeat_n('\n', n_empty));
            n_empty = 0;
            text.push_str(&self.text[at + indent..at + length]);
            text.push('\n');
            end = at + self.text[at..at + length].trim_end().len();
            at += length + 1;
        }
        indent?;
        match chomping {
            b'-' => {
                text.pop();
            }
            b'+' => text.extend(std::iter::repeat_n('\n', n_empty)),
            _ => {}
        }
        self.go_to_line(at);
        Some((text, to_u32(end)))
    }
}

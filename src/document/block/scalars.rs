//! Texts of scalars: plain and quoted ones on one line, and `|` with what is below it.

use std::borrow::Cow;

use crate::document::block::lines::Lines;
use crate::source::to_u32;

/// The text of a scalar.
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether it stands without quotes.
    pub(super) is_plain: bool,
}

/// Keys are at most 1,024 characters long for a parser to know them as such.
pub(super) const MAX_KEY_BYTES: u32 = 1_000;

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
            b'"' | b'\'' => self.quoted(None)?,
            _ => {
                self.begin_plain(false)?;
                while !(self.byte()? == b':' && self.is_gap(self.at + 1)) {
                    self.plain_byte()?;
                }
                self.plain(start)
            }
        };
        let is_key = self.byte()? == b':' && self.is_gap(self.at + 1);
        let is_tight = !self.is_gap(self.at - 1) && to_u32(self.at - start) <= MAX_KEY_BYTES;
        (is_key && is_tight).then_some(key)
    }

    /// A scalar that is the value of a key or dash in `column`, and to its end.
    pub(super) fn scalar(&mut self, column: usize) -> Option<Text<'a>> {
        let start = self.at;
        if matches!(self.byte()?, b'"' | b'\'') {
            return self.quoted(Some(column));
        }
        self.begin_plain(false)?;
        let is_commented = self.plain_line()?;
        let first = self.plain(start);
        let mut text = String::new();
        while !is_commented && let Some((n_breaks, next)) = self.continuation(column) {
            if text.is_empty() {
                text.push_str(&first.text);
            }
            fold(&mut text, n_breaks);
            self.go_within(next);
            if self.plain_line()? {
                return None;
            }
            text.push_str(&self.text[next..self.at]);
        }
        if text.is_empty() {
            return Some(first);
        }
        Some(Text {
            text: Cow::Owned(text),
            is_plain: true,
        })
    }

    /// To the end of a plain scalar's part on one line; whether a comment follows.
    fn plain_line(&mut self) -> Option<bool> {
        let mut is_commented = false;
        while !matches!(self.byte(), None | Some(b'\n')) {
            if self.byte() == Some(b':') && self.is_gap(self.at + 1) {
                return None;
            }
            if self.byte() == Some(b'#') && self.bytes[self.at - 1] == b' ' {
                is_commented = true;
                break;
            }
            self.at += 1;
        }
        self.trim();
        Some(is_commented)
    }

    /// Where a scalar goes on after the end of this line, further in than `column`, and how many line breaks are between.
    fn continuation(&self, column: usize) -> Option<(usize, usize)> {
        let mut at = self.at;
        let (mut n_breaks, mut line) = (0, at);
        loop {
            match self.bytes.get(at)? {
                b' ' => {}
                b'\n' => {
                    n_breaks += 1;
                    line = at + 1;
                }
                b'#' => return None,
                _ => return (n_breaks > 0 && at - line > column).then_some((n_breaks, at)),
            }
            at += 1;
        }
    }

    /// A scalar in a collection in brackets, and to its end.
    pub(super) fn flow_scalar(&mut self) -> Option<Text<'a>> {
        let start = self.at;
        if matches!(self.byte()?, b'"' | b'\'') {
            return self.quoted(None);
        }
        self.begin_plain(true)?;
        while !matches!(self.byte()?, b',' | b']' | b'}') {
            if self.byte() == Some(b':') && self.ends_flow_key() {
                break;
            }
            // For kubectl a question mark ends the scalar.
            if matches!(self.byte()?, b'[' | b'{' | b'?') {
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

    /// A scalar in quotes, and past it; it may go on in further lines where it is the value of a key or dash in `column`.
    fn quoted(&mut self, column: Option<usize>) -> Option<Text<'a>> {
        let quote = self.byte()?;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        let mut from = self.at;
        loop {
            match self.byte()? {
                b'\n' => {
                    let (n_breaks, next) = self.continuation(column?)?;
                    text += self.text[from..self.at].trim_end_matches(' ');
                    fold(text.to_mut(), n_breaks);
                    self.go_within(next);
                    from = next;
                }
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

    /// A text below `|` or `>` for the key or dash in `column`, and to the line after it; its end is that of the last
    /// line with content.
    pub(super) fn block_text(&mut self, column: usize) -> Option<(String, u32)> {
        let start = self.at;
        let folds = self.byte()? == b'>';
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
        let (mut end, mut n_breaks) = (0, 0);
        while at < self.bytes.len() {
            // A last line without a line feed is for the full reader.
            let length = self.bytes[at..].iter().position(|byte| *byte == b'\n')?;
            let line = &self.bytes[at..at + length];
            let n_blanks = line.iter().take_while(|byte| **byte == b' ').count();
            if n_blanks == length {
                if n_blanks > indent.unwrap_or(0) {
                    return None;
                }
                n_breaks += 1;
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
            let is_first = indent.is_none();
            let indent = *indent.get_or_insert(n_blanks);
            // Lines that are further in are not folded, nor are those around them.
            if folds && n_blanks > indent {
                return None;
            }
            match folds && !is_first {
                true => fold(&mut text, n_breaks),
                false => text.extend(std::iter::repeat_n('\n', n_breaks)),
            }
            n_breaks = 1;
            text.push_str(&self.text[at + indent..at + length]);
            end = at + length;
            at += length + 1;
        }
        indent?;
        match chomping {
            b'-' => {}
            b'+' => text.extend(std::iter::repeat_n('\n', n_breaks)),
            _ => text.push('\n'),
        }
        self.go_to_line(at);
        // What only looks like a blank is content, but no end of it that one would point at.
        let end = start + self.text[start..end].trim_end().len();
        Some((text, to_u32(end)))
    }
}

/// What line breaks between two lines of a scalar come to: a blank for one, else one less of them.
fn fold(text: &mut String, n_breaks: usize) {
    match n_breaks {
        1 => text.push(' '),
        _ => text.extend(std::iter::repeat_n('\n', n_breaks - 1)),
    }
}

//! Tokens of scalars without quotes and in quotes.

use std::borrow::Cow;

use crate::document::build::BuildError;
use crate::document::stream::scanner::{Kind, Scanner};
use crate::document::stream::{Scanned, error};

/// Line breaks that have not yet become a part of a text.
#[derive(Default)]
struct Breaks {
    /// The first one; nothing where there is none, or where it was escaped.
    first: &'static str,
    further: String,
    /// Whether a line has ended.
    any: bool,
}

impl Breaks {
    fn push(&mut self, text: &'static str) {
        if self.any {
            self.further.push_str(text);
        } else {
            self.first = text;
            self.any = true;
        }
    }

    /// Adds what the breaks come to: one is a blank, of several the first counts nothing.
    fn fold_into(&mut self, text: &mut String) {
        match self.first {
            "\n" if self.further.is_empty() => text.push(' '),
            "\n" => {}
            first => text.push_str(first),
        }
        text.push_str(&self.further);
        *self = Self::default();
    }
}

impl<'a> Scanner<'a> {
    /// A scalar without quotes.
    pub(super) fn plain(&mut self) -> Scanned<()> {
        let start = self.cursor.mark.at;
        let indent = self.indent + 1;
        let in_flow = self.in_flow();
        let mut end = start;
        let mut text = Cow::Borrowed("");
        let mut breaks = Breaks::default();
        loop {
            if self.cursor.is_at_marker() || self.cursor.peek(0) == b'#' {
                break;
            }
            let from = self.cursor.mark.at;
            self.plain_run(in_flow);
            let run = self.cursor.since(from);
            if !run.is_empty() {
                if breaks.any {
                    let text = text.to_mut();
                    breaks.fold_into(text);
                    text.push_str(run);
                } else if let Cow::Owned(text) = &mut text {
                    text.push_str(self.cursor.since(end));
                } else {
                    text = Cow::Borrowed(self.cursor.since(start));
                }
                end = self.cursor.mark.at;
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            self.plain_gap(indent, &mut breaks)?;
            if !in_flow && self.cursor.mark.column.cast_signed() < indent {
                break;
            }
        }
        self.push(Kind::Scalar(text, true), start);
        self.end_last(end);
        if breaks.any {
            self.allows_key = true;
        }
        Ok(())
    }

    /// To the next blank, or to what ends the scalar.
    fn plain_run(&mut self, in_flow: bool) {
        while !self.cursor.is_gap(0) {
            match self.cursor.peek(0) {
                b':' if self.cursor.is_gap(1) => return,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if in_flow => return,
                _ => self.cursor.skip(),
            }
        }
    }

    /// Past blanks and line breaks in a scalar without quotes.
    fn plain_gap(&mut self, indent: isize, breaks: &mut Breaks) -> Scanned<()> {
        loop {
            if self.cursor.is_blank(0) {
                let is_indentation = breaks.any && self.cursor.mark.column.cast_signed() < indent;
                if is_indentation && self.cursor.peek(0) == b'\t' {
                    let at = self.cursor.mark.at;
                    let message = "a tab in the indentation of a text that goes on";
                    return Err(error(at, at + 1, message).help("Indent with blanks."));
                }
                self.cursor.skip();
            } else if self.cursor.is_break(0) {
                breaks.push(self.cursor.read_break());
            } else {
                return Ok(());
            }
        }
    }

    /// A scalar in single or double quotes.
    pub(super) fn quoted(&mut self) -> Scanned<()> {
        let start = self.cursor.mark.at;
        let quote = self.cursor.peek(0);
        self.cursor.skip();
        let mut text = Cow::Borrowed("");
        loop {
            if self.cursor.is_at_marker() || self.cursor.is_at_end() {
                let message = format!("the quote `{}` is not closed", char::from(quote));
                return Err(error(start, start + 1, message));
            }
            let mut breaks = Breaks::default();
            self.quoted_run(quote, &mut text, &mut breaks)?;
            if self.cursor.peek(0) == quote {
                break;
            }
            let from = self.cursor.mark.at;
            let mut is_blank = !breaks.any;
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                if self.cursor.is_break(0) {
                    is_blank = false;
                    breaks.push(self.cursor.read_break());
                } else {
                    self.cursor.skip();
                }
            }
            if is_blank {
                text += self.cursor.since(from);
            } else {
                breaks.fold_into(text.to_mut());
            }
        }
        self.cursor.skip();
        self.push(Kind::Scalar(text, false), start);
        Ok(())
    }

    /// To the next blank, line break or quote of a scalar in quotes, or past an escaped line break.
    fn quoted_run(
        &mut self,
        quote: u8,
        text: &mut Cow<'a, str>,
        breaks: &mut Breaks,
    ) -> Scanned<()> {
        let mut from = self.cursor.mark.at;
        while !self.cursor.is_gap(0) {
            match self.cursor.peek(0) {
                b'\'' if quote == b'\'' && self.cursor.peek(1) == b'\'' => {
                    self.cursor.skip();
                    *text += self.cursor.since(from);
                    self.cursor.skip();
                    from = self.cursor.mark.at;
                }
                byte if byte == quote => break,
                b'\\' if quote == b'"' => {
                    *text += self.cursor.since(from);
                    if self.cursor.is_break(1) {
                        self.cursor.skip();
                        self.cursor.read_break();
                        breaks.any = true;
                        return Ok(());
                    }
                    text.to_mut().push(self.escape()?);
                    from = self.cursor.mark.at;
                }
                _ => self.cursor.skip(),
            }
        }
        *text += self.cursor.since(from);
        Ok(())
    }

    /// An escape in double quotes, and past it.
    fn escape(&mut self) -> Scanned<char> {
        let start = self.cursor.mark.at;
        self.cursor.skip();
        let letter = self.cursor.peek(0);
        self.cursor.skip();
        let character = match letter {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            // The slash is JSON's.
            b' ' | b'"' | b'\'' | b'\\' | b'/' => char::from(letter),
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' => return self.number(start, 2),
            b'u' => return self.number(start, 4),
            b'U' => return self.number(start, 8),
            _ => return Err(self.no_escape(start)),
        };
        Ok(character)
    }

    fn no_escape(&self, start: usize) -> BuildError {
        let end = self.cursor.mark.at.max(start + 1);
        error(start, end, "this escape is none of YAML's")
            .help("A backslash is written twice in double quotes, or once in single quotes.")
    }

    /// The character that hexadecimal digits stand for.
    fn number(&mut self, start: usize, n_digits: usize) -> Scanned<char> {
        let first = self.digits(start, n_digits)?;
        // JSON writes characters beyond U+FFFF as two.
        let is_pair = n_digits == 4 && (0xd800..0xdc00).contains(&first);
        if is_pair && self.cursor.peek(0) == b'\\' && self.cursor.peek(1) == b'u' {
            self.cursor.skip();
            self.cursor.skip();
            let second = self.digits(start, n_digits)?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).ok_or_else(|| self.no_escape(start));
            }
        }
        let end = self.cursor.mark.at;
        char::from_u32(first).ok_or_else(|| {
            error(start, end, "this escape stands for no character")
                .help("A character beyond U+FFFF is written `\\U` with eight digits.")
        })
    }

    fn digits(&mut self, start: usize, n_digits: usize) -> Scanned<u32> {
        let mut code = 0;
        for _ in 0..n_digits {
            let digit = char::from(self.cursor.peek(0)).to_digit(16);
            let digit = digit.ok_or_else(|| self.no_escape(start))?;
            code = code << 4 | digit;
            self.cursor.skip();
        }
        Ok(code)
    }
}

//! Tokens of texts below `|` and `>`.

use std::borrow::Cow;

use crate::document::stream::scanner::{Kind, Scanner};
use crate::document::stream::{Scanned, error};

/// What becomes of line breaks at the end of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

impl Scanner<'_> {
    /// A text below `|` or `>`; its place ends with its last line.
    pub(super) fn block_text(&mut self) -> Scanned<()> {
        let start = self.cursor.mark.at;
        let folds = self.cursor.peek(0) == b'>';
        self.cursor.skip();
        let (chomping, increment) = self.header(start)?;
        let mut end = self.cursor.mark.at;
        self.header_end(start)?;
        let mut indent = increment.map(|n| self.indent.max(0) + n);
        let mut text = String::new();
        let mut breaks = String::new();
        let mut first_break = "";
        self.breaks(start, &mut indent, &mut breaks)?;
        let column = indent.unwrap_or(1);
        let mut is_after_blank = false;
        while self.cursor.mark.column.cast_signed() == column && !self.cursor.is_at_end() {
            let begins_blank = self.cursor.is_blank(0);
            if folds && !is_after_blank && !begins_blank && first_break == "\n" {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(first_break);
            }
            text.push_str(&breaks);
            breaks.clear();
            is_after_blank = begins_blank;
            let from = self.cursor.mark.at;
            self.cursor.skip_line();
            text.push_str(self.cursor.since(from));
            end = self.cursor.mark.at;
            first_break = self.cursor.read_break();
            self.breaks(start, &mut indent, &mut breaks)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(first_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        self.push(Kind::Scalar(Cow::Owned(text), false), start);
        // What only looks like a blank is content, but no end of it that one would point at.
        let end = start + self.cursor.text[start..end].trim_end().len();
        self.end_last(end);
        Ok(())
    }

    /// What stands behind `|` or `>`.
    fn header(&mut self, start: usize) -> Scanned<(Chomping, Option<isize>)> {
        let mut chomping = self.chomping();
        let mut increment = None;
        let digit = self.cursor.peek(0);
        if digit.is_ascii_digit() {
            self.cursor.skip();
            if digit == b'0' {
                let end = self.cursor.mark.at;
                return Err(error(
                    start,
                    end,
                    "the text of a block is indented by 1 to 9",
                ));
            }
            increment = Some(isize::from(digit - b'0'));
            chomping = chomping.or_else(|| self.chomping());
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.cursor.peek(0) {
            b'-' => Chomping::Strip,
            b'+' => Chomping::Keep,
            _ => return None,
        };
        self.cursor.skip();
        Some(chomping)
    }

    /// To the line below the header.
    fn header_end(&mut self, start: usize) -> Scanned<()> {
        self.cursor.skip_blanks();
        self.comment();
        if !self.cursor.is_break_or_end(0) {
            let end = self.cursor.mark.at;
            let sign = char::from(self.cursor.text.as_bytes()[start]);
            let message = format!("text behind `{sign}`");
            let help = format!(
                "The text begins on the line below; a value that begins with `{sign}` is put in quotes."
            );
            return Err(error(start, end, message).help(&help));
        }
        self.cursor.read_break();
        Ok(())
    }

    /// Past blank lines and indentation; where that is not known, it is that of the first line with content.
    fn breaks(
        &mut self,
        start: usize,
        indent: &mut Option<isize>,
        breaks: &mut String,
    ) -> Scanned<()> {
        let mut widest = 0;
        loop {
            let is_further_out =
                |column: usize| indent.is_none_or(|indent| column.cast_signed() < indent);
            while self.cursor.peek(0) == b' ' && is_further_out(self.cursor.mark.column) {
                self.cursor.skip();
            }
            widest = widest.max(self.cursor.mark.column.cast_signed());
            if self.cursor.peek(0) == b'\t' && is_further_out(self.cursor.mark.column) {
                let at = self.cursor.mark.at;
                let sign = char::from(self.cursor.text.as_bytes()[start]);
                let message = format!("a tab in the indentation of the text below `{sign}`");
                return Err(error(at, at + 1, message).help("Indent with blanks."));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            breaks.push_str(self.cursor.read_break());
        }
        indent.get_or_insert(widest.max(self.indent + 1).max(1));
        Ok(())
    }
}

//! Strict JSON with places. A file is one document; of a file of blanks there is none.

use std::sync::Arc;

use crate::document::build::{BuildError, Builder, Keys, to_problem};
use crate::document::value::Value;
use crate::document::{Document, Limits, ParseProblem, Parsed, scalar};
use crate::source::{SourceFile, Span, to_u32};

type Read<T> = Result<T, BuildError>;

/// Reads the document of a file.
pub(super) fn parse(file: &Arc<SourceFile>, limits: &Limits) -> Parsed {
    let mut keys = Keys::default();
    let mut reader = Reader {
        text: file.text(),
        offset: 0,
        builder: Builder::new(limits, &mut keys),
    };
    let mut parsed = Parsed::default();
    let start = reader.skip_start();
    let result = reader.document();
    let end = to_u32(file.text().trim_end().len());
    match result.map(|()| reader.builder.finish()) {
        Ok(Some((value, spans))) if value != Value::Null => {
            let span = Span::new(start, end);
            let document = Document::new(file, 0, span, value, spans);
            parsed.documents.push(Arc::new(document));
        }
        Ok(_) => {}
        Err(error) => {
            let help = error.help.clone();
            parsed.problems.push(ParseProblem {
                index: 0,
                problem: to_problem(file, error, help),
            });
        }
    }
    parsed
}

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    builder: Builder<'a>,
}

impl Reader<'_> {
    fn skip_start(&mut self) -> u32 {
        if self.text.starts_with('\u{feff}') {
            self.offset = '\u{feff}'.len_utf8();
        }
        self.blanks();
        to_u32(self.offset)
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.offset).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.offset >= self.text.len()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.offset += 1;
        }
    }

    fn span_from(&self, start: usize) -> Span {
        Span::from_offsets(start, self.offset)
    }

    fn unexpected(&self, wanted: &str) -> BuildError {
        let rest = &self.text[self.offset.min(self.text.len())..];
        let (found, width) = match rest.chars().next() {
            Some(found) => (format!("`{}`", found.escape_debug()), found.len_utf8()),
            None => ("the end of the file".to_owned(), 0),
        };
        let span = Span::from_offsets(self.offset, self.offset + width);
        BuildError::new(span, format!("expected {wanted}, found {found}"))
    }

    /// The root and nothing behind it. Without recursion: the builder keeps what is open.
    fn document(&mut self) -> Read<()> {
        if self.at_end() {
            return Ok(());
        }
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.blanks();
            self.value(&mut open)?;
            // After a value: as many ends as there are, then a comma or the end of the file.
            loop {
                self.blanks();
                let Some(&bracket) = open.last() else {
                    if self.at_end() {
                        return Ok(());
                    }
                    return Err(self.unexpected("the end of the file"));
                };
                match self.peek() {
                    b',' if self.may_continue() => {
                        self.offset += 1;
                        break;
                    }
                    byte if byte == bracket => {
                        self.offset += 1;
                        open.pop();
                        self.builder.close_collection(Some(self.span_from(0).end))?;
                    }
                    _ => {
                        let wanted = if bracket == b'}' {
                            "`,` or `}`"
                        } else {
                            "`,` or `]`"
                        };
                        return Err(self.unexpected(wanted));
                    }
                }
            }
            if open.last() == Some(&b'}') {
                self.blanks();
                self.key()?;
            }
        }
    }

    fn may_continue(&self) -> bool {
        !self.text[..self.offset].trim_end().ends_with(['[', '{'])
    }

    /// A scalar, or the start of a collection with its first key.
    fn value(&mut self, open: &mut Vec<u8>) -> Read<()> {
        let start = self.offset;
        match self.peek() {
            b'{' => {
                self.offset += 1;
                self.builder.open_mapping(self.span_from(start), 0)?;
                open.push(b'}');
                self.blanks();
                if self.peek() != b'}' {
                    self.key()?;
                    self.blanks();
                    return self.value(open);
                }
            }
            b'[' => {
                self.offset += 1;
                self.builder.open_sequence(self.span_from(start), 0)?;
                open.push(b']');
                self.blanks();
                if self.peek() != b']' {
                    return self.value(open);
                }
            }
            b'"' => {
                let text = self.string()?;
                self.builder
                    .scalar(Value::from(text), self.span_from(start), 0)?;
            }
            b'-' | b'0'..=b'9' => {
                let value = self.number()?;
                self.builder.scalar(value, self.span_from(start), 0)?;
            }
            _ => {
                let value = self.word()?;
                self.builder.scalar(value, self.span_from(start), 0)?;
            }
        }
        Ok(())
    }

    fn key(&mut self) -> Read<()> {
        let start = self.offset;
        if self.peek() != b'"' {
            return Err(self.unexpected("a key in double quotes"));
        }
        let key = self.string()?;
        let span = self.span_from(start);
        self.blanks();
        if self.peek() != b':' {
            return Err(self.unexpected("`:` after the key"));
        }
        self.offset += 1;
        self.builder.key(&key, span)
    }

    fn word(&mut self) -> Read<Value> {
        let rest = &self.text[self.offset..];
        let words = [
            ("null", Value::Null),
            ("true", Value::from(true)),
            ("false", Value::from(false)),
        ];
        let ends = |after: &str| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        for (word, value) in words {
            if rest.strip_prefix(word).is_some_and(ends) {
                self.offset += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn digits(&mut self) -> usize {
        let start = self.offset;
        while self.peek().is_ascii_digit() {
            self.offset += 1;
        }
        self.offset - start
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.offset;
        if self.peek() == b'-' {
            self.offset += 1;
        }
        let leading_zero = self.peek() == b'0';
        let n_digits = self.digits();
        if n_digits == 0 {
            return Err(self.unexpected("a digit"));
        }
        if leading_zero && n_digits > 1 {
            let message = "a number cannot start with 0";
            return Err(BuildError::new(self.span_from(start), message));
        }
        let mut is_integer = true;
        if self.peek() == b'.' {
            is_integer = false;
            self.offset += 1;
            if self.digits() == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        if matches!(self.peek(), b'e' | b'E') {
            is_integer = false;
            self.offset += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.offset += 1;
            }
            if self.digits() == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        let text = &self.text[start..self.offset];
        if is_integer {
            if let Ok(integer) = text.parse::<i64>() {
                return Ok(Value::from(integer));
            }
            if let Ok(integer) = text.parse::<u64>() {
                return Ok(Value::from(integer));
            }
        }
        text.parse::<f64>()
            .ok()
            .and_then(scalar::float_value)
            .ok_or_else(|| BuildError::new(self.span_from(start), "the number is too large"))
    }

    /// The text of the string at hand; serde_json knows the escapes.
    fn string(&mut self) -> Read<String> {
        let start = self.offset;
        self.offset += 1;
        let mut has_escape = false;
        loop {
            match self.peek() {
                b'"' => break,
                b'\\' => {
                    has_escape = true;
                    self.offset += 2;
                }
                _ if self.at_end() => {
                    let span = Span::from_offsets(start, start + 1);
                    return Err(BuildError::new(span, "the string does not end"));
                }
                byte if byte < 0x20 => {
                    return Err(self.unexpected("`\"`, or an escape like `\\n`"));
                }
                _ => self.offset += 1,
            }
        }
        self.offset += 1;
        let quoted = &self.text[start..self.offset];
        if !has_escape {
            return Ok(quoted[1..quoted.len() - 1].to_owned());
        }
        serde_json::from_str(quoted).map_err(|error| {
            let column = start + error.column().saturating_sub(1).min(quoted.len());
            let message = "the string has an escape that JSON has not";
            BuildError::new(Span::from_offsets(column, column), message)
        })
    }
}

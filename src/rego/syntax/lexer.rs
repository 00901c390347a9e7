//! Text → tokens with spans. White space is not a token; a token knows whether it follows its predecessor at once.

use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::Comment;
use crate::source::{SourceFile, Span};

/// What a token is; its text is the span's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Kind {
    /// A name or keyword.
    Ident,
    /// A number without sign.
    Number,
    /// `"…"`.
    String,
    /// `` `…` ``.
    RawString,
    /// `$"…"` with its expressions.
    Template,
    /// `` $`…` `` with its expressions.
    RawTemplate,
    /// An operator or a bracket.
    Symbol,
    /// The end of the text.
    End,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(in crate::rego) struct Token {
    /// What it is.
    pub(in crate::rego) kind: Kind,
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// Its line, from 1.
    pub(in crate::rego) line: u32,
    /// Whether nothing stands between its predecessor and it.
    pub(in crate::rego) joined: bool,
}

/// Most characters a module may have.
const MAX_BYTES: usize = 4 << 20;

/// All tokens of `file` from `span` on, an end token last, and the comments.
pub(in crate::rego) fn tokenize(
    file: &SourceFile,
) -> Result<(Vec<Token>, Vec<Comment>), SyntaxError> {
    if file.text().len() > MAX_BYTES {
        return Err(SyntaxError::new(
            Span::default(),
            format!("the policy file is larger than {} MiB", MAX_BYTES >> 20),
        ));
    }
    let mut lexer = Lexer::new(file.text(), 0, file.text().len());
    lexer.run()?;
    Ok((lexer.tokens, lexer.comments))
}

/// The tokens up to the first place that is none, and an end token.
pub(in crate::rego) fn tokens_before_error(file: &SourceFile) -> Vec<Token> {
    let mut lexer = Lexer::new(file.text(), 0, file.text().len());
    if file.text().len() > MAX_BYTES || lexer.run().is_err() {
        lexer.push(Kind::End, lexer.offset, false);
    }
    lexer.tokens
}

/// The tokens of a part of a text, with offsets of the whole.
pub(in crate::rego) fn tokenize_part(text: &str, part: Span) -> Result<Vec<Token>, SyntaxError> {
    let mut lexer = Lexer::new(text, part.start as usize, part.end as usize);
    lexer.run()?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    offset: usize,
    end: usize,
    line: u32,
    line_has_token: bool,
    tokens: Vec<Token>,
    comments: Vec<Comment>,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, start: usize, end: usize) -> Self {
        let before = text.as_bytes()[..start].iter();
        let line = before.filter(|&&byte| byte == b'\n').count() + 1;
        Self {
            text,
            bytes: &text.as_bytes()[..end],
            offset: start,
            end,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            line_has_token: false,
            tokens: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.offset + ahead).copied().unwrap_or(0)
    }

    fn run(&mut self) -> Result<(), SyntaxError> {
        if self.offset == 0 && self.text.starts_with('\u{feff}') {
            self.offset = '\u{feff}'.len_utf8();
        }
        let mut joined = false;
        while self.offset < self.end {
            match self.bytes[self.offset] {
                b'\n' => {
                    self.line += 1;
                    self.line_has_token = false;
                    self.offset += 1;
                    joined = false;
                }
                b' ' | b'\t' | b'\r' => {
                    self.offset += 1;
                    joined = false;
                }
                b'#' => {
                    self.comment();
                    joined = false;
                }
                byte => {
                    self.token(byte, joined)?;
                    joined = true;
                }
            }
        }
        self.push(Kind::End, self.end, joined);
        Ok(())
    }

    fn comment(&mut self) {
        let start = self.offset;
        while self.offset < self.end && self.bytes[self.offset] != b'\n' {
            self.offset += 1;
        }
        self.comments.push(Comment {
            span: Span::from_offsets(start, self.offset),
            line: self.line,
            alone: !self.line_has_token,
        });
    }

    fn push(&mut self, kind: Kind, start: usize, joined: bool) {
        self.line_has_token = true;
        self.tokens.push(Token {
            kind,
            span: Span::from_offsets(start, self.offset),
            line: self.line,
            joined,
        });
    }

    fn token(&mut self, byte: u8, joined: bool) -> Result<(), SyntaxError> {
        let start = self.offset;
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                while matches!(self.peek(0), b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9') {
                    self.offset += 1;
                }
                self.push(Kind::Ident, start, joined);
            }
            b'0'..=b'9' => {
                self.number()?;
                self.push(Kind::Number, start, joined);
            }
            b'"' => {
                self.offset += 1;
                self.quoted(start)?;
                self.push(Kind::String, start, joined);
            }
            b'`' => {
                let line = self.line;
                self.offset += 1;
                self.raw(start)?;
                self.push(Kind::RawString, start, joined);
                self.tokens.last_mut().expect("just pushed").line = line;
            }
            b'$' if matches!(self.peek(1), b'"' | b'`') => self.template(start, joined)?,
            _ => self.symbol(start, joined)?,
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), SyntaxError> {
        let start = self.offset;
        let digits = |lexer: &mut Self| {
            let from = lexer.offset;
            while lexer.peek(0).is_ascii_digit() {
                lexer.offset += 1;
            }
            lexer.offset > from
        };
        digits(self);
        let mut complete = true;
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.offset += 1;
            digits(self);
        }
        if matches!(self.peek(0), b'e' | b'E') {
            self.offset += 1;
            if matches!(self.peek(0), b'+' | b'-') {
                self.offset += 1;
            }
            complete = digits(self);
        }
        let leading_zero =
            self.bytes[start] == b'0' && self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit);
        let runs_on = self.peek(0).is_ascii_alphabetic() || self.peek(0) == b'_';
        if !complete || leading_zero || runs_on {
            let span = Span::from_offsets(start, self.offset.max(start + 1));
            return Err(SyntaxError::new(span, "this is not a number"));
        }
        Ok(())
    }

    /// Reads on to the quote that ends a string whose opening quote is behind us.
    fn quoted(&mut self, start: usize) -> Result<(), SyntaxError> {
        loop {
            match self.peek(0) {
                b'"' if self.offset < self.end => {
                    self.offset += 1;
                    return Ok(());
                }
                b'\\' => self.offset += 2,
                b'\n' => break,
                _ if self.offset >= self.end => break,
                _ => self.offset += 1,
            }
        }
        Err(SyntaxError::new(
            Span::from_offsets(start, self.offset.min(self.end)),
            "the string does not end on its line",
        )
        .help("Strings of several lines are written in backquotes."))
    }

    fn raw(&mut self, start: usize) -> Result<(), SyntaxError> {
        while self.offset < self.end {
            match self.bytes[self.offset] {
                b'`' => {
                    self.offset += 1;
                    return Ok(());
                }
                b'\n' => self.line += 1,
                _ => {}
            }
            self.offset += 1;
        }
        let span = Span::from_offsets(start, start + 1);
        Err(SyntaxError::new(span, "the raw string does not end"))
    }

    /// A template string as one token; the parser takes it apart.
    fn template(&mut self, start: usize, joined: bool) -> Result<(), SyntaxError> {
        let line = self.line;
        let raw = self.peek(1) == b'`';
        self.offset += 2;
        let mut depth = 0_usize;
        loop {
            if self.offset >= self.end {
                let span = Span::from_offsets(start, start + 2);
                return Err(SyntaxError::new(span, "the template string does not end"));
            }
            let byte = self.bytes[self.offset];
            self.offset += 1;
            match byte {
                b'\\' if depth == 0 => self.offset += 1,
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b'"' if depth > 0 => self.quoted(self.offset - 1)?,
                b'`' if depth > 0 && !raw => self.raw(self.offset - 1)?,
                b'"' if !raw => break,
                b'`' if raw => break,
                b'\n' if raw => self.line += 1,
                b'\n' => {
                    let span = Span::from_offsets(start, self.offset);
                    let message = "the template string does not end on its line";
                    return Err(SyntaxError::new(span, message));
                }
                _ => {}
            }
        }
        let kind = if raw {
            Kind::RawTemplate
        } else {
            Kind::Template
        };
        self.push(kind, start, joined);
        self.tokens.last_mut().expect("just pushed").line = line;
        Ok(())
    }

    fn symbol(&mut self, start: usize, joined: bool) -> Result<(), SyntaxError> {
        const LONG: [&str; 5] = [":=", "==", "!=", "<=", ">="];
        let rest = &self.text[start..self.end];
        if let Some(long) = LONG.iter().find(|long| rest.starts_with(**long)) {
            self.offset += long.len();
        } else if rest.starts_with([
            '{', '}', '[', ']', '(', ')', '.', ',', ';', ':', '=', '<', '>', '+', '-', '*', '/',
            '%', '&', '|',
        ]) {
            self.offset += 1;
        } else {
            let character = rest.chars().next().unwrap_or(' ');
            let span = Span::from_offsets(start, start + character.len_utf8());
            let shown = character.escape_debug();
            return Err(SyntaxError::new(
                span,
                format!("unexpected character `{shown}`"),
            ));
        }
        self.push(Kind::Symbol, start, joined);
        Ok(())
    }
}

//! Terms and expressions, with OPA's precedence: `in`, comparison, `|`, `&`, `+ -`, `* / %`.

use std::sync::Arc;

use super::{Parsed, Parser};
use crate::rego::syntax::ast::{Body, Expr, ExprKind, Operator, Step, TemplatePart};
use crate::rego::syntax::lexer::{Kind, tokenize_part};
use crate::rego::syntax::{SyntaxError, Version};
use crate::source::Span;

/// Operators from the one that binds least to the one that binds most.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        ("<=", Operator::LessEqual),
        (">", Operator::Greater),
        (">=", Operator::GreaterEqual),
    ],
    &[("|", Operator::Or)],
    &[("&", Operator::And)],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[
        ("*", Operator::Times),
        ("/", Operator::Divide),
        ("%", Operator::Remainder),
    ],
];

/// The level to start with.
const LOWEST: usize = 0;

impl Parser<'_> {
    /// The expression of a statement: a term, an assignment or a unification.
    pub(super) fn literal_expr(&mut self) -> Parsed<Expr> {
        let start = self.token().span.start;
        let left = self.membership(true)?;
        let operator = if self.at(":=") {
            Operator::Assign
        } else if self.at("=") {
            Operator::Unify
        } else {
            return Ok(left);
        };
        self.advance();
        let right = self.membership(true)?;
        let kind = ExprKind::Binary(operator, Box::new(left), Box::new(right));
        Ok(Expr::new(self.span_from(start), kind))
    }

    /// An expression without assignment, in which a comma ends it.
    pub(super) fn term_expr(&mut self) -> Parsed<Expr> {
        self.membership(false)
    }

    /// An expression that ends before `in`.
    pub(super) fn term_expr_without_in(&mut self) -> Parsed<Expr> {
        self.level(LOWEST)
    }

    /// What is iterated over: an expression without `in`, before a body or the end of the statement.
    pub(super) fn collection(&mut self) -> Parsed<Expr> {
        self.membership(false)
    }

    /// `e`, `v in xs`, and where a comma does not separate, `k, v in xs`.
    fn membership(&mut self, key_allowed: bool) -> Parsed<Expr> {
        let start = self.token().span.start;
        let mut left = self.level(LOWEST)?;
        if key_allowed && self.keywords.r#in && self.at(",") {
            let state = self.next;
            self.advance();
            let value = self.level(LOWEST);
            match value {
                Ok(value) if self.at("in") => {
                    self.advance();
                    let collection = self.level(LOWEST)?;
                    let kind =
                        ExprKind::In(Some(Box::new(left)), Box::new(value), Box::new(collection));
                    left = Expr::new(self.span_from(start), kind);
                }
                _ => self.next = state,
            }
        }
        self.membership_tail(start, left)
    }

    /// The expression that starts with a term that was read already.
    fn membership_from(&mut self, term: Expr) -> Parsed<Expr> {
        let start = term.span.start;
        let mut left = term;
        for level in (LOWEST..LEVELS.len()).rev() {
            left = self.operators(level, start, left)?;
        }
        self.membership_tail(start, left)
    }

    fn membership_tail(&mut self, start: u32, mut left: Expr) -> Parsed<Expr> {
        while self.keywords.r#in && self.at("in") {
            self.advance();
            let collection = self.level(LOWEST)?;
            let kind = ExprKind::In(None, Box::new(left), Box::new(collection));
            left = Expr::new(self.span_from(start), kind);
        }
        Ok(left)
    }

    fn level(&mut self, level: usize) -> Parsed<Expr> {
        if level == LEVELS.len() {
            return self.term();
        }
        let start = self.token().span.start;
        let left = self.level(level + 1)?;
        self.operators(level, start, left)
    }

    /// The operators of one level that follow `left`.
    fn operators(&mut self, level: usize, start: u32, mut left: Expr) -> Parsed<Expr> {
        loop {
            let found = LEVELS[level].iter().find(|(text, _)| self.at_symbol(text));
            let Some(&(_, operator)) = found else {
                return Ok(left);
            };
            self.advance();
            let right = self.level(level + 1)?;
            let kind = ExprKind::Binary(operator, Box::new(left), Box::new(right));
            left = Expr::new(self.span_from(start), kind);
        }
    }

    fn at_symbol(&self, text: &str) -> bool {
        self.token().kind == Kind::Symbol && self.at(text)
    }

    pub(super) fn term(&mut self) -> Parsed<Expr> {
        self.nested(Self::term_with_steps)
    }

    fn term_with_steps(&mut self) -> Parsed<Expr> {
        let start = self.token().span.start;
        let head = self.primary()?;
        let mut expr = head;
        let mut steps = Vec::new();
        loop {
            let joined = self.token().joined;
            if joined && (self.at_symbol(".") || self.at_symbol("[")) {
                steps.push(self.step()?);
            } else if joined && self.at_symbol("(") {
                let function = self.reference(start, expr, std::mem::take(&mut steps));
                if function.as_path().is_none() {
                    let message = "only a function can be called";
                    return Err(SyntaxError::new(function.span, message));
                }
                self.advance();
                let args = self.list(")")?;
                let kind = ExprKind::Call(Box::new(function), args);
                expr = Expr::new(self.span_from(start), kind);
            } else {
                return Ok(self.reference(start, expr, steps));
            }
        }
    }

    fn reference(&self, start: u32, head: Expr, steps: Vec<Step>) -> Expr {
        if steps.is_empty() {
            return head;
        }
        Expr::new(self.span_from(start), ExprKind::Ref(Box::new(head), steps))
    }

    pub(super) fn step(&mut self) -> Parsed<Step> {
        if self.accept(".") {
            if !self.token().joined {
                return Err(self.unexpected("expected a name right after `.`"));
            }
            return Ok(Step::Field(self.field()?));
        }
        self.expect("[", "before the index")?;
        let index = self.nested(Self::term_expr)?;
        self.expect("]", "after the index")?;
        Ok(Step::Index(index))
    }

    /// Expressions with commas between them, up to and including `close`; a last comma is allowed.
    pub(super) fn list(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.at(close) {
            items.push(self.nested(Self::term_expr)?);
            if !self.accept(",") {
                break;
            }
        }
        self.expect(close, "after the last one")?;
        Ok(items)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.token();
        let kind = match token.kind {
            Kind::Number => {
                self.advance();
                ExprKind::Number(self.text_of(token).into())
            }
            Kind::String | Kind::RawString => ExprKind::String(self.string()?),
            Kind::Template | Kind::RawTemplate if self.version == Version::V0 => {
                let message = "Rego v0 has no template strings";
                return Err(SyntaxError::new(token.span, message));
            }
            Kind::Template | Kind::RawTemplate => {
                self.advance();
                ExprKind::Template(self.template(token.span, token.kind)?)
            }
            Kind::Ident => return self.word(),
            Kind::Symbol => return self.bracketed(),
            Kind::End => return Err(self.unexpected("expected an expression")),
        };
        Ok(Expr::new(token.span, kind))
    }

    fn word(&mut self) -> Parsed<Expr> {
        let token = self.token();
        let kind = match self.text_of(token) {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "set" if self.ahead(1).joined && self.text_of(self.ahead(1)) == "(" => {
                self.advance();
                self.advance();
                let close = self.expect(")", "in `set()`")?;
                let span = Span::new(token.span.start, close.span.end);
                return Ok(Expr::new(span, ExprKind::Set(Vec::new())));
            }
            _ => {
                let name = self.name("an expression")?;
                return Ok(Expr::var(name.span, name.text));
            }
        };
        self.advance();
        Ok(Expr::new(token.span, kind))
    }

    fn bracketed(&mut self) -> Parsed<Expr> {
        let start = self.token().span.start;
        let kind = match self.text_of(self.token()) {
            "(" => {
                self.advance();
                let inner = self.nested(|parser| parser.membership(true))?;
                self.expect(")", "after the expression in parentheses")?;
                return Ok(inner);
            }
            "-" => {
                self.advance();
                let token = self.token();
                if token.kind == Kind::Number {
                    self.advance();
                    ExprKind::Number(format!("-{}", self.text_of(token)).into())
                } else {
                    let operand = self.nested(Self::term)?;
                    let zero = Expr::new(Span::new(start, start + 1), ExprKind::Number("0".into()));
                    ExprKind::Binary(Operator::Minus, Box::new(zero), Box::new(operand))
                }
            }
            "[" => {
                self.advance();
                self.array()?
            }
            "{" => {
                self.advance();
                self.braces()?
            }
            _ => return Err(self.unexpected("expected an expression")),
        };
        Ok(Expr::new(self.span_from(start), kind))
    }

    /// Whether a `|` follows the term at hand, which makes it a comprehension's: as in OPA, `{1 | 1}` is one.
    fn compr_body(&mut self, close: &str) -> Parsed<Body> {
        self.advance();
        let body = self.nested(|parser| parser.statements(close))?;
        self.expect(close, "after the comprehension")?;
        Ok(body)
    }

    /// A term; where `|` follows it, the term of a comprehension, else as much more as belongs to the expression.
    /// The term is read once, so that nesting does not double the work.
    fn first_item(&mut self) -> Parsed<(Expr, bool)> {
        let term = self.nested(Self::term)?;
        if self.at_symbol("|") {
            return Ok((term, true));
        }
        Ok((self.membership_from(term)?, false))
    }

    fn array(&mut self) -> Parsed<ExprKind> {
        if self.accept("]") {
            return Ok(ExprKind::Array(Vec::new()));
        }
        let (first, is_compr) = self.first_item()?;
        if is_compr {
            return Ok(ExprKind::ArrayCompr(Box::new(first), self.compr_body("]")?));
        }
        let mut items = vec![first];
        if self.accept(",") {
            items.extend(self.list("]")?);
        } else {
            self.expect("]", "after the last element")?;
        }
        Ok(ExprKind::Array(items))
    }

    fn braces(&mut self) -> Parsed<ExprKind> {
        if self.accept("}") {
            return Ok(ExprKind::Object(Vec::new()));
        }
        let (first, is_compr) = self.first_item()?;
        if is_compr {
            return Ok(ExprKind::SetCompr(Box::new(first), self.compr_body("}")?));
        }
        if !self.at_symbol(":") {
            let mut items = vec![first];
            if self.accept(",") {
                items.extend(self.list("}")?);
            } else {
                self.expect("}", "after the last element")?;
            }
            return Ok(ExprKind::Set(items));
        }
        self.advance();
        let (value, is_compr) = self.first_item()?;
        if is_compr {
            let body = self.compr_body("}")?;
            return Ok(ExprKind::ObjectCompr(
                Box::new(first),
                Box::new(value),
                body,
            ));
        }
        let mut entries = vec![(first, value)];
        while self.accept(",") {
            if self.at("}") {
                break;
            }
            let key = self.nested(Self::term_expr)?;
            self.expect(":", "after the key")?;
            let value = self.nested(Self::term_expr)?;
            entries.push((key, value));
        }
        self.expect("}", "after the last entry")?;
        Ok(ExprKind::Object(entries))
    }

    /// The value of the string at hand.
    pub(super) fn string(&mut self) -> Parsed<Arc<str>> {
        let token = self.advance();
        let text = self.text_of(token);
        if token.kind == Kind::RawString {
            return Ok(text[1..text.len() - 1].into());
        }
        unquote(text, token.span)
    }

    fn template(&mut self, span: Span, kind: Kind) -> Parsed<Vec<TemplatePart>> {
        let raw = kind == Kind::RawTemplate;
        let (start, end) = (span.start as usize + 2, span.end as usize - 1);
        let bytes = self.text.as_bytes();
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut offset = start;
        while offset < end {
            match bytes[offset] {
                b'\\' if matches!(bytes.get(offset + 1), Some(b'{')) => {
                    literal.push('{');
                    offset += 2;
                }
                b'\\' if !raw => {
                    literal.push_str(&self.text[offset..(offset + 2).min(end)]);
                    offset += 2;
                }
                b'{' => {
                    let close = self.template_close(offset, end, span)?;
                    parts.push(TemplatePart::Text(template_text(&literal, raw, span)?));
                    literal.clear();
                    let inner = Span::from_offsets(offset + 1, close);
                    parts.push(TemplatePart::Expr(self.template_expr(inner)?));
                    offset = close + 1;
                }
                _ => {
                    let character = self.text[offset..].chars().next().unwrap_or(' ');
                    literal.push(character);
                    offset += character.len_utf8();
                }
            }
        }
        parts.push(TemplatePart::Text(template_text(&literal, raw, span)?));
        Ok(parts)
    }

    /// The offset of the brace that closes the one at `open`; strings within may hold braces.
    fn template_close(&self, open: usize, end: usize, span: Span) -> Parsed<usize> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut quote = None;
        let mut offset = open;
        while offset < end {
            let byte = bytes[offset];
            match (quote, byte) {
                (Some(b'"'), b'\\') => offset += 1,
                (Some(open), _) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'`') => quote = Some(byte),
                (None, b'{') => depth += 1,
                (None, b'}') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(offset);
                    }
                }
                (None, _) => {}
            }
            offset += 1;
        }
        let message = "a `{` of the template string is not closed";
        Err(SyntaxError::new(span, message))
    }

    fn template_expr(&mut self, inner: Span) -> Parsed<Expr> {
        let tokens = tokenize_part(self.text, inner)?;
        let mut parser = Parser::new(self.text, tokens, self.version);
        parser.keywords = self.keywords;
        parser.depth = self.depth;
        let expr = parser.nested(|parser| parser.membership(true))?;
        if !parser.at_end() {
            return Err(parser.unexpected("expected the end of the expression"));
        }
        Ok(expr)
    }
}

fn template_text(literal: &str, raw: bool, span: Span) -> Parsed<Arc<str>> {
    if raw {
        return Ok(literal.into());
    }
    unquote(&format!("\"{literal}\""), span)
}

/// The value of a string in double quotes: JSON's escapes.
fn unquote(text: &str, span: Span) -> Parsed<Arc<str>> {
    let plain = text.len() >= 2 && !text.contains('\\') && !text.contains(char::is_control);
    if plain {
        return Ok(text[1..text.len() - 1].into());
    }
    // A tab may stand in a Rego string, but not in a JSON one.
    let escaped = text.replace('\t', "\\t");
    serde_json::from_str::<String>(&escaped)
        .map(Into::into)
        .map_err(|_| {
            SyntaxError::new(span, "the string has an escape that there is not").help(
                "Known are `\\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\uXXXX`; regular expressions are best written in backquotes.",
            )
        })
}

//! Tokens → tree, in linear time but for small look-ahead, as OPA's parser reads them.

mod expr;
mod rule;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::rego::syntax::ast::{Import, Module, Name, Rule};
use crate::rego::syntax::lexer::{Kind, Token, tokenize, tokens_before_error};
use crate::rego::syntax::{SyntaxError, Version};
use crate::source::{SourceFile, Span};

type Parsed<T> = Result<T, SyntaxError>;

/// Deepest nesting of terms and bodies.
const MAX_DEPTH: usize = 200;

/// Keywords that are never names.
const RESERVED: [&str; 11] = [
    "as", "default", "else", "false", "import", "not", "null", "package", "some", "true", "with",
];

/// Keywords that an import switches on in v0.
const LATER: [&str; 4] = ["contains", "every", "if", "in"];

/// What is said of a body without `if` in v1.
const NO_IF: &str = "expected `if` before the rule's body";

/// Most errors of one module.
const MAX_ERRORS: usize = 10;

/// Reads a module of the given version; its first error otherwise.
pub(in crate::rego) fn parse(file: &SourceFile, version: Version) -> Parsed<Module> {
    parse_all(file, version).map_err(|mut errors| errors.swap_remove(0))
}

/// Reads a module of the given version; its errors otherwise, as far as it can be read on after one.
pub(in crate::rego) fn parse_all(
    file: &SourceFile,
    version: Version,
) -> Result<Module, Vec<SyntaxError>> {
    let (tokens, comments) = tokenize(file).map_err(|error| {
        let mut parser = Parser::new(file.text(), tokens_before_error(file), version);
        parser.is_cut = true;
        let mut errors = parser.module().err().unwrap_or_default();
        errors.push(error);
        errors
    })?;
    let mut parser = Parser::new(file.text(), tokens, version);
    let mut module = parser.module()?;
    module.comments = comments;
    Ok(module)
}

/// Reads a module whose version is not known: v1 first, then v0, as the later is more lenient.
/// If neither fits, the errors are those of the version that the text looks like.
pub(in crate::rego) fn parse_any(file: &SourceFile) -> Result<Module, Vec<SyntaxError>> {
    let mut errors_v1 = match parse_all(file, Version::V1) {
        Ok(module) => return Ok(module),
        Err(errors) => errors,
    };
    parse_all(file, Version::V0).map_err(|errors_v0| {
        let is_v1 = looks_like_v1(file) || errors_v1[0].span.start > errors_v0[0].span.start;
        if !is_v1 {
            return errors_v0;
        }
        // Where it may be v0 after all, what follows says the same again and again.
        let is_unsure = errors_v1.iter().any(|error| error.message == NO_IF);
        match tokenize(file) {
            Err(error) if is_unsure => errors_v1 = vec![error],
            Ok(_) if is_unsure => errors_v1.truncate(1),
            Ok(_) | Err(_) => {}
        }
        errors_v1
    })
}

/// The package of a module that cannot be read otherwise.
pub(in crate::rego) fn package_of(file: &SourceFile) -> Option<Vec<Arc<str>>> {
    let mut parser = Parser::new(file.text(), tokens_before_error(file), Version::V1);
    if !parser.accept("package") {
        return None;
    }
    let (package, _) = parser.path().ok()?;
    let ends = parser.at_end() || parser.at(";") || parser.token().line > parser.last_line();
    ends.then_some(package)
}

fn looks_like_v1(file: &SourceFile) -> bool {
    tokens_before_error(file).windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        let text = file.slice(first.span);
        first.kind == Kind::Ident
            && (text == "if" || (text == "contains" && file.slice(second.span) != "("))
    })
}

/// The keywords of [`LATER`] that are switched on.
#[derive(Clone, Copy, Debug, Default)]
struct Keywords {
    contains: bool,
    every: bool,
    r#if: bool,
    r#in: bool,
    /// `not { … }`, and operands that are evaluated within.
    not: bool,
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    version: Version,
    keywords: Keywords,
    depth: usize,
    /// Whether the text goes on behind the last token with something that is none.
    is_cut: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, tokens: Vec<Token>, version: Version) -> Self {
        let on = version == Version::V1;
        Self {
            text,
            tokens,
            next: 0,
            version,
            keywords: Keywords {
                contains: on,
                every: on,
                r#if: on,
                r#in: on,
                not: false,
            },
            depth: 0,
            is_cut: false,
        }
    }

    fn token(&self) -> Token {
        self.tokens[self.next]
    }

    fn ahead(&self, n: usize) -> Token {
        self.tokens[(self.next + n).min(self.tokens.len() - 1)]
    }

    fn text_of(&self, token: Token) -> &'a str {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        self.text.get(start..end).unwrap_or("")
    }

    /// Whether the next token is this symbol or this word.
    fn at(&self, text: &str) -> bool {
        matches!(self.token().kind, Kind::Symbol | Kind::Ident)
            && self.text_of(self.token()) == text
    }

    fn at_end(&self) -> bool {
        self.token().kind == Kind::End
    }

    fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    fn accept(&mut self, text: &str) -> bool {
        let found = self.at(text);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, text: &str, place: &str) -> Parsed<Token> {
        if self.at(text) {
            Ok(self.advance())
        } else {
            Err(self.unexpected(&format!("expected `{text}` {place}")))
        }
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let token = self.token();
        let found = match token.kind {
            Kind::End => "the end of the file".to_owned(),
            _ => format!("`{}`", self.text_of(token).escape_debug()),
        };
        SyntaxError::new(token.span, format!("{wanted}, found {found}"))
    }

    /// End of the token before the next one.
    fn last_end(&self) -> u32 {
        match self.next.checked_sub(1) {
            Some(last) => self.tokens[last].span.end,
            None => 0,
        }
    }

    fn last_line(&self) -> u32 {
        match self.next.checked_sub(1) {
            Some(last) => {
                let token = self.tokens[last];
                let breaks = self.text_of(token).matches('\n').count();
                token.line + u32::try_from(breaks).unwrap_or(u32::MAX)
            }
            None => 0,
        }
    }

    fn span_from(&self, start: u32) -> Span {
        Span::new(start, self.last_end())
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(SyntaxError::new(self.token().span, message)
                .help("Move a part of it into a rule of its own or into a data file."));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn is_keyword(&self, word: &str) -> bool {
        RESERVED.contains(&word)
            || match word {
                "every" => self.keywords.every,
                "if" => self.keywords.r#if,
                "in" => self.keywords.r#in,
                _ => false,
            }
    }

    /// A name that is no keyword.
    fn name(&mut self, what: &str) -> Parsed<Name> {
        let token = self.token();
        let text = self.text_of(token);
        if token.kind != Kind::Ident || self.is_keyword(text) {
            return Err(self.unexpected(&format!("expected {what}")));
        }
        self.advance();
        Ok(Name {
            text: text.into(),
            span: token.span,
        })
    }

    fn module(&mut self) -> Result<Module, Vec<SyntaxError>> {
        let (package, package_span, imports) = match self.beginning() {
            Ok(beginning) => beginning,
            Err(_) if self.is_cut => return Err(Vec::new()),
            Err(error) => return Err(vec![error]),
        };
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        while !self.at_end() && errors.len() < MAX_ERRORS {
            if self.accept(";") {
                continue;
            }
            let first = self.next;
            if let Err(error) = self.item(&mut rules) {
                let goes_on = self.recover(first);
                let last: Option<&SyntaxError> = errors.last();
                let is_new = last.is_none_or(|last| last.span.start < error.span.start);
                // Before a cut the error may be that there is no more.
                if is_new && (goes_on || !self.is_cut) {
                    errors.push(error);
                }
                if !goes_on {
                    break;
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Module {
            version: self.version,
            package,
            package_span,
            imports,
            rules,
            comments: Vec::new(),
        })
    }

    /// The package and the imports.
    fn beginning(&mut self) -> Parsed<(Vec<Arc<str>>, Span, Vec<Import>)> {
        let start = self.token().span.start;
        if !self.at("package") {
            return Err(self
                .unexpected("expected `package`")
                .help("A policy file starts with `package name`."));
        }
        self.advance();
        let (package, _) = self.path()?;
        let package_span = self.span_from(start);
        let mut imports = Vec::new();
        while self.at("import") {
            imports.push(self.import()?);
        }
        Ok((package, package_span, imports))
    }

    /// A rule.
    fn item(&mut self, rules: &mut Vec<Rule>) -> Parsed<()> {
        if self.at("import") {
            let message = "imports stand before the first rule";
            return Err(SyntaxError::new(self.token().span, message));
        }
        self.rules(rules)
    }

    /// Goes on behind a rule with an error that starts with the token `first`: to the next one, where it is certain that
    /// one starts there: in the first column, with all brackets before it closed.
    fn recover(&mut self, first: usize) -> bool {
        if self.text_of(self.tokens[first]) == "import" {
            return false;
        }
        let mut open = Vec::new();
        for index in first..self.tokens.len() {
            let token = self.tokens[index];
            let text = self.text_of(token);
            let is_rule =
                token.kind == Kind::Ident && (text == "default" || !self.is_keyword(text));
            if index > first && is_rule && open.is_empty() && self.is_in_first_column(token) {
                self.next = index;
                return true;
            }
            match (token.kind, text) {
                (Kind::Symbol, "{") => open.push("}"),
                (Kind::Symbol, "[") => open.push("]"),
                (Kind::Symbol, "(") => open.push(")"),
                (Kind::Symbol, "}" | "]" | ")") if open.pop() != Some(text) => return false,
                _ => {}
            }
        }
        false
    }

    fn is_in_first_column(&self, token: Token) -> bool {
        let start = token.span.start as usize;
        start == 0 || self.text.as_bytes().get(start - 1) == Some(&b'\n')
    }

    /// `a.b["c"]`, in which any word may follow a dot.
    fn path(&mut self) -> Parsed<(Vec<Arc<str>>, Span)> {
        let start = self.token().span.start;
        let mut path = vec![self.name("a name")?.text];
        loop {
            if self.at(".") {
                self.advance();
                path.push(self.field()?.text);
            } else if self.at("[") && self.token().joined {
                self.advance();
                let token = self.token();
                if token.kind != Kind::String && token.kind != Kind::RawString {
                    return Err(self.unexpected("expected a string"));
                }
                path.push(self.string()?);
                self.expect("]", "after the string")?;
            } else {
                return Ok((path, self.span_from(start)));
            }
        }
    }

    fn field(&mut self) -> Parsed<Name> {
        let token = self.token();
        if token.kind != Kind::Ident {
            return Err(self.unexpected("expected a name after `.`"));
        }
        self.advance();
        Ok(Name {
            text: self.text_of(token).into(),
            span: token.span,
        })
    }

    fn import(&mut self) -> Parsed<Import> {
        let start = self.advance().span.start;
        let (path, path_span) = self.path()?;
        if !matches!(&*path[0], "data" | "input" | "future" | "rego") {
            return Err(SyntaxError::new(
                path_span,
                "an import starts with `data`, `input`, `future.keywords` or `rego.v1`",
            ));
        }
        let alias = if self.accept("as") {
            Some(self.name("a name after `as`")?.text)
        } else {
            None
        };
        let import = Import {
            span: self.span_from(start),
            path,
            alias,
        };
        self.switch_on(&import)?;
        Ok(import)
    }

    fn switch_on(&mut self, import: &Import) -> Parsed<()> {
        let path: Vec<&str> = import.path.iter().map(|part| &**part).collect();
        let words: Vec<&str> = match path.as_slice() {
            ["rego", "v1"] | ["future", "keywords"] => LATER.to_vec(),
            ["future", "keywords", word] if LATER.contains(word) => vec![word],
            ["future", "keywords", "not"] => Vec::new(),
            ["future" | "rego", ..] => {
                let message = format!("there is no `{}` to import", path.join("."));
                return Err(SyntaxError::new(import.span, message).help(
                    "Known are `rego.v1` and `future.keywords` with `contains`, `every`, `if`, `in`, `not`.",
                ));
            }
            _ => return Ok(()),
        };
        self.keywords.not |= import.is_negation();
        for word in words {
            match word {
                "contains" => self.keywords.contains = true,
                "every" => {
                    self.keywords.every = true;
                    self.keywords.r#in = true;
                }
                "if" => self.keywords.r#if = true,
                _ => self.keywords.r#in = true,
            }
        }
        if path == ["rego", "v1"] {
            self.version = Version::V1;
        }
        Ok(())
    }
}

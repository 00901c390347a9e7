//! A text that is the value of a scalar, for example a module in a block scalar, and where each of its characters
//! stands in the file.
//!
//! Every style of scalar is followed: block scalars line by line, quoted ones escape by escape.

use std::iter::Peekable;
use std::str::CharIndices;
use std::sync::Arc;

use crate::document::Document;
use crate::document::path::NodeId;
use crate::finding::{Location, Precision};
use crate::source::{SourceFile, Span, to_u32};

/// A text within a document.
#[derive(Clone, Debug)]
pub struct EmbeddedText {
    text: Arc<SourceFile>,
    document: Arc<Document>,
    /// Offsets in the text, with the offsets in the file at which what follows stands, sorted.
    runs: Vec<(u32, u32)>,
}

impl EmbeddedText {
    /// The text that the scalar `node` of `document` has as its value.
    #[must_use]
    pub fn new(document: &Arc<Document>, node: NodeId, text: &str) -> Self {
        let span = document
            .spans
            .get(node)
            .map_or(document.span, |node| node.value_span);
        let raw = document.file.slice(span);
        let runs = match raw.chars().next() {
            Some('|') => of_lines(raw, text),
            Some(_) | None => of_characters(raw, text),
        };
        let runs = runs
            .into_iter()
            .map(|(inner, outer)| (to_u32(inner), span.start + to_u32(outer)))
            .collect();
        Self {
            text: Arc::new(SourceFile::new(Arc::clone(&document.name), text.to_owned())),
            document: Arc::clone(document),
            runs,
        }
    }

    /// The text itself, under the file's name.
    #[must_use]
    pub fn text(&self) -> &Arc<SourceFile> {
        &self.text
    }

    /// The document that it stands in.
    #[must_use]
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// The place in the file of a part of the text, with the lines around it.
    #[must_use]
    pub fn location(&self, span: Span, precision: Precision) -> Location {
        let start = self.offset(span.start);
        // The last character's place and not that of what follows, which may be on another line.
        let end = match span.is_empty() {
            true => start,
            false => self.offset(span.end - 1).saturating_add(1),
        };
        self.document.location(Span::new(start, end), precision)
    }

    /// The offset in the file of an offset in the text.
    fn offset(&self, inner: u32) -> u32 {
        let after = self.runs.partition_point(|(start, _)| *start <= inner);
        match after.checked_sub(1).and_then(|index| self.runs.get(index)) {
            Some((start, outer)) => outer.saturating_add(inner - start),
            None => self.runs.first().map_or(0, |(_, outer)| *outer),
        }
    }
}

/// A literal block scalar: each line of the text is the end of a line of the file.
fn of_lines(raw: &str, text: &str) -> Vec<(usize, usize)> {
    let mut runs = Vec::new();
    let mut raw_start = raw.find('\n').map_or(raw.len(), |end| end + 1);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = &raw[raw_start..];
        let raw_line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let content = raw_line.trim_end_matches(['\n', '\r']);
        let indent = content
            .len()
            .saturating_sub(line.trim_end_matches('\n').len());
        runs.push((start, raw_start + indent));
        start += line.len();
        raw_start += raw_line.len();
    }
    runs
}

/// Any other scalar: what is written otherwise than it reads are blanks, escapes and quotes.
fn of_characters(raw: &str, text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut ahead = raw.char_indices().peekable();
    let style = match raw.chars().next() {
        Some('>') => {
            while ahead.next_if(|(_, c)| *c != '\n').is_some() {}
            '>'
        }
        Some(quote @ ('"' | '\'')) => {
            ahead.next();
            quote
        }
        Some(_) | None => ' ',
    };
    for (inner, c) in text.char_indices() {
        if !c.is_whitespace() {
            while ahead.next_if(|(_, raw)| raw.is_whitespace()).is_some() {}
        }
        let outer = ahead.peek().map_or(raw.len(), |(outer, _)| *outer);
        let is_run = runs
            .last()
            .is_some_and(|(start, at)| outer.checked_sub(*at) == Some(inner - start));
        if !is_run {
            runs.push((inner, outer));
        }
        take_one(&mut ahead, style, c);
    }
    runs
}

/// Takes what stands for one character of the text.
fn take_one(ahead: &mut Peekable<CharIndices<'_>>, style: char, c: char) {
    match ahead.peek() {
        Some((_, '\\')) if style == '"' => {
            ahead.next();
            let digits = match ahead.next() {
                Some((_, 'x')) => 2,
                Some((_, 'u')) => 4,
                Some((_, 'U')) => 8,
                Some(_) | None => 0,
            };
            for _ in 0..digits {
                ahead.next();
            }
            // The second half of a character of JSON beyond 16 bits.
            if digits == 4 && u32::from(c) > 0xffff {
                for _ in 0..6 {
                    ahead.next();
                }
            }
        }
        Some((_, '\'')) if style == '\'' => {
            ahead.next();
            ahead.next();
        }
        Some((_, raw)) if *raw == c || (raw.is_whitespace() && c.is_whitespace()) => {
            ahead.next();
        }
        // A line break that stands for several, or the end: what follows finds its place again.
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::path::{Segment, SpanTable};
    use crate::document::{Limits, Syntax, parse};

    /// What stands in the file at the place of `word` in the value of `rego`.
    fn at(syntax: Syntax, file: &str, word: &str) -> (u32, u32, String) {
        let file = Arc::new(SourceFile::new("t.yaml", file.to_owned()));
        let parsed = parse(&file, syntax, &Limits::default());
        let document = &parsed.documents[0];
        let node = document
            .spans
            .find(SpanTable::ROOT, &[Segment::from("rego")])
            .expect("a node");
        let value = document.value.as_object().expect("a mapping");
        let text = value.get(&"rego".into()).expect("a value");
        let text = text.as_string().expect("a text");
        let embedded = EmbeddedText::new(document, node, text);
        let start = text.find(word).expect("the word");
        let span = Span::from_offsets(start, start + word.len());
        let place = embedded.location(span, Precision::Field);
        let slice = |position| file.offset(position);
        let shown = file.slice(Span::new(slice(place.start), slice(place.end)));
        (place.start.line, place.start.column, shown.to_owned())
    }

    #[test]
    fn places_lead_back_to_the_file() {
        let found = |line, column, word: &str| (line, column, word.to_owned());
        let block = "a: 1\nrego: |\n    package x\n\n    # ä\n    v[\"msg\"] { true }\nb: 2\n";
        assert_eq!(at(Syntax::Yaml, block, "\"msg\""), found(6, 7, "\"msg\""));
        let indented = "rego: |2-\n    package x\n\n  v { true }\n";
        assert_eq!(at(Syntax::Yaml, indented, "true"), found(4, 7, "true"));
        let folded = "rego: >\n  package x\n\n  v {\n  true }\n";
        assert_eq!(at(Syntax::Yaml, folded, "true"), found(5, 3, "true"));
        let single = "rego: 'package x; v { it''s; true }'\n";
        assert_eq!(at(Syntax::Yaml, single, "true"), found(1, 30, "true"));
        let json = r#"{"rego": "package x\nv[\"\u00e4\ud83d\ude00\"] { true }"}"#;
        assert_eq!(at(Syntax::Json, json, "true"), found(1, 50, "true"));
        let crlf = "rego: |\r\n  package x\r\n  v { true }\r\n";
        assert_eq!(at(Syntax::Yaml, crlf, "true"), found(3, 7, "true"));
    }
}

//! YAML: granit-parser's events, our scalars, recovery at the next document after every error.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser may get further events, and says so"
)]

use std::borrow::Cow;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, StructureStyle};

use crate::document::block;
use crate::document::build::{BuildError, Builder, Keys, to_problem};
use crate::document::directive::{self, Comment};
use crate::document::events::{merges, offset, opening, span_of, tag_of, without_comment};
use crate::document::scalar::{self, Words};
use crate::document::{Document, Limits, ParseProblem, Parsed};
use crate::source::{SourceFile, Span};

/// How `helm template` says which file a document comes from.
const SOURCE: &str = "Source: ";

/// Reads all documents of a file.
pub(super) fn parse(file: &Arc<SourceFile>, limits: &Limits, words: Words) -> Parsed {
    let names_sources = &**file.name() == "-";
    let has_directives = file.text().contains(directive::WORD);
    let has_comments = has_directives || names_sources && file.text().contains(SOURCE);
    if !has_comments && let Some(documents) = block::parse(file, limits, words) {
        return Parsed {
            documents,
            ..Parsed::default()
        };
    }
    parse_fully(file, limits, words, has_comments)
}

/// Reads all documents of a file with the full parser; comments are looked at where they may say something to us.
pub(super) fn parse_fully(
    file: &Arc<SourceFile>,
    limits: &Limits,
    words: Words,
    has_comments: bool,
) -> Parsed {
    let mut text = Cow::Borrowed(file.text());
    let n_passes = (MOST_BYTES / text.len().max(1)).clamp(1, MOST_PASSES);
    for _ in 0..n_passes {
        let (parsed, dashes) = parse_text(file, &text, limits, words, has_comments);
        if dashes.is_empty() {
            return parsed;
        }
        for dash in dashes {
            text.to_mut().replace_range(dash..=dash, STAND_IN);
        }
    }
    parse_text(file, &text, limits, words, has_comments).0
}

/// An element of a list in brackets may be `-` alone: for the first one of each document the file is read again, so often.
const MOST_PASSES: usize = 50;

/// And not more than this is read again, unless once.
const MOST_BYTES: usize = 16 << 20;

/// What the parser is given for such an element, which it refuses and kubectl does not: `[kubectl, apply, -f, -]`.
const STAND_IN: &str = "x";

/// Reads a file whose text may have stand-ins; and where dashes stand that need one, the first of each document.
fn parse_text(
    file: &Arc<SourceFile>,
    text: &str,
    limits: &Limits,
    words: Words,
    has_comments: bool,
) -> (Parsed, Vec<usize>) {
    let options = granit_parser::options! {
        emit_comments: has_comments,
        max_buffered_comment_events: 100_000,
        block_scalar_eof_without_line_feed: true,
        bom_inside_document_as_content: true,
    };
    let mut reader = Reader::new(file, text, limits, options, words);
    reader.run();
    reader.leave_comments();
    (reader.parsed, reader.dashes)
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    limits: &'a Limits,
    parser: Parser<'a, StrInput<'a>>,
    names_sources: bool,
    words: Words,
    keys: Keys,
    parsed: Parsed,
    index: u32,
    /// Directives that stand before the next document.
    comments: Vec<Comment>,
    /// End of the last node or marker: what stands between it and a block scalar holds the scalar's `|`.
    last_end: u32,
    /// Dashes that stand alone in brackets.
    dashes: Vec<usize>,
}

/// A document that is being read.
struct Open {
    start: u32,
    name: Option<Arc<str>>,
}

impl<'a> Reader<'a> {
    fn new(
        file: &'a Arc<SourceFile>,
        text: &'a str,
        limits: &'a Limits,
        options: Options,
        words: Words,
    ) -> Self {
        Self {
            file,
            limits,
            parser: Parser::new_from_str_with_options(text, options),
            names_sources: &**file.name() == "-",
            words,
            keys: Keys::default(),
            parsed: Parsed::default(),
            index: 0,
            comments: Vec::new(),
            last_end: 0,
            dashes: Vec::new(),
        }
    }

    fn run(&mut self) {
        loop {
            let open = match self.next_document() {
                Ok(Some(open)) => open,
                Ok(None) => return,
                Err(error) => {
                    if !self.fail(error) {
                        return;
                    }
                    continue;
                }
            };
            if self.index as usize >= self.limits.documents {
                let message = format!("the file has more than {} documents", self.limits.documents);
                self.problem(BuildError::new(Span::new(open.start, open.start), message));
                return;
            }
            if let Err(error) = self.document(open)
                && !self.fail(error)
            {
                return;
            }
        }
    }

    /// Reads on to the start of a document; none at the end of the file.
    fn next_document(&mut self) -> Result<Option<Open>, BuildError> {
        loop {
            let Some(next) = self.parser.next_event() else {
                return Ok(None);
            };
            let (event, span) = next.map_err(|error| self.scan_error(&error))?;
            match event {
                Event::DocumentStart(is_explicit, _) => {
                    let start = offset(span.start.byte_offset());
                    if is_explicit {
                        self.last_end = offset(span.end.byte_offset());
                    }
                    return Ok(Some(Open { start, name: None }));
                }
                Event::StreamEnd => return Ok(None),
                Event::Comment(text, _) => {
                    let span = span_of(&span);
                    self.comments.extend(Comment::new(&text, span));
                }
                _ => {}
            }
        }
    }

    /// Directives before the first document belong to it; those between two stand at nothing.
    fn take_comments(&mut self) -> Vec<Comment> {
        let is_stray = self.index > 0;
        let mut comments = std::mem::take(&mut self.comments);
        for comment in &mut comments {
            comment.is_stray = is_stray;
        }
        comments
    }

    /// Directives that no document has taken.
    fn leave_comments(&mut self) {
        for comment in std::mem::take(&mut self.comments) {
            self.parsed.stray.push(comment.stray(self.file, self.index));
        }
    }

    fn document(&mut self, mut open: Open) -> Result<(), BuildError> {
        // The builder borrows what outlives it; the reader's own state stays free.
        let mut keys = std::mem::take(&mut self.keys);
        let mut builder = Builder::new(self.limits, &mut keys);
        let mut comments = self.take_comments();
        let mut has_node = false;
        let result = loop {
            let next = match self.parser.next_event() {
                Some(Ok(next)) => next,
                Some(Err(error)) => break Err(self.scan_error(&error)),
                None => break Ok(self.last_end),
            };
            let (event, span) = next;
            let span = span_of(&span);
            match &event {
                Event::DocumentEnd => break Ok(span.start.max(self.last_end)),
                Event::Comment(text, _) => {
                    comments.extend(Comment::new(text, span));
                    if !has_node {
                        self.source_name(text, &mut open);
                    }
                }
                _ => {
                    has_node = true;
                    if let Err(error) = self.node(&mut builder, &event, span) {
                        break Err(error);
                    }
                }
            }
        };
        let built = result.map(|end| (end, builder.finish()));
        self.keys = keys;
        if let (end, Some((value, spans))) = built?
            && !matches!(value, crate::document::value::Value::Null)
        {
            let name = open.name.unwrap_or_else(|| Arc::clone(self.file.name()));
            let span = Span::new(open.start, end);
            let document = Document::new(self.file, self.index, span, value, spans);
            let mut document = Document { name, ..document };
            document.directives = directive::of_document(&document, comments);
            self.parsed.documents.push(Arc::new(document));
            self.index += 1;
        } else {
            self.comments.extend(comments);
            self.leave_comments();
        }
        Ok(())
    }

    /// `helm template` says in a comment which file a document comes from.
    fn source_name(&self, comment: &str, open: &mut Open) {
        if self.names_sources
            && let Some(name) = comment.trim().strip_prefix(SOURCE)
        {
            open.name = Some(name.trim().into());
        }
    }

    fn node(
        &mut self,
        builder: &mut Builder<'_>,
        event: &Event<'_>,
        span: Span,
    ) -> Result<(), BuildError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let text = self.scalar_text(text, *style, span);
                let span = self.scalar_span(*style, span);
                let plain = *style == ScalarStyle::Plain;
                let merges = plain && text == "<<" && tag.as_ref().is_none_or(|tag| merges(tag));
                let tag = tag.as_ref().map(|tag| tag_of(tag));
                if builder.expects_key() {
                    if !builder.is_bracketed() {
                        self.tab_before(span)?;
                    }
                    if merges {
                        builder.merge_key(span);
                    } else {
                        let key = scalar::key(text, plain, tag, self.words)
                            .map_err(|message| BuildError::new(span, message))?;
                        if *anchor != 0 {
                            let value = scalar::value(text, plain, tag, self.words)
                                .map_err(|message| BuildError::new(span, message))?;
                            builder.anchor_key(*anchor, value, span);
                        }
                        builder.key(&key, span)?;
                    }
                } else {
                    if plain && span.is_empty() && builder.expects_value_of_key() {
                        self.colon_before_bracket()?;
                    }
                    let value = scalar::value(text, plain, tag, self.words)
                        .map_err(|message| BuildError::new(span, message))?;
                    builder.scalar(value, span, *anchor)?;
                }
                self.last_end = span.end.max(self.last_end);
            }
            Event::Alias(anchor) if builder.expects_key() => {
                let key = builder.alias_key(*anchor, span)?;
                builder.key(&key, span)?;
                self.last_end = span.end;
            }
            Event::Alias(anchor) => {
                builder.alias(*anchor, span)?;
                self.last_end = span.end;
            }
            Event::SequenceStart(style, anchor, _) => {
                no_key(builder, span)?;
                let mut span = opening(*style, span);
                if *style == StructureStyle::Block && builder.expects_value_of_key() {
                    span = self.at_dash(span);
                }
                builder.open_sequence(span, *anchor)?;
            }
            Event::MappingStart(style, anchor, _) => {
                no_key(builder, span)?;
                builder.open_mapping(opening(*style, span), *anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                // Block collections end without a token of their own.
                let bracket = (!span.is_empty()).then_some(span.end);
                builder.close_collection(bracket)?;
                self.last_end = bracket.unwrap_or(self.last_end);
            }
            _ => {}
        }
        Ok(())
    }

    /// What is written: nothing where the parser says `~` for it, a dash where it was given a stand-in.
    fn scalar_text<'t>(&'t self, text: &'t str, style: ScalarStyle, span: Span) -> &'t str {
        match style {
            ScalarStyle::Plain if span.is_empty() => "",
            ScalarStyle::Plain if text == STAND_IN => self.file.slice(span),
            _ => text,
        }
    }

    /// A block scalar starts at its `|` or `>` and ends with its last line.
    fn scalar_span(&self, style: ScalarStyle, span: Span) -> Span {
        let indicator = match style {
            ScalarStyle::Literal => '|',
            ScalarStyle::Folded => '>',
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                return span;
            }
        };
        let mut start = span.start;
        let mut at = self.last_end.min(span.start);
        let gap = self.file.slice(Span::new(at, span.start));
        for line in gap.split_inclusive(['\n', '\r']) {
            if let Some(found) = without_comment(line).find(indicator) {
                start = at + offset(Some(found));
                break;
            }
            at += offset(Some(line.len()));
        }
        let text = self.file.slice(Span::new(start, span.end));
        Span::new(start, start + offset(Some(text.trim_end().len())))
    }

    /// A sequence in the column of its key starts at its dash; the parser gives what comes after that.
    fn at_dash(&self, span: Span) -> Span {
        let gap = Span::new(self.last_end.min(span.start), span.start);
        let mut at = gap.start;
        let mut lines = self.file.slice(gap).split_inclusive(['\n', '\r']);
        at += offset(lines.next().map(str::len));
        for line in lines {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            if line[indent..].starts_with('-') {
                let start = at + offset(Some(indent));
                return Span::new(start, start);
            }
            at += offset(Some(line.len()));
        }
        span
    }

    /// As kubectl: a tab in the indentation before a key is an error.
    fn tab_before(&self, span: Span) -> Result<(), BuildError> {
        let text = self.file.text().as_bytes();
        let mut start = span.start as usize;
        let mut has_tab = false;
        while start > 0 && matches!(text[start - 1], b' ' | b'\t') {
            start -= 1;
            has_tab |= text[start] == b'\t';
        }
        let starts_line = start == 0 || matches!(text[start - 1], b'\n' | b'\r');
        if has_tab && starts_line {
            let tab = Span::from_offsets(start, span.start as usize);
            return Err(
                BuildError::new(tab, "a tab in the indentation").help("Indent with blanks.")
            );
        }
        Ok(())
    }

    /// `{a:}` has the key `a` in YAML 1.2 and `a:` for kubectl: neither is taken for what was meant.
    fn colon_before_bracket(&self) -> Result<(), BuildError> {
        let text = self.file.text().as_bytes();
        let colon = self.last_end as usize;
        let is_quoted = colon > 0 && matches!(text[colon - 1], b'"' | b'\'');
        let ends = matches!(text.get(colon..colon + 2), Some([b':', b',' | b'}' | b']']));
        if ends && !is_quoted {
            let span = Span::from_offsets(colon, colon + 1);
            return Err(BuildError::new(
                span,
                "for kubectl this colon is a part of the word before it",
            )
            .help("Write a blank or a value after it, or quotes around the word."));
        }
        Ok(())
    }

    fn scan_error(&mut self, error: &granit_parser::ScanError) -> BuildError {
        let at = offset(error.marker().byte_offset());
        let at = at.min(offset(Some(self.file.text().len())));
        let message = match error.kind() {
            granit_parser::ErrorKind::RecursionLimitExceeded => "nested too deeply".to_owned(),
            _ => error.info(),
        };
        let is_dash = self.file.text().as_bytes().get(at as usize) == Some(&b'-');
        if is_dash && message.starts_with("plain scalar cannot start with '-'") {
            self.dashes.push(at as usize);
        }
        BuildError::new(Span::new(at, at), message)
    }

    /// Reports what is wrong with a document and goes to the next; whether there is one.
    fn fail(&mut self, error: BuildError) -> bool {
        self.problem(error);
        match self.parser.proceed_next_document() {
            Ok(more) => more,
            Err(error) => {
                let error = self.scan_error(&error);
                self.problem(error);
                false
            }
        }
    }

    fn problem(&mut self, error: BuildError) {
        let mut help = error.help.clone();
        let before = self.document_before(error.span.start);
        if before.contains("{{") && HELM.iter().any(|sign| before.contains(sign)) {
            "This is a template of a Helm chart; render it: `helm template CHART | policy test -`."
                .clone_into(&mut help);
        } else if help.is_empty() && before.contains("{{") {
            "This looks like a template; render it first and pipe that in: `… | policy test -`."
                .clone_into(&mut help);
        }
        let problem = to_problem(self.file, error, help);
        self.parsed.problems.push(ParseProblem {
            index: self.index,
            problem,
        });
        self.index += 1;
    }

    /// The text of the document up to the end of the line of an error.
    fn document_before(&self, at: u32) -> &str {
        let line_end = self.file.text()[at as usize..]
            .find('\n')
            .map_or(self.file.text().len(), |end| at as usize + end);
        let before = &self.file.text()[..line_end];
        before
            .rfind("\n---")
            .map_or(before, |start| &before[start..])
    }
}

/// What stands in braces in templates of Helm charts.
const HELM: [&str; 5] = [
    ".Values",
    ".Release.",
    ".Chart.",
    "include \"",
    "template \"",
];

fn no_key(builder: &Builder<'_>, span: Span) -> Result<(), BuildError> {
    if builder.expects_key() {
        let message = "a key cannot be a list or a mapping";
        return Err(
            BuildError::new(span, message).help("Templates in braces are quoted: `\"{{ … }}\"`.")
        );
    }
    Ok(())
}

//! YAML: the events of `stream`, our scalars, recovery at the next document after every error.

use std::sync::Arc;

use crate::document::block;
use crate::document::build::{BuildError, Builder, Keys, to_problem};
use crate::document::directive::{self, Comment};
use crate::document::scalar::{self, Words};
use crate::document::stream::grammar::Grammar;
use crate::document::stream::{Event, Scalar};
use crate::document::tags::{merges, tag_of};
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
    let mut reader = Reader::new(file, limits, words, has_comments);
    reader.run();
    let comments = reader.directives_before(u32::MAX);
    reader.leave(comments);
    reader.parsed
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    limits: &'a Limits,
    grammar: Grammar<'a>,
    names_sources: bool,
    words: Words,
    keys: Keys,
    parsed: Parsed,
    index: u32,
    /// End of the last node or marker.
    last_end: u32,
}

/// A document that is being read.
struct Open {
    start: u32,
    name: Option<Arc<str>>,
}

impl<'a> Reader<'a> {
    fn new(
        file: &'a Arc<SourceFile>,
        limits: &'a Limits,
        words: Words,
        has_comments: bool,
    ) -> Self {
        Self {
            file,
            limits,
            grammar: Grammar::new(file.text(), has_comments),
            names_sources: &**file.name() == "-",
            words,
            keys: Keys::default(),
            parsed: Parsed::default(),
            index: 0,
            last_end: 0,
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
        let (event, span) = self.grammar.event()?;
        if matches!(event, Event::StreamEnd) {
            return Ok(None);
        }
        self.last_end = span.end;
        let start = span.start;
        Ok(Some(Open { start, name: None }))
    }

    /// The comments before an offset that were not asked for yet.
    fn comments_before(&mut self, before: u32) -> Vec<Span> {
        std::iter::from_fn(|| self.grammar.comment_before(before)).collect()
    }

    /// What a comment says after its `#`.
    fn comment_text(&self, span: Span) -> &'a str {
        self.file.slice(Span::new(span.start + 1, span.end))
    }

    /// The directives before an offset that were not asked for yet.
    fn directives_before(&mut self, before: u32) -> Vec<Comment> {
        let spans = self.comments_before(before).into_iter();
        let made = spans.filter_map(|span| Comment::new(self.comment_text(span), span));
        made.collect()
    }

    /// Directives that no document has taken.
    fn leave(&mut self, comments: Vec<Comment>) {
        let stray = |comment: Comment| comment.stray(self.file, self.index);
        self.parsed.stray.extend(comments.into_iter().map(stray));
    }

    fn document(&mut self, mut open: Open) -> Result<(), BuildError> {
        // The builder borrows what outlives it; the reader's own state stays free.
        let mut keys = std::mem::take(&mut self.keys);
        let mut builder = Builder::new(self.limits, &mut keys);
        // Directives before the first document belong to it; those between two stand at nothing.
        let mut comments = self.directives_before(open.start);
        for comment in &mut comments {
            comment.is_stray = self.index > 0;
        }
        let result = self.nodes(&mut builder, &mut open, &mut comments);
        let built = result.map(|end| (end, builder.finish()));
        self.keys = keys;
        let (end, built) = built?;
        comments.extend(self.directives_before(end));
        if let Some((value, spans)) = built
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
            self.leave(comments);
        }
        Ok(())
    }

    /// Reads the nodes of a document; where it ends.
    fn nodes(
        &mut self,
        builder: &mut Builder<'_>,
        open: &mut Open,
        comments: &mut Vec<Comment>,
    ) -> Result<u32, BuildError> {
        let mut is_first = true;
        loop {
            let (event, span) = self.grammar.event()?;
            if std::mem::take(&mut is_first) {
                for comment in self.comments_before(span.start) {
                    let text = self.comment_text(comment);
                    comments.extend(Comment::new(text, comment));
                    self.source_name(text, open);
                }
            }
            if matches!(event, Event::DocumentEnd) {
                return Ok(span.start.max(self.last_end));
            }
            self.node(builder, event, span)?;
        }
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
        event: Event<'_>,
        span: Span,
    ) -> Result<(), BuildError> {
        match event {
            Event::Scalar(scalar) => {
                self.scalar(builder, &scalar, span)?;
                self.last_end = span.end.max(self.last_end);
            }
            Event::Alias(anchor) => {
                if builder.expects_key() {
                    let key = builder.alias_key(anchor, span)?;
                    builder.key(&key, span)?;
                } else {
                    builder.alias(anchor, span)?;
                }
                self.last_end = span.end;
            }
            Event::SequenceStart(anchor) => {
                no_key(builder, span)?;
                builder.open_sequence(span, anchor)?;
            }
            Event::MappingStart(anchor) => {
                no_key(builder, span)?;
                builder.open_mapping(span, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                // Block collections end without a token of their own.
                let bracket = (!span.is_empty()).then_some(span.end);
                builder.close_collection(bracket)?;
                self.last_end = bracket.unwrap_or(self.last_end);
            }
            Event::DocumentStart | Event::DocumentEnd | Event::StreamEnd => {}
        }
        Ok(())
    }

    fn scalar(
        &self,
        builder: &mut Builder<'_>,
        scalar: &Scalar<'_>,
        span: Span,
    ) -> Result<(), BuildError> {
        let Scalar {
            text,
            is_plain,
            anchor,
            tag,
        } = scalar;
        let wrong = |message| BuildError::new(span, message);
        let value_tag = tag.as_deref().map(tag_of);
        let value = || scalar::value(text, *is_plain, value_tag, self.words).map_err(wrong);
        if !builder.expects_key() {
            return builder.scalar(value()?, span, *anchor);
        }
        if text == "<<" && tag.as_deref().map_or(*is_plain, merges) {
            builder.merge_key(span);
            return Ok(());
        }
        let key = scalar::key(text, *is_plain, value_tag, self.words).map_err(wrong)?;
        if *anchor != 0 {
            builder.anchor_key(*anchor, value()?, span);
        }
        builder.key(&key, span)
    }

    /// Reports what is wrong with a document and goes to the next; whether there is one.
    fn fail(&mut self, error: BuildError) -> bool {
        let at = error.span.start;
        self.problem(error);
        self.grammar.recover(at)
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
        let text = self.file.text();
        let line_end = text[at as usize..].find(['\n', '\r']);
        let before = &text[..line_end.map_or(text.len(), |end| at as usize + end)];
        let mut markers = before.rmatch_indices("---").map(|(start, _)| start);
        let start = markers.find(|start| before[..*start].ends_with(['\n', '\r']));
        &before[start.unwrap_or(0)..]
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

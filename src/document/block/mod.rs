//! YAML as manifests are mostly written, read in one go: block mappings and sequences, scalars, `|` and `>` texts.
//!
//! Whatever is written otherwise, and whatever is wrong, is left to the full reader (`yaml`): this one gives up, and the
//! file is read again. What it does give is what the full reader gives; the tests hold the two against each other.

mod lines;
mod scalars;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::document::block::lines::{Content, Lines};
use crate::document::block::scalars::{MAX_KEY_BYTES, Text};
use crate::document::build::{Builder, Keys};
use crate::document::scalar::{self, Words};
use crate::document::value::Value;
use crate::document::{Document, Limits};
use crate::source::{SourceFile, Span, to_u32};

/// The documents of a file; none where it is not written as this reader takes it.
pub(super) fn parse(
    file: &Arc<SourceFile>,
    limits: &Limits,
    words: Words,
) -> Option<Vec<Arc<Document>>> {
    let mut lines = Lines::new(file.text())?;
    let mut keys = Keys::default();
    let mut documents = Vec::new();
    loop {
        let marker = match lines.content()? {
            Content::End => return Some(documents),
            Content::Marker { start } => Some(start),
            Content::Text { .. } => None,
        };
        // The full reader counts an empty last document, too.
        if documents.len() >= limits.documents {
            return None;
        }
        if marker.is_some() {
            lines.pass_marker()?;
        }
        let Content::Text { start, column } = lines.content()? else {
            continue;
        };
        let mut reader = Reader {
            lines,
            words,
            builder: Builder::new(limits, &mut keys),
            end: 0,
        };
        reader.collection(column)?;
        let builder = reader.builder;
        lines = reader.lines;
        let end = match lines.content()? {
            Content::Marker { start } => start,
            Content::End => to_u32(file.text().len()),
            Content::Text { .. } => return None,
        };
        let span = Span::new(marker.unwrap_or(start), end);
        let (value, spans) = builder.finish()?;
        let index = u32::try_from(documents.len()).ok()?;
        let document = Document::new(file, index, span, value, spans);
        documents.push(Arc::new(document));
    }
}

/// Reads one document; none of anything means that the file is not written as this reader takes it.
struct Reader<'a, 'k> {
    lines: Lines<'a>,
    words: Words,
    builder: Builder<'k>,
    /// Where the last scalar ends.
    end: u32,
}

impl Reader<'_, '_> {
    /// A block collection whose first child stands in `column`, where the reader is.
    fn collection(&mut self, column: usize) -> Option<()> {
        if self.lines.is_at_dash() {
            self.sequence(column, false)
        } else {
            self.mapping(column)
        }
    }

    /// A sequence whose dashes stand in `column`; `is_level`: in the column of the keys it stands below.
    fn sequence(&mut self, column: usize, is_level: bool) -> Option<()> {
        let start = self.lines.offset();
        self.builder
            .open_sequence(Span::new(start, start), 0)
            .ok()?;
        loop {
            self.lines.at += 1;
            let n_blanks = self.lines.pass_blanks();
            if self.lines.ends_line()? {
                match self.lines.content()? {
                    Content::Text { column: next, .. } if next > column => self.collection(next)?,
                    Content::Text { .. } | Content::Marker { .. } | Content::End => return None,
                }
            } else if self.lines.is_at_dash() || self.lines.is_at_key() {
                self.collection(column + 1 + n_blanks)?;
            } else {
                self.value(column)?;
            }
            match self.lines.content()? {
                Content::Text { column: next, .. } if next == column => {
                    if self.lines.is_at_dash() {
                        continue;
                    }
                    if !is_level {
                        return None;
                    }
                }
                Content::Text { column: next, .. } if next > column => return None,
                Content::Text { .. } | Content::Marker { .. } | Content::End => {}
            }
            return self.builder.close_collection(None).ok();
        }
    }

    /// A mapping whose keys stand in `column`.
    fn mapping(&mut self, column: usize) -> Option<()> {
        let start = self.lines.offset();
        self.builder.open_mapping(Span::new(start, start), 0).ok()?;
        loop {
            self.key()?;
            if self.lines.ends_line()? {
                match self.lines.content()? {
                    Content::Text { column: next, .. } if next > column => self.collection(next)?,
                    Content::Text { column: next, .. }
                        if next == column && self.lines.is_at_dash() =>
                    {
                        self.sequence(column, true)?;
                    }
                    Content::Text { .. } | Content::Marker { .. } | Content::End => {
                        self.builder
                            .scalar(Value::Null, Span::new(self.end, self.end), 0)
                            .ok()?;
                    }
                }
            } else {
                self.value(column)?;
            }
            match self.lines.content()? {
                Content::Text { column: next, .. } if next == column => {}
                Content::Text { column: next, .. } if next > column => return None,
                Content::Text { .. } | Content::Marker { .. } | Content::End => {
                    return self.builder.close_collection(None).ok();
                }
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Option<()> {
        let start = self.lines.offset();
        let key = self.lines.key()?;
        let span = Span::new(start, self.lines.offset());
        self.give_key(&key, span)?;
        self.end = span.end;
        self.lines.at += 1;
        Some(())
    }

    fn give_key(&mut self, key: &Text<'_>, span: Span) -> Option<()> {
        if key.is_plain && &*key.text == "<<" {
            return None;
        }
        let text = scalar::key(&key.text, key.is_plain, None, self.words).ok()?;
        self.builder.key(&text, span).ok()
    }

    /// A value that begins on the line of its key or dash, which stands in `column`.
    fn value(&mut self, column: usize) -> Option<()> {
        match self.lines.byte()? {
            b'[' | b'{' => self.flow()?,
            b'|' | b'>' => {
                let start = self.lines.offset();
                let (text, end) = self.lines.block_text(column)?;
                self.end = end;
                let span = Span::new(start, end);
                return self.builder.scalar(Value::from(text), span, 0).ok();
            }
            _ => {
                let start = self.lines.offset();
                let text = self.lines.scalar(column)?;
                self.give_scalar(&text, start)?;
            }
        }
        self.lines.ends_line()?.then_some(())
    }

    fn give_scalar(&mut self, text: &Text<'_>, start: u32) -> Option<()> {
        self.end = self.lines.offset();
        let span = Span::new(start, self.end);
        let value = scalar::value(&text.text, text.is_plain, None, self.words).ok()?;
        self.builder.scalar(value, span, 0).ok()
    }

    /// A collection in brackets on one line.
    fn flow(&mut self) -> Option<()> {
        let start = self.lines.offset();
        let is_mapping = self.lines.byte()? == b'{';
        self.lines.at += 1;
        let span = Span::new(start, self.lines.offset());
        if is_mapping {
            self.builder.open_mapping(span, 0).ok()?;
        } else {
            self.builder.open_sequence(span, 0).ok()?;
        }
        let closing = if is_mapping { b'}' } else { b']' };
        self.lines.pass_blanks();
        while self.lines.byte()? != closing {
            self.flow_entry(is_mapping)?;
            self.lines.pass_blanks();
            match self.lines.byte()? {
                b',' => {
                    self.lines.at += 1;
                    self.lines.pass_blanks();
                }
                byte if byte == closing => {}
                _ => return None,
            }
        }
        self.lines.at += 1;
        self.end = self.lines.offset();
        self.builder.close_collection(Some(self.end)).ok()
    }

    fn flow_entry(&mut self, is_mapping: bool) -> Option<()> {
        if is_mapping {
            let start = self.lines.offset();
            let key = self.lines.flow_scalar()?;
            let span = Span::new(start, self.lines.offset());
            if self.lines.byte()? != b':' || span.end - start > MAX_KEY_BYTES {
                return None;
            }
            self.give_key(&key, span)?;
            self.lines.at += 1;
            if self.lines.pass_blanks() == 0 {
                return None;
            }
        }
        if matches!(self.lines.byte()?, b'[' | b'{') {
            return self.flow();
        }
        let start = self.lines.offset();
        let text = self.lines.flow_scalar()?;
        self.give_scalar(&text, start)
    }
}

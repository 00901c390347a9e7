//! A file's text, byte spans in it, and their lines and columns.
//!
//! Spans are byte offsets everywhere; lines and columns (1-based, counted in
//! characters) are computed here and only when something is printed.

use std::sync::{Arc, OnceLock};

/// A half-open range of byte offsets into one [`SourceFile`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// An offset or length as spans have it; files are never so long that it is not exact.
pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Span {
    /// A span from `start` up to, not including, `end`; an `end` before `start` gives an empty span.
    #[must_use]
    pub fn new(start: u32, end: u32) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// A span from offsets as the standard library counts them; files are limited to 4 GiB, larger offsets saturate.
    #[must_use]
    pub fn from_offsets(start: usize, end: usize) -> Self {
        Self::new(to_u32(start), to_u32(end))
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `offset` lies in the span.
    #[must_use]
    pub fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }
}

/// A line and a column, both counted from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Default for Position {
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

/// A file as it was read: its name as the user typed it (with `/` between folders) and its text.
#[derive(Debug)]
pub struct SourceFile {
    name: Arc<str>,
    text: String,
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// Takes the text of the file that the user knows as `name`.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: String) -> Self {
        Self {
            name: name.into(),
            text,
            lines: OnceLock::new(),
        }
    }

    /// The file's name as the user typed it.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a name stands in the text, not within a longer one.
    #[must_use]
    pub fn has_word(&self, name: &str) -> bool {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let is_name = name.chars().all(is_part);
        let mut places = self.text.match_indices(name);
        places.any(|(start, _)| {
            let before = self.text[..start].chars().next_back();
            let after = self.text[start + name.len()..].chars().next();
            !is_name || !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    }

    /// The text of `span`, or `""` where it does not lie on characters of the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// Line and column of a byte offset; an offset past the end is the end's.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let starts = self.line_starts();
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let index = starts.partition_point(|&start| start as usize <= offset) - 1;
        let before = &self.text[starts[index] as usize..offset];
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position {
            line: count(index + 1),
            column: count(before.chars().count() + 1),
        }
    }

    /// The line of a byte offset, from 1: cheaper than its position, whose column is counted from the line's start.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> u32 {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        u32::try_from(line.max(1)).unwrap_or(u32::MAX)
    }

    /// Byte offset of a position; lines and columns outside the text give the nearest place in it.
    #[must_use]
    pub fn offset(&self, position: Position) -> u32 {
        let starts = self.line_starts();
        let index = (position.line.max(1) as usize - 1).min(starts.len() - 1);
        let start = starts[index];
        let line = self.line(position.line);
        let column = position.column.max(1) as usize - 1;
        let within = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(offset, _)| offset);
        start.saturating_add(u32::try_from(within).unwrap_or(u32::MAX))
    }

    /// The text of a line (from 1) without its line break; `""` where there is no such line.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let Some(&start) = (line as usize).checked_sub(1).and_then(|i| starts.get(i)) else {
            return "";
        };
        let end = starts
            .get(line as usize)
            .map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// How many lines there are; text that ends with a line break has an empty last line.
    #[must_use]
    pub fn n_lines(&self) -> u32 {
        u32::try_from(self.line_starts().len()).unwrap_or(u32::MAX)
    }

    /// Where each line starts. Lines end with `\n`, `\r\n` or a lone `\r`, as in YAML.
    fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let mut starts = vec![0];
            for (index, &byte) in bytes.iter().enumerate() {
                let ends_line =
                    byte == b'\n' || (byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
                if ends_line {
                    starts.push(u32::try_from(index + 1).unwrap_or(u32::MAX));
                }
            }
            starts
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_every_kind_of_line_break() {
        let file = SourceFile::new("a.yaml", "ä: 1\r\nb: 2\rc: 3\nd".to_owned());
        let at = |offset| {
            let Position { line, column } = file.position(offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 2), "ä is one column and two bytes");
        assert_eq!(at(7), (2, 1));
        assert_eq!(at(12), (3, 1));
        assert_eq!(at(17), (4, 1));
        assert_eq!(at(999), (4, 2));
        assert_eq!(file.line(1), "ä: 1");
        assert_eq!(file.line(4), "d");
        assert_eq!(file.line(9), "");
    }

    #[test]
    fn offsets_and_positions_are_inverse() {
        let file = SourceFile::new("a.yaml", "ä: 1\n  b: ü2\n".to_owned());
        for (offset, _) in file.text().char_indices() {
            let offset = u32::try_from(offset).expect("small");
            assert_eq!(file.offset(file.position(offset)), offset);
            assert_eq!(file.line_of(offset), file.position(offset).line);
        }
    }
}

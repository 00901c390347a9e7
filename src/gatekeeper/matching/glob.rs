//! Names with a `*` at their start, end or both, exactly as Gatekeeper's wildcard package.

use std::fmt;

/// A pattern of `namespaces`, `excludedNamespaces` or `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glob {
    /// `*x*`: the text is somewhere in the name.
    Contains(String),
    /// `*x`: the name ends with it.
    Suffix(String),
    /// `x*`: the name starts with it.
    Prefix(String),
    /// `x`: the name is this.
    Equal(String),
}

impl Glob {
    /// The pattern that a text is; none where the schema of `spec.match` (`^\*?[-:a-z0-9]*\*?$`) refuses it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (starts, rest) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (ends, middle) = match rest.strip_suffix('*') {
            Some(middle) => (true, middle),
            // A lone `*` is both.
            None => (starts && rest.is_empty(), rest),
        };
        let is_plain = |byte: u8| {
            matches!(byte, b'-' | b':') || byte.is_ascii_lowercase() || byte.is_ascii_digit()
        };
        if !middle.bytes().all(is_plain) {
            return None;
        }
        let middle = middle.to_owned();
        Some(match (starts, ends) {
            (true, true) => Self::Contains(middle),
            (true, false) => Self::Suffix(middle),
            (false, true) => Self::Prefix(middle),
            (false, false) => Self::Equal(middle),
        })
    }

    /// Whether a name is one of those the pattern means.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Contains(text) => name.contains(text.as_str()),
            Self::Suffix(text) => name.ends_with(text.as_str()),
            Self::Prefix(text) => name.starts_with(text.as_str()),
            Self::Equal(text) => name == text,
        }
    }

    /// Whether every name made of a `generateName` is one of those: only a pattern that leaves the end open can say so.
    #[must_use]
    pub fn matches_generate_name(&self, generate_name: &str) -> bool {
        match self {
            Self::Contains(_) | Self::Prefix(_) => self.matches(generate_name),
            Self::Suffix(_) | Self::Equal(_) => false,
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contains(text) if text.is_empty() => f.write_str("*"),
            Self::Contains(text) => write!(f, "*{text}*"),
            Self::Suffix(text) => write!(f, "*{text}"),
            Self::Prefix(text) => write!(f, "{text}*"),
            Self::Equal(text) => f.write_str(text),
        }
    }
}

//! Strings and characters quoted as Go's `strconv` does.
use std::fmt::Write as _;

/// Whether Go takes a character as printable: letters, marks, numbers, punctuation, symbols and the plain space.
pub(super) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // Not the first of its text, so that marks are not escaped.
    let text: String = ['a', c].iter().collect();
    text.escape_debug().count() == 2
}

fn push_escaped(out: &mut String, c: char, quote: char, ascii: bool) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ if c == quote => {
            out.push('\\');
            out.push(c);
        }
        _ if is_print(c) && (!ascii || c.is_ascii()) => out.push(c),
        _ => {
            let code = u32::from(c);
            let _ = if code < 0x20 || code == 0x7f {
                write!(out, "\\x{code:02x}")
            } else if code < 0x1_0000 {
                write!(out, "\\u{code:04x}")
            } else {
                write!(out, "\\U{code:08x}")
            };
        }
    }
}

fn quote_with(text: impl Iterator<Item = char>, quote: char, ascii: bool) -> String {
    let mut out = String::from(quote);
    for c in text {
        push_escaped(&mut out, c, quote, ascii);
    }
    out.push(quote);
    out
}

/// A string between double quotes; `ascii` escapes everything else.
pub(super) fn quote(text: &str, ascii: bool) -> String {
    quote_with(text.chars(), '"', ascii)
}

/// A character between single quotes.
pub(super) fn quote_char(c: char, ascii: bool) -> String {
    quote_with(std::iter::once(c), '\'', ascii)
}

/// Whether a text can stand between backquotes.
pub(super) fn can_backquote(text: &str) -> bool {
    text.chars()
        .all(|c| c == '\t' || !(c < ' ' || matches!(c, '`' | '\x7f' | '\u{feff}')))
}

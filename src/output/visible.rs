//! Makes text from manifests and policies harmless: what a terminal, a log or a CI system would act on is shown instead.
//!
//! Nothing that comes from outside the program is printed by pretty, table or TAP without going through this file.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::finding::Location;

/// What becomes of line breaks and tabs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// They are shown as `\n`, `\r` and `\t`.
    Shown,
    /// Tabs stay; the text holds no line feed.
    Tabs,
}

/// The text on one line: line breaks and tabs are shown as `\n`, `\r`, `\t`, other control characters as `\u{…}`.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    push(&mut shown, text, Breaks::Shown, |_, _| {});
    Cow::Owned(shown)
}

/// The lines of the text, each made visible but for its tabs; blank lines at the end are left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.trim_end()
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .map(|line| {
            if is_harmless(line) {
                return Cow::Borrowed(line);
            }
            let mut shown = String::with_capacity(line.len() + 16);
            push(&mut shown, line, Breaks::Tabs, |_, _| {});
            Cow::Owned(shown)
        })
}

/// The first line of the text that is not blank, made visible.
pub(super) fn first_line(text: &str) -> Cow<'_, str> {
    let line = text
        .split(['\n', '\r'])
        .map(str::trim)
        .find(|line| !line.is_empty());
    one_line(line.unwrap_or(""))
}

/// Appends one source line made visible and gives the byte offset in `shown` at which each of two characters
/// (counted from 0) is shown; characters after the end are at the end.
pub(super) fn push_source_line(shown: &mut String, line: &str, at: [usize; 2]) -> [usize; 2] {
    let mut found = [None; 2];
    push(shown, line, Breaks::Tabs, |character, offset| {
        for (wanted, found) in at.iter().zip(&mut found) {
            if *wanted == character {
                *found = Some(offset);
            }
        }
    });
    found.map(|offset| offset.unwrap_or(shown.len()))
}

/// `file:line:column`, made visible.
pub(super) fn place(location: &Location) -> String {
    let file = one_line(&location.file);
    let start = location.start;
    format!("{file}:{}:{}", start.line, start.column)
}

/// `file:line`, made visible.
pub(super) fn file_line(location: &Location) -> String {
    format!("{}:{}", one_line(&location.file), location.start.line)
}

/// Whether a character is shown by its code: control and format characters, which move the cursor, turn the text's
/// direction or cannot be seen, and those that XML does not take.
pub(super) fn is_hidden(character: char) -> bool {
    match character {
        ' '..='~' => false,
        '\u{0}'..='\u{9f}' | '\u{ad}' => true,
        '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

/// Where the text that follows `##` makes it a command of Azure DevOps or GitHub, which look for it anywhere in a line.
pub(super) fn is_command(after_hashes: &str) -> bool {
    let is_vso = after_hashes
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("vso["));
    is_vso || after_hashes.starts_with('[')
}

fn is_harmless(text: &str) -> bool {
    let is_plain = if text.is_ascii() {
        text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    } else {
        !text.chars().any(is_hidden)
    };
    is_plain && !text.contains("##")
}

fn push(shown: &mut String, text: &str, breaks: Breaks, mut at: impl FnMut(usize, usize)) {
    let mut n_hashes = 0;
    for (index, (offset, character)) in text.char_indices().enumerate() {
        // What is put in belongs to the character after it, so that carets stay below what they mean.
        at(index, shown.len());
        if n_hashes >= 2 && is_command(&text[offset..]) {
            shown.push('_');
        }
        n_hashes = if character == '#' { n_hashes + 1 } else { 0 };
        match character {
            '\t' if breaks == Breaks::Tabs => shown.push('\t'),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_hidden(character) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
            }
            _ => shown.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_commands_are_shown() {
        assert_eq!(one_line("plain äöü 🎉 # ## x"), "plain äöü 🎉 # ## x");
        assert_eq!(
            one_line("a\u{1b}[31m\r\nb\tc\0"),
            "a\\u{1b}[31m\\r\\nb\\tc\\u{0}"
        );
        assert_eq!(
            one_line("x \u{202e}evil\u{9b}1m"),
            "x \\u{202e}evil\\u{9b}1m"
        );
        assert_eq!(
            one_line("##vso[task] ##[error] ###VSO["),
            "##_vso[task] ##_[error] ###_VSO["
        );
        assert_eq!(one_line("##v\u{200b}so["), "##v\\u{200b}so[");
    }

    #[test]
    fn lines_end_where_the_text_says() {
        let all: Vec<_> = lines("a\r\n\tb\rc\n\n").collect();
        assert_eq!(all, ["a", "\tb\\rc"]);
        assert_eq!(first_line("\n  \n first \n second"), "first");
        assert_eq!(first_line(""), "");
    }

    #[test]
    fn source_lines_keep_their_columns() {
        let mut shown = "before\n".to_owned();
        let offsets = push_source_line(&mut shown, "a: \u{1}ä ##[x", [4, 99]);
        assert_eq!(shown, "before\na: \\u{1}ä ##_[x");
        assert_eq!(offsets, [shown.find('ä').expect("is there"), shown.len()]);
    }
}

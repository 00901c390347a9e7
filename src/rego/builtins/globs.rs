//! `glob.match` and `glob.quote_meta`, as the library behind OPA reads patterns.
use std::cell::RefCell;
use std::iter::Peekable;
use std::str::CharIndices;

use anyhow::{Result, anyhow, bail};
use regex::Regex;
use regorus::Value;
use rustc_hash::FxHashMap;

use super::args::{self, Entry};

/// Compiled patterns kept; beyond it all are forgotten.
const MAX_CACHED: usize = 1000;

type Compiled = Result<Regex, String>;

thread_local! {
    static CACHE: RefCell<FxHashMap<(String, Vec<char>), Compiled>> = RefCell::default();
}

struct Reader<'a> {
    chars: Peekable<CharIndices<'a>>,
    out: String,
    single: String,
    depth: usize,
}

impl Reader<'_> {
    fn literal(&mut self, c: char) {
        self.out
            .push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn all(&mut self) -> Result<(), String> {
        while let Some((_, c)) = self.chars.next() {
            match c {
                '\\' => match self.chars.next() {
                    Some((_, c)) => self.literal(c),
                    None => return Err("glob: syntax error: nothing to escape".into()),
                },
                '*' => {
                    let mut sup = false;
                    while self.next_is('*') {
                        sup = true;
                    }
                    let text = if sup { ".".into() } else { self.single.clone() };
                    self.out.push_str(&text);
                    self.out.push('*');
                }
                '?' => self.out.push_str(&self.single),
                '[' => self.class()?,
                '{' => {
                    self.depth += 1;
                    self.out.push_str("(?:");
                }
                '}' if self.depth > 0 => {
                    self.depth -= 1;
                    self.out.push(')');
                }
                ',' if self.depth > 0 => self.out.push('|'),
                _ => self.literal(c),
            }
        }
        if self.depth > 0 {
            return Err("glob: syntax error: expected close of terms".into());
        }
        Ok(())
    }

    /// A range `[a-c]` or a list `[abc]`, both with `!` for all others.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.next_is('!') {
            self.out.push('^');
        }
        let mut items = Vec::new();
        let mut closed = false;
        let mut ranged = false;
        while let Some((at, c)) = self.chars.next() {
            match c {
                ']' => {
                    closed = true;
                    break;
                }
                '-' if items.len() == 1 && !ranged => ranged = true,
                _ if ranged && items.len() == 2 => {
                    return Err(format!(
                        "glob: syntax error at {at}: expected close range character"
                    ));
                }
                '\\' => items.extend(self.chars.next().map(|t| t.1)),
                _ => items.push(c),
            }
        }
        if !closed || items.is_empty() || (ranged && items.len() != 2) {
            return Err("glob: syntax error: unexpected end of input".into());
        }
        let escaped = |c: &char| format!("\\x{{{:x}}}", u32::from(*c));
        let texts: Vec<String> = items.iter().map(escaped).collect();
        self.out
            .push_str(&texts.join(if ranged { "-" } else { "" }));
        self.out.push(']');
        Ok(())
    }
}

fn build(pattern: &str, marks: &[char]) -> Compiled {
    let marks: String = marks
        .iter()
        .map(|c| format!("\\x{{{:x}}}", u32::from(*c)))
        .collect();
    let mut reader = Reader {
        chars: pattern.char_indices().peekable(),
        out: "(?s)^(?:".into(),
        single: if marks.is_empty() {
            ".".into()
        } else {
            format!("[^{marks}]")
        },
        depth: 0,
    };
    reader.all()?;
    reader.out.push_str(")$");
    Regex::new(&reader.out).map_err(|e| e.to_string())
}

/// The marks that `*` does not cross: a dot where none are given, none for null.
fn marks(values: &[Value]) -> Result<Vec<char>> {
    if args::any(values, 1)? == &Value::Null {
        return Ok(Vec::new());
    }
    let Ok(list) = args::array(values, 1) else {
        return args::wrong(values, 1, "one of {null, array}");
    };
    let mut marks = Vec::new();
    for item in list.iter() {
        let mut chars = item.as_string().map(|s| s.chars()).into_iter().flatten();
        match (chars.next(), chars.next()) {
            (Some(c), None) => marks.push(c),
            (_, _) => bail!(
                "operand 2 must be array of runes but got array containing {}",
                args::type_name(item)
            ),
        }
    }
    if marks.is_empty() {
        marks.push('.');
    }
    Ok(marks)
}

fn matches(values: &[Value]) -> Result<Value> {
    let pattern = args::string(values, 0)?;
    let key = (pattern.to_owned(), marks(values)?);
    let text = args::string(values, 2)?;
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        let marks = key.1.clone();
        let compiled = cache.entry(key).or_insert_with(|| build(pattern, &marks));
        match compiled {
            Ok(regex) => Ok(Value::from(regex.is_match(text))),
            Err(error) => Err(anyhow!(error.clone())),
        }
    })
}

fn quote_meta(values: &[Value]) -> Result<Value> {
    let mut out = String::new();
    for c in args::string(values, 0)?.chars() {
        if "\\*?[]{}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(Value::from(out))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("glob.match", 3, matches),
    ("glob.quote_meta", 1, quote_meta),
];

//! Functions on strings and versions that the engine lacks or has otherwise.
use std::cmp::Ordering;

use anyhow::{Result, bail};
use regorus::Value;

use super::args::{self, Entry};
use super::{MAX_BYTES, too_large};

/// One character to one character, as Go maps them; ß stays.
fn mapped<I: ExactSizeIterator<Item = char>>(text: &str, f: fn(char) -> I) -> Value {
    let one = |c: char| {
        let mut to = f(c);
        match (to.len(), to.next()) {
            (1, Some(to)) => to,
            (_, _) => c,
        }
    };
    Value::from(text.chars().map(one).collect::<String>())
}

fn upper(values: &[Value]) -> Result<Value> {
    Ok(mapped(args::string(values, 0)?, char::to_uppercase))
}

fn lower(values: &[Value]) -> Result<Value> {
    let text = args::string(values, 0)?;
    // The capital i with a dot is the one character that has more than one small one.
    Ok(mapped(&text.replace('\u{130}', "i"), char::to_lowercase))
}

fn count(values: &[Value]) -> Result<Value> {
    let (text, part) = (args::string(values, 0)?, args::string(values, 1)?);
    let count = if part.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(part).count()
    };
    Ok(Value::from(count))
}

/// The number of characters of a string, or of elements.
fn length(values: &[Value]) -> Result<Value> {
    match args::any(values, 0)? {
        Value::String(text) => Ok(Value::from(text.chars().count())),
        Value::Array(items) => Ok(Value::from(items.len())),
        Value::Set(items) => Ok(Value::from(items.len())),
        Value::Object(items) => Ok(Value::from(items.len())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Undefined => {
            args::wrong(values, 0, "one of {array, object, set, string}")
        }
    }
}

/// The places of a text, counted in characters.
fn places(values: &[Value], most: usize) -> Result<Vec<Value>> {
    let (text, part) = (args::string(values, 0)?, args::string(values, 1)?);
    if part.is_empty() {
        bail!("empty search character");
    }
    let mut found = Vec::new();
    for (chars, (at, _)) in text.char_indices().enumerate() {
        if found.len() < most && text[at..].starts_with(part) {
            found.push(Value::from(chars));
        }
    }
    Ok(found)
}

fn indexof(values: &[Value]) -> Result<Value> {
    let found = places(values, 1)?.pop();
    Ok(found.unwrap_or_else(|| Value::from(-1i64)))
}

fn indexof_n(values: &[Value]) -> Result<Value> {
    Ok(Value::from(places(values, usize::MAX)?))
}

fn substring(values: &[Value]) -> Result<Value> {
    let text = args::string(values, 0)?;
    let (start, count) = (args::integer(values, 1)?, args::integer(values, 2)?);
    let Ok(start) = usize::try_from(start) else {
        bail!("negative offset");
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let found = text.chars().skip(start).take(count);
    Ok(Value::from(found.collect::<String>()))
}

/// Replaces in one pass, at each place by the first pattern in their order that fits.
fn replace_n(values: &[Value]) -> Result<Value> {
    let (patterns, text) = (args::object(values, 0)?, args::string(values, 1)?);
    let mut pairs = Vec::new();
    for (old, new) in patterns.iter() {
        let (Ok(old), Ok(new)) = (old.as_string(), new.as_string()) else {
            bail!("operand 1 non-string key or value found in pattern object");
        };
        pairs.push((old.as_ref(), new.as_ref()));
    }
    let mut out = String::new();
    let mut at = 0;
    // As Go: where an empty text was found, another one is looked for before the next character.
    let mut was_empty = false;
    while at <= text.len() {
        let rest = &text[at..];
        let fits = |old: &str| rest.starts_with(old) && !(was_empty && old.is_empty());
        if let Some((old, new)) = pairs.iter().find(|(old, _)| fits(old)) {
            out.push_str(new);
            at += old.len();
            was_empty = old.is_empty();
        } else {
            out.extend(rest.chars().next());
            at += rest.chars().next().map_or(1, char::len_utf8);
            was_empty = false;
        }
        if out.len() > MAX_BYTES {
            return Err(too_large());
        }
    }
    Ok(Value::from(out))
}

fn replace(values: &[Value]) -> Result<Value> {
    let (text, old) = (args::string(values, 0)?, args::string(values, 1)?);
    let new = args::string(values, 2)?;
    let grown = new.len().saturating_sub(old.len());
    let count = if grown > 0 {
        text.matches(old).count()
    } else {
        0
    };
    if text.len().saturating_add(grown.saturating_mul(count)) > MAX_BYTES {
        return Err(too_large());
    }
    Ok(Value::from(text.replace(old, new)))
}

fn split_n(values: &[Value]) -> Result<Value> {
    let (text, mark) = (args::string(values, 0)?, args::string(values, 1)?);
    let wanted = args::integer(values, 2)?;
    let parts: Vec<Value> = if mark.is_empty() {
        text.chars().map(|c| Value::from(c.to_string())).collect()
    } else {
        text.split(mark).map(Value::from).collect()
    };
    let size = usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX);
    let kept = if wanted < 0 {
        parts[parts.len().saturating_sub(size)..].to_vec()
    } else {
        parts[..size.min(parts.len())].to_vec()
    };
    Ok(Value::from(kept))
}

/// A version as OPA reads it.
struct Version<'a> {
    numbers: [i64; 3],
    pre: &'a str,
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_identifier(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    text.split('.')
        .all(|p| !p.is_empty() && p.bytes().all(word))
}

fn version(text: &str) -> Option<Version<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let padded = |t: &str| t.len() > 1 && t.starts_with('0');
    let text = match text.split_once('+') {
        Some((_, meta)) if !is_identifier(meta) => return None,
        Some((text, _)) => text,
        None => text,
    };
    let (text, pre) = match text.split_once('-') {
        Some((text, pre)) => {
            let bad = pre.split('.').any(|p| padded(p) && is_decimal(p));
            if bad || !is_identifier(pre) {
                return None;
            }
            (text, pre)
        }
        None => (text, ""),
    };
    let numbers = text.split('.').map(|t| match is_decimal(t) && !padded(t) {
        true => t.parse().ok(),
        false => None,
    });
    let numbers: Vec<i64> = numbers.collect::<Option<_>>()?;
    Some(Version {
        numbers: numbers.try_into().ok()?,
        pre,
    })
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (is_decimal(x), is_decimal(y)) {
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (true, true) => x.len().cmp(&y.len()).then_with(|| x.cmp(y)),
                (false, false) => x.cmp(y),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn semver_compare(values: &[Value]) -> Result<Value> {
    let (a, b) = (args::string(values, 0)?, args::string(values, 1)?);
    let Some(first) = version(a) else {
        bail!("operand 1: string {a} is not a valid SemVer");
    };
    let Some(second) = version(b) else {
        bail!("operand 2: string {b} is not a valid SemVer");
    };
    let order = first.numbers.cmp(&second.numbers);
    let order = order.then_with(|| compare_pre(first.pre, second.pre));
    Ok(Value::from(i64::from(order as i8)))
}

fn semver_is_valid(values: &[Value]) -> Result<Value> {
    let valid = args::string(values, 0).is_ok_and(|t| version(t).is_some());
    Ok(Value::from(valid))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("upper", 1, upper),
    ("lower", 1, lower),
    ("strings.count", 2, count),
    ("strings.split_n", 3, split_n),
    ("strings.replace_n", 2, replace_n),
    ("replace", 3, replace),
    ("count", 1, length),
    ("indexof", 2, indexof),
    ("indexof_n", 2, indexof_n),
    ("substring", 3, substring),
    ("semver.compare", 2, semver_compare),
    ("semver.is_valid", 1, semver_is_valid),
];

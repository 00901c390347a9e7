//! Values as OPA writes them as text, and in the order OPA has them.
use std::cmp::Ordering;

use regorus::Value;

use super::MAX_BYTES;
use super::gofloat::format_float;
use super::numbers::{Num, number_of};

/// OPA's text of a value: `{"a": 1, "b": [1, 2]}`, `{1, 2}`, `set()`. Ends where it is longer than [`MAX_BYTES`].
pub(super) fn value_text(value: &Value) -> String {
    let mut out = String::new();
    push_value(&mut out, value);
    out
}

/// Whether the text of a value has about so many bytes at most; what is left of them goes down with what is seen.
///
/// Values share their parts, so that a small one may have an endless text.
pub(super) fn fits(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len() + 2,
        Value::Number(_) => 8,
        Value::Null
        | Value::Bool(_)
        | Value::Array(_)
        | Value::Set(_)
        | Value::Object(_)
        | Value::Undefined => 4,
    };
    let Some(rest) = left.checked_sub(own) else {
        return false;
    };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| fits(item, left)),
        Value::Set(items) => items.iter().all(|item| fits(item, left)),
        Value::Object(items) => items.iter().all(|(k, v)| fits(k, left) && fits(v, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            true
        }
    }
}

fn push_value(out: &mut String, value: &Value) {
    if out.len() > MAX_BYTES {
        return;
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(_) => out.push_str(&number_text(value)),
        Value::String(s) => push_string(out, s),
        Value::Array(a) => {
            out.push('[');
            push_all(out, a.iter());
            out.push(']');
        }
        Value::Set(s) if s.iter().next().is_none() => out.push_str("set()"),
        Value::Set(s) => {
            let mut items: Vec<&Value> = s.iter().collect();
            items.sort_by(|a, b| compare(a, b));
            out.push('{');
            push_all(out, items.into_iter());
            out.push('}');
        }
        Value::Object(o) => {
            let mut items: Vec<(&Value, &Value)> = o.iter().collect();
            items.sort_by(|a, b| compare(a.0, b.0));
            out.push('{');
            for (i, (key, item)) in items.into_iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                push_value(out, key);
                out.push_str(": ");
                push_value(out, item);
            }
            out.push('}');
        }
        Value::Undefined => out.push_str("<undefined>"),
    }
}

fn push_all<'a>(out: &mut String, items: impl Iterator<Item = &'a Value>) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        push_value(out, item);
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push_str(&super::goquote::quote(text, false));
}

/// The text of a number; floats without an exponent where OPA would most likely have none.
pub(super) fn number_text(value: &Value) -> String {
    let Some(number) = number_of(value) else {
        return String::new();
    };
    match number {
        Num::Small(i) => i.to_string(),
        Num::Big(i) => i.to_string(),
        Num::Float(f) if f != 0.0 && !(1e-7..1e21).contains(&f.abs()) => format_float(f, 'e', None),
        Num::Float(f) => format_float(f, 'f', None),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
        Value::Set(_) => 6,
        Value::Undefined => 7,
    }
}

/// The order of OPA, where objects come before sets.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Array(x), Value::Array(y)) => compare_all(x.iter(), y.iter()),
        (Value::Set(x), Value::Set(y)) => {
            let mut x: Vec<&Value> = x.iter().collect();
            let mut y: Vec<&Value> = y.iter().collect();
            x.sort_by(|a, b| compare(a, b));
            y.sort_by(|a, b| compare(a, b));
            compare_all(x.into_iter(), y.into_iter())
        }
        (Value::Object(x), Value::Object(y)) => {
            let mut x: Vec<(&Value, &Value)> = x.iter().collect();
            let mut y: Vec<(&Value, &Value)> = y.iter().collect();
            x.sort_by(|a, b| compare(a.0, b.0));
            y.sort_by(|a, b| compare(a.0, b.0));
            for ((k1, v1), (k2, v2)) in x.iter().zip(&y) {
                let order = compare(k1, k2).then_with(|| compare(v1, v2));
                if order.is_ne() {
                    return order;
                }
            }
            x.len().cmp(&y.len())
        }
        (a, b) if rank(a) == rank(b) => a.cmp(b),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

fn compare_all<'a>(
    mut x: impl Iterator<Item = &'a Value>,
    mut y: impl Iterator<Item = &'a Value>,
) -> Ordering {
    loop {
        match (x.next(), y.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => {
                let order = compare(a, b);
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

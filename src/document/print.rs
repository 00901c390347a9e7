//! A value as JSON text, with numbers as kubectl prints them.

use std::fmt::Write as _;

use crate::document::value::Value;

/// The value on one line.
#[must_use]
pub fn to_json(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, None);
    text
}

/// The value with an indentation of two blanks a level.
#[must_use]
pub fn to_json_pretty(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, Some(0));
    text
}

fn write(text: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::Null | Value::Undefined => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(_) => number(text, value),
        Value::String(value) => string(text, value),
        Value::Array(items) => list(text, items.iter(), indent),
        Value::Set(items) => list(text, items.iter(), indent),
        Value::Object(object) => {
            let mut first = true;
            for (key, value) in object.iter_sorted() {
                separate(text, if first { "{" } else { "," }, indent);
                first = false;
                match key {
                    Value::String(key) => string(text, key),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Set(_)
                    | Value::Object(_)
                    | Value::Undefined => string(text, &to_json(key)),
                }
                text.push(':');
                if indent.is_some() {
                    text.push(' ');
                }
                write(text, value, indent.map(|indent| indent + 1));
            }
            close(text, first, "{}", indent);
        }
    }
}

fn list<'a>(text: &mut String, items: impl Iterator<Item = &'a Value>, indent: Option<usize>) {
    let mut first = true;
    for item in items {
        separate(text, if first { "[" } else { "," }, indent);
        first = false;
        write(text, item, indent.map(|indent| indent + 1));
    }
    close(text, first, "[]", indent);
}

fn separate(text: &mut String, before: &str, indent: Option<usize>) {
    text.push_str(before);
    if let Some(indent) = indent {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", indent + 1));
    }
}

fn close(text: &mut String, empty: bool, brackets: &str, indent: Option<usize>) {
    if empty {
        text.push_str(brackets);
        return;
    }
    if let Some(indent) = indent {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", indent));
    }
    text.push_str(&brackets[1..]);
}

fn string(text: &mut String, value: &str) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

/// Every integer up to this one is a float, too.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Integers with all digits, other numbers as Go's encoding/json prints them.
fn number(text: &mut String, value: &Value) {
    // A number that only nearly is the integer is none.
    let signed = value
        .as_i64()
        .ok()
        .filter(|integer| Value::from(*integer) == *value);
    let unsigned = value
        .as_u64()
        .ok()
        .filter(|integer| Value::from(*integer) == *value);
    let float = if let Value::Number(number) = value {
        number.as_f64()
    } else {
        None
    };
    let is_negative_zero = float.is_some_and(|float| float == 0.0 && float.is_sign_negative());
    // Beyond 53 bits only what is written as no integer is one of these.
    let is_float = float.is_some_and(|float| float.abs() > EXACT);
    if is_negative_zero {
        text.push_str("-0");
    } else if let Some(integer) = signed.filter(|_| !is_float) {
        let _ = write!(text, "{integer}");
    } else if let Some(integer) = unsigned.filter(|_| !is_float) {
        let _ = write!(text, "{integer}");
    } else if let Some(float) = float {
        let magnitude = float.abs();
        if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
            let scientific = format!("{float:e}");
            let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            let _ = write!(text, "{mantissa}e{sign}{exponent}");
        } else {
            let _ = write!(text, "{float}");
        }
    } else {
        text.push_str(&value.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_go_does() {
        let cases = [
            (Value::from(1e21), "1e+21"),
            (Value::from(1.5e-7), "1.5e-7"),
            (Value::from(0.25), "0.25"),
            (Value::from(1e20), "100000000000000000000"),
            (Value::from(u64::MAX), "18446744073709551615"),
            (Value::from(i64::MIN), "-9223372036854775808"),
            (
                Value::from(-9_223_372_036_854_775_808.0),
                "-9223372036854776000",
            ),
            (Value::from(9_007_199_254_740_993_i64), "9007199254740993"),
            (Value::from(-0.0), "-0"),
        ];
        for (value, expected) in cases {
            assert_eq!(to_json(&value), expected);
        }
    }
}

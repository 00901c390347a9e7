//! What a scalar means, exactly as sigs.k8s.io/yaml (kubectl's library) reads it: YAML 1.1's words, octal numbers.
//!
//! Pure functions over texts; they know neither places nor documents.

use std::borrow::Cow;

use crate::document::timestamp::is_timestamp;
use crate::document::value::Value;

/// What a scalar without quotes and without tag is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    /// `null`, `~`, nothing.
    Null,
    /// A word for true or false.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// An integer that only fits without sign.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// Text, unchanged.
    Text,
}

/// The tags that say what a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `!!str`, `!`, and tags that we do not know: text as written.
    Text,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!binary`
    Binary,
    /// `!!timestamp`: text as written, where it is one.
    Timestamp,
}

impl Tag {
    /// The tag with this name in YAML's own namespace.
    pub(super) fn of_core(name: &str) -> Self {
        match name {
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "null" => Self::Null,
            "binary" => Self::Binary,
            "timestamp" => Self::Timestamp,
            _ => Self::Text,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "!!str",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Bool => "!!bool",
            Self::Null => "!!null",
            Self::Binary => "!!binary",
            Self::Timestamp => "!!timestamp",
        }
    }
}

/// Which words are booleans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Those of YAML 1.1, as in manifests.
    Kubectl,
    /// Only `true` and `false`, as OPA reads data files.
    Opa,
}

/// What a scalar without quotes is; the first byte decides what is tried, as in go-yaml v2.
pub(super) fn resolve(text: &str, words: Words) -> Scalar {
    let Some(&first) = text.as_bytes().first() else {
        return Scalar::Null;
    };
    match first {
        b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => {
            word(text, words)
        }
        b'.' => match text {
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            _ => go_float(text).map_or(Scalar::Text, Scalar::Float),
        },
        b'+' | b'-' | b'0'..=b'9' => number(text),
        _ => Scalar::Text,
    }
}

fn word(text: &str, words: Words) -> Scalar {
    match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ if words == Words::Opa => Scalar::Text,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        _ => Scalar::Text,
    }
}

fn number(text: &str) -> Scalar {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let plain;
    let text = if text.contains('_') {
        plain = text.replace('_', "");
        plain.as_str()
    } else {
        text
    };
    if let Some(integer) = integer(text) {
        return integer;
    }
    if is_float(text)
        && let Ok(float) = text.parse::<f64>()
        && float.is_finite()
    {
        return Scalar::Float(float);
    }
    // go-yaml reads a sign after the prefix, too.
    let signed = text
        .strip_prefix("0b")
        .map(|digits| i64::from_str_radix(digits, 2));
    match signed {
        Some(Ok(value)) => Scalar::Int(value),
        Some(Err(_)) | None => Scalar::Text,
    }
}

/// Go's `ParseInt` and then `ParseUint` with base 0.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, signed, digits) = match text.as_bytes()[0] {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(integer) => Some(Scalar::Int(integer)),
        // ParseUint takes no sign.
        Err(_) if signed => None,
        Err(_) => Some(Scalar::UInt(magnitude)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let n = digits(fraction);
        if whole == 0 && n == 0 {
            return false;
        }
        rest = &fraction[n..];
    } else if whole == 0 {
        return false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let n = digits(exponent);
        return n > 0 && n == exponent.len();
    }
    rest.is_empty()
}

/// Go's `ParseFloat` of a text that starts with a dot: underscores may stand between digits.
fn go_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let between = |index: usize| {
        let digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
        index > 0 && digit(bytes.get(index - 1)) && digit(bytes.get(index + 1))
    };
    if bytes
        .iter()
        .enumerate()
        .any(|(index, &byte)| byte == b'_' && !between(index))
    {
        return None;
    }
    let plain = text.replace('_', "");
    if !is_float(&plain) {
        return None;
    }
    plain.parse().ok().filter(|float: &f64| float.is_finite())
}

/// The value of a scalar; what is wrong with it otherwise.
pub(super) fn value(
    text: &str,
    plain: bool,
    tag: Option<Tag>,
    words: Words,
) -> Result<Value, String> {
    let scalar = match tag {
        Some(Tag::Text) => Scalar::Text,
        Some(Tag::Binary) => return binary(text).map(Value::from),
        Some(tag) => tagged(text, tag, words)?,
        None if plain => resolve(text, words),
        None => Scalar::Text,
    };
    match scalar {
        Scalar::Null => Ok(Value::Null),
        Scalar::Bool(value) => Ok(Value::from(value)),
        Scalar::Int(value) => Ok(Value::from(value)),
        Scalar::UInt(value) => Ok(Value::from(value)),
        Scalar::Float(value) => float_value(value)
            .ok_or_else(|| format!("`{text}` cannot be written in JSON, so no rule could see it")),
        Scalar::Text => Ok(Value::from(text)),
    }
}

/// A number as rules see it: integral ones are integers.
pub(super) fn float_value(float: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !float.is_finite() {
        return None;
    }
    let is_negative_zero = float == 0.0 && float.is_sign_negative();
    if float.fract() == 0.0 && float.abs() < EXACT && !is_negative_zero {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "integral and within 53 bits"
        )]
        return Some(Value::from(float as i64));
    }
    Some(Value::from(float))
}

fn tagged(text: &str, tag: Tag, words: Words) -> Result<Scalar, String> {
    let scalar = resolve(text, words);
    match (tag, &scalar) {
        (Tag::Int, Scalar::Int(_) | Scalar::UInt(_))
        | (Tag::Float, Scalar::Float(_))
        | (Tag::Bool, Scalar::Bool(_))
        | (Tag::Null, Scalar::Null) => Ok(scalar),
        (Tag::Timestamp, _) if is_timestamp(text) => Ok(Scalar::Text),
        #[expect(clippy::cast_precision_loss, reason = "as kubectl converts it")]
        (Tag::Float, Scalar::Int(value)) => Ok(Scalar::Float(*value as f64)),
        _ => Err(format!("`{text}` is no {}", tag.name())),
    }
}

fn binary(text: &str) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = data_encoding::BASE64
        .decode(compact.as_bytes())
        .map_err(|_| "the value of `!!binary` is not base64".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a key; what is wrong with it otherwise. As kubectl: words and numbers become their text.
pub(super) fn key(
    text: &str,
    plain: bool,
    tag: Option<Tag>,
    words: Words,
) -> Result<Cow<'_, str>, String> {
    let scalar = match tag {
        Some(Tag::Text) => Scalar::Text,
        Some(Tag::Binary) => return binary(text).map(Cow::Owned),
        Some(tag) => tagged(text, tag, words)?,
        None if plain => resolve(text, words),
        None => Scalar::Text,
    };
    match scalar {
        Scalar::Text => Ok(Cow::Borrowed(text)),
        Scalar::Bool(value) => Ok(Cow::Owned(value.to_string())),
        Scalar::Int(value) => Ok(Cow::Owned(value.to_string())),
        Scalar::Float(value) => Ok(Cow::Owned(float_key(value))),
        Scalar::Null => Err("a key cannot be null".to_owned()),
        Scalar::UInt(_) => Err(format!("the key `{text}` is too large a number")),
    }
}

/// Go's `FormatFloat(f, 'g', -1, 32)`, with YAML's words for what is no number.
pub(super) fn float_key(float: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "as kubectl converts it")]
    let float = float as f32;
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if float == 0.0 || (-4..6).contains(&exponent) {
        return format!("{float}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_go_yaml() {
        let cases = [
            ("0644", Scalar::Int(420)),
            ("0o17", Scalar::Int(15)),
            ("1_000", Scalar::Int(1000)),
            ("-0x10", Scalar::Int(-16)),
            ("+0b11", Scalar::Int(3)),
            ("0_777", Scalar::Int(511)),
            ("18446744073709551615", Scalar::UInt(u64::MAX)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("08", Scalar::Float(8.0)),
            ("0888", Scalar::Float(888.0)),
            ("1e3", Scalar::Float(1000.0)),
            ("5.", Scalar::Float(5.0)),
            ("+1.5", Scalar::Float(1.5)),
            (".5_5", Scalar::Float(0.55)),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(text, Words::Kubectl), expected, "{text}");
        }
        for text in [
            "1e400",
            "._5",
            ".",
            "+",
            "-",
            "0x",
            "0x1p4",
            "1.2.3",
            "100m",
            "1Gi",
            "1:20",
            "yEs",
            "=",
            "2001-01-01",
        ] {
            assert_eq!(resolve(text, Words::Kubectl), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn keys_become_texts() {
        let cases = [
            ("on", "true"),
            ("010", "8"),
            ("1e3", "1000"),
            ("16777217.5", "1.6777218e+07"),
            ("1e300", ".inf"),
            ("a", "a"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                key(text, true, None, Words::Kubectl).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        assert!(key("~", true, None, Words::Kubectl).is_err());
    }
}

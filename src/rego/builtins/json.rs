//! JSON as Go's `encoding/json` writes it.
use anyhow::Result;
use regorus::Value;

use super::args::{self, Entry};
use super::text::{compare, number_text};
use super::{is_writable, too_large};

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\0'..'\x20' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

fn push_list<'a>(out: &mut String, items: impl Iterator<Item = &'a Value>) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

fn push(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Undefined => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(_) => out.push_str(&number_text(value)),
        Value::String(s) => push_string(out, s),
        Value::Array(a) => push_list(out, a.iter()),
        Value::Set(s) => {
            let mut items: Vec<&Value> = s.iter().collect();
            items.sort_by(|a, b| compare(a, b));
            push_list(out, items.into_iter());
        }
        Value::Object(o) => {
            let name = |key: &Value| match key.as_string() {
                Ok(text) => text.as_ref().to_owned(),
                Err(_) => {
                    let mut text = String::new();
                    push(&mut text, key);
                    text
                }
            };
            let mut fields: Vec<(String, &Value)> = o.iter().map(|(k, v)| (name(k), v)).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (i, (name, field)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                push_string(out, name);
                out.push(':');
                push(out, field);
            }
            out.push('}');
        }
    }
}

fn marshal(values: &[Value]) -> Result<Value> {
    let value = args::any(values, 0)?;
    if !is_writable(value) {
        return Err(too_large());
    }
    let mut out = String::new();
    push(&mut out, value);
    Ok(Value::from(out))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[("json.marshal", 1, marshal)];

//! Looking into values of documents.

use crate::document::value::{Array, Object, Value};

/// A key as text; keys of documents are nothing else.
pub(in crate::schema) fn text_key(key: &Value) -> Option<&str> {
    match key {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The value of a key; objects have few, and none is made for the look-up.
pub(in crate::schema) fn get<'a>(object: &'a Object, key: &str) -> Option<&'a Value> {
    let mut entries = object.iter();
    entries
        .find(|(other, _)| text_key(other) == Some(key))
        .map(|(_, value)| value)
}

/// The value of a key that is not null.
pub(in crate::schema) fn filled<'a>(object: &'a Object, key: &str) -> Option<&'a Value> {
    get(object, key).filter(|value| !matches!(value, Value::Null))
}

pub(in crate::schema) fn text<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    match get(object, key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

pub(in crate::schema) fn object<'a>(object: &'a Object, key: &str) -> Option<&'a Object> {
    get(object, key)?.as_object().ok()
}

pub(in crate::schema) fn array<'a>(object: &'a Object, key: &str) -> Option<&'a Array> {
    get(object, key)?.as_array().ok()
}

pub(in crate::schema) fn integer(object: &Object, key: &str) -> Option<i64> {
    get(object, key)?.as_i64().ok()
}

/// The objects of a list, with their indices; none where the key holds no list.
pub(in crate::schema) fn objects<'a>(
    parent: &'a Object,
    key: &str,
) -> impl Iterator<Item = (usize, &'a Object)> + use<'a> {
    let items = array(parent, key).into_iter().flat_map(Array::iter);
    items
        .enumerate()
        .filter_map(|(index, value)| value.as_object().ok().map(|object| (index, object)))
}

/// The word that Go's JSON reader has for a value.
pub(in crate::schema) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) | Value::Set(_) => "array",
        Value::Object(_) => "object",
        Value::Undefined => "nothing",
    }
}

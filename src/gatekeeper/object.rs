//! Plain objects: what stands under a path, and mappings made of pairs.

use crate::document::value::{Object, Value};

/// The value of a key, where `value` is a mapping that has it.
pub(super) fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_object().ok()?.get(&key.into())
}

/// The text at a path, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    path.iter()
        .try_fold(value, |value, key| get(value, key))
        .and_then(|value| value.as_string().ok())
        .map_or("", |text| text)
}

/// A mapping of these entries.
pub(super) fn mapping(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entries = entries.into_iter();
    Value::from(
        entries
            .map(|(key, value)| (Value::from(key), value))
            .collect::<Object>(),
    )
}

/// Sets what stands under a path; whatever is in the way and is no mapping is replaced.
pub(super) fn set(object: &mut Object, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let value = match rest.is_empty() {
        true => value,
        false => {
            let below = object.get(&(*first).into());
            let below = below.and_then(|below| below.as_object().ok());
            let mut below = below.cloned().unwrap_or_default();
            set(&mut below, rest, value);
            Value::from(below)
        }
    };
    object.insert((*first).into(), value);
}

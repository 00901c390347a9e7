//! `object.subset`, for which the engine has other rules and fails on an empty array.
use anyhow::{Result, bail};
use regorus::Value;
use regorus::value::{Array, Object, Set};

use super::args::{self, Entry};

fn in_object(whole: &Object, part: &Object) -> bool {
    part.iter().all(|(key, value)| {
        whole
            .get(key)
            .is_some_and(|found| found == value || same_kind(found, value).unwrap_or(false))
    })
}

fn in_set(whole: &Set, part: &Set) -> bool {
    part.iter().all(|item| whole.contains(item))
}

/// The part stands in one piece within the whole.
fn in_array(whole: &Array, part: &Array) -> bool {
    let whole: Vec<&Value> = whole.iter().collect();
    let part: Vec<&Value> = part.iter().collect();
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

fn same_kind(whole: &Value, part: &Value) -> Option<bool> {
    if let (Ok(whole), Ok(part)) = (whole.as_object(), part.as_object()) {
        return Some(in_object(whole, part));
    }
    if let (Ok(whole), Ok(part)) = (whole.as_set(), part.as_set()) {
        return Some(in_set(whole, part));
    }
    match (whole.as_array(), part.as_array()) {
        (Ok(whole), Ok(part)) => Some(in_array(whole, part)),
        (_, _) => None,
    }
}

fn subset(values: &[Value]) -> Result<Value> {
    let (whole, part) = (args::any(values, 0)?, args::any(values, 1)?);
    if let Some(answer) = same_kind(whole, part) {
        return Ok(Value::from(answer));
    }
    if let (Ok(whole), Ok(part)) = (whole.as_array(), part.as_set()) {
        let all = part.iter().all(|item| whole.iter().any(|w| w == item));
        return Ok(Value::from(all));
    }
    bail!("both arguments object.subset must be of the same type or array and set")
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[("object.subset", 2, subset)];

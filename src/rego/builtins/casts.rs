//! Functions on collections: casts of old, order, flattening, checks of all elements.
use std::collections::BTreeSet;

use anyhow::Result;
use regorus::Value;

use super::args::{self, Entry, type_name, wrong};
use super::numbers::difference;
use super::text::compare;

fn as_is(values: &[Value], expected: &str) -> Result<Value> {
    let value = args::any(values, 0)?;
    if type_name(value) == expected {
        return Ok(value.clone());
    }
    wrong(values, 0, expected)
}

fn cast_boolean(values: &[Value]) -> Result<Value> {
    as_is(values, "boolean")
}

fn cast_null(values: &[Value]) -> Result<Value> {
    as_is(values, "null")
}

fn cast_object(values: &[Value]) -> Result<Value> {
    as_is(values, "object")
}

fn cast_string(values: &[Value]) -> Result<Value> {
    as_is(values, "string")
}

fn sorted(values: &[Value]) -> Result<Vec<Value>> {
    let mut items: Vec<Value> = args::elements(values, 0)?.into_iter().cloned().collect();
    items.sort_by(compare);
    Ok(items)
}

fn cast_array(values: &[Value]) -> Result<Value> {
    match args::any(values, 0)?.as_array() {
        Ok(_) => Ok(values[0].clone()),
        Err(_) => Ok(Value::from(sorted(values)?)),
    }
}

fn cast_set(values: &[Value]) -> Result<Value> {
    let items = args::elements(values, 0)?.into_iter().cloned();
    Ok(Value::from(items.collect::<BTreeSet<_>>()))
}

fn sort(values: &[Value]) -> Result<Value> {
    Ok(Value::from(sorted(values)?))
}

fn max(values: &[Value]) -> Result<Value> {
    let items = args::elements(values, 0)?;
    let found = items.into_iter().max_by(|a, b| compare(a, b));
    Ok(found.cloned().unwrap_or(Value::Undefined))
}

fn min(values: &[Value]) -> Result<Value> {
    let items = args::elements(values, 0)?;
    let found = items.into_iter().min_by(|a, b| compare(a, b));
    Ok(found.cloned().unwrap_or(Value::Undefined))
}

fn all(values: &[Value]) -> Result<Value> {
    let items = args::elements(values, 0)?;
    Ok(Value::from(
        items.into_iter().all(|v| *v == Value::Bool(true)),
    ))
}

fn any(values: &[Value]) -> Result<Value> {
    let items = args::elements(values, 0)?;
    Ok(Value::from(
        items.into_iter().any(|v| *v == Value::Bool(true)),
    ))
}

/// One level of arrays within the array is taken out.
fn flatten(values: &[Value]) -> Result<Value> {
    let mut out = Vec::new();
    for item in args::array(values, 0)?.iter() {
        match item.as_array() {
            Ok(inner) => out.extend(inner.iter().cloned()),
            Err(_) => out.push(item.clone()),
        }
    }
    Ok(Value::from(out))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("all", 1, all),
    ("any", 1, any),
    ("sort", 1, sort),
    ("max", 1, max),
    ("min", 1, min),
    ("set_diff", 2, difference),
    ("cast_array", 1, cast_array),
    ("cast_boolean", 1, cast_boolean),
    ("cast_null", 1, cast_null),
    ("cast_object", 1, cast_object),
    ("cast_set", 1, cast_set),
    ("cast_string", 1, cast_string),
    ("array.flatten", 1, flatten),
];

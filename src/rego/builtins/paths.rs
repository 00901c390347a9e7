//! `json.filter` and `json.remove`, for which the engine drops what a path goes below, and has longer paths win over shorter ones.
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use regorus::Value;
use regorus::value::Object;

use super::args::{self, Entry};

/// What is left of the paths that lead to a value; one that is empty ends there.
type Rest<'a> = Vec<&'a [Value]>;

/// The keys of a path: `a/b` or `/a/b`, with `~1` for `/` and `~0` for `~`, or an array of keys.
fn keys(path: &Value) -> Result<Vec<Value>> {
    if let Ok(text) = path.as_string() {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let keys = text.trim_start_matches('/').split('/');
        let keys = keys.map(|key| Value::from(key.replace("~1", "/").replace("~0", "~")));
        return Ok(keys.collect());
    }
    match path.as_array() {
        Ok(keys) => Ok(keys.iter().cloned().collect()),
        Err(_) => bail!(
            "operand 2 must be one of {{set, array}} containing string paths or array of path segments but got {}",
            args::type_name(path)
        ),
    }
}

fn paths(values: &[Value]) -> Result<Vec<Vec<Value>>> {
    let paths = match args::any(values, 1)? {
        Value::Array(paths) => paths.iter().map(keys).collect::<Result<Vec<_>>>()?,
        Value::Set(paths) => paths.iter().map(keys).collect::<Result<Vec<_>>>()?,
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Undefined => return args::wrong(values, 1, "one of {set, array}"),
    };
    // As in OPA, the path to the whole is none.
    Ok(paths.into_iter().filter(|path| !path.is_empty()).collect())
}

/// The paths by their first keys.
fn by_key<'a>(rest: &Rest<'a>) -> BTreeMap<&'a Value, Rest<'a>> {
    let mut groups: BTreeMap<&Value, Rest<'a>> = BTreeMap::new();
    for (first, others) in rest.iter().filter_map(|path| path.split_first()) {
        groups.entry(first).or_default().push(others);
    }
    groups
}

fn ends(rest: &Rest<'_>) -> bool {
    rest.iter().any(|path| path.is_empty())
}

/// The key of an element of an array: a text, also in OPA.
fn index(at: usize) -> Value {
    Value::from(at.to_string())
}

/// What of a value the paths lead to.
fn kept(value: &Value, rest: &Rest<'_>) -> Value {
    if ends(rest) {
        return value.clone();
    }
    match value {
        Value::Array(items) => {
            let groups = by_key(rest);
            let items = items.iter().enumerate();
            let items = items.filter_map(|(i, v)| groups.get(&index(i)).map(|rest| kept(v, rest)));
            Value::from(items.collect::<Vec<Value>>())
        }
        Value::Set(items) => {
            let groups = by_key(rest);
            let items = items.iter();
            let items = items.filter_map(|v| groups.get(v).map(|rest| kept(v, rest)));
            Value::from(items.collect::<BTreeSet<Value>>())
        }
        Value::Object(fields) => {
            let groups = by_key(rest);
            let fields = groups.iter().filter_map(|(key, rest)| {
                let value = fields.get(key)?;
                Some(((*key).clone(), kept(value, rest)))
            });
            Value::from(fields.collect::<Object>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            value.clone()
        }
    }
}

/// What is left of a value without what the paths lead to.
fn without(value: &Value, rest: Option<&Rest<'_>>) -> Option<Value> {
    let Some(rest) = rest else {
        return Some(value.clone());
    };
    if ends(rest) {
        return None;
    }
    let groups = by_key(rest);
    Some(match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let items = items.filter_map(|(i, item)| without(item, groups.get(&index(i))));
            Value::from(items.collect::<Vec<Value>>())
        }
        Value::Set(items) => {
            let items = items
                .iter()
                .filter_map(|item| without(item, groups.get(item)));
            Value::from(items.collect::<BTreeSet<Value>>())
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(key, value)| {
                without(value, groups.get(key)).map(|value| (key.clone(), value))
            });
            Value::from(fields.collect::<Object>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            value.clone()
        }
    })
}

fn filter(values: &[Value]) -> Result<Value> {
    args::object(values, 0)?;
    let paths = paths(values)?;
    let rest = paths.iter().map(Vec::as_slice).collect();
    Ok(kept(args::any(values, 0)?, &rest))
}

fn remove(values: &[Value]) -> Result<Value> {
    args::object(values, 0)?;
    let paths = paths(values)?;
    let rest = paths.iter().map(Vec::as_slice).collect();
    Ok(without(args::any(values, 0)?, Some(&rest)).unwrap_or(Value::Undefined))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[("json.filter", 2, filter), ("json.remove", 2, remove)];

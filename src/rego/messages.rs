//! The values of rules as Conftest reads them: messages, details, places, exemptions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::document::value::{Object, Value};
use crate::finding::{Finding, Location, Precision};
use crate::source::Position;

/// Whether a rule gave anything.
pub(in crate::rego) fn is_filled(value: &Value) -> bool {
    match value {
        Value::Set(members) => !members.is_empty(),
        Value::Array(members) => members.first().is_some(),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Undefined => false,
    }
}

/// The rule names of a package's `exception`: a set or array of arrays or sets of names without their prefix.
pub(in crate::rego) fn exempted(value: &Value) -> Vec<Arc<str>> {
    let members = |value: &Value| -> Vec<Value> {
        match value {
            Value::Set(set) => set.iter().cloned().collect(),
            Value::Array(array) => array.iter().cloned().collect(),
            Value::Object(object) => object.iter().map(|(_, value)| value.clone()).collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Undefined => Vec::new(),
        }
    };
    let names = members(value).iter().flat_map(members).collect::<Vec<_>>();
    names
        .iter()
        .filter_map(|name| name.as_string().ok().cloned())
        .collect()
}

/// `_loc` is the place, everything else beside `msg` is kept.
pub(in crate::rego) fn with_details(mut finding: Finding, object: &Object) -> Finding {
    for (key, value) in object.iter() {
        let Ok(key) = key.as_string() else { continue };
        match &**key {
            "msg" => {}
            "_loc" => {
                if let Some(location) = given_location(value, &finding.location) {
                    finding.location = location;
                }
            }
            _ => {
                let json = serde_json::to_value(value).unwrap_or_default();
                finding.details.insert(key.to_string(), json);
            }
        }
    }
    finding
}

/// As Conftest: `_loc: {file, line}`; a column is taken too.
pub(in crate::rego) fn given_location(value: &Value, own: &Location) -> Option<Location> {
    let object = value.as_object().ok()?;
    let number = |key: &str| {
        let value = object.get(&key.into())?;
        let of_text = || value.as_string().ok()?.parse().ok();
        value.as_u32().ok().or_else(of_text)
    };
    let line = number("line")?;
    let file = match object.get(&"file".into()) {
        Some(Value::String(file)) if !file.is_empty() => Arc::clone(file),
        Some(_) | None => Arc::clone(&own.file),
    };
    let start = Position {
        line: line.max(1),
        column: number("column").unwrap_or(1).max(1),
    };
    Some(Location {
        start,
        end: start,
        precision: Precision::Policy,
        ..Location::whole_file(file)
    })
}

/// A time for people.
pub(in crate::rego) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// A package's name for people.
pub(in crate::rego) fn path_text(package: &[Arc<str>]) -> String {
    crate::rego::syntax::ast::join_path(package)
}

/// What `data.conftest.file` is for a file: its name and the folder that it is in.
pub(in crate::rego) fn conftest_file(directory: &Path, file: &str) -> Option<Value> {
    let path = directory.join(file);
    let name = path.file_name()?.to_string_lossy().into_owned();
    let folder = path.parent().map(Path::to_string_lossy)?.into_owned();
    let entries = [
        (Value::from("name"), Value::from(name)),
        (Value::from("dir"), Value::from(folder)),
    ];
    Some(Value::from(entries.into_iter().collect::<Object>()))
}

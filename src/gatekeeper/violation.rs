//! What a template's rule gave → violations: a message and details each.

use std::collections::BTreeMap;

use crate::document::value::Value;
use crate::finding::{Location, Problem, Stage};
use crate::gatekeeper::object::get;

/// A violation as Gatekeeper reports it.
#[derive(Clone, Debug)]
pub struct Violation<'a> {
    /// `msg`.
    pub message: String,
    /// `details`, null where there are none.
    pub details: Value,
    /// The member of the rule's value that it was made of.
    pub member: &'a Value,
}

/// The violations of a rule's value; members that differ in other keys only are one.
pub fn violations<'a>(value: &'a Value, id: &str) -> Result<Vec<Violation<'a>>, Problem> {
    let members = match value {
        Value::Undefined => return Ok(Vec::new()),
        Value::Set(members) => members,
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => return Err(wrong(value, id, "a set of objects with `msg`")),
    };
    let mut found: Vec<Violation<'a>> = Vec::new();
    for member in members.iter() {
        let Some(Value::String(message)) = get(member, "msg") else {
            return Err(wrong(
                member,
                id,
                "objects with the message as a string under `msg`",
            ));
        };
        let details = get(member, "details").cloned().unwrap_or(Value::Null);
        let is_known = found
            .iter()
            .any(|other| other.message == **message && other.details == details);
        if !is_known {
            found.push(Violation {
                message: message.to_string(),
                details,
                member,
            });
        }
    }
    Ok(found)
}

impl Violation<'_> {
    /// Its details as a finding keeps them.
    #[must_use]
    pub fn details(&self) -> BTreeMap<String, serde_json::Value> {
        let json = |value: &Value| serde_json::to_value(value).unwrap_or_default();
        match &self.details {
            Value::Null | Value::Undefined => BTreeMap::new(),
            Value::Object(details) => details
                .iter()
                .map(|(key, value)| {
                    let key = key
                        .as_string()
                        .map_or_else(|_| key.to_string(), |key| key.to_string());
                    (key, json(value))
                })
                .collect(),
            Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Set(_) => BTreeMap::from([("details".to_owned(), json(&self.details))]),
        }
    }
}

fn wrong(value: &Value, id: &str, wanted: &str) -> Problem {
    let text = value.to_string();
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Problem::error(
        Stage::Evaluate,
        format!("`violation` of constraint `{id}` gives {shown}, not {wanted}"),
    )
    .help("Write `violation[{\"msg\": msg}] { … }` with a string as `msg`.")
}

/// Failures of builtins, which made something undefined: notices at the call.
pub fn notices(failures: Vec<(String, Option<Location>)>, id: &str) -> Vec<Problem> {
    let notice = |(message, location): (String, Option<Location>)| {
        let message = format!("constraint `{id}`: {message}");
        let notice = Problem::notice(Stage::Evaluate, message);
        match location {
            Some(location) => notice.at(location),
            None => notice,
        }
    };
    failures.into_iter().map(notice).collect()
}

//! Answers recorded from OPA for modules in every style, compared with ours.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::document::value::Value;
use crate::rego::data::Data;
use crate::rego::engine::Worker;
use crate::rego::gaps::Gaps;
use crate::rego::load::BuiltinErrors;
use crate::rego::prepare::Policies;
use crate::rego::prepare::calls::ConftestFile;
use crate::rego::prepare::check::{Environment, Network};
use crate::rego::set::{PolicySet, Settings, Source};
use crate::rego::syntax::{Version, parser};
use crate::source::SourceFile;

/// A policy set of one module, or why it cannot be loaded.
pub(in crate::rego) fn load_one(
    text: &str,
    version: Version,
    data: Value,
) -> Result<PolicySet, String> {
    let file = Arc::new(SourceFile::new("t.rego", text.to_owned()));
    let module =
        parser::parse(&file, version).map_err(|error| format!("parse: {}", error.message))?;
    let policies = Policies::new(vec![module]);
    let mut errors = policies.check(Environment::Visible, Network::Mocked, &Gaps::default());
    errors.extend(policies.check_chains());
    let conflicts = policies.conflicts().into_iter();
    errors.extend(conflicts.map(|conflict| conflict.error));
    if let Some(error) = errors.first() {
        return Err(format!("check: {}", error.error.message));
    }
    let source = Source {
        file,
        embedded: None,
        annotations: Vec::new(),
        annotation_errors: Vec::new(),
    };
    let data = Data {
        value: data,
        files: Vec::new(),
        problems: Vec::new(),
        gaps: Vec::new(),
    };
    let settings = Settings {
        timeout: Duration::from_secs(20),
        now_ns: 0,
        variables: Vec::new(),
        directory: PathBuf::new(),
        builtin_errors: BuiltinErrors::Ignore,
        combine: false,
        places: crate::rego::load::Places::Field,
    };
    let rules = (Vec::new(), Vec::new(), BTreeSet::new());
    Ok(PolicySet::new(
        vec![source],
        policies,
        ConftestFile::Unknown,
        data,
        rules,
        settings,
    ))
}

fn value_of(json: Option<&Json>) -> Value {
    json.map_or_else(Value::new_object, |json| {
        Value::from_json_str(&json.to_string()).expect("recorded JSON")
    })
}

fn answer(case: &Json) -> Result<Value, String> {
    let version = match case["rego"].as_str() {
        Some("v0") => Version::V0,
        _ => Version::V1,
    };
    let module = case["module"].as_str().expect("a module");
    let set = load_one(module, version, value_of(case.get("data")))?;
    let mut worker =
        Worker::new(&set, &[]).map_err(|error| format!("engine: {}", error.message))?;
    if let Some(input) = case.get("input") {
        worker.set_input(value_of(Some(input)), None, 0);
    }
    worker
        .query(case["query"].as_str().expect("a query"))
        .map_err(|error| format!("evaluate: {error}"))
}

/// Sets are recorded as arrays, whose order does not count then.
pub(in crate::rego) fn same(ours: &Value, recorded: &Json) -> bool {
    match (ours, recorded) {
        (Value::Set(ours), Json::Array(recorded)) => {
            ours.len() == recorded.len()
                && ours
                    .iter()
                    .all(|value| recorded.iter().any(|json| same(value, json)))
        }
        (Value::Array(ours), Json::Array(recorded)) => {
            ours.len() == recorded.len()
                && ours
                    .iter()
                    .zip(recorded)
                    .all(|(value, json)| same(value, json))
        }
        (Value::Object(ours), Json::Object(recorded)) => {
            ours.len() == recorded.len()
                && ours.iter().all(|(key, value)| {
                    let key = match key {
                        Value::String(key) => key.to_string(),
                        _ => key.to_string(),
                    };
                    recorded.get(&key).is_some_and(|json| same(value, json))
                })
        }
        (Value::Number(_), Json::Number(number)) => {
            *ours == Value::from_numeric_string(&number.to_string()).expect("a number")
                || ours.as_f64().ok() == number.as_f64()
        }
        (Value::String(ours), Json::String(recorded)) => **ours == **recorded,
        (Value::Bool(ours), Json::Bool(recorded)) => ours == recorded,
        (Value::Null, Json::Null) => true,
        _ => false,
    }
}

/// Where we differ from OPA, and why that must stay; the list may only shrink.
const KNOWN: [(&str, &str); 24] = [
    (
        "ref head nested overlap",
        "a reference to one of these rules would not see what the other gives: refused at load",
    ),
    (
        "call result unified",
        "a constant result of constant arguments is taken for an argument too many",
    ),
    (
        "not function undefined result",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "not function nested undefined inner",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "not helper rule undefined compare",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "object comprehension composite keys",
        "keys of several types fall together in the recorded JSON only",
    ),
    ("every value", "OPA refuses variables that are not used"),
    ("some unused", "OPA refuses variables that are not used"),
    (
        "ref head number and bool keys",
        "keys of several types fall together in the recorded JSON only",
    ),
    (
        "builtin type",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "builtin type through rule",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "deprecated builtins in v1",
        "OPA refuses deprecated functions in v1; they are evaluated here",
    ),
    (
        "function without arguments",
        "OPA refuses calls without arguments",
    ),
    (
        "function with set argument",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    ("import twice", "harmless"),
    (
        "template string numbers and sets",
        "the engine's numbers do not keep how they were written (`1.0`, `1e3`)",
    ),
    (
        "rego metadata rule",
        "refused at load: there is no `rego.metadata` here",
    ),
    (
        "reference with composite key",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "number output",
        "the engine's numbers do not keep how they were written (`1.0`, `1e3`)",
    ),
    (
        "strings compare and concat",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "json and yaml round trip",
        "the engine's numbers do not keep how they were written (`1.0`, `1e3`)",
    ),
    (
        "object keys that are numbers",
        "OPA's type checker refuses it; here it is undefined, and noticed where a builtin fails",
    ),
    (
        "input shadowed in some",
        "refused at load: a variable must not be named `input`",
    ),
    (
        "with builtin function in a body",
        "a function is replaced by functions of policies and by values, not by builtin ones",
    ),
];

#[test]
fn modules_give_what_opa_gives() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/parity/language.json");
    let text = std::fs::read_to_string(path).expect("the recorded answers");
    let recorded: Json = serde_json::from_str(&text).expect("JSON");
    let cases = recorded["cases"].as_array().expect("cases");
    let mut wrong = Vec::new();
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let known = KNOWN.iter().any(|(known, _)| *known == name);
        let ours = answer(case);
        let agrees = match (&ours, case.get("error")) {
            (Err(_), Some(_)) => true,
            (Ok(value), None) => same(value, &case["value"]),
            _ => false,
        };
        if agrees == known {
            let recorded = case.get("error").unwrap_or(&case["value"]);
            let ours = ours.map(|value| value.to_string());
            wrong.push(format!(
                "{name}\n  {}\n  ours {ours:?}\n  OPA  {recorded}",
                case["module"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

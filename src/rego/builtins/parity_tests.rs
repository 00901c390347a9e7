//! The answers of OPA, recorded in `testdata/parity/builtins.json`, against ours.
#![allow(clippy::print_stdout)]
use std::collections::BTreeMap;

use regorus::{Engine, Value};
use serde_json::Value as Json;

use super::parity_known::{CASES, FUNCTIONS};
use super::{ErrorLog, register, text_of};

/// Functions that are not ours to compare here.
const OTHERS: &[&str] = &[
    "print",
    "walk",
    "time.now_ns",
    "rand.intn",
    "uuid.rfc4122",
    "opa.runtime",
    "trace",
    "http.send",
];

enum Outcome {
    Agrees,
    Skipped,
    Differs(String),
}

/// The expression with its strings emptied.
fn without_strings(expr: &str) -> String {
    let mut out = String::new();
    let mut chars = expr.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if matches!(c, '"' | '`') {
            while let Some(inner) = chars.next() {
                if inner == '\\' && c == '"' {
                    chars.next();
                } else if inner == c {
                    break;
                }
            }
            out.push(c);
        }
    }
    out
}

fn has_operator(expr: &str) -> bool {
    let bare = without_strings(expr);
    let mut last = ',';
    let mut marks = bare.chars().filter(|c| !c.is_whitespace()).peekable();
    while let Some(c) = marks.next() {
        let after_value = last.is_alphanumeric() || matches!(last, ')' | ']' | '}' | '"' | '`');
        let in_number = matches!(last, 'e' | 'E') && marks.peek().is_some_and(char::is_ascii_digit);
        if after_value && !in_number && matches!(c, '+' | '-' | '*' | '/' | '%' | '&') {
            return true;
        }
        last = c;
    }
    bare.contains(" | {")
}

/// Simple arithmetic as the call that the policies are prepared to have.
fn as_call(expr: &str) -> Option<String> {
    let number = |t: &str| {
        let input = t.strip_prefix("input[").and_then(|t| t.strip_suffix(']'));
        t.parse::<f64>().is_ok_and(f64::is_finite) || input.is_some_and(|t| t.len() == 1)
    };
    let marks = [
        ('+', "plus"),
        ('-', "minus"),
        ('*', "mul"),
        ('/', "div"),
        ('%', "rem"),
    ];
    expr.char_indices().skip(1).find_map(|(at, c)| {
        let (_, name) = marks.iter().find(|m| m.0 == c)?;
        let (left, right) = (expr[..at].trim(), expr[at + 1..].trim());
        (number(left) && number(right)).then(|| format!("{name}({left}, {right})"))
    })
}

fn evaluate(case: &Json, log: &ErrorLog) -> anyhow::Result<Value> {
    let expr = case["expr"].as_str().unwrap_or_default();
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(false);
    engine.set_rego_v0(case["rego"] == "v0");
    register(&mut engine, log);
    let expr = as_call(expr).unwrap_or_else(|| expr.to_owned());
    engine.add_policy("t.rego".into(), format!("package t\nr := {expr}"))?;
    if let Some(input) = case.get("input") {
        engine.set_input(Value::from_json_str(&input.to_string())?);
    }
    engine.eval_rule("data.t.r".into())
}

fn plain(value: &Value) -> anyhow::Result<Value> {
    Value::from_json_str(&value.to_json_str()?)
}

fn judge(case: &Json) -> Outcome {
    let expr = case["expr"].as_str().unwrap_or_default();
    let other = OTHERS.iter().any(|name| expr.starts_with(name));
    if case.get("error").is_some() || other || (has_operator(expr) && as_call(expr).is_none()) {
        return Outcome::Skipped;
    }
    let log = ErrorLog::default();
    let value = match evaluate(case, &log) {
        Ok(value) => value,
        Err(error) => {
            return Outcome::Differs(error.to_string().lines().last().unwrap_or("").into());
        }
    };
    let errors = log.take();
    let text = text_of(&value);
    if case.get("undefined").is_some() {
        let noted = errors.is_empty() == case.get("builtin_error").is_none();
        return match (value == Value::Undefined, noted) {
            (true, true) => Outcome::Agrees,
            (true, false) => Outcome::Differs(format!("undefined, errors {errors:?}")),
            (false, _) => Outcome::Differs(text),
        };
    }
    let message = errors.into_iter().map(|e| e.message).collect::<String>();
    if let Some(expected) = case.get("text").and_then(Json::as_str) {
        if expected == text {
            return Outcome::Agrees;
        }
        return Outcome::Differs(format!("{text} {message}"));
    }
    let expected = Value::from_json_str(&case["value"].to_string()).ok();
    let same = value != Value::Undefined && plain(&value).ok() == expected;
    if same {
        Outcome::Agrees
    } else {
        Outcome::Differs(format!("{text} {message}"))
    }
}

#[test]
fn parity() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/parity/builtins.json");
    let text = std::fs::read_to_string(path).expect("recorded cases");
    let file: Json = serde_json::from_str(&text).expect("JSON");
    let cases = file["cases"].as_array().expect("cases");
    let mut known: BTreeMap<&str, bool> = CASES.iter().map(|c| (c.0, false)).collect();
    let (mut agree, mut skipped, mut deviate, mut wrong) = (0, 0, 0, Vec::new());
    for case in cases {
        let expr = case["expr"].as_str().unwrap_or_default();
        match judge(case) {
            Outcome::Agrees => agree += 1,
            Outcome::Skipped => skipped += 1,
            Outcome::Differs(_) if FUNCTIONS.iter().any(|f| expr.starts_with(f.0)) => deviate += 1,
            Outcome::Differs(_) if known.contains_key(expr) => {
                known.insert(expr, true);
                deviate += 1;
            }
            Outcome::Differs(ours) => {
                let theirs = case.get("text").or(case.get("value"));
                let theirs = theirs.unwrap_or(&case["builtin_error"]);
                wrong.push(format!("{expr}\n    ours {ours}\n    OPA  {theirs}"));
            }
        }
    }
    println!(
        "{agree} agree, {deviate} deviate knowingly, {skipped} skipped, {} disagree",
        wrong.len()
    );
    let stale: Vec<&str> = known.iter().filter(|k| !k.1).map(|k| *k.0).collect();
    assert!(stale.is_empty(), "no longer deviate: {stale:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

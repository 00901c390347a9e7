//! The `regex.*` functions.
use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Result, anyhow};
use regex::{Regex, RegexBuilder};
use regorus::Value;
use rustc_hash::FxHashMap;

use super::args::{self, Entry};
use super::re2;
use super::{MAX_BYTES, too_large};

/// Compiled patterns kept; beyond it all are forgotten.
const MAX_CACHED: usize = 1000;
/// The most bytes of a compiled pattern.
const MAX_COMPILED: usize = 16 * 1024 * 1024;

thread_local! {
    static CACHE: RefCell<FxHashMap<String, Result<Rc<Regex>, String>>> = RefCell::default();
}

fn build(pattern: &str) -> Result<Regex, String> {
    let ours = re2::translate(pattern).map_err(|e| format!("error parsing regexp: {e}"))?;
    RegexBuilder::new(&ours)
        .size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or(&text);
            let last = last.trim_start_matches("error: ");
            format!("error parsing regexp: {last}: `{pattern}`")
        })
}

fn compile(pattern: &str) -> Result<Rc<Regex>> {
    CACHE.with_borrow_mut(|cache| {
        if let Some(known) = cache.get(pattern) {
            return known.clone().map_err(|e| anyhow!(e));
        }
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        // A clone of the pattern itself would begin with empty tables each time.
        let built = build(pattern).map(Rc::new);
        cache.insert(pattern.into(), built.clone());
        built.map_err(|e| anyhow!(e))
    })
}

fn is_match(values: &[Value]) -> Result<Value> {
    let (pattern, text) = (args::string(values, 0)?, args::string(values, 1)?);
    Ok(Value::from(compile(pattern)?.is_match(text)))
}

fn is_valid(values: &[Value]) -> Result<Value> {
    let valid = args::string(values, 0).is_ok_and(|p| compile(p).is_ok());
    Ok(Value::from(valid))
}

fn split(values: &[Value]) -> Result<Value> {
    let (pattern, text) = (args::string(values, 0)?, args::string(values, 1)?);
    let regex = compile(pattern)?;
    if text.is_empty() && !pattern.is_empty() {
        return Ok(Value::from(vec![Value::from("")]));
    }
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(text) {
        end = found.start();
        if found.end() != 0 {
            parts.push(Value::from(&text[begin..end]));
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(Value::from(&text[begin..]));
    }
    Ok(Value::from(parts))
}

/// How many matches are asked for; a number below zero means all.
fn limit(values: &[Value], at: usize) -> Result<usize> {
    Ok(usize::try_from(args::integer(values, at)?).unwrap_or(usize::MAX))
}

fn find_n(values: &[Value]) -> Result<Value> {
    let (pattern, text) = (args::string(values, 0)?, args::string(values, 1)?);
    let count = limit(values, 2)?;
    let regex = compile(pattern)?;
    let found = regex.find_iter(text).take(count);
    Ok(Value::from(
        found.map(|m| Value::from(m.as_str())).collect::<Vec<_>>(),
    ))
}

fn find_all(values: &[Value]) -> Result<Value> {
    let (pattern, text) = (args::string(values, 0)?, args::string(values, 1)?);
    let count = limit(values, 2)?;
    let regex = compile(pattern)?;
    let found = regex.captures_iter(text).take(count).map(|groups| {
        let groups = groups.iter();
        let texts = groups.map(|g| Value::from(g.map_or("", |m| m.as_str())));
        Value::from(texts.collect::<Vec<_>>())
    });
    Ok(Value::from(found.collect::<Vec<_>>()))
}

fn replace(values: &[Value]) -> Result<Value> {
    let (text, pattern) = (args::string(values, 0)?, args::string(values, 1)?);
    let with = args::string(values, 2)?;
    let regex = compile(pattern)?;
    let mut out = String::new();
    let mut last = 0;
    for groups in regex.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        out.push_str(&text[last..whole.start()]);
        groups.expand(with, &mut out);
        last = whole.end();
        if out.len() > MAX_BYTES {
            return Err(too_large());
        }
    }
    out.push_str(&text[last..]);
    Ok(Value::from(out))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("regex.match", 2, is_match),
    ("re_match", 2, is_match),
    ("regex.is_valid", 1, is_valid),
    ("regex.split", 2, split),
    ("regex.find_n", 3, find_n),
    ("regex.find_all_string_submatch_n", 3, find_all),
    ("regex.replace", 3, replace),
];

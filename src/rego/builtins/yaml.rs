//! `yaml.unmarshal` and `yaml.is_valid`: OPA reads with kubectl's library, which our reader of documents follows.
use std::sync::Arc;

use anyhow::{Result, bail};
use regorus::Value;

use super::args::{self, Entry};
use crate::document::{self, Limits, Syntax};
use crate::source::SourceFile;

/// The first document of a text; as in OPA, the values of further ones do not count.
fn first(text: &str) -> Result<Value> {
    let file = Arc::new(SourceFile::new("text", text.to_owned()));
    let parsed = document::parse(&file, Syntax::DataYaml, &Limits::default());
    if let Some(problem) = parsed.problems.first() {
        bail!("{}", problem.problem.message);
    }
    let document = parsed.documents.first();
    Ok(document.map_or(Value::Null, |document| document.value.clone()))
}

fn unmarshal(values: &[Value]) -> Result<Value> {
    first(args::string(values, 0)?)
}

fn is_valid(values: &[Value]) -> Result<Value> {
    Ok(Value::from(
        args::string(values, 0).is_ok_and(|text| first(text).is_ok()),
    ))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("yaml.unmarshal", 1, unmarshal),
    ("yaml.is_valid", 1, is_valid),
];

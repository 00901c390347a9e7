//! What a document is as a whole, where that is worth saying.

use crate::document::Document;
use crate::document::path::SpanTable;
use crate::document::value::Value;
use crate::finding::{Precision, Problem, Stage};

/// A warning where a document is a bare word or number: no rule for manifests finds anything in it, and mostly a colon is missing.
#[must_use]
pub fn scalar_warning(document: &Document) -> Option<Problem> {
    let what = match &document.value {
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a truth value",
        Value::Null | Value::Array(_) | Value::Set(_) | Value::Object(_) | Value::Undefined => {
            return None;
        }
    };
    let message = format!("this document is {what}, no manifest: rules for manifests find nothing");
    let root = document.spans.get(SpanTable::ROOT);
    let start = root.map_or(document.span.start, |node| node.value_span.start);
    Some(
        Problem::warning(Stage::Parse, message)
            .at(document.location(document.first_line(start), Precision::Document))
            .help("Write a mapping with `apiVersion:` and `kind:`, or take the file out of what is judged."),
    )
}

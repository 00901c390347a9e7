//! `policy config`: the merged configuration, with the origin of each value.

use std::io::{self, Write as _};

use policy::config::Takes;

use crate::PASSED;
use crate::configuration::Merged;
use crate::error::CommandError;

/// Runs the command; gives the exit code.
pub(crate) fn run(merged: &Merged) -> Result<u8, CommandError> {
    let lines: Vec<(String, &str)> = merged
        .values
        .iter()
        .filter(|origin| !origin.values.is_empty())
        .map(|origin| {
            let quoted: Vec<_> = origin.values.iter().map(|value| quote(value)).collect();
            let value = match origin.takes {
                Takes::Many => format!("[{}]", quoted.join(", ")),
                Takes::One | Takes::Switch => quoted.concat(),
            };
            (format!("{}: {value}", origin.key), &*origin.from)
        })
        .collect();
    let width = lines.iter().map(|(line, _)| line.chars().count()).max();
    let width = width.unwrap_or_default().min(60);
    let mut out = io::stdout().lock();
    for (line, from) in lines {
        let written = writeln!(out, "{line:width$}  # {from}");
        if written.is_err() {
            // Whoever reads has seen enough.
            break;
        }
    }
    Ok(PASSED)
}

/// A value as YAML: a word stands as it is, everything else in quotes.
fn quote(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    let starts_plain = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_plain && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

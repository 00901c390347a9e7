//! The configuration file: flat keys that are the long flags' names; what is not known or not understood is an error at its place.
//!
//! Which keys there are is told from outside; flags and variables are laid over what is read here by the binary.

use std::sync::Arc;

use crate::document::field::{Field, type_word};
use crate::document::input::{Input, Lists};
use crate::document::value::Value;
use crate::document::{self, Limits, Syntax};
use crate::finding::{Location, Problem, Stage};
use crate::source::SourceFile;

/// The file's name.
pub const FILE: &str = ".policy.yaml";

/// A key that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, that of a flag without `--`.
    pub name: String,
    /// What its value is.
    pub takes: Takes,
}

/// What the value of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`.
    Switch,
    /// One text, number or boolean.
    One,
    /// One or a list.
    Many,
}

/// A key that the file sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// Its values as texts; `true` or `false` for a switch.
    pub values: Vec<String>,
    /// Where it stands.
    pub location: Location,
}

/// Reads a configuration file; `name` is how reports call it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(bytes: Vec<u8>, name: &str, keys: &[Key]) -> Result<Vec<Setting>, Vec<Problem>> {
    let text = document::decode(bytes).map_err(|error| {
        vec![Problem::error(Stage::Load, error.to_string()).at(Location::whole_file(name))]
    })?;
    let file = Arc::new(SourceFile::new(name, text));
    let parsed = document::parse(&file, Syntax::Yaml, &Limits::default());
    let mut problems: Vec<_> = parsed.problems.into_iter().map(|p| p.problem).collect();
    let mut settings = Vec::new();
    if let Some(second) = parsed.documents.get(1) {
        let message = "a configuration file holds one document";
        let location = second.location(
            second.first_line(second.span.start),
            crate::finding::Precision::Document,
        );
        problems.push(Problem::error(Stage::Load, message).at(location));
    }
    for document in &parsed.documents {
        let inputs = Input::of_document(document, Lists::Keep);
        let Some(input) = inputs
            .first()
            .filter(|input| input.value.as_object().is_ok())
        else {
            let location = document.location(
                document.first_line(document.span.start),
                crate::finding::Precision::Document,
            );
            let message = "a configuration file is a mapping of flags' names to values";
            problems.push(Problem::error(Stage::Load, message).at(location));
            continue;
        };
        for (key, field) in Field::root(input).entries().unwrap_or_default() {
            match setting(key, &field, keys) {
                Ok(setting) => settings.push(setting),
                Err(problem) => problems.push(*problem),
            }
        }
    }
    if problems.is_empty() {
        Ok(settings)
    } else {
        Err(problems)
    }
}

fn setting(name: &str, field: &Field<'_>, keys: &[Key]) -> Result<Setting, Box<Problem>> {
    let Some(key) = keys.iter().find(|key| key.name == name) else {
        let known: Vec<_> = keys.iter().map(|key| &*key.name).collect();
        return Err(Box::new(field.unknown(&known)));
    };
    let wrong = |wanted: &str| {
        let found = type_word(field.value());
        let message = format!("`{name}` takes {wanted}, not {found}");
        Box::new(field.error(message))
    };
    let values = match (key.takes, field.value()) {
        (Takes::Switch, Value::Bool(is_on)) => vec![is_on.to_string()],
        (Takes::Switch, _) => return Err(wrong("true or false")),
        (Takes::Many, Value::Array(items)) => {
            let texts: Option<Vec<_>> = items.iter().map(text).collect();
            texts.ok_or_else(|| wrong("texts"))?
        }
        (Takes::One, value) => vec![text(value).ok_or_else(|| wrong("one text"))?],
        (Takes::Many, value) => {
            vec![text(value).ok_or_else(|| wrong("a text or a list of texts"))?]
        }
    };
    Ok(Setting {
        key: name.to_owned(),
        values,
        location: field.key_location(),
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(_) | Value::Number(_) => value.to_json_str().ok(),
        Value::Null | Value::Array(_) | Value::Set(_) | Value::Object(_) | Value::Undefined => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<Key> {
        let key = |name: &str, takes| Key {
            name: name.to_owned(),
            takes,
        };
        vec![
            key("policy", Takes::Many),
            key("fail-on-warn", Takes::Switch),
            key("timeout", Takes::One),
        ]
    }

    fn values(text: &str) -> Vec<(String, Vec<String>)> {
        let settings = read(text.as_bytes().to_vec(), FILE, &keys()).expect("right");
        let pair = |setting: Setting| (setting.key, setting.values);
        settings.into_iter().map(pair).collect()
    }

    #[test]
    fn keys_are_flags() {
        let own = |text: &[&str]| text.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            values("policy: [a, b]\nfail-on-warn: true\ntimeout: 10\n"),
            [
                ("fail-on-warn".to_owned(), own(&["true"])),
                ("policy".to_owned(), own(&["a", "b"])),
                ("timeout".to_owned(), own(&["10"])),
            ]
        );
        assert_eq!(values("policy: a\n"), [("policy".to_owned(), own(&["a"]))]);
        assert_eq!(values("# nothing\n"), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |text: &str| {
            let problems = read(text.as_bytes().to_vec(), FILE, &keys()).expect_err("wrong");
            let lines: Vec<_> = problems
                .iter()
                .map(|p| {
                    let start = p.location.as_ref().map(|l| l.start).unwrap_or_default();
                    format!("{}:{} {} {}", start.line, start.column, p.message, p.help)
                })
                .collect();
            lines.join("\n")
        };
        assert_eq!(
            wrong("timeout: 1\npolcy: a\n"),
            "2:1 unknown field \"polcy\" Did you mean `policy`?"
        );
        assert!(
            wrong("fail-on-warn: yes please\n")
                .starts_with("1:15 `fail-on-warn` takes true or false")
        );
        assert!(wrong("timeout: [1, 2]\n").starts_with("1:1 `timeout` takes one text, not a list"));
        assert!(wrong("policy: {a: b}\n").contains("not a mapping"));
        assert!(wrong("- policy\n").contains("is a mapping"));
        assert!(wrong("policy: a\n---\npolicy: b\n").contains("one document"));
        assert!(wrong("policy: [a\n").contains("unclosed"));
    }
}

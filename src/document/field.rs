//! A part of an input for those who read typed files from documents: its value, its path and where it is written.
//!
//! Nothing here decides what is right; it gives every reader the same way to say where something is wrong.

use crate::document::input::Input;
use crate::document::path::{Path, Segment};
use crate::document::place::Side;
use crate::document::value::Value;
use crate::finding::{Location, Problem, Stage};

/// A value of an input and its path there.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    input: &'a Input,
    value: &'a Value,
    path: Path,
}

impl<'a> Field<'a> {
    /// The whole input.
    #[must_use]
    pub fn root(input: &'a Input) -> Self {
        Self {
            input,
            value: &input.value,
            path: Path::root(),
        }
    }

    /// The input that it is a part of.
    #[must_use]
    pub fn input(&self) -> &'a Input {
        self.input
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Its path in the input.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value of a key, where this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.as_object().ok()?.get(&key.into())?;
        Some(self.below(value, Segment::from(key)))
    }

    /// The part below this one that `keys` lead to.
    #[must_use]
    pub fn find(&self, keys: &[&str]) -> Option<Self> {
        keys.iter()
            .try_fold(self.clone(), |field, key| field.get(key))
    }

    /// Keys and values of a mapping, sorted by key; none where this is no mapping.
    #[must_use]
    pub fn entries(&self) -> Option<Vec<(&'a str, Self)>> {
        let object = self.value.as_object().ok()?;
        let entry = |(key, value): (&'a Value, &'a Value)| {
            let key: &'a str = key.as_string().ok()?;
            Some((key, self.below(value, Segment::from(key))))
        };
        Some(object.iter_sorted().filter_map(entry).collect())
    }

    /// The elements of a sequence; none where this is no sequence.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Self>> {
        let array = self.value.as_array().ok()?;
        Some(
            array
                .iter()
                .zip(0_u32..)
                .map(|(value, index)| self.below(value, Segment::Index(index)))
                .collect(),
        )
    }

    /// The text, where this is one.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        self.value.as_string().ok().map(|text| &**text)
    }

    /// Where the value is written; its key where the value is a collection.
    #[must_use]
    pub fn location(&self) -> Location {
        self.side(Side::Value)
    }

    /// Where the key is written.
    #[must_use]
    pub fn key_location(&self) -> Location {
        self.side(Side::Key)
    }

    /// A load error at the value.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> Problem {
        Problem::error(Stage::Load, message).at(self.location())
    }

    /// A load error at the key.
    #[must_use]
    pub fn key_error(&self, message: impl Into<String>) -> Problem {
        Problem::error(Stage::Load, message).at(self.key_location())
    }

    /// A load error at the key of an entry that is not known here, with the nearest name that is.
    #[must_use]
    pub fn unknown(&self, known: &[&str]) -> Problem {
        let name = match self.path.0.last() {
            Some(Segment::Key(key)) => &**key,
            Some(Segment::Index(_)) | None => "",
        };
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Known here: {}.", known.join(", ")),
        };
        self.key_error(format!("unknown field {:?}", self.path.to_string()))
            .help(help)
    }

    fn side(&self, side: Side) -> Location {
        self.input
            .place(&self.path.0, side)
            .map_or_else(|| self.input.location(), |placed| placed.location)
    }

    fn below(&self, value: &'a Value, segment: Segment) -> Self {
        Self {
            input: self.input,
            value,
            path: self.path.child(segment),
        }
    }
}

/// The word for what a value is, as people say it.
#[must_use]
pub fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) | Value::Set(_) => "a list",
        Value::Object(_) => "a mapping",
        Value::Undefined => "nothing",
    }
}

/// The known name nearest to one that is not known: equal but for case, `_` and `-`, else a few letters away.
#[must_use]
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |name: &str| -> String {
        name.chars()
            .filter(|c| !matches!(c, '_' | '-'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = plain(name);
    let most = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter_map(|known| {
            let distance = match plain(known) == wanted {
                true => 0,
                false => strsim::damerau_levenshtein(name, known),
            };
            (distance <= most).then_some((distance, known))
        })
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_differs_by_case_or_a_few_letters() {
        let known = ["namespaces", "excludedNamespaces", "kinds", "name"];
        assert_eq!(
            nearest("excludeNamespaces", known),
            Some("excludedNamespaces")
        );
        assert_eq!(nearest("Kinds", known), Some("kinds"));
        assert_eq!(nearest("excluded_namespaces", known), Some(known[1]));
        assert_eq!(nearest("labelSelector", known), None);
        assert_eq!(nearest("names", known), Some("name"));
    }
}

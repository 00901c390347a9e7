//! Label selectors as Kubernetes has them: `matchLabels` and `matchExpressions`, all of which must hold.

use std::fmt;

use crate::document::field::{Field, type_word};
use crate::document::value::Value;
use crate::finding::Problem;
use crate::gatekeeper::matching::candidate::Labels;
use crate::gatekeeper::matching::read::{known_fields, strings};
use crate::schema::names;

/// A label selector; without requirements it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    /// Kept as the value that mappings are asked for.
    key: Value,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

impl Selector {
    /// Whether the labels satisfy every requirement.
    #[must_use]
    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.requirements.iter().all(|requirement| {
            let found = labels.get(&requirement.key);
            match &requirement.test {
                Test::In(values) => {
                    found.is_some_and(|found| values.iter().any(|value| value == found))
                }
                Test::NotIn(values) => {
                    !found.is_some_and(|found| values.iter().any(|value| value == found))
                }
                Test::Exists => found.is_some(),
                Test::DoesNotExist => found.is_none(),
            }
        })
    }

    /// Reads a selector; what is wrong with it is added to `problems`, and then there is none.
    pub(super) fn read(field: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let n_before = problems.len();
        known_fields(field, &["matchLabels", "matchExpressions"], problems);
        let mut requirements = Vec::new();
        if let Some(labels) = field.get("matchLabels") {
            read_labels(&labels, &mut requirements, problems);
        }
        if let Some(expressions) = field.get("matchExpressions") {
            match expressions.items() {
                Some(items) => requirements.extend(
                    items
                        .iter()
                        .filter_map(|item| read_expression(item, problems)),
                ),
                None => problems.push(wrong_type(&expressions, "a list")),
            }
        }
        (problems.len() == n_before).then_some(Self { requirements })
    }
}

/// The error for a value of the wrong type.
pub(in crate::gatekeeper) fn wrong_type(field: &Field<'_>, wanted: &str) -> Problem {
    let found = type_word(field.value());
    let help = match field.value() {
        Value::Bool(_) | Value::Number(_) if wanted == "a string" => "Put it in quotes.",
        Value::Null => "Give it a value or take the field away.",
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Set(_)
        | Value::Object(_)
        | Value::Undefined => "",
    };
    field
        .error(format!("{}: must be {wanted}, not {found}", field.path()))
        .help(help)
}

fn read_labels(
    field: &Field<'_>,
    requirements: &mut Vec<Requirement>,
    problems: &mut Vec<Problem>,
) {
    let Some(entries) = field.entries() else {
        problems.push(wrong_type(field, "a mapping"));
        return;
    };
    for (key, entry) in entries {
        if let Err(error) = names::label_key(key) {
            let message = format!("{}: Invalid value: {key:?}: {error}", field.path());
            problems.push(entry.key_error(message));
        }
        let Some(value) = entry.text() else {
            problems.push(wrong_type(&entry, "a string"));
            continue;
        };
        check_value(&entry, value, problems);
        requirements.push(Requirement {
            key: key.into(),
            test: Test::In(vec![value.to_owned()]),
        });
    }
}

fn check_value(field: &Field<'_>, value: &str, problems: &mut Vec<Problem>) {
    if let Err(error) = names::label_value(value) {
        let message = format!("{}: Invalid value: {value:?}: {error}", field.path());
        problems.push(field.error(message));
    }
}

fn read_expression(field: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Requirement> {
    if !known_fields(field, &["key", "operator", "values"], problems) {
        return None;
    }
    let text = |name: &str, problems: &mut Vec<Problem>| -> Option<String> {
        let Some(found) = field.get(name) else {
            problems.push(field.error(format!("{}.{name}: Required value", field.path())));
            return None;
        };
        let text = found.text();
        if text.is_none() {
            problems.push(wrong_type(&found, "a string"));
        }
        text.map(str::to_owned)
    };
    let key = text("key", problems);
    if let (Some(key), Some(found)) = (&key, field.get("key"))
        && let Err(error) = names::label_key(key)
    {
        let message = format!("{}: Invalid value: {key:?}: {error}", found.path());
        problems.push(found.error(message));
    }
    let operator = text("operator", problems);
    let values_field = field.get("values");
    let values = values_field
        .as_ref()
        .map_or(Some(Vec::new()), |found| strings(found, problems))?;
    let place = values_field.as_ref().unwrap_or(field);
    for (value, item) in values.iter().zip(place.items().unwrap_or_default()) {
        check_value(&item, value, problems);
    }
    let test = read_test(field, operator?.as_str(), values, problems)?;
    Some(Requirement {
        key: key?.as_str().into(),
        test,
    })
}

fn read_test(
    field: &Field<'_>,
    operator: &str,
    values: Vec<String>,
    problems: &mut Vec<Problem>,
) -> Option<Test> {
    let place = field.get("values").unwrap_or_else(|| field.clone());
    let values_path = field.path().child("values");
    let mut filled = |values: Vec<String>| match values.is_empty() {
        false => Some(values),
        true => {
            problems.push(place.error(format!(
                "{values_path}: Required value: must be specified when `operator` is 'In' or 'NotIn'"
            )));
            None
        }
    };
    match operator {
        "In" => filled(values).map(Test::In),
        "NotIn" => filled(values).map(Test::NotIn),
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            problems.push(place.error(format!(
                "{values_path}: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            )));
            None
        }
        "Exists" => Some(Test::Exists),
        "DoesNotExist" => Some(Test::DoesNotExist),
        other => {
            let found = field.get("operator").unwrap_or_else(|| field.clone());
            let near = crate::document::field::nearest(other, OPERATORS);
            let help = near.map_or_else(
                || format!("Known operators: {}.", OPERATORS.join(", ")),
                |near| format!("Did you mean `{near}`?"),
            );
            let message = format!(
                "{}: Invalid value: {other:?}: not a valid selector operator",
                found.path()
            );
            problems.push(found.error(message).help(help));
            None
        }
    }
}

impl fmt::Display for Selector {
    /// As `kubectl -l` writes it: `app=web, env in (a, b), !legacy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.requirements.is_empty() {
            return f.write_str("any labels");
        }
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            let key = requirement.key.as_string().map_or("", |key| key);
            match &requirement.test {
                Test::In(values) if values.len() == 1 => write!(f, "{key}={}", values[0])?,
                Test::In(values) => write!(f, "{key} in ({})", values.join(", "))?,
                Test::NotIn(values) if values.len() == 1 => write!(f, "{key}!={}", values[0])?,
                Test::NotIn(values) => write!(f, "{key} not in ({})", values.join(", "))?,
                Test::Exists => write!(f, "{key}")?,
                Test::DoesNotExist => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}

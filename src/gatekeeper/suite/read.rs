//! A suite from its document: tests, cases, assertions, with everything that is wrong at its place.

use regex::Regex;

use crate::document::field::Field;
use crate::document::value::Value;
use crate::finding::{Location, Problem};
use crate::gatekeeper::matching::selector::wrong_type;

/// A template, a constraint, and cases.
pub(super) struct Test<'a> {
    pub(super) name: &'a str,
    pub(super) template: Field<'a>,
    pub(super) constraint: Field<'a>,
    pub(super) expansion: Option<Field<'a>>,
    pub(super) cases: Vec<Case<'a>>,
    pub(super) invalid: bool,
    pub(super) skip: bool,
    pub(super) field: Field<'a>,
}

/// An object and what is asserted of it.
pub(super) struct Case<'a> {
    pub(super) name: &'a str,
    pub(super) object: Option<Field<'a>>,
    pub(super) inventory: Vec<Field<'a>>,
    pub(super) assertions: Vec<Assertion>,
    pub(super) skip: bool,
    pub(super) field: Field<'a>,
}

/// How many violations with such a message there must be.
pub(super) struct Assertion {
    violations: Wanted,
    message: Option<Regex>,
    pub(super) location: Location,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Some,
    None,
    Exactly(u64),
}

impl Assertion {
    /// Why it does not hold, in gator's words; none where it does.
    pub(super) fn failure(&self, messages: &[String]) -> Option<String> {
        let matching = messages.iter().filter(|message| {
            let mut regexes = self.message.iter();
            regexes.all(|regex| regex.is_match(message))
        });
        let n = matching.count() as u64;
        let wanted = match self.violations {
            Wanted::Some if n == 0 => "at least 1".to_owned(),
            Wanted::None if n > 0 => "none".to_owned(),
            Wanted::Exactly(wanted) if n != wanted => format!("exactly {wanted}"),
            Wanted::Some | Wanted::None | Wanted::Exactly(_) => return None,
        };
        let containing = self.message.as_ref().map_or(String::new(), |regex| {
            format!(" containing {:?}", regex.as_str())
        });
        Some(format!(
            "unexpected number of violations: got {n} violations{containing} but want {wanted}: got messages [{}]",
            messages.join(" ")
        ))
    }
}

/// Whether a field is true; false where there is none.
pub(super) fn flag(field: &Field<'_>, key: &str, problems: &mut Vec<Problem>) -> bool {
    let Some(field) = field.get(key) else {
        return false;
    };
    match field.value() {
        Value::Bool(flag) => *flag,
        Value::Null => false,
        Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Set(_)
        | Value::Object(_)
        | Value::Undefined => {
            problems.push(wrong_type(&field, "a boolean"));
            false
        }
    }
}

/// The elements of a list; none where there is no such field.
fn list<'a>(field: &Field<'a>, key: &str, problems: &mut Vec<Problem>) -> Vec<Field<'a>> {
    match field.get(key) {
        Some(list) if *list.value() != Value::Null => list.items().unwrap_or_else(|| {
            problems.push(wrong_type(&list, "a list"));
            Vec::new()
        }),
        Some(_) | None => Vec::new(),
    }
}

fn required<'a>(field: &Field<'a>, key: &str, problems: &mut Vec<Problem>) -> Option<Field<'a>> {
    let found = field.get(key);
    match found.as_ref().and_then(Field::text) {
        Some(text) if !text.is_empty() => found,
        Some(_) | None => {
            problems.push(field.error(format!("`{key}` is missing")));
            None
        }
    }
}

/// The tests; none where the suite has no list of them.
pub(super) fn tests<'a>(root: &Field<'a>, problems: &mut Vec<Problem>) -> Option<Vec<Test<'a>>> {
    let tests = root.get("tests")?;
    let Some(items) = tests.items() else {
        problems.push(wrong_type(&tests, "a list"));
        return None;
    };
    let read = items.iter().filter_map(|item| test(item, problems));
    Some(read.collect())
}

fn test<'a>(field: &Field<'a>, problems: &mut Vec<Problem>) -> Option<Test<'a>> {
    let template = required(field, "template", problems);
    let constraint = required(field, "constraint", problems);
    let cases = list(field, "cases", problems);
    Some(Test {
        name: field.get("name").and_then(|name| name.text()).unwrap_or(""),
        expansion: field
            .get("expansion")
            .filter(|field| field.text().is_some_and(|text| !text.is_empty())),
        cases: cases.iter().map(|item| case(item, problems)).collect(),
        invalid: flag(field, "invalid", problems),
        skip: flag(field, "skip", problems),
        template: template?,
        constraint: constraint?,
        field: field.clone(),
    })
}

fn case<'a>(field: &Field<'a>, problems: &mut Vec<Problem>) -> Case<'a> {
    let assertions = list(field, "assertions", problems);
    Case {
        name: field.get("name").and_then(|name| name.text()).unwrap_or(""),
        object: required(field, "object", problems),
        inventory: list(field, "inventory", problems),
        assertions: assertions
            .iter()
            .filter_map(|item| assertion(item, problems))
            .collect(),
        skip: flag(field, "skip", problems),
        field: field.clone(),
    }
}

fn assertion(field: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Assertion> {
    let wanted = match field.get("violations") {
        None => Some(Wanted::Some),
        Some(violations) => {
            let wanted = match violations.value() {
                Value::Null | Value::Bool(true) => Some(Wanted::Some),
                Value::Bool(false) => Some(Wanted::None),
                Value::String(text) if &**text == "yes" => Some(Wanted::Some),
                Value::String(text) if &**text == "no" => Some(Wanted::None),
                number @ Value::Number(_) => number.as_u64().ok().map(Wanted::Exactly),
                Value::String(_)
                | Value::Array(_)
                | Value::Set(_)
                | Value::Object(_)
                | Value::Undefined => None,
            };
            if wanted.is_none() {
                let message = "`violations` is `yes`, `no` or a number from 0";
                problems.push(violations.error(message));
            }
            wanted
        }
    };
    let message = match field.get("message") {
        Some(message) => match Regex::new(message.text().unwrap_or_default()) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default();
                problems.push(message.error(format!("this is no regular expression: {last}")));
                return None;
            }
        },
        None => None,
    };
    Some(Assertion {
        violations: wanted?,
        message,
        location: field.location(),
    })
}

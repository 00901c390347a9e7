//! Where the elements of what a builtin gave come from.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::document::value::Value;
use crate::rego::trace::meter::Meter;
use crate::rego::trace::remains::Elements as Remains;
use crate::rego::trace::term::{Made, Source, Term, index};

/// What is found out about the elements of one result, when it is first asked for.
#[derive(Debug)]
pub(in crate::rego) struct Known {
    /// Where the elements of the arguments come from.
    elements: OnceCell<BTreeMap<Value, Source>>,
    /// The elements of a list of which parts are left; none where there were too few steps left to read it.
    remains: OnceCell<Option<Remains>>,
    /// Where changed collections below come from, by their keys: each knows more by itself.
    changed: RefCell<BTreeMap<Value, Source>>,
    /// What looking takes from.
    meter: Meter,
}

impl Known {
    /// Nothing is known yet.
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            elements: OnceCell::new(),
            remains: OnceCell::new(),
            changed: RefCell::default(),
            meter: meter.clone(),
        }
    }
}

/// Where an element of a builtin's result comes from: positions and paths where the function keeps them, else the equal
/// element of an argument; none where that cannot be said.
pub(super) fn of_element(
    name: &str,
    args: &[Term],
    known: &Known,
    key: &Value,
    value: &Value,
) -> Option<Source> {
    if let ("array.concat" | "array.slice" | "array.reverse", Some(index)) = (name, index(key)) {
        return of_index(name, args, index, value);
    }
    if matches!(name, "json.remove" | "json.filter" | "json.patch") {
        let changed = known.changed.borrow().get(key).cloned();
        return changed.or_else(|| of_path(name, args, known, key, value));
    }
    if matches!(name, "object.union" | "object.filter" | "object.remove")
        && let Some(arg) = args.iter().rev().find(
            |arg| matches!(&arg.value, Value::Object(object) if object.get(key) == Some(value)),
        )
    {
        let from_nowhere = arg.source.is_of_policy();
        let mut lacking = args.iter().filter(|arg| arg.child(key).is_none());
        let lacking = lacking.find_map(Term::place);
        return Some(match lacking {
            // A default for what a document lacks.
            Some(place) if from_nowhere && name == "object.union" => {
                Source::Made(Rc::new(Made::Absent(place.child(key), Source::Constant)))
            }
            _ => arg.source.of_child(key, value),
        });
    }
    known
        .elements
        .get_or_init(|| {
            let mut found = BTreeMap::new();
            for arg in args {
                collect_elements(name, arg, 2, &mut found);
            }
            found
        })
        .get(value)
        .cloned()
}

/// The elements of an argument, those of lists in lists included; the first of equal ones counts.
fn collect_elements(name: &str, arg: &Term, depth: usize, found: &mut BTreeMap<Value, Source>) {
    let keys_count = name == "object.keys";
    for (key, value) in arg.children() {
        if keys_count {
            found.entry(key.value).or_insert(key.source);
            continue;
        }
        if depth > 1 {
            collect_elements(name, &value, depth - 1, found);
        }
        found.entry(value.value).or_insert(value.source);
    }
}

/// The element of a list that was put together, cut or turned round.
fn of_index(name: &str, args: &[Term], at: usize, value: &Value) -> Option<Source> {
    let first = args.first()?;
    let n_first = first.value.as_array().ok()?.len();
    let (list, at) = match name {
        "array.concat" if at >= n_first => (args.get(1)?, at - n_first),
        "array.slice" => {
            // As OPA: what is in front of the list begins with it.
            let start = args.get(1)?.value.as_i64().ok()?.max(0);
            (first, at + usize::try_from(start).ok()?)
        }
        "array.reverse" => (first, n_first.checked_sub(at + 1)?),
        _ => (first, at),
    };
    Some(list.source.of_child(&Value::from(at as u64), value))
}

/// What was at the same path before parts were removed or replaced.
fn of_path(name: &str, args: &[Term], known: &Known, key: &Value, value: &Value) -> Option<Source> {
    let (whole, changes) = args.split_first()?;
    let before = match &whole.value {
        Value::Array(_) => of_list(whole, value, known)?,
        _ => match whole.child(key) {
            Some(before) => before,
            // Only a patch adds something.
            None => {
                return (name == "json.patch")
                    .then(|| changes.first())?
                    .map(|by| by.source.clone());
            }
        },
    };
    if before.value == *value {
        return Some(before.source);
    }
    if before.is_collection() {
        let args = std::iter::once(before).chain(changes.iter().cloned());
        let source = Source::call(&name.into(), args.collect(), &known.meter);
        let mut changed = known.changed.borrow_mut();
        changed.insert(key.clone(), source.clone());
        return Some(source);
    }
    (name == "json.patch")
        .then(|| changes.first())?
        .map(|by| by.source.clone())
}

/// The one element of a list that another is or is a part of.
fn of_list(list: &Term, value: &Value, known: &Known) -> Option<Term> {
    let items = list.value.as_array().ok()?;
    let elements = known
        .remains
        .get_or_init(|| Remains::of(items, &known.meter));
    let index = elements.as_ref()?.find(value, items, &known.meter)?;
    list.child(&Value::from(index as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::trace::term::Place;

    fn value(text: &str) -> Value {
        Value::from_json_str(text).expect("JSON")
    }

    /// The node of the input at which a value stands that a builtin made of the input.
    fn place(name: &str, input: &str, more: &str, result: &str, path: &[Value]) -> Option<String> {
        let input = Term {
            value: value(input),
            source: Source::Node(Place::default()),
        };
        let args = vec![input, Term::constant(value(more))];
        let made = Term {
            value: value(result),
            source: Source::call(&name.into(), args, &Meter::new(1_000)),
        };
        let found = made.at(path).expect("it is there");
        let keys = found.place()?.keys();
        Some(Value::from(keys).to_string())
    }

    #[test]
    fn elements_of_cut_lists_are_found_by_their_number() {
        let list = r#"["a", "b", "a", "b"]"#;
        let second = [Value::from(1_u64)];
        assert_eq!(
            place("array.slice", list, "2", r#"["a", "b"]"#, &second).as_deref(),
            Some("[3]")
        );
        assert_eq!(
            place("array.slice", list, "-5", list, &second).as_deref(),
            Some("[1]")
        );
        let reversed = r#"["b", "a", "b", "a"]"#;
        assert_eq!(
            place("array.reverse", list, "0", reversed, &second).as_deref(),
            Some("[2]")
        );
    }

    #[test]
    fn what_is_left_is_found_by_its_path() {
        let key = |key: &str| Value::from(key);
        let input = r#"{"x": {"image": "a"}, "y": {"image": "a", "tag": 1}, "l": [{"n": "a", "v": 1}, {"n": "b", "v": 1}, 3, 3]}"#;
        let left = r#"{"x": {"image": "a"}, "y": {"image": "a"}, "l": [{"n": "b"}, 3]}"#;
        let path = [key("y"), key("image")];
        for name in ["json.remove", "json.filter", "json.patch"] {
            let place = |path: &[Value]| place(name, input, "[]", left, path);
            assert_eq!(place(&path).as_deref(), Some(r#"["y","image"]"#), "{name}");
            let name_of_second = [key("l"), Value::from(0_u64), key("n")];
            assert_eq!(place(&name_of_second).as_deref(), Some(r#"["l",1,"n"]"#));
            // Which of the two it is cannot be said.
            assert_eq!(place(&[key("l"), Value::from(1_u64)]), None, "{name}");
        }
        let patched = r#"{"x": {"image": "c"}, "z": 1}"#;
        let patch = r#"[{"op": "replace", "path": "/x/image", "value": "c"}]"#;
        for path in [vec![key("x"), key("image")], vec![key("z")]] {
            assert_eq!(place("json.patch", input, patch, patched, &path), None);
        }
    }
}

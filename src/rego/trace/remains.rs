//! Which element of a list each element of what is left of it was: what is removed in front of it shifts the others.
//!
//! Looked up, not searched: lists have thousands of elements, and each of them is asked for.

use std::collections::BTreeMap;

use crate::document::value::{Array, Value};
use crate::rego::trace::meter::Meter;

/// The elements of a list, to be found by what they are or by a part of it.
#[derive(Debug)]
pub(super) struct Elements {
    /// The index of each value; none where it is there more than once.
    equal: BTreeMap<Value, Option<usize>>,
    /// The elements that have a scalar at the end of these keys, by the keys and the scalar.
    with_scalar: BTreeMap<Vec<Value>, Vec<usize>>,
}

impl Elements {
    /// Reads a list; none where the meter has too little for it.
    pub(super) fn of(list: &Array, meter: &Meter) -> Option<Self> {
        let mut elements = Self {
            equal: BTreeMap::new(),
            with_scalar: BTreeMap::new(),
        };
        for (index, value) in list.iter().enumerate() {
            meter.take(1)?;
            let once = elements.equal.entry(value.clone());
            once.and_modify(|index| *index = None)
                .or_insert(Some(index));
            for_scalars(value, &mut Vec::new(), &mut |keys| {
                meter.take(1)?;
                let with = elements.with_scalar.entry(keys.to_vec()).or_default();
                with.push(index);
                Some(())
            })?;
        }
        Some(elements)
    }

    /// The one element of the list that a value is or is a part of; none where that cannot be said, or the meter has too
    /// little to find it.
    pub(super) fn find(&self, value: &Value, list: &Array, meter: &Meter) -> Option<usize> {
        meter.take(1)?;
        if let Some(index) = self.equal.get(value) {
            return *index;
        }
        let mut fits = Only::default();
        match self.candidates(value, meter)? {
            Some(few) => {
                for index in few {
                    fits.note(*index, is_part(value, list.get(*index)?, meter)?)?;
                }
            }
            None => {
                for (index, element) in list.iter().enumerate() {
                    fits.note(index, is_part(value, element, meter)?)?;
                }
            }
        }
        fits.0
    }

    /// The elements that have the scalar of a part that fewest have; none where the part has no scalar to go by.
    fn candidates(&self, part: &Value, meter: &Meter) -> Option<Option<&[usize]>> {
        let mut fewest: Option<&[usize]> = None;
        for_scalars(part, &mut Vec::new(), &mut |keys| {
            meter.take(1)?;
            let with: &[usize] = self.with_scalar.get(keys).map_or(&[], Vec::as_slice);
            if fewest.is_none_or(|fewest| with.len() < fewest.len()) {
                fewest = Some(with);
            }
            Some(())
        })?;
        Some(fewest)
    }
}

/// The only index for which something holds.
#[derive(Default)]
struct Only(Option<usize>);

impl Only {
    /// Notes whether it holds for an index; none where it holds for a second one.
    fn note(&mut self, index: usize, holds: bool) -> Option<()> {
        if holds && self.0.replace(index).is_some() {
            return None;
        }
        Some(())
    }
}

/// Calls `then` with the keys of each scalar that is below objects only, and the scalar, until it gives none.
fn for_scalars(
    value: &Value,
    keys: &mut Vec<Value>,
    then: &mut dyn FnMut(&[Value]) -> Option<()>,
) -> Option<()> {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter() {
                keys.push(key.clone());
                for_scalars(value, keys, then)?;
                keys.pop();
            }
            Some(())
        }
        Value::Array(_) | Value::Set(_) => Some(()),
        _ => {
            keys.push(value.clone());
            then(keys)?;
            keys.pop();
            Some(())
        }
    }
}

/// Whether a value is what is left of another; none where the meter has too little to say so.
fn is_part(part: &Value, whole: &Value, meter: &Meter) -> Option<bool> {
    meter.take(1)?;
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            for (key, value) in part.iter() {
                let is_there = match whole.get(key) {
                    Some(whole) => is_part(value, whole, meter)?,
                    None => false,
                };
                if !is_there {
                    return Some(false);
                }
            }
            Some(true)
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut left = whole.iter();
            for value in part.iter() {
                loop {
                    let Some(whole) = left.next() else {
                        return Some(false);
                    };
                    if is_part(value, whole, meter)? {
                        break;
                    }
                }
            }
            Some(true)
        }
        _ => Some(part == whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::trace::term::{Place, Source, Term};

    fn value(text: &str) -> Value {
        Value::from_json_str(text).expect("JSON")
    }

    /// Lists `[{"n": 0, "x": 1, "y": "z"}, …]`, made by a format of each element.
    fn list(element: &dyn Fn(usize) -> String) -> Value {
        let elements: Vec<String> = (0..6_000).map(element).collect();
        value(&format!("[{}]", elements.join(",")))
    }

    /// How many elements of what is left of a list have the place of the same index, and how many steps that takes.
    fn found(list: &Value, left: &Value, steps: u64) -> (usize, u64) {
        let meter = Meter::new(steps);
        let list = Term {
            value: list.clone(),
            source: Source::Node(Place::default()),
        };
        let left = Term {
            value: left.clone(),
            source: Source::call(&"json.remove".into(), vec![list], &meter),
        };
        let n_found = left.children().into_iter().filter(|(key, element)| {
            let keys = match &element.source {
                // What is left of an element is a call of its own.
                Source::Made(_) => element.child(&Value::from("n")),
                _ => element.child(&Value::from("y")),
            };
            let keys = keys.and_then(|child| Some(child.place()?.keys()));
            keys.is_some_and(|keys| keys[0] == key.value)
        });
        (n_found.count(), steps - meter.left())
    }

    #[test]
    fn elements_of_long_lists_are_looked_up() {
        let whole = list(&|n| format!(r#"{{"m": {{"n": {n}}}, "n": {n}, "x": 1, "y": "z"}}"#));
        let same = found(&whole, &whole, 1_000_000);
        let cut = list(&|n| format!(r#"{{"m": {{"n": {n}}}, "n": {n}, "y": "z"}}"#));
        let cut = found(&whole, &cut, 1_000_000);
        for (n_found, n_steps) in [same, cut] {
            assert_eq!(n_found, 6_000);
            assert!(n_steps < 40 * 6_000, "{n_steps} steps");
        }
    }

    #[test]
    fn what_only_a_search_could_find_is_given_up_when_the_steps_are_spent() {
        // Lists in lists: nothing to look up.
        let whole = list(&|n| format!(r#"{{"y": [{n}, 1]}}"#));
        let cut = list(&|n| format!(r#"{{"y": [{n}]}}"#));
        let (n_found, n_steps) = found(&whole, &cut, 1_000_000);
        assert!(n_found < 6_000, "{n_found}");
        assert_eq!(n_steps, 1_000_000);
    }
}

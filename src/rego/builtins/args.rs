//! Arguments of builtin functions, refused with OPA's words when they have the wrong type.
use anyhow::{Result, anyhow, bail};
use regorus::Value;
use regorus::value::{Array, Object, Set};

use super::numbers::number_of;

/// What a function computes its result from.
pub(super) type Function = fn(&[Value]) -> Result<Value>;
/// A function with its name and the number of its arguments.
pub(super) type Entry = (&'static str, u8, Function);

/// The name of a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Set(_) => "set",
        Value::Object(_) => "object",
        Value::Undefined => "undefined",
    }
}

/// The argument at a place; the engine has counted them, so it is there.
pub(super) fn any(values: &[Value], at: usize) -> Result<&Value> {
    values
        .get(at)
        .ok_or_else(|| anyhow!("operand {} is missing", at + 1))
}

/// The error for an argument of a wrong type.
pub(super) fn wrong<T>(values: &[Value], at: usize, expected: &str) -> Result<T> {
    let got = type_name(any(values, at)?);
    bail!("operand {} must be {expected} but got {got}", at + 1)
}

/// A string argument.
pub(super) fn string(values: &[Value], at: usize) -> Result<&str> {
    match any(values, at)?.as_string() {
        Ok(text) => Ok(text),
        Err(_) => wrong(values, at, "string"),
    }
}

/// An array argument.
pub(super) fn array(values: &[Value], at: usize) -> Result<&Array> {
    any(values, at)?
        .as_array()
        .or_else(|_| wrong(values, at, "array"))
}

/// An object argument.
pub(super) fn object(values: &[Value], at: usize) -> Result<&Object> {
    any(values, at)?
        .as_object()
        .or_else(|_| wrong(values, at, "object"))
}

/// A set argument.
pub(super) fn set(values: &[Value], at: usize) -> Result<&Set> {
    any(values, at)?
        .as_set()
        .or_else(|_| wrong(values, at, "set"))
}

/// An argument that is an integer of 64 bits.
pub(super) fn integer(values: &[Value], at: usize) -> Result<i64> {
    let Some(number) = number_of(any(values, at)?) else {
        return wrong(values, at, "number");
    };
    match number.small() {
        Some(i) => Ok(i),
        None if number.integer().is_some() => bail!("operand {} is too large", at + 1),
        None => bail!(
            "operand {} must be integer number but got floating-point number",
            at + 1
        ),
    }
}

/// The elements of an array or a set.
pub(super) fn elements(values: &[Value], at: usize) -> Result<Vec<&Value>> {
    match any(values, at)? {
        Value::Array(a) => Ok(a.iter().collect()),
        Value::Set(s) => Ok(s.iter().collect()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Undefined => wrong(values, at, "one of {array, set}"),
    }
}

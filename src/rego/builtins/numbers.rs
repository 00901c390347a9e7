//! Arithmetic as OPA has it: exact integers, everything else with a mantissa of 64 bits.
use std::mem::discriminant;

use anyhow::{Result, bail};
use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _, Zero as _};
use regorus::Value;

use super::args::{self, Entry, type_name};
use super::bigfloat::{BigFloat, decimal, ten};
use super::{MAX_DIGITS, MAX_ELEMENTS, too_large};

/// The most bits of a product.
const MAX_BITS: u64 = 64 * 1024 * 8;

/// A number by the way it is held.
pub(super) enum Num {
    /// An integer of 64 bits.
    Small(i64),
    /// Another integer.
    Big(BigInt),
    /// A number written or computed with a fraction.
    Float(f64),
}

/// Whether a number is held as a float; the engine does not let its kinds be named.
fn is_float(value: &Value) -> bool {
    let float = Value::from(1.5);
    match (value.as_number(), float.as_number()) {
        (Ok(number), Ok(float)) => discriminant(number) == discriminant(float),
        (Ok(_) | Err(_), _) => false,
    }
}

/// Takes a number apart; nothing for other values.
pub(super) fn number_of(value: &Value) -> Option<Num> {
    let number = value.as_number().ok()?;
    if is_float(value) {
        return number.as_f64().map(Num::Float);
    }
    match number.as_i64() {
        Some(i) => Some(Num::Small(i)),
        None => number.as_big().map(|i| Num::Big(i.as_ref().clone())),
    }
}

impl Num {
    /// The number as an integer of 64 bits, where it is one.
    pub(super) fn small(&self) -> Option<i64> {
        match self {
            Self::Small(i) => Some(*i),
            Self::Big(_) => None,
            Self::Float(f) => exact_float(*f).and_then(|i| i.to_i64()),
        }
    }

    /// The number as an integer, where it is one.
    pub(super) fn integer(&self) -> Option<BigInt> {
        match self {
            Self::Small(i) => Some((*i).into()),
            Self::Big(i) => Some(i.clone()),
            Self::Float(f) => exact_float(*f),
        }
    }

    fn float(&self) -> BigFloat {
        match self {
            Self::Small(i) => BigFloat::ratio(&(*i).into(), &BigInt::from(1)),
            Self::Big(i) => BigFloat::ratio(i, &BigInt::from(1)),
            Self::Float(f) => BigFloat::parse(&format!("{f:e}"))
                .unwrap_or_else(|| BigFloat::ratio(&BigInt::zero(), &BigInt::from(1))),
        }
    }
}

/// The integer that a float's text stands for.
fn exact_float(f: f64) -> Option<BigInt> {
    if f.fract() != 0.0 || !f.is_finite() {
        return None;
    }
    let (num, den) = decimal(&format!("{f:e}"))?;
    Some(num / den)
}

/// An integer as a value.
pub(super) fn integer_value(value: &BigInt) -> Value {
    match value.to_i64() {
        Some(i) => Value::from(i),
        None => Value::from_numeric_string(&value.to_string()).unwrap_or(Value::Undefined),
    }
}

/// What OPA makes of a computed number: the shortest text that stands for it.
fn float_value(value: &BigFloat) -> Value {
    let (digits, power) = value.shortest();
    if value.is_integer() && power >= 0 {
        return integer_value(&(digits * ten(power)));
    }
    let text = format!("{digits}e{power}");
    Value::from(text.parse::<f64>().unwrap_or(0.0))
}

/// The number at a place.
fn number(values: &[Value], at: usize) -> Result<Num> {
    match number_of(args::any(values, at)?) {
        Some(number) => Ok(number),
        None => args::wrong(values, at, "number"),
    }
}

fn two(values: &[Value]) -> Result<(Num, Num)> {
    Ok((number(values, 0)?, number(values, 1)?))
}

type Small = fn(i64, i64) -> Option<i64>;
type Exact = fn(BigInt, BigInt) -> BigInt;
type Inexact = fn(&BigFloat, &BigFloat) -> BigFloat;

fn operate(a: &Num, b: &Num, small: Small, exact: Exact, inexact: Inexact) -> Value {
    if let (Num::Small(x), Num::Small(y)) = (a, b)
        && let Some(result) = small(*x, *y)
    {
        return Value::from(result);
    }
    if let (Some(x), Some(y)) = (a.integer(), b.integer()) {
        return integer_value(&exact(x, y));
    }
    float_value(&inexact(&a.float(), &b.float()))
}

fn plus(values: &[Value]) -> Result<Value> {
    let (a, b) = two(values)?;
    Ok(operate(
        &a,
        &b,
        i64::checked_add,
        |x, y| x + y,
        BigFloat::add,
    ))
}

fn mul(values: &[Value]) -> Result<Value> {
    let (a, b) = two(values)?;
    let bits = |n: &Num| n.integer().map_or(0, |i| i.bits());
    if let (Num::Big(_), _) | (_, Num::Big(_)) = (&a, &b)
        && bits(&a) + bits(&b) > MAX_BITS
    {
        bail!("number is larger than 64 KiB");
    }
    Ok(operate(
        &a,
        &b,
        i64::checked_mul,
        |x, y| x * y,
        BigFloat::mul,
    ))
}

fn minus(values: &[Value]) -> Result<Value> {
    let (a, b) = (args::any(values, 0)?, args::any(values, 1)?);
    if let (Some(x), Some(y)) = (number_of(a), number_of(b)) {
        return Ok(operate(
            &x,
            &y,
            i64::checked_sub,
            |x, y| x - y,
            BigFloat::sub,
        ));
    }
    let (sets, numbers) = (
        (a.as_set().is_ok(), b.as_set().is_ok()),
        (a.as_number().is_ok(), b.as_number().is_ok()),
    );
    match (sets, numbers) {
        ((true, true), _) => difference(values),
        ((true, _), (_, true)) => args::wrong(values, 1, "set"),
        ((true, _), _) | (_, (true, _)) => args::wrong(values, 1, "number"),
        ((false, _), (false, _)) => args::wrong(values, 0, "one of {number, set}"),
    }
}

/// The elements of the first set that are not in the second.
pub(super) fn difference(values: &[Value]) -> Result<Value> {
    let (a, b) = (args::set(values, 0)?, args::set(values, 1)?);
    let rest: std::collections::BTreeSet<Value> =
        a.iter().filter(|v| !b.contains(v)).cloned().collect();
    Ok(Value::from(rest))
}

fn div(values: &[Value]) -> Result<Value> {
    let (a, b) = two(values)?;
    if let (Num::Small(x), Num::Small(y)) = (&a, &b) {
        if *y == 0 {
            bail!("divide by zero");
        }
        let narrow = |i: i64| i32::try_from(i).is_ok();
        if narrow(*x) && narrow(*y) && x % y == 0 {
            return Ok(Value::from(x / y));
        }
    }
    let divisor = b.float();
    if divisor.is_zero() {
        bail!("divide by zero");
    }
    Ok(float_value(&a.float().div(&divisor)))
}

fn rem(values: &[Value]) -> Result<Value> {
    let (a, b) = two(values)?;
    let (Some(x), Some(y)) = (a.integer(), b.integer()) else {
        bail!("modulo on floating-point number");
    };
    if y.is_zero() {
        bail!("modulo by zero");
    }
    Ok(integer_value(&(x % y)))
}

fn unary(values: &[Value], f: fn(&BigFloat) -> BigFloat) -> Result<Value> {
    Ok(float_value(&f(&number(values, 0)?.float())))
}

fn whole(value: &BigInt) -> BigFloat {
    BigFloat::ratio(value, &BigInt::from(1))
}

/// Small integers stay what they are.
fn rounded(values: &[Value], f: fn(&BigFloat) -> BigFloat) -> Result<Value> {
    match number(values, 0)?.small() {
        Some(i) if i32::try_from(i).is_ok() => Ok(Value::from(i)),
        Some(_) | None => unary(values, f),
    }
}

fn abs(values: &[Value]) -> Result<Value> {
    unary(values, BigFloat::abs)
}

fn round(values: &[Value]) -> Result<Value> {
    rounded(values, |x| {
        let half = BigFloat::ratio(&BigInt::from(1), &BigInt::from(2));
        let moved = if x.is_negative() {
            x.sub(&half)
        } else {
            x.add(&half)
        };
        whole(&moved.truncated())
    })
}

/// As OPA: what is cut off only counts where the rest is not below zero; -0.5 gives 1.
fn ceil(values: &[Value]) -> Result<Value> {
    rounded(values, |x| {
        let cut = x.truncated();
        if cut.is_negative() || x.is_integer() {
            whole(&cut)
        } else {
            whole(&(cut + 1))
        }
    })
}

/// As OPA: -0.5 gives 0.
fn floor(values: &[Value]) -> Result<Value> {
    rounded(values, |x| {
        let cut = x.truncated();
        if !cut.is_negative() || x.is_integer() {
            whole(&cut)
        } else {
            whole(&(cut - 1))
        }
    })
}

fn to_number(values: &[Value]) -> Result<Value> {
    match args::any(values, 0)? {
        Value::Null => Ok(Value::from(0)),
        Value::Bool(b) => Ok(Value::from(i64::from(*b))),
        value @ Value::Number(_) => Ok(value.clone()),
        Value::String(text) => parse_number(text),
        value @ (Value::Array(_) | Value::Set(_) | Value::Object(_) | Value::Undefined) => bail!(
            "operand 1 must be one of {{null, boolean, number, string}} but got {}",
            type_name(value)
        ),
    }
}

fn parse_number(text: &str) -> Result<Value> {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if ["inf", "infinity", "nan"].contains(&bare.to_ascii_lowercase().as_str()) {
        bail!("operand 1 must be valid number string but got string");
    }
    if text.len() > MAX_DIGITS {
        return Err(too_large());
    }
    if let Some(integer) = go_integer(text) {
        return Ok(integer_value(&integer));
    }
    let starts = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let known = bare
        .bytes()
        .all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    match text.parse::<f64>() {
        Ok(f) if starts && known && f.is_finite() => Ok(Value::from(f)),
        Ok(_) if starts && known => {
            bail!("strconv.ParseFloat: parsing {text:?}: value out of range")
        }
        Ok(_) | Err(_) => bail!("strconv.ParseFloat: parsing {text:?}: invalid syntax"),
    }
}

/// Decimal digits, with Go's underscores between them.
fn go_integer(text: &str) -> Option<BigInt> {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let grouped = bare
        .split('_')
        .all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit()));
    if !grouped {
        return None;
    }
    let digits: BigInt = bare.replace('_', "").parse().ok()?;
    Some(if text.starts_with('-') {
        -digits
    } else {
        digits
    })
}

/// Folds the numbers of a collection with an operation on two.
fn fold(values: &[Value], start: i64, f: fn(&[Value]) -> Result<Value>) -> Result<Value> {
    let mut total = Value::from(start);
    for (i, item) in args::elements(values, 0)?.into_iter().enumerate() {
        let number = number_of(item);
        if number.is_none() {
            let whole = type_name(args::any(values, 0)?);
            let got = type_name(item);
            bail!("operand 1 must be {whole} of numbers but got {whole} containing {got}");
        }
        total = match i {
            0 => item.clone(),
            _ => f(&[total, item.clone()])?,
        };
    }
    Ok(total)
}

fn sum(values: &[Value]) -> Result<Value> {
    fold(values, 0, plus)
}

/// OPA multiplies integers exactly, and all else with the mantissa of a float of 64 bits.
fn product(values: &[Value]) -> Result<Value> {
    let exact = fold(values, 1, mul)?;
    let numbers: Vec<Num> = args::elements(values, 0)?
        .into_iter()
        .filter_map(number_of)
        .collect();
    if numbers.iter().all(|n| n.integer().is_some()) {
        return Ok(exact);
    }
    let texts = numbers.iter().map(|n| match n {
        Num::Small(i) => i.to_string().parse(),
        Num::Big(i) => i.to_string().parse(),
        Num::Float(f) => Ok(*f),
    });
    let result: f64 = texts.map(|f| f.unwrap_or(f64::NAN)).product();
    if !result.is_finite() {
        return Ok(exact);
    }
    Ok(float_value(&Num::Float(result).float()))
}

/// The integers from one to another, both among them.
fn range_with(values: &[Value], step: i128) -> Result<Value> {
    let (from, to) = (range_end(values, 0)?, range_end(values, 1)?);
    let steps = from.abs_diff(to) / step.unsigned_abs();
    let count = usize::try_from(steps).unwrap_or(usize::MAX);
    if count >= MAX_ELEMENTS {
        return Err(too_large());
    }
    let mut items = Vec::with_capacity(count + 1);
    let mut at = from;
    for _ in 0..=count {
        items.push(Value::from(at));
        at = if to < from {
            at.saturating_sub(step)
        } else {
            at.saturating_add(step)
        };
    }
    Ok(Value::from(items))
}

fn range_end(values: &[Value], at: usize) -> Result<i128> {
    let Some(number) = number_of(args::any(values, at)?) else {
        return args::wrong(values, at, "integer");
    };
    match number.integer().map(|i| i.to_i128()) {
        Some(Some(i)) => Ok(i),
        Some(None) => bail!("operand {} is too large", at + 1),
        None => bail!(
            "operand {} must be integer number but got floating-point number",
            at + 1
        ),
    }
}

fn range(values: &[Value]) -> Result<Value> {
    range_with(values, 1)
}

fn range_step(values: &[Value]) -> Result<Value> {
    match range_end(values, 2)? {
        step if step > 0 => range_with(values, step),
        _ => bail!("step must be a positive integer"),
    }
}

fn format_int(values: &[Value]) -> Result<Value> {
    let (number, base) = two(values)?;
    let base = match base.small() {
        Some(2) => 2,
        Some(8) => 8,
        Some(10) => 10,
        Some(16) => 16,
        Some(_) | None => bail!("operand 2 must be one of {{2, 8, 10, 16}}"),
    };
    let integer = match number.integer() {
        Some(integer) => integer,
        None => number.float().truncated(),
    };
    let text = integer.abs().to_str_radix(base);
    let sign = if integer.is_negative() { "-" } else { "" };
    Ok(Value::from(format!("{sign}{text}")))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("plus", 2, plus),
    ("minus", 2, minus),
    ("mul", 2, mul),
    ("div", 2, div),
    ("rem", 2, rem),
    ("abs", 1, abs),
    ("ceil", 1, ceil),
    ("floor", 1, floor),
    ("round", 1, round),
    ("to_number", 1, to_number),
    ("format_int", 2, format_int),
    ("sum", 1, sum),
    ("product", 1, product),
    ("numbers.range", 2, range),
    ("numbers.range_step", 3, range_step),
];

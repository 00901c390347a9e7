//! What the crate answers otherwise than Kubernetes: `has(x.f)` where `x` has no fields, `string(1e20)`, and literal
//! mappings, which the crate keeps in no order.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue};
use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, CelString, CelUInt, DYN_TYPE};
use cel::common::value::CowVal;
use cel::{Env, ExecutionError};

use crate::document::value::{Object, Value};
use crate::gatekeeper::cel::value::{from_cel, to_cel};

const HAS: &str = "@has";
const STRING: &str = "@string";
/// Its errors are no answers of Kubernetes.
pub(super) const MAPPING: &str = "@mapping";
/// Most entries of a literal mapping.
pub(super) const MAX_ENTRIES: usize = 20;

/// Adds our functions, under names that no expression can write.
pub(super) fn add(env: &mut Env) {
    env.add_overload(HAS, "has_field", vec![DYN_TYPE, DYN_TYPE], has)
        .and_then(|()| env.add_overload(STRING, "string_of", vec![DYN_TYPE], string))
        .expect("the names are ours");
    for n_entries in 0..=MAX_ENTRIES {
        let id = format!("mapping_{n_entries}");
        env.add_overload(
            MAPPING,
            &id,
            (0..n_entries * 2).map(|_| DYN_TYPE).collect(),
            mapping,
        )
        .expect("the names are ours");
    }
}

/// The same expression with our functions in place of the crate's.
pub(super) fn rewritten(mut expression: IdedExpr) -> IdedExpr {
    let parts: Vec<&mut IdedExpr> = match &mut expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call
            .target
            .as_deref_mut()
            .into_iter()
            .chain(&mut call.args)
            .collect(),
        Expr::Comprehension(all) => vec![
            &mut all.iter_range,
            &mut all.accu_init,
            &mut all.loop_cond,
            &mut all.loop_step,
            &mut all.result,
        ],
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Select(select) => vec![&mut *select.operand],
        Expr::Map(map) => entries(map.entries.iter_mut().map(|entry| &mut entry.expr)),
        Expr::Struct(fields) => entries(fields.entries.iter_mut().map(|entry| &mut entry.expr)),
    };
    for part in parts {
        *part = rewritten(std::mem::take(part));
    }
    expression.expr = match expression.expr {
        Expr::Select(select) if select.test => {
            let field = IdedExpr {
                id: expression.id,
                expr: Expr::Literal(LiteralValue::String(CelString::from(select.field))),
            };
            call(HAS, vec![*select.operand, field])
        }
        Expr::Call(old) if old.func_name == "string" && old.target.is_none() => {
            call(STRING, old.args)
        }
        Expr::Map(map) => {
            let entries = map.entries.into_iter();
            let parts = entries.flat_map(|entry| match entry.expr {
                EntryExpr::MapEntry(entry) => vec![entry.key, entry.value],
                EntryExpr::StructField(field) => vec![field.value],
            });
            call(MAPPING, parts.collect())
        }
        other => other,
    };
    expression
}

fn call(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr {
        func_name: name.to_owned(),
        target: None,
        args,
    })
}

fn entries<'a>(entries: impl Iterator<Item = &'a mut EntryExpr>) -> Vec<&'a mut IdedExpr> {
    entries
        .flat_map(|entry| match entry {
            EntryExpr::StructField(field) => vec![&mut field.value],
            EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
        })
        .collect()
}

/// Whether there is a field; what has no fields has not this one.
fn has<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [value, field] = args.as_slice() else {
        return Err(ExecutionError::invalid_argument_count(2, args.len()));
    };
    let found = match value.as_indexer() {
        None => Ok(false),
        Some(indexer) => match indexer.get(&**field) {
            Ok(_) => Ok(true),
            Err(ExecutionError::NoSuchKey(_)) => Ok(false),
            Err(ExecutionError::UnsupportedIndex(..)) => Err(ExecutionError::function_error(
                "has",
                "unsupported index type 'string' in list",
            )),
            Err(error) => Err(error),
        },
    };
    found.map(|found| CowVal::owned(CelBool::from(found)))
}

/// A mapping of keys and values, one after the other.
fn mapping<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let mut object = Object::default();
    for pair in args.chunks(2) {
        let [key, value] = pair else { continue };
        let (Some(key), Some(value)) = (from_cel(&**key), from_cel(&**value)) else {
            let message = "a literal mapping holds what is no value of JSON";
            return Err(ExecutionError::function_error(MAPPING, message));
        };
        object.insert(key, value);
    }
    Ok(CowVal::Owned(to_cel(&Value::from(object))))
}

/// A scalar as Go writes it.
fn string<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [value] = args.as_slice() else {
        return Err(ExecutionError::invalid_argument_count(1, args.len()));
    };
    let text = if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        text.inner().to_owned()
    } else if let Some(number) = value.downcast_ref::<CelInt>() {
        number.inner().to_string()
    } else if let Some(number) = value.downcast_ref::<CelUInt>() {
        number.inner().to_string()
    } else if let Some(number) = value.downcast_ref::<CelDouble>() {
        shortest(*number.inner())
    } else if let Some(flag) = value.downcast_ref::<CelBool>() {
        flag.inner().to_string()
    } else {
        let name = match value.downcast_ref::<CelNull>() {
            Some(_) => "null_type",
            None => value.get_type().name(),
        };
        let message = format!("no such overload: string({name})");
        return Err(ExecutionError::function_error("string", message));
    };
    Ok(CowVal::owned(CelString::from(text)))
}

/// Go's `%g` with the fewest digits that give the number back.
fn shortest(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return match number {
            _ if number.is_nan() => "NaN".to_owned(),
            _ if number > 0.0 => "+Inf".to_owned(),
            _ => "-Inf".to_owned(),
        };
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        Ok(_) | Err(_) => format!("{number}"),
    }
}

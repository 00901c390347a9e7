//! The functions that are neither the engine's nor OPA's: what the run decides, operators, probes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use regorus::Engine;

use crate::document::value::{Object, Value};
use crate::rego::blame::Notes;
use crate::rego::builtins::{self, ErrorLog, Registry};
use crate::rego::prepare::calls::{
    AND, COLLECTION, COMPARISONS, CONFTEST_FILE, DOMAIN, MEMBER, MEMBER_WITH_KEY, OR, TEMPLATE,
};
use crate::rego::prepare::check::NETWORK;
use crate::rego::prepare::constants::{self, CONSTANT};
use crate::rego::prepare::diagnose::{CALLED, GAVE};
use crate::rego::set::PolicySet;

/// What some functions give depends on the input under evaluation.
#[derive(Debug, Default)]
pub(in crate::rego) struct Current {
    /// What `data.conftest.file` is.
    pub(in crate::rego) file: Option<Value>,
    /// What random numbers depend on.
    pub(in crate::rego) seed: u64,
}

/// The functions whose results the run decides, not the machine.
pub(in crate::rego) fn register_own(
    registry: &mut dyn Registry,
    set: &PolicySet,
    current: &Arc<Mutex<Current>>,
) -> Result<(), anyhow::Error> {
    for name in NETWORK {
        // Only tests may name these, and replace them with `with`.
        registry.add(name, 1, Box::new(|_| Ok(Value::Undefined)))?;
    }
    let constants: Vec<Value> = set
        .prepared
        .constants
        .iter()
        .map(constants::value)
        .collect();
    let constant = move |args: Vec<Value>| {
        let number = args.first().and_then(|number| number.as_u32().ok());
        let value = number.and_then(|number| constants.get(number as usize));
        Ok(value.cloned().unwrap_or(Value::Undefined))
    };
    registry.add(CONSTANT, 1, Box::new(constant))?;
    let now = Value::from(set.settings.now_ns);
    registry.add("time.now_ns", 0, Box::new(move |_| Ok(now.clone())))?;
    let runtime = runtime(set);
    registry.add("opa.runtime", 0, Box::new(move |_| Ok(runtime.clone())))?;
    let state = Arc::clone(current);
    let file = move |_| {
        let state = state.lock().map(|state| state.file.clone());
        Ok(state.ok().flatten().unwrap_or(Value::Undefined))
    };
    registry.add(CONFTEST_FILE, 0, Box::new(file))?;
    let state = Arc::clone(current);
    let random = move |args: Vec<Value>| Ok(random_integer(seed(&state), &args));
    registry.add("rand.intn", 2, Box::new(random))?;
    let state = Arc::clone(current);
    let uuid = move |args: Vec<Value>| Ok(random_uuid(seed(&state), &args));
    registry.add("uuid.rfc4122", 1, Box::new(uuid))?;
    registry.add(TEMPLATE, 1, Box::new(|args| Ok(template(&args))))?;
    register_operators(registry)
}

/// Registers the functions that probes call.
pub(in crate::rego) fn register_probes(
    engine: &mut Engine,
    log: &ErrorLog,
    notes: &Arc<Mutex<Notes>>,
) -> Result<(), anyhow::Error> {
    let number = |args: &[Value]| {
        args[0]
            .as_u32()
            .map_or(usize::MAX, |number| number as usize)
    };
    let (errors, called_notes) = (log.clone(), Arc::clone(notes));
    let called = move |args: Vec<Value>| {
        let messages = errors
            .take()
            .into_iter()
            .map(|error| error.text())
            .collect();
        if let Ok(mut notes) = called_notes.lock() {
            notes.failed(number(&args), &args[1], messages);
        }
        let value = args[2]
            .as_set()
            .ok()
            .and_then(|values| values.iter().next().cloned());
        Ok(value.unwrap_or(Value::Undefined))
    };
    engine.add_extension(CALLED.to_owned(), 3, Box::new(called))?;
    let gave_notes = Arc::clone(notes);
    let gave = move |mut args: Vec<Value>| {
        if let Ok(mut notes) = gave_notes.lock() {
            notes.gave(number(&args), &args[1]);
        }
        Ok(args.pop().unwrap_or(Value::Undefined))
    };
    engine.add_extension(GAVE.to_owned(), 3, Box::new(gave))
}

/// Operators of the language that the engine gives another meaning where an operand is undefined or of a wrong type.
fn register_operators(registry: &mut dyn Registry) -> Result<(), anyhow::Error> {
    for (name, otherwise) in [(COLLECTION, Value::new_array()), (DOMAIN, Value::Undefined)] {
        let collection = move |mut args: Vec<Value>| {
            let is_collection = matches!(
                args.first(),
                Some(Value::Array(_) | Value::Set(_) | Value::Object(_))
            );
            let given = args.pop().filter(|_| is_collection);
            Ok(given.unwrap_or_else(|| otherwise.clone()))
        };
        registry.add(name, 1, Box::new(collection))?;
    }
    let member = |args: Vec<Value>| Ok(Value::from(member(&args[0], &args[1])));
    registry.add(MEMBER, 2, Box::new(member))?;
    let with_key =
        |args: Vec<Value>| Ok(Value::from(member_with_key(&args[0], &args[1], &args[2])));
    registry.add(MEMBER_WITH_KEY, 3, Box::new(with_key))?;
    let and = |args: Vec<Value>| {
        Ok(on_sets(&args, |one, two| {
            one.intersection(two).cloned().collect()
        }))
    };
    registry.add(AND, 2, Box::new(and))?;
    let or = |args: Vec<Value>| Ok(on_sets(&args, |one, two| one.union(two).cloned().collect()));
    registry.add(OR, 2, Box::new(or))?;
    for (name, holds) in COMPARISONS {
        let compare = move |args: Vec<Value>| {
            Ok(match args.contains(&Value::Undefined) {
                true => Value::Undefined,
                false => Value::from(holds(builtins::order(&args[0], &args[1]))),
            })
        };
        registry.add(name, 2, Box::new(compare))?;
    }
    Ok(())
}

/// As OPA's `internal.member_2`: false for collections that are none.
fn member(value: &Value, collection: &Value) -> bool {
    match collection {
        Value::Array(items) => items.contains(value),
        Value::Set(items) => items.contains(value),
        Value::Object(object) => object.iter().any(|(_, item)| item == value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            false
        }
    }
}

/// As OPA's `internal.member_3`.
fn member_with_key(key: &Value, value: &Value, collection: &Value) -> bool {
    match collection {
        Value::Array(items) => {
            let index = key
                .as_u64()
                .ok()
                .and_then(|index| usize::try_from(index).ok());
            index.and_then(|index| items.get(index)) == Some(value)
        }
        Value::Set(items) => key == value && items.contains(value),
        Value::Object(object) => object.get(key) == Some(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            false
        }
    }
}

type Members = BTreeSet<Value>;

fn on_sets(args: &[Value], operation: fn(&Members, &Members) -> Members) -> Value {
    let members = |value: &Value| -> Option<Members> {
        value.as_set().ok().map(|set| set.iter().cloned().collect())
    };
    match (members(&args[0]), members(&args[1])) {
        (Some(one), Some(two)) => Value::from(operation(&one, &two)),
        _ => Value::Undefined,
    }
}

fn seed(current: &Mutex<Current>) -> u64 {
    current.lock().map_or(0, |current| current.seed)
}

fn runtime(set: &PolicySet) -> Value {
    let variables = set.settings.variables.iter();
    let env: Object = variables
        .map(|(name, value)| (Value::from(name.as_str()), Value::from(value.as_str())))
        .collect();
    Value::from(std::iter::once((Value::from("env"), Value::from(env))).collect::<Object>())
}

/// Bytes that depend on the document and the arguments only.
fn random_bytes(seed: u64, args: &[Value]) -> [u8; 32] {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    hasher.update(seed.to_le_bytes());
    for arg in args {
        hasher.update(arg.to_string().as_bytes());
    }
    hasher.finalize().into()
}

/// As OPA's `rand.intn`: from 0 up to, not including, the absolute value of n.
fn random_integer(seed: u64, args: &[Value]) -> Value {
    let n = match args.get(1).and_then(|n| n.as_i64().ok()) {
        Some(0) => return Value::from(0_u64),
        Some(n) => n.unsigned_abs(),
        None => return Value::Undefined,
    };
    let bytes = random_bytes(seed, args);
    let number = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    Value::from(number % n)
}

fn random_uuid(seed: u64, args: &[Value]) -> Value {
    let mut bytes = random_bytes(seed, args);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes[..16]);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Value::from(parts.join("-"))
}

/// The parts of a template string: texts, and sets of the values of its expressions, empty where undefined.
fn template(args: &[Value]) -> Value {
    let mut text = String::new();
    let parts = args.first().and_then(|parts| parts.as_array().ok());
    for part in parts.into_iter().flatten() {
        match part {
            Value::String(literal) => text.push_str(literal),
            Value::Set(values) => match values.iter().next() {
                Some(Value::String(value)) => text.push_str(value),
                Some(value) => text.push_str(&builtins::text_of(value)),
                None => text.push_str("<undefined>"),
            },
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)
            | Value::Undefined => return Value::Undefined,
        }
    }
    Value::from(text)
}

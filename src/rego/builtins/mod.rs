//! Builtin functions as OPA has them, where the engine lacks them or differs.
mod args;
mod bigfloat;
mod casts;
mod crypto;
mod globs;
mod gofloat;
mod gofmt;
mod goquote;
mod graph;
mod json;
mod names;
mod net;
mod numbers;
mod objects;
#[cfg(test)]
mod parity_known;
#[cfg(test)]
mod parity_tests;
mod paths;
mod prepared;
mod re2;
mod regexes;
mod sprintf;
mod strings;
mod text;
mod times;
mod uri;
mod yaml;

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use regorus::unstable::{BUILTINS, Expr, Ref, Source, Span};
use regorus::{Engine, Extension, LimitError, Value};

use args::{Entry, Function};

/// The most bytes a builtin function may return.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The most elements a builtin function may return: the engine looks at neither clock nor memory while it goes through
/// them in a comprehension.
const MAX_ELEMENTS: usize = 2_000_000;
/// The most bytes of a number that is read from a text.
const MAX_DIGITS: usize = 64 * 1024;
/// The most errors kept of one evaluation.
pub(in crate::rego) const MAX_ERRORS: usize = 16;

/// Functions that the caller of [`register`] adds himself, and their numbers of arguments.
const ELSEWHERE: &[(&str, usize)] = &[
    ("print", 1),
    ("walk", 1),
    ("time.now_ns", 0),
    ("rand.intn", 2),
    ("uuid.rfc4122", 1),
    ("opa.runtime", 0),
    ("trace", 1),
];

/// Functions of OPA that reach the network.
const NETWORK: &[&str] = &["http.send", "net.lookup_ip_addr"];

const FORMAT: &[Entry] = &[("sprintf", 2, sprintf::sprintf)];

const TABLES: &[&[Entry]] = &[
    FORMAT,
    numbers::TABLE,
    regexes::TABLE,
    casts::TABLE,
    crypto::TABLE,
    net::TABLE,
    uri::TABLE,
    strings::TABLE,
    globs::TABLE,
    json::TABLE,
    objects::TABLE,
    paths::TABLE,
    graph::TABLE,
    times::TABLE,
    yaml::TABLE,
];

/// The error for a result beyond [`MAX_BYTES`] or [`MAX_ELEMENTS`].
fn too_large() -> anyhow::Error {
    anyhow!("the result is too large")
}

fn own() -> impl Iterator<Item = &'static Entry> {
    TABLES.iter().copied().flatten()
}

/// The number of arguments of a builtin function that can be called.
pub(in crate::rego) fn arity(name: &str) -> Option<usize> {
    if NETWORK.contains(&name) {
        return None;
    }
    if let Some((_, count)) = ELSEWHERE.iter().find(|e| e.0 == name) {
        return Some(*count);
    }
    match own().find(|e| e.0 == name) {
        Some((_, count, _)) => Some(usize::from(*count)),
        None => BUILTINS.get(name).map(|b| usize::from(b.1)),
    }
}

/// Whether OPA has a builtin function of this name and we do not.
pub(in crate::rego) fn known_but_missing(name: &str) -> bool {
    arity(name).is_none() && names::MISSING.contains(&name)
}

/// The builtin function whose name is most like this one.
pub(in crate::rego) fn nearest(name: &str) -> Option<&'static str> {
    let engine = BUILTINS.keys().copied();
    let elsewhere = ELSEWHERE.iter().map(|e| e.0);
    own()
        .map(|e| e.0)
        .chain(engine)
        .chain(elsewhere)
        .filter(|known| !NETWORK.contains(known))
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 3)
        .min()
        .map(|(_, known)| known)
}

/// A call that failed; its result is undefined, as in OPA.
#[derive(Debug)]
pub(in crate::rego) struct BuiltinError {
    pub(in crate::rego) name: String,
    pub(in crate::rego) message: String,
}

impl BuiltinError {
    /// What is said about it: the function, as far as the message does not begin with it, and what was wrong.
    pub(in crate::rego) fn text(&self) -> String {
        match self.message.strip_prefix(&self.name) {
            Some(rest) if rest.starts_with(':') => self.message.clone(),
            Some(_) | None => format!("{}: {}", self.name, self.message),
        }
    }
}

/// The failed calls since the last look.
#[derive(Clone, Default)]
pub(in crate::rego) struct ErrorLog(Arc<Mutex<Vec<BuiltinError>>>);

impl ErrorLog {
    /// Hands out the errors and forgets them.
    pub(in crate::rego) fn take(&self) -> Vec<BuiltinError> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, name: &'static str, message: String) {
        let mut errors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if errors.len() < MAX_ERRORS {
            errors.push(BuiltinError {
                name: name.into(),
                message,
            });
        }
    }

    /// The result of a call: a failed one is noted and undefined, save where a limit of the engine was reached.
    fn settle(&self, name: &'static str, result: Result<Value>) -> Result<Value> {
        match result {
            Ok(value) => Ok(value),
            Err(error) if error.downcast_ref::<LimitError>().is_some() => Err(error),
            Err(error) => {
                self.note(name, error.to_string());
                Ok(Value::Undefined)
            }
        }
    }
}

/// Stand-ins for the place of a call, which the engine's functions ask for.
struct Place {
    span: Span,
    params: Vec<Ref<Expr>>,
}

impl Place {
    fn new() -> Result<Self> {
        let source = Source::from_contents("builtin".into(), "_".into())?;
        let span = Span {
            source,
            line: 1,
            col: 1,
            start: 0,
            end: 1,
        };
        let param = Ref::new(Expr::Null {
            span: span.clone(),
            value: Value::Null,
            eidx: 0,
        });
        Ok(Self {
            span,
            params: vec![param; 8],
        })
    }
}

/// What the engine says of an error, without the place it stands at.
fn bare_message(name: &str, error: &anyhow::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once("error: ").map_or(text.as_str(), |t| t.1);
    let quoted = format!("`{name}` ");
    text.trim().replace(&quoted, "")
}

/// What the engine leaves undefined without a word is an error of OPA; `is_valid` answers whatever it is given.
fn judge(name: &str, values: &[Value], result: Result<Value>) -> Result<Value> {
    match result {
        Ok(Value::Undefined) if name != "uuid.parse" && !values.contains(&Value::Undefined) => {
            Err(anyhow!("the arguments do not fit"))
        }
        Err(error) if name.ends_with(".is_valid") && !error.is::<LimitError>() => {
            Ok(Value::from(false))
        }
        Ok(value) if is_too_large(&value) => Err(too_large()),
        Ok(_) | Err(_) => result,
    }
}

fn is_too_large(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() > MAX_BYTES,
        Value::Array(items) => items.len() > MAX_ELEMENTS,
        Value::Set(items) => items.len() > MAX_ELEMENTS,
        Value::Object(items) => items.len() > MAX_ELEMENTS,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Undefined => false,
    }
}

/// Whether a function of the engine is left alone.
fn is_left(name: &str) -> bool {
    ELSEWHERE.iter().any(|e| e.0 == name) || NETWORK.contains(&name) || own().any(|e| e.0 == name)
}

/// What functions are added to by their names and numbers of arguments.
pub(in crate::rego) trait Registry {
    /// Adds a function; fails for a name that is there already.
    fn add(&mut self, name: &str, arity: u8, function: Box<dyn Extension>) -> Result<()>;
}

impl Registry for Engine {
    fn add(&mut self, name: &str, arity: u8, function: Box<dyn Extension>) -> Result<()> {
        self.add_extension(name.to_owned(), arity, function)
    }
}

/// Adds our functions to an engine, and puts a watch on those of the engine.
pub(in crate::rego) fn register(registry: &mut dyn Registry, log: &ErrorLog) {
    for (name, count, function) in own() {
        let (log, function): (ErrorLog, Function) = (log.clone(), *function);
        let call = move |values: Vec<Value>| log.settle(name, function(&values));
        // Fails only for a name that is there already.
        let _ = registry.add(name, *count, Box::new(call));
    }
    let Ok(place) = Place::new().map(Arc::new) else {
        return;
    };
    for (name, (function, count)) in BUILTINS.iter().filter(|b| !is_left(b.0)) {
        let (log, place, name) = (log.clone(), place.clone(), *name);
        let call = move |values: Vec<Value>| {
            let values = match prepared::prepared(name, values) {
                Ok(values) => values,
                Err(error) => return log.settle(name, Err(error)),
            };
            let params = place.params.get(..values.len()).unwrap_or(&place.params);
            // The engine panics in places (`strings.count("a", "")`); that must not end the program.
            let result = catch_unwind(AssertUnwindSafe(|| {
                function(&place.span, params, &values, true)
            }))
            .unwrap_or_else(|_| Err(anyhow!("the engine failed on these arguments")));
            let result = result.map_err(|error| match error.is::<LimitError>() {
                true => error,
                false => anyhow!(bare_message(name, &error)),
            });
            log.settle(name, judge(name, &values, result))
        };
        let _ = registry.add(name, *count, Box::new(call));
    }
}

/// Whether the text of a value may be written: whether it has at most 64 MiB.
pub(in crate::rego) fn is_writable(value: &Value) -> bool {
    let mut left = MAX_BYTES;
    text::fits(value, &mut left)
}

/// How two values compare in OPA, where sets are larger than objects.
pub(in crate::rego) fn order(one: &Value, two: &Value) -> Ordering {
    text::compare(one, two)
}

/// The text of a value, as OPA prints it.
pub(in crate::rego) fn text_of(value: &Value) -> String {
    text::value_text(value)
}

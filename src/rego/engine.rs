//! One engine a worker: policies, data and builtins loaded; its errors as problems with a place in the policy.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, LimitError, PolicyLengthConfig};

use crate::document::value::{Object, Value};
use crate::finding::{Location, Precision};
use crate::rego::blame::Notes;
use crate::rego::builtins::{self, ErrorLog};
use crate::rego::prepare::calls::{AND, CONFTEST_FILE, MEMBER, MEMBER_WITH_KEY, OR, TEMPLATE};
use crate::rego::prepare::check::NETWORK;
use crate::rego::prepare::constants::{self, CONSTANT};
use crate::rego::prepare::diagnose::{CALLED, GAVE};
use crate::rego::set::PolicySet;
use crate::rego::syntax::Version;
use crate::source::Span;

/// An engine with a policy set loaded, for one thread.
pub(in crate::rego) struct Worker {
    engine: Engine,
    /// Errors of builtins since they were last taken.
    pub(in crate::rego) log: ErrorLog,
    /// What belongs to the input under evaluation.
    current: Arc<Mutex<Current>>,
}

/// What some functions give depends on the input under evaluation.
#[derive(Debug, Default)]
struct Current {
    file: Option<Value>,
    seed: u64,
}

/// Why the engine gave no value.
#[derive(Debug)]
pub(in crate::rego) struct EngineError {
    /// What sort of error it is.
    pub(in crate::rego) kind: EngineErrorKind,
    /// What is wrong.
    pub(in crate::rego) message: String,
    /// Module and span of what it is about, where the engine said that.
    pub(in crate::rego) place: Option<(usize, Span)>,
}

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum EngineErrorKind {
    /// It took longer than it may.
    Time,
    /// It took more memory than it may.
    Memory,
    /// Anything else.
    Other,
}

impl Worker {
    /// Loads a policy set, with `more` modules of its own: name and text.
    pub(in crate::rego) fn new(
        set: &PolicySet,
        more: &[(&str, &str)],
    ) -> Result<Self, EngineError> {
        let texts: Vec<&str> = set
            .printed
            .iter()
            .map(|printed| printed.text.as_str())
            .collect();
        Self::load(set, &texts, more)
    }

    /// Loads the modules of a set as they are printed with probes, which write to `notes`.
    pub(in crate::rego) fn with_probes(
        set: &PolicySet,
        texts: &[String],
        notes: &Arc<Mutex<Notes>>,
    ) -> Result<Self, EngineError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut worker = Self::load(set, &texts, &[])?;
        register_probes(&mut worker.engine, &worker.log, notes)
            .map_err(|error| EngineError::new(set, &error))?;
        Ok(worker)
    }

    fn load(set: &PolicySet, texts: &[&str], more: &[(&str, &str)]) -> Result<Self, EngineError> {
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(false);
        engine.set_gather_prints(true);
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZeroU32::MAX,
            max_file_bytes: NonZeroUsize::MAX,
            max_lines: NonZeroUsize::MAX,
        });
        let versions = set.policies.units.iter().map(|unit| unit.module.version);
        for (index, (text, version)) in texts.iter().zip(versions).enumerate() {
            engine.set_rego_v0(version == Version::V0);
            engine
                .add_policy(format!("p{index}"), (*text).to_owned())
                .map_err(|error| EngineError::new(set, &error))?;
        }
        engine.set_rego_v0(false);
        for (name, text) in more {
            engine
                .add_policy((*name).to_owned(), (*text).to_owned())
                .map_err(|error| EngineError::new(set, &error))?;
        }
        engine
            .add_data(set.data.clone())
            .map_err(|error| EngineError::new(set, &error))?;
        let log = ErrorLog::default();
        builtins::register(&mut engine, &log);
        let current = Arc::new(Mutex::new(Current::default()));
        register_own(&mut engine, set, &current).map_err(|error| EngineError::new(set, &error))?;
        Ok(Self {
            engine,
            log,
            current,
        })
    }

    /// Loads a policy set and one module of the given version.
    pub(in crate::rego) fn with_module(
        set: &PolicySet,
        text: &str,
        version: Version,
    ) -> Result<Self, EngineError> {
        let mut worker = Self::new(set, &[])?;
        worker.engine.set_rego_v0(version == Version::V0);
        match worker.engine.add_policy("more".to_owned(), text.to_owned()) {
            Ok(_) => Ok(worker),
            Err(error) => Err(EngineError::new(set, &error)),
        }
    }

    /// Sets what rules see as `input`, and the file it comes from.
    pub(in crate::rego) fn set_input(&mut self, input: Value, file: Option<Value>, seed: u64) {
        self.engine.set_input(input);
        if let Ok(mut current) = self.current.lock() {
            *current = Current { file, seed };
        }
    }

    /// The value of a rule, `Undefined` where it has none.
    pub(in crate::rego) fn evaluate(
        &mut self,
        set: &PolicySet,
        path: &str,
        timeout: Duration,
    ) -> Result<Value, EngineError> {
        self.engine
            .set_execution_timer_config(ExecutionTimerConfig {
                limit: timeout,
                check_interval: NonZeroU32::new(256).expect("not zero"),
            });
        self.engine
            .eval_rule(path.to_owned())
            .map_err(|error| EngineError::new(set, &error))
    }

    /// The value of any query, for tests.
    #[cfg(test)]
    pub(in crate::rego) fn query(&mut self, query: &str) -> Result<Value, String> {
        let results = self
            .engine
            .eval_query(query.to_owned(), false)
            .map_err(|error| error.to_string())?;
        let first = results
            .result
            .first()
            .and_then(|result| result.expressions.first());
        Ok(first.map_or(Value::Undefined, |expression| expression.value.clone()))
    }

    /// Makes the engine analyse all modules, without evaluating anything.
    pub(in crate::rego) fn prepare(
        &mut self,
        set: &PolicySet,
        path: &str,
    ) -> Result<(), EngineError> {
        self.engine
            .compile_with_entrypoint(&path.into())
            .map(|_| ())
            .map_err(|error| EngineError::new(set, &error))
    }

    /// What `print` said since this was last asked, with file and line.
    pub(in crate::rego) fn take_prints(&mut self, set: &PolicySet) -> Vec<String> {
        let prints = self.engine.take_prints().unwrap_or_default();
        prints.iter().map(|text| with_place(set, text)).collect()
    }
}

/// `p3:12: text` → `policy/a.rego:7: text`.
fn with_place(set: &PolicySet, text: &str) -> String {
    let place = text.split_once(": ").and_then(|(place, rest)| {
        let (module, line) = place.split_once(':')?;
        let (index, span) = origin(set, module, line.parse().ok()?, 1)?;
        let file = &set.sources[index].file;
        Some(format!(
            "{}:{}: {rest}",
            file.name(),
            file.position(span.start).line
        ))
    });
    place.unwrap_or_else(|| text.to_owned())
}

/// Where in the policies something stands that the engine knows by its module and place in the printed text.
fn origin(set: &PolicySet, module: &str, line: u32, column: u32) -> Option<(usize, Span)> {
    let index: usize = module.strip_prefix('p')?.parse().ok()?;
    let span = set.printed.get(index)?.origin(line, column)?;
    Some((index, span))
}

impl EngineError {
    fn new(set: &PolicySet, error: &anyhow::Error) -> Self {
        let kind = match error.downcast_ref::<LimitError>() {
            Some(LimitError::TimeLimitExceeded { .. }) => EngineErrorKind::Time,
            Some(LimitError::MemoryLimitExceeded { .. }) => EngineErrorKind::Memory,
            Some(LimitError::RegexSizeLimitExceeded { .. }) => EngineErrorKind::Other,
            None => EngineErrorKind::of_text(&error.to_string()),
        };
        let text = error.to_string();
        let (message, place) = read_error(set, &text);
        Self {
            kind,
            message,
            place,
        }
    }

    /// The place in the policies.
    pub(in crate::rego) fn location(&self, set: &PolicySet) -> Option<Location> {
        let (module, span) = self.place?;
        let file = &set.sources.get(module)?.file;
        Some(Location::in_file(file, span, Precision::Field))
    }
}

impl EngineErrorKind {
    /// Errors within functions come as text only.
    fn of_text(text: &str) -> Self {
        if text.contains("time limit exceeded") {
            Self::Time
        } else if text.contains("memory limit exceeded") {
            Self::Memory
        } else {
            Self::Other
        }
    }
}

/// The engine's errors look like `--> p0:3:7`, source lines, `error: text`.
fn read_error(set: &PolicySet, text: &str) -> (String, Option<(usize, Span)>) {
    let mut place = None;
    let mut message = String::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(at) = line.strip_prefix("--> ") {
            let mut parts = at.rsplitn(3, ':');
            let (column, row, module) = (parts.next(), parts.next(), parts.next());
            if place.is_none()
                && let (Some(column), Some(row), Some(module)) = (column, row, module)
                && let (Ok(column), Ok(row)) = (column.parse(), row.parse())
            {
                place = origin(set, module, row, column);
            }
        } else if let Some(rest) = line.strip_prefix("error: ") {
            message = rest.to_owned();
        }
    }
    if message.is_empty() {
        message = text.lines().next().unwrap_or(text).trim().to_owned();
    }
    (message, place)
}

/// The functions whose results the run decides, not the machine.
fn register_own(
    engine: &mut Engine,
    set: &PolicySet,
    current: &Arc<Mutex<Current>>,
) -> Result<(), anyhow::Error> {
    for name in NETWORK {
        // Only tests may name these, and replace them with `with`.
        engine.add_extension(name.to_owned(), 1, Box::new(|_| Ok(Value::Undefined)))?;
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
    engine.add_extension(CONSTANT.to_owned(), 1, Box::new(constant))?;
    let now = Value::from(set.settings.now_ns);
    engine.add_extension(
        "time.now_ns".to_owned(),
        0,
        Box::new(move |_| Ok(now.clone())),
    )?;
    let runtime = runtime(set);
    engine.add_extension(
        "opa.runtime".to_owned(),
        0,
        Box::new(move |_| Ok(runtime.clone())),
    )?;
    let state = Arc::clone(current);
    let file = move |_| {
        let state = state.lock().map(|state| state.file.clone());
        Ok(state.ok().flatten().unwrap_or(Value::Undefined))
    };
    engine.add_extension(CONFTEST_FILE.to_owned(), 0, Box::new(file))?;
    let state = Arc::clone(current);
    let random = move |args: Vec<Value>| Ok(random_integer(seed(&state), &args));
    engine.add_extension("rand.intn".to_owned(), 2, Box::new(random))?;
    let state = Arc::clone(current);
    let uuid = move |args: Vec<Value>| Ok(random_uuid(seed(&state), &args));
    engine.add_extension("uuid.rfc4122".to_owned(), 1, Box::new(uuid))?;
    engine.add_extension(TEMPLATE.to_owned(), 1, Box::new(|args| Ok(template(&args))))?;
    register_operators(engine)
}

fn register_probes(
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
            .map(|error| error.message)
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
fn register_operators(engine: &mut Engine) -> Result<(), anyhow::Error> {
    let member = |args: Vec<Value>| Ok(Value::from(member(&args[0], &args[1])));
    engine.add_extension(MEMBER.to_owned(), 2, Box::new(member))?;
    let with_key =
        |args: Vec<Value>| Ok(Value::from(member_with_key(&args[0], &args[1], &args[2])));
    engine.add_extension(MEMBER_WITH_KEY.to_owned(), 3, Box::new(with_key))?;
    let and = |args: Vec<Value>| {
        Ok(on_sets(&args, |one, two| {
            one.intersection(two).cloned().collect()
        }))
    };
    engine.add_extension(AND.to_owned(), 2, Box::new(and))?;
    let or = |args: Vec<Value>| Ok(on_sets(&args, |one, two| one.union(two).cloned().collect()));
    engine.add_extension(OR.to_owned(), 2, Box::new(or))
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

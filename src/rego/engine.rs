//! One engine a worker: policies, data and builtins loaded; its errors as problems with a place in the policy.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, LimitError, PolicyLengthConfig};

use crate::document::value::Value;
use crate::finding::Location;
use crate::rego::blame::Notes;
use crate::rego::builtins::{self, ErrorLog};
use crate::rego::functions::{Current, register_own, register_probes};
use crate::rego::set::PolicySet;
use crate::rego::syntax::Version;
use crate::source::Span;

/// An engine with a policy set loaded, for one thread.
pub(in crate::rego) struct Worker {
    engine: Engine,
    /// The engine as it was before its first evaluation: an error leaves one behind that gives nothing for the next rule.
    untouched: Option<Engine>,
    /// What rules see as `input`.
    input: Value,
    /// What engines that are gone printed.
    prints: Vec<String>,
    /// Errors of builtins since they were last taken.
    pub(in crate::rego) log: ErrorLog,
    /// What belongs to the input under evaluation.
    current: Arc<Mutex<Current>>,
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
        Self::load(set, &printed(set), more, set.data.clone())
    }

    /// Loads a policy set with other data than its own.
    pub(in crate::rego) fn with_data(set: &PolicySet, data: Value) -> Result<Self, EngineError> {
        Self::load(set, &printed(set), &[], data)
    }

    /// Loads the modules of a set as they are printed with probes, which write to `notes`.
    pub(in crate::rego) fn with_probes(
        set: &PolicySet,
        texts: &[String],
        notes: &Arc<Mutex<Notes>>,
    ) -> Result<Self, EngineError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut worker = Self::load(set, &texts, &[], set.data.clone())?;
        register_probes(&mut worker.engine, &worker.log, notes)
            .map_err(|error| EngineError::new(set, &error))?;
        Ok(worker)
    }

    fn load(
        set: &PolicySet,
        texts: &[&str],
        more: &[(&str, &str)],
        data: Value,
    ) -> Result<Self, EngineError> {
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
        for (index, text) in set.gathered.iter().enumerate() {
            engine
                .add_policy(format!("functions{index}"), text.clone())
                .map_err(|error| EngineError::new(set, &error))?;
        }
        for (name, text) in more {
            engine
                .add_policy((*name).to_owned(), (*text).to_owned())
                .map_err(|error| EngineError::new(set, &error))?;
        }
        engine
            .add_data(data)
            .map_err(|error| EngineError::new(set, &error))?;
        let log = ErrorLog::default();
        builtins::register(&mut engine, &log);
        let current = Arc::new(Mutex::new(Current::default()));
        register_own(&mut engine, set, &current).map_err(|error| EngineError::new(set, &error))?;
        Ok(Self {
            engine,
            untouched: None,
            input: Value::Undefined,
            prints: Vec::new(),
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
        self.engine.set_input(input.clone());
        self.input = input;
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
        let untouched = self.untouched.get_or_insert_with(|| {
            // What is asked for is not there; asking makes the engine analyse its modules.
            drop(self.engine.eval_rule("data.policy__nothing".to_owned()));
            self.engine.clone()
        });
        self.engine
            .set_execution_timer_config(ExecutionTimerConfig {
                limit: timeout,
                check_interval: NonZeroU32::new(256).expect("not zero"),
            });
        let result = self.engine.eval_rule(path.to_owned());
        result.map_err(|error| {
            let mut used = std::mem::replace(&mut self.engine, untouched.clone());
            self.prints.extend(used.take_prints().unwrap_or_default());
            self.engine.set_input(self.input.clone());
            EngineError::new(set, &error)
        })
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
        let mut prints = std::mem::take(&mut self.prints);
        prints.extend(self.engine.take_prints().unwrap_or_default());
        prints.iter().map(|text| with_place(set, text)).collect()
    }
}

fn printed(set: &PolicySet) -> Vec<&str> {
    set.printed
        .iter()
        .map(|printed| printed.text.as_str())
        .collect()
}

/// `p3:12: text` → `policy/a.rego:7: text`.
fn with_place(set: &PolicySet, text: &str) -> String {
    let place = text.split_once(": ").and_then(|(place, rest)| {
        let (module, line) = place.split_once(':')?;
        let (index, span) = origin(set, module, line.parse().ok()?, 1)?;
        let place = set.sources[index].location(span);
        Some(format!("{}:{}: {rest}", place.file, place.start.line))
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
        Some(set.sources.get(module)?.location(span))
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
    (with_files(set, &message), place)
}

/// `conflicts with rule at p0:2:1` → `conflicts with rule at policy/a.rego:3`.
fn with_files(set: &PolicySet, message: &str) -> String {
    let word = |word: &str| {
        let mut parts = word.splitn(3, ':');
        let module = parts.next()?;
        let line = parts.next()?.parse().ok()?;
        let column = parts.next()?.parse().ok()?;
        let (index, span) = origin(set, module, line, column)?;
        let place = set.sources[index].location(span);
        Some(format!("{}:{}", place.file, place.start.line))
    };
    let words = message.split(' ');
    let words = words.map(|text| word(text).unwrap_or_else(|| text.to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

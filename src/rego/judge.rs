//! Judges one input: by our own evaluator, which is several times faster than the engine; the engine checks it on a
//! part of the inputs and evaluates what it gives up at.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::check::Judgement;
use crate::document::value::{Set, Value};
use crate::finding::{Problem, Stage};
use crate::rego::engine::EngineErrorKind;
use crate::rego::eval::Run;
use crate::rego::messages::exempted;
use crate::rego::trace::places::Tracer;

/// One of so many inputs is judged by both evaluators.
const ONE_OF: u64 = 32;

/// Whether both evaluators judge an input: its seed decides, so that it does not hang on what else is judged, and where.
/// In debug builds, which run the tests, both judge each.
pub(in crate::rego) fn is_checked(seed: u64) -> bool {
    cfg!(debug_assertions) || seed.is_multiple_of(ONE_OF)
}

/// What is to be said about `name` where the two evaluators differ.
pub(in crate::rego) fn two_values(name: &str) -> Problem {
    let message =
        format!("{name} has two different values in the two ways in which it is evaluated");
    Problem::error(Stage::Evaluate, message).help(
        "This is a fault of policy: please report it with the rule and the document. What any of the two ways found is reported.",
    )
}

/// What both values of a rule found.
pub(in crate::rego) fn both(engine: &Value, own: &Value) -> Value {
    match (engine, own) {
        (Value::Set(engine), Value::Set(own)) => {
            Value::from(engine.iter().chain(own.iter()).cloned().collect::<Set>())
        }
        (Value::Undefined, own) => own.clone(),
        (engine, _) => engine.clone(),
    }
}

/// What went wrong in the evaluation of one rule.
struct Alone {
    /// It ended with an error that is neither time nor memory.
    is_error: bool,
    /// Functions failed.
    has_failures: bool,
}

/// Values by number: rules as in the set, then the `exception` rules of packages.
type Values = BTreeMap<usize, Value>;

impl Run<'_> {
    pub(in crate::rego) fn judge(mut self) -> Judgement {
        let set = self.set;
        let (file, seed) = (self.file(), self.seed());
        self.worker
            .set_input(self.input.value.clone(), file.clone(), seed);
        let kind = self.input.value.as_object().ok().and_then(|object| {
            let kind = object.get(&"kind".into())?;
            kind.as_string().ok().map(|kind| &**kind)
        });
        let (entry, asked) = set.entries.for_kind(kind);
        if asked.is_empty() && set.entries.exceptions.is_empty() {
            return self.judgement;
        }
        let numbers: Vec<usize> = (set.rules.len()..)
            .take(set.entries.exceptions.len())
            .chain(asked.iter().copied())
            .collect();
        let own = self.own_values(&numbers, file, seed);
        if is_checked(seed) || own.len() < numbers.len().div_ceil(2) {
            self.with_engine(entry, asked, own, numbers.len());
        } else if own.len() < numbers.len() {
            self.one_by_one(asked, &own);
        } else {
            self.take_values(asked, &own);
        }
        // As Conftest: an exempted rule is reported as such whether it found something or not.
        if self.exempt.values().any(|names| !names.is_empty()) {
            for rule in (0..set.rules.len()).filter(|rule| !asked.contains(rule)) {
                self.take_exemption(rule, &Value::Undefined);
            }
        }
        self.judgement
    }

    /// What our own evaluator gives. It gives up at what takes long, prints, or has an error that OPA would tell or
    /// take in silence.
    fn own_values(&mut self, numbers: &[usize], file: Option<Value>, seed: u64) -> Values {
        let (set, input, tracer) = (self.set, self.input, self.tracer);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let tracer = tracer.get_or_init(|| Tracer::new(set)).as_ref()?;
            let mut trace = tracer.trace(set, input, file, seed);
            let values = numbers
                .iter()
                .filter_map(|&number| Some((number, trace.value(number)?)));
            let values: Values = values.collect();
            Some((values, trace))
        }));
        match judged {
            Ok(Some((values, trace))) => {
                self.trace = Some(trace);
                values
            }
            Ok(None) | Err(_) => Values::new(),
        }
    }

    /// Asks the engine for all rules at once.
    fn with_engine(&mut self, entry: &str, asked: &[usize], own: Values, n_asked: usize) {
        let timeout = self.set.settings.timeout;
        let values = self.worker.evaluate(self.set, entry, timeout);
        let errors = self.worker.log.take();
        let prints = self.worker.take_prints(self.set);
        match values {
            Ok(values) if errors.is_empty() && values.as_set().is_ok() => {
                self.judgement.prints = prints;
                let mut values = by_number(&values);
                self.compare(&own, &mut values);
                self.take_values(asked, &values);
            }
            // A function that fails where it was not needed, or the time that the engine takes, is no matter.
            Ok(values) if own.len() == n_asked && values.as_set().is_ok() => {
                let mut values = by_number(&values);
                self.replace_failing(&mut values, &own);
                self.compare(&own, &mut values);
                for (number, value) in own {
                    values.entry(number).or_insert(value);
                }
                self.take_values(asked, &values);
            }
            Err(error) if own.len() == n_asked && error.kind != EngineErrorKind::Other => {
                self.take_values(asked, &own);
            }
            // Asking the only rule again would take the same time again.
            Err(error)
                if error.kind == EngineErrorKind::Time && n_asked == 1 && !asked.is_empty() =>
            {
                self.judgement.prints = prints;
                self.fail(asked[0], &error);
            }
            // Something went wrong somewhere: rule by rule says where, and what of the rest holds.
            Ok(_) => self.one_by_one(asked, &own),
            Err(_) => {
                let own = self.without_errors(own);
                self.one_by_one(asked, &own);
            }
        }
    }

    /// What went wrong while the engine evaluated one rule alone.
    fn alone(&mut self, number: usize, timeout: Duration) -> Alone {
        let path = self.set.path(number);
        let result = self.worker.evaluate(self.set, &path, timeout);
        let has_failures = !self.worker.log.take().is_empty();
        self.worker.take_prints(self.set);
        Alone {
            is_error: result.is_err_and(|error| error.kind == EngineErrorKind::Other),
            has_failures,
        }
    }

    /// The values of what the engine can evaluate too, or only takes too long for.
    fn without_errors(&mut self, mut own: Values) -> Values {
        let started = Instant::now();
        let timeout = self.set.settings.timeout;
        own.retain(|&number, _| {
            let left = timeout.saturating_sub(started.elapsed());
            !self.alone(number, left).is_error
        });
        own
    }

    /// Puts our values in the place of those of the engine that are others since a function failed.
    fn replace_failing(&mut self, engine: &mut Values, own: &Values) {
        let started = Instant::now();
        let timeout = self.set.settings.timeout;
        for (number, value) in own {
            let other = engine.get(number).unwrap_or(&Value::Undefined);
            let left = timeout.saturating_sub(started.elapsed());
            if other != value && self.alone(*number, left).has_failures {
                engine.insert(*number, value.clone());
            }
        }
    }

    /// Notes where the two evaluators differ; what both found is kept.
    fn compare(&mut self, own: &Values, engine: &mut Values) {
        for (number, value) in own {
            let other = engine.get(number).unwrap_or(&Value::Undefined);
            if other == value {
                continue;
            }
            let joined = both(other, value);
            engine.insert(*number, joined);
            let name = match self.set.rules.get(*number) {
                Some(rule) => format!("rule `{}`", rule.id),
                None => "an `exception` rule".to_owned(),
            };
            self.push(two_values(&name));
        }
    }

    /// Takes what exceptions and rules gave.
    fn take_values(&mut self, asked: &[usize], values: &Values) {
        let n_rules = self.set.rules.len();
        for (index, package) in self.set.entries.exceptions.iter().enumerate() {
            let names = values.get(&(n_rules + index)).map(exempted);
            self.exempt
                .insert(package.clone(), names.unwrap_or_default());
        }
        for rule in asked {
            if let Some(value) = values.get(rule) {
                self.take_value(*rule, value);
            }
        }
    }
}

/// The entry's pairs of a number and the value of what has that number.
fn by_number(pairs: &Value) -> Values {
    let pairs = pairs.as_set().ok().into_iter();
    let pairs = pairs.flat_map(|pairs| pairs.iter());
    pairs
        .filter_map(|pair| {
            let pair = pair.as_array().ok()?;
            let number = pair.get(0)?.as_u32().ok()?;
            Some((number as usize, pair.get(1)?.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;
    use std::path::Path;

    use super::*;
    use crate::document::input::Input;
    use crate::finding::{Severity, Subject};
    use crate::rego::engine::Worker;
    use crate::rego::load::{self, Options};

    #[test]
    fn a_rule_with_two_values_is_told_and_loses_nothing() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/policy");
        let options = Options {
            policies: vec![folder],
            ..load::tests_options()
        };
        let set = load::load(&options).set.expect("the policies load");
        let labels = set
            .rules
            .iter()
            .position(|rule| &*rule.name == "deny_labels");
        let labels = labels.expect("a rule");
        let mut worker = Worker::new(&set, &[("entry", &set.entries.module)]).expect("an engine");
        let (mut diagnosis, tracer) = (None, OnceCell::new());
        let input = Input {
            value: Value::from_json_str(
                r#"{"kind": "Service", "metadata": {"name": "a", "namespace": "b", "labels": {}}}"#,
            )
            .expect("JSON"),
            origins: Vec::new(),
            subject: Subject::default(),
        };
        let mut run = Run::new(&set, &mut worker, &mut diagnosis, &tracer, &input);
        let own = run.own_values(&[0, labels], None, 0);
        assert_eq!(own.len(), 2);
        let mut engine = own.clone();
        engine.insert(labels, Value::Undefined);
        run.compare(&own, &mut engine);
        let problems = &run.judgement.problems;
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].severity, Severity::Error);
        let message = &problems[0].message;
        assert!(
            message.starts_with("rule `main.deny_labels` has two"),
            "{message}"
        );
        assert_eq!(engine, own);
    }

    #[test]
    fn what_both_found_is_kept() {
        let set = |text: &str| Value::from_json_str(text).expect("JSON");
        let of = |texts: &[&str]| Value::from(texts.iter().map(|it| set(it)).collect::<Set>());
        let joined = both(&of(&["1", "2"]), &of(&["2", "3"]));
        assert_eq!(joined, of(&["1", "2", "3"]));
        assert_eq!(both(&Value::Undefined, &of(&["1"])), of(&["1"]));
    }
}

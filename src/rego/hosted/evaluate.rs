//! Evaluates the rule of a hosted set on one input at a time.

use std::cell::{Cell, OnceCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::document::input::Input;
use crate::document::value::{Object, Value};
use crate::explain::Part;
use crate::finding::{Location, Problem, Related, Stage};
use crate::rego::engine::{EngineErrorKind, Worker};
use crate::rego::eval::evaluation_problem;
use crate::rego::hosted::{Host, PACKAGE};
use crate::rego::judge::{both, is_checked, two_values};
use crate::rego::load::Places;
use crate::rego::seed::seed_of;
use crate::rego::set::{PolicySet, path_of};
use crate::rego::trace::places::Tracer;

/// Evaluates one hosted set on one thread.
pub struct Evaluator<'a> {
    set: &'a PolicySet,
    data: Value,
    path: String,
    /// Made when it is first needed.
    worker: Option<Worker>,
    /// Made when the first input is judged.
    tracer: OnceCell<Option<Tracer>>,
    /// Findings whose evaluation could not be followed at all.
    untraced: Cell<usize>,
}

/// What the rule gave.
#[derive(Debug)]
pub struct Answer {
    /// Its value, `Undefined` where it has none; why it could not be evaluated otherwise, without a place in the input.
    pub value: Result<Value, Problem>,
    /// Failures of builtins, which made something undefined: what failed and where it is called.
    pub failures: Vec<(String, Option<Location>)>,
    /// What was printed.
    pub prints: Vec<String>,
    /// That the rule has two values, without a place.
    pub doubt: Option<Problem>,
    /// Whether it has no value since it needs too much time or memory.
    is_cut_short: bool,
}

impl Answer {
    /// A value or why there is none, and nothing else to be said.
    fn of(value: Result<Value, Problem>) -> Self {
        Self {
            value,
            failures: Vec::new(),
            prints: Vec::new(),
            doubt: None,
            is_cut_short: false,
        }
    }
}

/// Where a member of the rule's value comes from.
#[derive(Debug, Default)]
pub struct Found {
    /// Its place in a document of the input, where that could be found out.
    pub location: Option<Location>,
    /// Further places.
    pub related: Vec<Related>,
    /// The body that gave it.
    pub policy_location: Option<Location>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(set: &'a PolicySet, host: Host, data: Value) -> Self {
        let entry = (Value::from(host.data), data);
        Self {
            set,
            data: Value::from(std::iter::once(entry).collect::<Object>()),
            path: path_of(&[PACKAGE.into()], host.rule),
            worker: None,
            tracer: OnceCell::new(),
            untraced: Cell::new(0),
        }
    }

    /// How many findings have no field, since the evaluation could not be followed; since this was last asked.
    pub fn take_untraced(&self) -> usize {
        let tracer = self.tracer.get().and_then(Option::as_ref);
        self.untraced.take() + tracer.map_or(0, |tracer| tracer.dropped.take())
    }

    /// Evaluates the rule; `id` is what problems call it.
    pub fn evaluate(&mut self, input: &Input, id: &str, timeout: Duration) -> Answer {
        let own = self.own_value(input);
        if let Some(value) = &own
            && !is_checked(seed_of(&input.subject))
        {
            return Answer::of(Ok(value.clone()));
        }
        let mut answer = self.with_engine(input, id, timeout);
        if let Some(own) = own {
            match &answer.value {
                // A function that fails where it was not needed, or the time that the engine takes, is no matter.
                Ok(_) if !answer.failures.is_empty() => return Answer::of(Ok(own)),
                Err(_) if answer.is_cut_short => return Answer::of(Ok(own)),
                Ok(value) if *value == own => {}
                Ok(value) => {
                    let value = both(value, &own);
                    answer.doubt = Some(two_values(&format!("rule `{id}`")));
                    answer.value = Ok(value);
                }
                Err(_) => {}
            }
        }
        answer
    }

    /// What our own evaluator gives; none where it gives up.
    fn own_value(&mut self, input: &Input) -> Option<Value> {
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let seed = seed_of(&input.subject);
            self.tracer()?.trace(self.set, input, None, seed).value(0)
        }));
        judged.ok().flatten()
    }

    fn with_engine(&mut self, input: &Input, id: &str, timeout: Duration) -> Answer {
        let worker = self.worker.take();
        let answered = catch_unwind(AssertUnwindSafe(|| {
            let mut worker = match worker {
                Some(worker) => worker,
                None => Worker::with_data(self.set, self.data.clone())
                    .map_err(|error| evaluation_problem(self.set, &error, id))?,
            };
            worker.set_input(input.value.clone(), None, seed_of(&input.subject));
            worker.log.take();
            let value = worker.evaluate(self.set, &self.path, timeout);
            let is_cut_short = value
                .as_ref()
                .is_err_and(|error| error.kind != EngineErrorKind::Other);
            let errors = worker.log.take();
            let prints = worker.take_prints(self.set);
            let answer = Answer {
                failures: errors
                    .into_iter()
                    .map(|error| (error.text(), self.set.call_site(0, &error.name)))
                    .collect(),
                prints,
                is_cut_short,
                ..Answer::of(value.map_err(|error| evaluation_problem(self.set, &error, id)))
            };
            Ok((worker, answer))
        }));
        let problem = match answered {
            Ok(Ok((worker, answer))) => {
                self.worker = Some(worker);
                return answer;
            }
            Ok(Err(problem)) => problem,
            // The engine's state is not to be trusted any more: the next input gets a new one.
            Err(_) => Problem::error(
                Stage::Evaluate,
                format!("rule `{id}`: the evaluation ended in a fault of the engine"),
            ),
        };
        Answer::of(Err(problem))
    }

    /// The bodies of the rule, followed on one input; nothing where that cannot be done.
    pub fn explain(&mut self, input: &Input, id: &str, timeout: Duration) -> Vec<Part> {
        let Ok(value) = self.evaluate(input, id, timeout).value else {
            return Vec::new();
        };
        let traced = catch_unwind(AssertUnwindSafe(|| {
            let mut trace = self
                .tracer()?
                .trace(self.set, input, None, seed_of(&input.subject));
            trace.parts(0, &value)
        }));
        traced.ok().flatten().unwrap_or_default()
    }

    /// What finds places, compiled when it is first asked for; a fault of that is caught by who asks.
    fn tracer(&self) -> Option<&Tracer> {
        let made = || Tracer::with_data(self.set, self.data.clone());
        self.tracer.get_or_init(made).as_ref()
    }

    /// Where members of the rule's value come from, in their order.
    pub fn places(&self, input: &Input, value: &Value, members: &[&Value]) -> Vec<Found> {
        let nothing = || members.iter().map(|_| Found::default()).collect();
        if self.set.settings.places == Places::Resource && !input.has_directives() {
            return nothing();
        }
        // A fault of the trace leaves a finding without its exact place, never without a verdict.
        let traced = catch_unwind(AssertUnwindSafe(|| {
            let mut trace = self
                .tracer()?
                .trace(self.set, input, None, seed_of(&input.subject));
            Some(trace.places(0, value, members))
        }));
        let Ok(Some(places)) = traced else {
            self.untraced.set(self.untraced.get() + members.len());
            return nothing();
        };
        let found = places.into_iter().map(|place| Found {
            location: place.location,
            related: place.related,
            policy_location: place.policy_location,
        });
        found.collect()
    }
}

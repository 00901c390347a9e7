//! Runs the rules of a policy set on one input at a time, as Conftest runs them.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::check::{Check, Facts, Judge, Judgement, Needs};
use crate::document::Document;
use crate::document::input::Input;
use crate::document::value::Value;
use crate::explain::{Explanation, Part};
use crate::finding::{Beside, Finding, Found, Location, Outcome, Problem, Rule, Stage};
use crate::rego::blame::{Blamed, Diagnosis};
use crate::rego::builtins::BuiltinError;
use crate::rego::engine::{EngineError, EngineErrorKind, Worker};
use crate::rego::load::BuiltinErrors;
use crate::rego::messages::{conftest_file, exempted, is_filled, path_text, seconds};
use crate::rego::seed::seed_of;
use crate::rego::set::PolicySet;
use crate::rego::trace::places::{Trace, Tracer};

impl Check for PolicySet {
    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn needs(&self) -> Needs {
        if self.settings.combine {
            Needs::AllDocuments
        } else {
            Needs::OneDocument
        }
    }

    fn informs(&self, _document: &Arc<Document>) -> bool {
        self.settings.combine
    }

    fn judge<'a>(&'a self, _facts: &'a Facts) -> Box<dyn Judge + 'a> {
        Box::new(RegoJudge {
            set: self,
            worker: None,
            diagnosis: None,
            tracer: OnceCell::new(),
        })
    }
}

/// What the engine says about the modules that our own parser and checks let pass.
pub(in crate::rego) fn engine_problems(set: &PolicySet) -> Vec<Problem> {
    let entry = [("entry", set.entries.module.as_str())];
    let result = Worker::new(set, &entry).and_then(|mut worker| {
        let (path, rules) = set.entries.for_kind(None);
        if rules.is_empty() && set.entries.exceptions.is_empty() {
            Ok(())
        } else {
            worker.prepare(set, path)
        }
    });
    match result {
        Ok(()) => Vec::new(),
        Err(error) => {
            let problem = Problem::error(Stage::Load, error.message.clone())
                .help("The policy cannot be evaluated as it stands.");
            vec![match error.location(set) {
                Some(location) => problem.at(location),
                None => problem,
            }]
        }
    }
}

struct RegoJudge<'a> {
    set: &'a PolicySet,
    worker: Option<Worker>,
    /// Made when the first builtin fails.
    diagnosis: Option<Diagnosis>,
    /// Made when the first input is judged.
    tracer: OnceCell<Option<Tracer>>,
}

impl Judge for RegoJudge<'_> {
    fn judge(&mut self, input: &Input) -> Judgement {
        let mut worker = match self.worker.take().map_or_else(
            || Worker::new(self.set, &[("entry", &self.set.entries.module)]),
            Ok,
        ) {
            Ok(worker) => worker,
            Err(error) => return all_errored(self.set, input, &error.message),
        };
        let set = self.set;
        let diagnosis = &mut self.diagnosis;
        let tracer = &self.tracer;
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let judgement = Run::new(set, &mut worker, diagnosis, tracer, input).judge();
            (judgement, worker)
        }));
        match judged {
            Ok((judgement, worker)) => {
                self.worker = Some(worker);
                judgement
            }
            // The engine's state is not to be trusted any more: the next input gets a new one.
            Err(_) => all_errored(
                self.set,
                input,
                "the evaluation ended in a fault of the engine",
            ),
        }
    }

    fn explain(&mut self, rule: usize, input: &Input) -> Explanation {
        let judgement = self.judge(input);
        let findings: Vec<Finding> = judgement
            .findings
            .into_iter()
            .filter(|finding| finding.rule == rule)
            .collect();
        let parts = match self.parts(rule, input) {
            Some(parts) => placed(parts, &findings),
            None => unfollowed(findings),
        };
        let id = format!("`{}`", self.set.rules[rule].id);
        let is_own = |problem: &Problem| {
            problem.message.contains(&id) || !problem.message.starts_with("rule `")
        };
        Explanation {
            outcome: judgement.outcomes[rule],
            parts,
            problems: judgement.problems.into_iter().filter(is_own).collect(),
        }
    }
}

impl RegoJudge<'_> {
    /// The bodies of a rule, followed on the input that was judged last; none where that cannot be done.
    fn parts(&mut self, rule: usize, input: &Input) -> Option<Vec<Part>> {
        let set = self.set;
        let path = set.path(rule);
        let worker = self.worker.as_mut()?;
        let value = worker.evaluate(set, &path, set.settings.timeout).ok()?;
        let (file, seed) = {
            let run = Run::new(set, worker, &mut self.diagnosis, &self.tracer, input);
            (run.file(), run.seed())
        };
        let tracer = &self.tracer;
        let traced = AssertUnwindSafe(|| {
            let tracer = tracer.get_or_init(|| Tracer::new(set)).as_ref()?;
            tracer.trace(set, input, file, seed).parts(rule, &value)
        });
        catch_unwind(traced).ok()?
    }
}

/// The parts, each with the place of its finding.
fn placed(mut parts: Vec<Part>, findings: &[Finding]) -> Vec<Part> {
    for part in &mut parts {
        let finding = findings
            .iter()
            .find(|finding| !part.message.is_empty() && finding.message == part.message);
        part.place = finding.map(|finding| finding.location.clone());
    }
    parts
}

/// What was found, where the evaluation cannot be followed.
fn unfollowed(findings: Vec<Finding>) -> Vec<Part> {
    let part = |finding: Finding| Part {
        name: String::new(),
        message: finding.message,
        location: finding.policy_location.as_deref().cloned(),
        place: Some(finding.location),
        steps: Vec::new(),
        note: "the evaluation cannot be followed step by step".to_owned(),
    };
    findings.into_iter().map(part).collect()
}

fn all_errored(set: &PolicySet, input: &Input, message: &str) -> Judgement {
    Judgement {
        outcomes: vec![Outcome::Errored; set.rules.len()],
        problems: vec![
            Problem::error(Stage::Evaluate, message)
                .at(input.location())
                .help("No rule could be evaluated on this document."),
        ],
        ..Judgement::default()
    }
}

/// The evaluation of all rules on one input.
pub(in crate::rego) struct Run<'a> {
    pub(in crate::rego) set: &'a PolicySet,
    pub(in crate::rego) worker: &'a mut Worker,
    diagnosis: &'a mut Option<Diagnosis>,
    pub(in crate::rego) tracer: &'a OnceCell<Option<Tracer>>,
    /// The trace of the input.
    pub(in crate::rego) trace: Option<Trace<'a>>,
    pub(in crate::rego) input: &'a Input,
    pub(in crate::rego) judgement: Judgement,
    /// The place of the whole input, made once.
    pub(in crate::rego) location: Option<Location>,
    /// For each package the names that its `exception` rule exempts, with how often.
    pub(in crate::rego) exempt: BTreeMap<Vec<Arc<str>>, Vec<Arc<str>>>,
}

impl<'a> Run<'a> {
    pub(in crate::rego) fn new(
        set: &'a PolicySet,
        worker: &'a mut Worker,
        diagnosis: &'a mut Option<Diagnosis>,
        tracer: &'a OnceCell<Option<Tracer>>,
        input: &'a Input,
    ) -> Self {
        Self {
            set,
            worker,
            diagnosis,
            tracer,
            trace: None,
            input,
            judgement: Judgement {
                outcomes: vec![Outcome::Passed; set.rules.len()],
                ..Judgement::default()
            },
            location: None,
            exempt: BTreeMap::new(),
        }
    }

    /// Each rule for itself that has no value yet; the time of all is bounded too.
    pub(in crate::rego) fn one_by_one(&mut self, asked: &[usize], known: &BTreeMap<usize, Value>) {
        let started = Instant::now();
        let timeout = self.set.settings.timeout;
        let left = || (timeout * 2).saturating_sub(started.elapsed()).min(timeout);
        for (number, package) in (self.set.rules.len()..).zip(&self.set.entries.exceptions) {
            if let Some(value) = known.get(&number) {
                self.exempt.insert(package.clone(), exempted(value));
                continue;
            }
            let path = self.set.path(number);
            match self.worker.evaluate(self.set, &path, left()) {
                Ok(value) => {
                    self.exempt.insert(package.clone(), exempted(&value));
                }
                Err(error) => self.problem(&error, &format!("{}.exception", path_text(package))),
            }
            self.worker.log.take();
        }
        for &rule in asked {
            if let Some(value) = known.get(&rule) {
                self.take_value(rule, value);
                continue;
            }
            let time = left();
            if time.is_zero() {
                self.judgement.outcomes[rule] = Outcome::Errored;
                let id = Arc::clone(&self.set.rules[rule].id);
                let problem = Problem::error(
                    Stage::Evaluate,
                    format!(
                        "rule `{id}` was not evaluated: the time for this document was used up"
                    ),
                );
                self.push(problem);
                continue;
            }
            self.one(rule, time);
        }
        let prints = self.worker.take_prints(self.set);
        self.judgement.prints.extend(prints);
    }

    fn one(&mut self, rule: usize, timeout: Duration) {
        let path = self.set.path(rule);
        self.worker.log.take();
        match self.worker.evaluate(self.set, &path, timeout) {
            Ok(value) => {
                let errors = self.worker.log.take();
                self.take_value(rule, &value);
                self.builtin_errors(rule, &value, &errors);
            }
            Err(error) => {
                self.worker.log.take();
                self.fail(rule, &error);
            }
        }
    }

    /// The rule could not be evaluated.
    pub(in crate::rego) fn fail(&mut self, rule: usize, error: &EngineError) {
        self.judgement.outcomes[rule] = Outcome::Errored;
        let id = Arc::clone(&self.set.rules[rule].id);
        self.problem(error, &id);
    }

    fn problem(&mut self, error: &EngineError, rule: &str) {
        self.push(evaluation_problem(self.set, error, rule));
    }

    pub(in crate::rego) fn push(&mut self, problem: Problem) {
        let problem = problem.at(self.input.location());
        self.judgement.problems.push(problem);
    }

    /// Errors of builtins that made something undefined, which OPA takes in silence.
    fn builtin_errors(&mut self, rule: usize, value: &Value, errors: &[BuiltinError]) {
        if errors.is_empty() || self.set.settings.builtin_errors == BuiltinErrors::Ignore {
            return;
        }
        // What an exception exempts cannot hide anything.
        let is_exempt = self.judgement.outcomes[rule] == Outcome::Excepted;
        let mut blamed = match is_exempt {
            true => Vec::new(),
            false => self.blame(rule),
        };
        if blamed.is_empty() {
            blamed = Blamed::by_name(self.set, rule, errors, !is_exempt);
        }
        for blamed in blamed {
            self.builtin_error(rule, value, blamed);
        }
    }

    fn builtin_error(&mut self, rule: usize, value: &Value, blamed: Blamed) {
        let message = format!("rule `{}`: {}", self.set.rules[rule].id, blamed.text());
        let problem = if blamed.hides && self.set.settings.builtin_errors == BuiltinErrors::Error {
            let beside = is_filled(value).then(|| self.found_by(rule));
            let (then, settled) = if beside.is_some() {
                let settled = " It is an error unless what the rule found in this document makes the run fail.";
                ("the rule may have found more", settled)
            } else {
                self.judgement.outcomes[rule] = Outcome::Errored;
                ("the rule gave nothing", "")
            };
            let help = format!(
                "What the function was given is not what it takes; test for it first, or use `--builtin-errors notice`.{settled}"
            );
            let problem = Problem::error(Stage::Evaluate, format!("{message}; {then}")).help(help);
            Problem { beside, ..problem }
        } else {
            Problem::notice(Stage::Evaluate, message)
        };
        self.push(blamed.place(problem));
    }

    /// What the rule found on this input; what comes of its failure is settled when it is known whether that counts.
    fn found_by(&self, rule: usize) -> Beside {
        let findings = self.judgement.findings.iter();
        let own = findings.filter(|finding| finding.rule == rule);
        Beside {
            rule: Arc::clone(&self.set.rules[rule].id),
            found: own.map(Found::of).collect(),
        }
    }

    /// Which calls failed and whether that may hide something; nothing where that cannot be found out.
    fn blame(&mut self, rule: usize) -> Vec<Blamed> {
        if self.diagnosis.is_none() {
            *self.diagnosis = Diagnosis::new(self.set).ok();
        }
        let input = (&self.input.value, self.file(), self.seed());
        let path = self.set.path(rule);
        let timeout = self.set.settings.timeout;
        let diagnosis = self.diagnosis.as_mut();
        diagnosis.map_or_else(Vec::new, |diagnosis| {
            diagnosis.of_rule(self.set, rule, &path, input, timeout)
        })
    }

    /// What `data.conftest.file` is for the input.
    pub(in crate::rego) fn file(&self) -> Option<Value> {
        if self.input.is_combined() {
            return None;
        }
        conftest_file(&self.set.settings.directory, &self.input.subject.file)
    }

    /// What random numbers depend on.
    pub(in crate::rego) fn seed(&self) -> u64 {
        seed_of(&self.input.subject)
    }
}

/// Why the engine gave no value of a rule on a document, without the document's place.
pub(in crate::rego) fn evaluation_problem(
    set: &PolicySet,
    error: &EngineError,
    rule: &str,
) -> Problem {
    let (message, help) = match error.kind {
        EngineErrorKind::Time => (
            format!(
                "rule `{rule}` took longer than {} on this document",
                seconds(set.settings.timeout)
            ),
            "Allow more with `--timeout`, or make the rule cheaper.".to_owned(),
        ),
        EngineErrorKind::Memory => (
            format!("rule `{rule}` needs more memory on this document than it may have"),
            "Allow more with `--memory-limit`, or make the rule smaller.".to_owned(),
        ),
        EngineErrorKind::Other => (
            format!(
                "rule `{rule}` cannot be evaluated on this document: {}",
                error.message
            ),
            String::new(),
        ),
    };
    let problem = Problem::error(Stage::Evaluate, message).help(help);
    match error.location(set) {
        Some(location) => problem.related(location, "in this policy"),
        None => problem,
    }
}

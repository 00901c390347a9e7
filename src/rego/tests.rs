//! Rego unit tests: `test_…` rules, each a subject of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::value::{Object, Value};
use crate::finding::{
    Evaluation, Finding, Level, Location, Outcome, Precision, Problem, Rule, RuleKind, Stage,
    Status, Subject,
};
use crate::rego::builtins::text_of;
use crate::rego::engine::Worker;
use crate::rego::set::{PolicySet, path_of};
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Head, Module, Rule as RegoRule, Step, join_path,
};
use crate::rego::syntax::print;
use crate::source::Span;

/// What the tests gave; every test is a rule and a subject.
#[derive(Debug, Default)]
pub struct Tested {
    /// The tests, sorted by id.
    pub rules: Vec<Rule>,
    /// The tests of each file; those of other files are absent.
    pub evaluations: Vec<Evaluation>,
    /// The tests that failed.
    pub findings: Vec<Finding>,
    /// The tests that could not be run.
    pub problems: Vec<Problem>,
    /// What policies said by `print`.
    pub prints: Vec<String>,
}

impl Tested {
    /// These tests and others, sorted by id.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let n_own = self.rules.len();
        let mut rules: Vec<(usize, Rule)> = self
            .rules
            .into_iter()
            .chain(other.rules)
            .enumerate()
            .collect();
        rules.sort_by(|(_, left), (_, right)| left.id.cmp(&right.id));
        let mut place_of = vec![0; rules.len()];
        for (place, (index, _)) in rules.iter().enumerate() {
            place_of[*index] = place;
        }
        let mut joined = Self {
            rules: rules.into_iter().map(|(_, rule)| rule).collect(),
            problems: self.problems,
            prints: self.prints,
            ..Self::default()
        };
        joined.problems.extend(other.problems);
        joined.prints.extend(other.prints);
        let parts = [
            (0, self.evaluations, self.findings),
            (n_own, other.evaluations, other.findings),
        ];
        for (first, evaluations, findings) in parts {
            for evaluation in evaluations {
                let mut outcomes = vec![Outcome::Absent; place_of.len()];
                for (index, outcome) in evaluation.outcomes.iter().enumerate() {
                    outcomes[place_of[first + index]] = *outcome;
                }
                joined.evaluations.push(Evaluation {
                    outcomes: outcomes.into_boxed_slice(),
                    ..evaluation
                });
            }
            joined
                .findings
                .extend(findings.into_iter().map(|finding| Finding {
                    rule: place_of[first + finding.rule],
                    ..finding
                }));
        }
        joined
    }
}

/// A test: all definitions of one name in one package.
struct Test {
    package: Vec<Arc<str>>,
    name: Arc<str>,
    definitions: Vec<(usize, usize)>,
}

/// What failed, and where that stands if it is not the whole test.
type Failures = Vec<(String, Option<Location>)>;

/// Runs the tests of a set that was loaded with its tests, those for whose id `selected` holds.
#[must_use]
pub fn run(set: &PolicySet, selected: &dyn Fn(&str) -> bool) -> Tested {
    let mut tests = tests(set);
    tests.retain(|test| selected(&test.id()));
    let mut tested = Tested::default();
    if tests.is_empty() {
        return tested;
    }
    let mut worker = match Worker::new(set, &[]) {
        Ok(worker) => worker,
        Err(error) => {
            let problem = Problem::error(Stage::Load, error.message.clone());
            tested.problems.push(match error.location(set) {
                Some(location) => problem.at(location),
                None => problem,
            });
            return tested;
        }
    };
    let mut outcomes: BTreeMap<Arc<str>, Vec<Outcome>> = BTreeMap::new();
    for (index, test) in tests.iter().enumerate() {
        let rule = rule_of(set, test);
        let outcome = test.run(set, &mut worker, index, &rule, &mut tested);
        let file = rule.location.as_ref().map(|place| Arc::clone(&place.file));
        outcomes
            .entry(file.unwrap_or_default())
            .or_insert_with(|| vec![Outcome::Absent; tests.len()])[index] = outcome;
        tested.rules.push(rule);
    }
    tested.evaluations = outcomes
        .into_iter()
        .map(|(file, outcomes)| Evaluation {
            subject: Subject {
                file,
                line: 1,
                ..Subject::default()
            },
            outcomes: outcomes.into_boxed_slice(),
        })
        .collect();
    tested
}

fn tests(set: &PolicySet) -> Vec<Test> {
    let mut tests: BTreeMap<(String, Arc<str>), Test> = BTreeMap::new();
    for (module, unit) in set.policies.units.iter().enumerate() {
        for (index, (rule, _)) in unit.rules().enumerate() {
            let name = rule.name();
            let is_test = name.starts_with("test_") || name.starts_with("todo_test_");
            if !is_test || rule.head.args.is_some() || rule.is_default {
                continue;
            }
            let key = (unit.module.package_name(), Arc::clone(name));
            let test = tests.entry(key).or_insert_with(|| Test {
                package: unit.module.package.clone(),
                name: Arc::clone(name),
                definitions: Vec::new(),
            });
            test.definitions.push((module, index));
        }
    }
    tests.into_values().collect()
}

fn rule_of(set: &PolicySet, test: &Test) -> Rule {
    let (module, index) = test.definitions[0];
    let span = set.policies.units[module].module.rules[index].head.span;
    let package = join_path(&test.package);
    Rule {
        id: test.id().into(),
        package,
        name: test.name.to_string(),
        kind: RuleKind::Test,
        severity: None,
        title: None,
        description: None,
        url: None,
        location: Some(Location::in_file(
            &set.sources[module].file,
            span,
            Precision::Field,
        )),
    }
}

impl Test {
    fn id(&self) -> String {
        format!("{}.{}", join_path(&self.package), self.name)
    }

    fn run(
        &self,
        set: &PolicySet,
        worker: &mut Worker,
        index: usize,
        rule: &Rule,
        tested: &mut Tested,
    ) -> Outcome {
        if self.name.starts_with("todo_") {
            return Outcome::Skipped;
        }
        worker.set_input(Value::Undefined, None, 0);
        let path = path_of(&self.package, &self.name);
        let result = worker.evaluate(set, &path, set.settings.timeout);
        worker.log.take();
        tested.prints.extend(worker.take_prints(set));
        let failures = match result {
            Ok(Value::Undefined) => self.failures(set),
            Ok(Value::Bool(false)) => self.failures(set),
            Ok(Value::Object(cases)) if self.has_cases(set) => self.failed_cases(set, &cases),
            Ok(Value::Bool(true)) => Vec::new(),
            // As OPA: only `true` passes.
            Ok(
                value @ (Value::Null
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Set(_)
                | Value::Object(_)),
            ) => vec![(
                format!("the test gives {}, not `true`", shown(&value)),
                None,
            )],
            Err(error) => {
                let message = format!("test `{}` cannot be evaluated: {}", rule.id, error.message);
                let mut problem = Problem::error(Stage::Evaluate, message);
                if error.message.contains("not a valid rule path") {
                    "A test is named `test_name` or, with cases, `test_name[case]`."
                        .clone_into(&mut problem.help);
                }
                problem.location = error.location(set).or_else(|| rule.location.clone());
                tested.problems.push(problem);
                return Outcome::Errored;
            }
        };
        if failures.is_empty() {
            return Outcome::Passed;
        }
        for (message, place) in failures {
            tested.findings.push(finding(index, rule, message, place));
        }
        Outcome::Found
    }

    /// Whether it is written for several cases, `test_x[case] if { … }`.
    fn has_cases(&self, set: &PolicySet) -> bool {
        let has_key = |&(module, index): &(usize, usize)| {
            let rule = &set.policies.units[module].module.rules[index];
            rule.head.member.is_none() && matches!(rule.head.reference.kind, ExprKind::Ref(..))
        };
        self.definitions.iter().any(has_key)
    }

    /// As OPA's tests with cases: each that a definition names must be true.
    fn failed_cases(&self, set: &PolicySet, cases: &Object) -> Failures {
        let mut failures: Failures = cases
            .iter()
            .filter(|(_, value)| **value != Value::Bool(true))
            .map(|(case, value)| (format!("the case {case} is {}", shown(value)), None))
            .collect();
        for &(module, index) in &self.definitions {
            let file = &set.sources[module].file;
            let head = &set.policies.units[module].module.rules[index].head;
            let place = Location::in_file(file, head.span, Precision::Field);
            let missing = named_cases(set, module, index)
                .into_iter()
                .filter(|case| cases.get(case).is_none())
                .map(|case| {
                    (
                        format!("the case {case} does not hold"),
                        Some(place.clone()),
                    )
                });
            failures.extend(missing);
        }
        failures
    }

    /// For each definition the first statement that does not hold.
    fn failures(&self, set: &PolicySet) -> Failures {
        let failure = |&(module, index): &(usize, usize)| {
            let file = &set.sources[module].file;
            let rule = &set.policies.units[module].module.rules[index];
            let Some((statement, value)) = first_failure(set, module, index) else {
                let location = Location::in_file(file, rule.head.span, Precision::Field);
                return ("the test does not hold".to_owned(), Some(location));
            };
            let location = Location::in_file(file, statement, Precision::Field);
            let text: Vec<&str> = file.slice(statement).lines().map(str::trim).collect();
            (format!("`{}` is {value}", text.join(" ")), Some(location))
        };
        self.definitions.iter().map(failure).collect()
    }
}

fn finding(index: usize, rule: &Rule, message: String, place: Option<Location>) -> Finding {
    let location = place
        .or_else(|| rule.location.clone())
        .unwrap_or_else(|| Location::whole_file(""));
    Finding {
        rule: index,
        level: Level::Failure,
        status: Status::Active,
        message,
        location,
        related: Vec::new(),
        policy_location: rule
            .location
            .clone()
            .map(|location| Arc::new(location.without_excerpt())),
        enforcement_action: String::new(),
        resource: None,
        document: 0,
        item: String::new(),
        details: BTreeMap::new(),
        fingerprint: String::new(),
    }
}

/// The first statement of a definition's body without which the rest holds, and whether it is false or undefined.
///
/// A module beside the test has a rule for each beginning of the body.
fn first_failure(set: &PolicySet, module: usize, index: usize) -> Option<(Span, &'static str)> {
    let unit = &set.policies.units[module];
    let prepared = &set.prepared.modules[module];
    let body = prepared.rules.get(index)?.body.as_ref()?;
    let original = unit.module.rules.get(index)?.body.as_ref()?;
    let rules = (1..=body.len())
        .map(|n| step_rule(format!("step__{n}"), body[..n].to_vec()))
        .collect();
    let steps = Module {
        rules,
        comments: Vec::new(),
        ..prepared.clone()
    };
    let printed = print::module(&steps);
    let text = printed.text.as_str();
    let mut worker = Worker::with_module(set, text, unit.module.version).ok()?;
    worker.set_input(Value::Undefined, None, 0);
    for (n, statement) in body.iter().enumerate() {
        let path = path_of(&unit.module.package, &format!("step__{}", n + 1));
        let value = worker.evaluate(set, &path, set.settings.timeout).ok()?;
        if value == Value::Undefined {
            let containing = original.iter().find(|whole| {
                whole.span.start <= statement.span.start && statement.span.end <= whole.span.end
            });
            let span = containing.map_or(statement.span, |whole| whole.span);
            return Some((span, "false or undefined"));
        }
    }
    None
}

/// All cases that a definition of a test is run for, also those for which its body does not hold.
///
/// A module beside the test has a rule for the beginning of the body that gives the case its name.
fn named_cases(set: &PolicySet, module: usize, index: usize) -> Vec<Value> {
    let unit = &set.policies.units[module];
    let prepared = &set.prepared.modules[module];
    let rule = &prepared.rules[index];
    let (Some(body), ExprKind::Ref(_, steps)) = (&rule.body, &rule.head.reference.kind) else {
        return Vec::new();
    };
    let [Step::Index(key)] = steps.as_slice() else {
        return Vec::new();
    };
    (1..=body.len())
        .find_map(|n| {
            let mut cases = step_rule("cases__".to_owned(), body[..n].to_vec());
            cases.head.member = Some(key.clone());
            cases.head.value = None;
            let cases = Module {
                rules: vec![cases],
                comments: Vec::new(),
                ..prepared.clone()
            };
            let printed = print::module(&cases);
            // Too short a beginning does not know the name.
            let mut worker =
                Worker::with_module(set, printed.text.as_str(), unit.module.version).ok()?;
            worker.set_input(Value::Undefined, None, 0);
            let path = path_of(&unit.module.package, "cases__");
            let cases = worker.evaluate(set, &path, set.settings.timeout).ok()?;
            Some(cases.as_set().ok()?.iter().cloned().collect())
        })
        .unwrap_or_default()
}

/// The beginning of a value's text.
fn shown(value: &Value) -> String {
    let text = text_of(value);
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn step_rule(name: String, body: Body) -> RegoRule {
    let span = Span::default();
    let head = Head {
        span,
        reference: Expr::var(span, name),
        args: None,
        member: None,
        value: Some(Expr::new(span, ExprKind::Bool(true))),
    };
    RegoRule {
        span,
        is_default: false,
        head,
        body: Some(body),
        otherwise: Vec::new(),
    }
}

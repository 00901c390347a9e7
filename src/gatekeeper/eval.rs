//! Constraints as a check: each is asked about every object that it matches.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crate::check::{Check, Facts, Judge, Judgement, Needs};
use crate::document::Document;
use crate::document::input::{Input, Lists};
use crate::document::value::Value;
use crate::explain::Explanation;
use crate::finding::{Finding, Location, Outcome, Problem, Rule, Stage, Status};
use crate::gatekeeper::cel::CelProgram;
use crate::gatekeeper::constraint::{Action, Enforcement};
use crate::gatekeeper::expansion::Generated;
use crate::gatekeeper::explain::explain;
use crate::gatekeeper::matching::{Candidate, Match, Part, Verdict};
use crate::gatekeeper::review::Review;
use crate::gatekeeper::tally;
use crate::gatekeeper::template::{Engine, HOST};
use crate::gatekeeper::violation::{Violation, notices, violations};
use crate::gatekeeper::world::{Inventory, World, is_namespace};
use crate::gatekeeper::{Constraints, NamespaceObject, Undecided};
use crate::rego::hosted::{Evaluator, Found, Hosted};
use crate::tally::Tally;

/// What belongs to one run over documents.
#[derive(Debug, Default)]
pub(super) struct RunState {
    world: OnceLock<World>,
    tally: Mutex<Option<Tally>>,
}

impl Check for Constraints {
    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn needs(&self) -> Needs {
        if self.reads_inventory() || self.needs_namespaces() {
            Needs::AllDocuments
        } else {
            Needs::OneDocument
        }
    }

    fn informs(&self, document: &Arc<Document>) -> bool {
        let is_any_namespace = || {
            let inputs = Input::of_document(document, Lists::Items);
            let mut resources = inputs
                .iter()
                .filter_map(|input| input.subject.resource.as_deref());
            resources.any(is_namespace)
        };
        self.reads_inventory() || self.needs_namespaces() && is_any_namespace()
    }

    fn judge<'a>(&'a self, facts: &'a Facts) -> Box<dyn Judge + 'a> {
        let world = self.run.world.get_or_init(|| {
            let inventory = match self.reads_inventory() {
                true => Inventory::Kept,
                false => Inventory::Left,
            };
            let documents = self.judging.known.iter().chain(&facts.documents);
            World::new(documents, &self.judging.namespace_labels, inventory)
        });
        Box::new(ConstraintJudge {
            check: self,
            world,
            evaluators: self.templates.iter().map(|_| None).collect(),
            tally: tally::start(&self.constraints),
        })
    }

    fn tally(&self) -> Tally {
        let tally = self.run.tally.lock();
        let tally = tally.unwrap_or_else(PoisonError::into_inner).take();
        tally.unwrap_or_default()
    }
}

pub(super) struct ConstraintJudge<'a> {
    pub(super) check: &'a Constraints,
    pub(super) world: &'a World,
    /// One a template, made when it is first needed.
    pub(super) evaluators: Vec<Option<Evaluator<'a>>>,
    tally: Tally,
}

impl Drop for ConstraintJudge<'_> {
    fn drop(&mut self) {
        let tally = std::mem::take(&mut self.tally);
        let all = self.check.run.tally.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        match &mut *all {
            Some(all) => all.add(tally),
            None => *all = Some(tally),
        }
    }
}

impl Judge for ConstraintJudge<'_> {
    fn judge(&mut self, input: &Input) -> Judgement {
        let mut judgement = Judgement {
            outcomes: vec![Outcome::Absent; self.check.rules.len()],
            ..Judgement::default()
        };
        if input.is_combined() {
            let mut last = None;
            for origin in &input.origins {
                let document = &origin.document;
                // A document that is a sequence has several origins.
                if last.is_some_and(|last| std::ptr::eq(last, &raw const **document)) {
                    continue;
                }
                last = Some(&raw const **document);
                for input in Input::of_document(document, Lists::Items) {
                    self.document(&input, &mut judgement);
                }
            }
        } else {
            self.document(input, &mut judgement);
        }
        judgement
    }

    fn explain(&mut self, rule: usize, input: &Input) -> Explanation {
        let judgement = self.judge(input);
        let findings = judgement.findings.into_iter();
        let findings = findings.filter(|finding| finding.rule == rule).collect();
        let said = (judgement.outcomes[rule], findings, judgement.problems);
        explain(self, rule, input, said)
    }
}

impl<'a> ConstraintJudge<'a> {
    fn document(&mut self, input: &Input, judgement: &mut Judgement) {
        let default_namespace = self.check.judging.default_namespace.as_deref();
        match Review::of(input, default_namespace) {
            Ok(Some(review)) => {
                tally::note_object(&mut self.tally, &review);
                self.review(&review, None, judgement);
                self.expand(&review, judgement);
            }
            Ok(None) => self.tally.n_plain += 1,
            Err(problem) => {
                judgement.outcomes.fill(Outcome::Errored);
                judgement.problems.push(problem);
            }
        }
    }

    /// Judges what is made of an object.
    fn expand(&mut self, review: &Review, judgement: &mut Judgement) {
        let expansions = &self.check.judging.expansions;
        if expansions.is_empty() {
            return;
        }
        let expanded = expansions.expand(&review.object_input());
        judgement.problems.extend(expanded.problems);
        for generated in &expanded.generated {
            let review = Review::of_generated(&generated.input);
            self.review(&review, Some(generated), judgement);
        }
    }

    /// Judges one object, which `generated` says how it was made if it was.
    fn review(
        &mut self,
        review: &Review,
        generated: Option<&Generated>,
        judgement: &mut Judgement,
    ) {
        let namespace = review.namespace();
        let shown = match self.check.judging.namespace_object {
            NamespaceObject::Shown => self.world.namespace(namespace),
            NamespaceObject::Hidden => None,
        };
        let with_namespace = shown.map(|object| review.clone().with_namespace_object(object));
        let review = with_namespace.as_ref().unwrap_or(review);
        let known = self.world.namespace_object(namespace);
        let candidates: Vec<Candidate<'_>> = review
            .candidates()
            .into_iter()
            .map(|candidate| candidate.in_namespace(known))
            .collect();
        let Some(first) = candidates.first() else {
            return;
        };
        let started = Instant::now();
        let location = OnceCell::new();
        let check = self.check;
        for (index, constraint) in check.constraints.iter().enumerate() {
            let Enforcement::Enforced(action) = constraint.enforcement else {
                continue;
            };
            let judged = Judged {
                index,
                action: generated
                    .and_then(|generated| Action::of(generated.enforcement_action.as_deref()?))
                    .unwrap_or(action),
                review,
                generated,
                location: &location,
                started,
            };
            let undecided = check.judging.undecided;
            let verdict = verdict(&constraint.matching, &candidates, undecided);
            let tally = &mut self.tally;
            tally::note_verdict(tally, constraint, verdict, first, &review.subject);
            match verdict {
                Verdict::Matched => self.evaluate(&judged, judgement),
                Verdict::Unmatched(_) => {}
                Verdict::Undecidable(part) => self.undecided(&judged, part, first, judgement),
            }
        }
    }

    fn evaluate(&mut self, judged: &Judged<'_>, judgement: &mut Judgement) {
        let check = self.check;
        let template = &check.templates[check.template_of[judged.index]];
        let namespace = judged.review.namespace();
        let is_unknown = !namespace.is_empty() && self.world.namespace(namespace).is_none();
        let is_shown = check.judging.namespace_object == NamespaceObject::Shown;
        if template.reads_namespace && is_shown && is_unknown {
            let id = &check.constraints[judged.index].id;
            let message = format!(
                "constraint `{id}` looks at the Namespace `{namespace}`, which is not known: its rules see an empty one"
            );
            let problem = Problem::warning(Stage::Evaluate, message)
                .at(check.constraints[judged.index].location.clone())
                .help("Give the Namespace among the documents or with `--inventory FILE`.");
            judgement.problems.push(problem);
        }
        match &template.engine {
            Engine::Rego(hosted) => self.evaluate_rego(hosted, judged, judgement),
            Engine::Cel(program) => evaluate_cel(check, program, judged, judgement),
        }
    }

    fn evaluate_rego(
        &mut self,
        hosted: &'a Hosted,
        judged: &Judged<'_>,
        judgement: &mut Judgement,
    ) {
        let check = self.check;
        let constraint = &check.constraints[judged.index];
        let timeout = check.judging.timeout;
        let left = (timeout * 2).saturating_sub(judged.started.elapsed());
        let template = check.template_of[judged.index];
        let evaluator = self.evaluators[template].get_or_insert_with(|| {
            let inventory = self.world.inventory.clone();
            hosted.evaluator(HOST, inventory)
        });
        let input = judged.review.input(&constraint.parameters);
        let answer = evaluator.evaluate(&input, &constraint.id, left.min(timeout));
        judgement.prints.extend(answer.prints);
        judgement
            .problems
            .extend(notices(answer.failures, &constraint.id));
        let doubt = answer.doubt.map(|doubt| doubt.at(input.location()));
        judgement.problems.extend(doubt);
        let outcome = &mut judgement.outcomes[judged.index];
        let mut failed = |problem: Problem| {
            *outcome = Outcome::Errored;
            judgement.problems.push(problem.at(input.location()));
        };
        let value = match answer.value {
            Ok(value) => value,
            Err(problem) => return failed(problem),
        };
        let violations = match violations(&value, &constraint.id) {
            Ok(violations) => violations,
            Err(problem) => return failed(problem),
        };
        *outcome = worse(*outcome, violations.is_empty());
        if violations.is_empty() {
            return;
        }
        let members: Vec<&Value> = violations
            .iter()
            .map(|violation| violation.member)
            .collect();
        let places = evaluator.places(&input, &value, &members);
        judgement.n_untraced += evaluator.take_untraced();
        for (violation, found) in violations.iter().zip(places) {
            let mut finding = judged.finding(violation, found, &input);
            if finding.policy_location.is_none() {
                let rule = &check.templates[template].rule_location;
                finding.policy_location.clone_from(rule);
            }
            judgement.findings.push(finding);
        }
    }

    /// A constraint of which nobody can say whether it is for the object.
    fn undecided(
        &self,
        judged: &Judged<'_>,
        part: Part,
        candidate: &Candidate<'_>,
        judgement: &mut Judgement,
    ) {
        let constraint = &self.check.constraints[judged.index];
        let outcome = &mut judgement.outcomes[judged.index];
        if self.check.judging.undecided == Undecided::Violation {
            *outcome = worse(*outcome, false);
            let violation = Violation {
                message: Match::undecidable_message(part, candidate),
                details: Value::Null,
                member: &Value::Null,
            };
            let input = judged.review.input(&constraint.parameters);
            let finding = judged.finding(&violation, Found::default(), &input);
            judgement.findings.push(finding);
            return;
        }
        if *outcome == Outcome::Absent {
            *outcome = Outcome::Skipped;
        }
        let namespace = candidate.namespace;
        // Without the document's place, so that it is said once a Namespace.
        judgement.problems.push(
            Problem::warning(
                Stage::Evaluate,
                format!(
                    "constraint `{}` does not judge objects in the namespace `{namespace}`, whose labels are not known",
                    constraint.id
                ),
            )
            .at(constraint.location.clone())
            .help(format!(
                "Give the Namespace with `--inventory FILE`, or its labels with `--namespace-labels {namespace}=KEY=VALUE`; `--strict-match` makes it a failure."
            )),
        );
    }
}

/// Judges by a template that is written in CEL; a violation is at the object, since nobody traces what CEL reads.
fn evaluate_cel(
    check: &Constraints,
    program: &CelProgram,
    judged: &Judged<'_>,
    judgement: &mut Judgement,
) {
    let constraint = &check.constraints[judged.index];
    let input = judged.review.input(&constraint.parameters);
    let outcome = &mut judgement.outcomes[judged.index];
    match program.violations(&judged.review.value, constraint.cel_parameters()) {
        Ok(violations) => {
            *outcome = worse(*outcome, violations.is_empty());
            judgement
                .findings
                .extend(violations.into_iter().map(|found| {
                    let location = found.validation.and_then(|index| program.location(index));
                    let place = Found {
                        policy_location: location.cloned(),
                        ..Found::default()
                    };
                    let violation = Violation {
                        message: found.message,
                        details: Value::Null,
                        member: &Value::Null,
                    };
                    judged.finding(&violation, place, &input)
                }));
        }
        Err(error) => {
            *outcome = Outcome::Errored;
            let message = format!(
                "constraint `{}` cannot be evaluated: {error}",
                constraint.id
            );
            let problem = Problem::error(Stage::Evaluate, message).at(input.location());
            judgement.problems.push(problem);
        }
    }
}

/// A constraint and the object that it judges.
struct Judged<'a> {
    /// Index of the constraint.
    index: usize,
    action: Action,
    review: &'a Review,
    /// How the object was made, if it was.
    generated: Option<&'a Generated>,
    /// The place of the whole object, made once.
    location: &'a OnceCell<Location>,
    /// When the evaluation of the object began.
    started: Instant,
}

impl Judged<'_> {
    fn finding(&self, violation: &Violation<'_>, found: Found, input: &Input) -> Finding {
        let message = match self.generated {
            Some(generated) => generated.message(&violation.message),
            None => violation.message.clone(),
        };
        Finding {
            rule: self.index,
            level: self.action.level(),
            status: Status::Active,
            message,
            location: found.location.unwrap_or_else(|| {
                let location = self.location.get_or_init(|| input.location());
                location.clone()
            }),
            related: found.related,
            policy_location: found.policy_location.map(Arc::new),
            enforcement_action: self.action.as_str().to_owned(),
            resource: input.subject.resource.clone(),
            document: input.subject.document,
            item: input.subject.item.clone(),
            details: violation.details(),
            fingerprint: String::new(),
        }
    }
}

/// The verdict for an object, or for either of an object and its old version. Gatekeeper's violation for what cannot be
/// decided does not ask what later parts say; a warning is given only where it matters.
fn verdict(matching: &Match, candidates: &[Candidate<'_>], undecided: Undecided) -> Verdict {
    match (candidates, undecided) {
        ([one], Undecided::Warning) => matching.settled_verdict(one),
        (several, _) => matching.verdict_of_any(several),
    }
}

/// The outcome of a constraint that judged one object more.
fn worse(before: Outcome, passed: bool) -> Outcome {
    match (before, passed) {
        (Outcome::Errored, _) => Outcome::Errored,
        (Outcome::Found, _) | (_, false) => Outcome::Found,
        (Outcome::Passed | Outcome::Excepted | Outcome::Skipped | Outcome::Absent, true) => {
            Outcome::Passed
        }
    }
}

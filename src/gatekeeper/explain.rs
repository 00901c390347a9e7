//! Why a constraint found something in an object, or nothing: each part of its match, then the bodies of its rule.

use crate::document::input::Input;
use crate::explain::{Explanation, Part, Step, Verdict};
use crate::finding::{Finding, Outcome, Problem, Stage};
use crate::gatekeeper::cel::CelProgram;
use crate::gatekeeper::constraint::{Constraint, Enforcement};
use crate::gatekeeper::eval::ConstraintJudge;
use crate::gatekeeper::expansion::Generated;
use crate::gatekeeper::matching::{Candidate, Decision, PartReport};
use crate::gatekeeper::review::Review;
use crate::gatekeeper::template::{Engine, HOST};

/// Explains what `judge` said about `input` with the constraint of this number: its outcome, findings and problems.
pub(super) fn explain(
    judge: &mut ConstraintJudge<'_>,
    constraint: usize,
    input: &Input,
    said: (Outcome, Vec<Finding>, Vec<Problem>),
) -> Explanation {
    let (outcome, findings, mut problems) = said;
    let check = judge.check;
    let described = &check.constraints[constraint];
    let id = &described.id;
    problems.retain(|problem| problem.message.contains(&**id));
    let mut parts = Vec::new();
    let default_namespace = check.judging.default_namespace.as_deref();
    match Review::of(input, default_namespace) {
        Ok(Some(review)) => {
            parts.extend(judge.parts(constraint, &review, None));
            let expanded = check.judging.expansions.expand(&review.object_input());
            for generated in &expanded.generated {
                let review = Review::of_generated(&generated.input);
                parts.extend(judge.parts(constraint, &review, Some(generated)));
            }
        }
        Ok(None) => problems.push(Problem::notice(
            Stage::Evaluate,
            "the document has no apiVersion or no kind: constraints do not see it",
        )),
        Err(problem) => problems.push(problem),
    }
    if described.enforcement == Enforcement::Elsewhere {
        let message = "the constraint's actions are for other enforcement points";
        problems.push(Problem::notice(Stage::Evaluate, message));
    }
    for part in &mut parts {
        let finding = findings
            .iter()
            .find(|finding| !part.message.is_empty() && finding.message == part.message);
        part.place = finding.map(|finding| finding.location.clone());
    }
    Explanation {
        outcome,
        parts,
        problems,
    }
}

impl ConstraintJudge<'_> {
    /// The match of one object, and where it holds the bodies of the rule.
    fn parts(
        &mut self,
        constraint: usize,
        review: &Review,
        generated: Option<&Generated>,
    ) -> Vec<Part> {
        let check = self.check;
        let described = &check.constraints[constraint];
        let known = self.world.namespace_object(review.namespace());
        let candidates = review.candidates();
        let candidates = candidates
            .into_iter()
            .map(|candidate| candidate.in_namespace(known));
        let candidates: Vec<Candidate<'_>> = candidates.collect();
        let of = generated.map_or(String::new(), |generated| {
            let kind = candidates.first().map_or("", |candidate| candidate.kind);
            format!(" of the {kind} that {} makes", generated.implied_by)
        });
        let matches: Vec<Part> = candidates
            .iter()
            .map(|candidate| of_match(described, candidate, &of))
            .collect();
        let holds = |part: &Part| {
            let mut steps = part.steps.iter();
            steps.all(|step| step.verdict == Verdict::Held)
        };
        if !matches.iter().any(holds) {
            return matches;
        }
        let input = review.input(&described.parameters);
        let template = check.template_of[constraint];
        let bodies = match &check.templates[template].engine {
            Engine::Rego(hosted) => {
                let evaluator = self.evaluators[template].get_or_insert_with(|| {
                    let inventory = self.world.inventory.clone();
                    hosted.evaluator(HOST, inventory)
                });
                evaluator.explain(&input, &described.id, check.judging.timeout)
            }
            Engine::Cel(program) => of_cel(program, described, review),
        };
        let bodies = bodies.into_iter().map(|part| Part {
            message: match generated {
                Some(generated) if !part.message.is_empty() => generated.message(&part.message),
                Some(_) | None => part.message,
            },
            ..part
        });
        matches.into_iter().chain(bodies).collect()
    }
}

/// The validations that do not hold; what they read is not known.
fn of_cel(program: &CelProgram, constraint: &Constraint, review: &Review) -> Vec<Part> {
    let found = program.violations(&review.value, constraint.cel_parameters());
    let violations = found.unwrap_or_default().into_iter();
    violations
        .map(|violation| Part {
            location: violation
                .validation
                .and_then(|index| program.location(index))
                .cloned(),
            message: violation.message,
            ..Part::default()
        })
        .collect()
}

fn of_match(constraint: &Constraint, candidate: &Candidate<'_>, of: &str) -> Part {
    let mut is_open = true;
    let mut undecided = false;
    let step = |report: PartReport| {
        let verdict = match report.decision {
            _ if !is_open => Verdict::NotReached,
            Decision::Matched => Verdict::Held,
            Decision::Unmatched | Decision::Undecidable => Verdict::Failed,
        };
        undecided |= report.decision == Decision::Undecidable && is_open;
        is_open &= verdict == Verdict::Held;
        Step {
            location: constraint.place_of(report.part).cloned(),
            text: report.to_string(),
            verdict,
            variables: Vec::new(),
            reads: Vec::new(),
        }
    };
    let steps = constraint.matching.explain(candidate).into_iter().map(step);
    Part {
        name: format!("match{of}"),
        location: Some(constraint.location.clone()),
        steps: steps.collect(),
        note: match undecided {
            true => format!(
                "the labels of the Namespace `{}` are not known: give them with `--inventory` or `--namespace-labels`",
                candidate.namespace
            ),
            false => String::new(),
        },
        ..Part::default()
    }
}

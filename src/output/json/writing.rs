//! A report → the shape of the JSON report.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::shape::{
    Beside, Evaluation, Excerpt, Finding, Found, Location, Nearest, Problem, Related, Report,
    Resource, Rule, Run, Shard, Status, Summary, Suppression, Tally, Tool, Unmatched,
};
use super::{VERSION, outcomes};
use crate::finding;
use crate::report::{self, Counts, Warnings};
use crate::resource;
use crate::tally;
use crate::walk::select;

impl<'a> Report<'a, Findings<'a>, Evaluations<'a>> {
    pub(super) fn of(report: &'a report::Report, warnings: Warnings) -> Self {
        let run = &report.run;
        let verdict = report.verdict(warnings);
        Self {
            version: VERSION,
            tool: Tool {
                name: "policy".into(),
                version: Cow::from(&run.tool_version),
            },
            verdict: verdict.as_str().into(),
            run: Run {
                policies: Cow::from(&run.policies),
                shard: run
                    .shard
                    .map(|select::Shard { index, of }| Shard { index, of }),
                inputs: run.inputs.as_ref().map(Cow::from),
                partial: run.partial,
                combined: run.combined,
                kubernetes: run.kubernetes.iter().map(Cow::from).collect(),
                skipped_files: run
                    .skipped_files
                    .iter()
                    .map(|(reason, n_files)| (Cow::from(reason), *n_files))
                    .collect(),
                untraced: run.n_untraced,
            },
            summary: Summary::of(report),
            rules: report.rules.iter().map(Rule::of).collect(),
            findings: Findings(report),
            problems: report.problems.iter().map(Problem::of).collect(),
            evaluations: Evaluations(&report.evaluations),
            tally: report.tally.as_ref().map(Tally::of),
        }
    }
}

impl Tally {
    fn of(tally: &tally::Tally) -> Self {
        let nearest = |near: &tally::Nearest| Nearest {
            agreed: near.n_agreed,
            file: near.file.clone(),
            document: near.document,
            item: near.item.clone(),
            text: near.text.clone(),
        };
        let unmatched = tally.unmatched.iter();
        Self {
            plain: tally.n_plain,
            kinds: tally.kinds.clone(),
            unmatched: unmatched
                .map(|(id, unmatched)| {
                    let wanted = unmatched.wanted.clone();
                    let nearest = unmatched.nearest.as_ref().map(nearest);
                    (id.clone(), Unmatched { wanted, nearest })
                })
                .collect(),
            without_schema: tally.without_schema.clone(),
            empty_files: tally.empty_files.clone(),
        }
    }
}

/// The findings, shaped one by one as they are written: there may be very many.
pub(super) struct Findings<'a>(&'a report::Report);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report) = self;
        let findings = report.findings.iter();
        serializer.collect_seq(findings.map(|finding| Finding::of(finding, &report.rules)))
    }
}

/// The evaluations, shaped one by one.
pub(super) struct Evaluations<'a>(&'a [finding::Evaluation]);

impl Serialize for Evaluations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Evaluation::of))
    }
}

impl Summary {
    pub(super) fn of(report: &report::Report) -> Self {
        let Counts {
            passed,
            failures,
            warnings,
            dryrun,
            exceptions,
            suppressed,
            skipped,
            errors,
        } = report.counts();
        Self {
            files: report.run.n_files,
            documents: report.run.n_documents,
            rules: report.rules.len(),
            passed,
            failures,
            warnings,
            dryrun,
            exceptions,
            suppressed,
            skipped,
            errors,
        }
    }
}

impl<'a> Rule<'a> {
    fn of(rule: &'a finding::Rule) -> Self {
        Self {
            id: Cow::from(&*rule.id),
            package: Cow::from(&rule.package),
            name: Cow::from(&rule.name),
            kind: rule.kind,
            severity: rule.severity.as_ref().map(Cow::from),
            title: rule.title.as_ref().map(Cow::from),
            description: rule.description.as_ref().map(Cow::from),
            url: rule.url.as_ref().map(Cow::from),
            location: rule.location.as_ref().map(Location::of),
        }
    }
}

impl<'a> Finding<'a> {
    fn of(finding: &'a finding::Finding, rules: &'a [finding::Rule]) -> Self {
        let (status, suppression) = Suppression::of(&finding.status);
        Self {
            rule: Cow::from(rules.get(finding.rule).map_or("", |rule| &*rule.id)),
            level: finding.level,
            status,
            message: Cow::from(&finding.message),
            location: Location::of(&finding.location),
            related: finding.related.iter().map(Related::of).collect(),
            policy_location: finding.policy_location.as_deref().map(Location::of),
            enforcement_action: Cow::from(&finding.enforcement_action),
            resource: finding.resource.as_deref().map(Resource::of),
            document: finding.document,
            item: Cow::from(&finding.item),
            details: Cow::Borrowed(&finding.details),
            suppression,
            fingerprint: Cow::from(&finding.fingerprint),
        }
    }
}

impl<'a> Suppression<'a> {
    fn of(status: &'a finding::Status) -> (Status, Option<Self>) {
        let made = |suppression: &'a finding::Suppression| Self {
            by: Cow::from(&suppression.by),
            reason: Cow::from(&suppression.reason),
            expires: Cow::from(&suppression.expires),
        };
        match status {
            finding::Status::Active => (Status::Active, None),
            finding::Status::Excepted(by) => {
                let suppression = Self {
                    by: Cow::from(by),
                    reason: "".into(),
                    expires: "".into(),
                };
                (Status::Excepted, Some(suppression))
            }
            finding::Status::Waived(suppression) => (Status::Waived, Some(made(suppression))),
            finding::Status::Baselined(suppression) => (Status::Baselined, Some(made(suppression))),
        }
    }
}

impl<'a> Location<'a> {
    fn of(location: &'a finding::Location) -> Self {
        Self {
            file: Cow::from(&*location.file),
            precision: location.precision,
            path: Cow::from(&location.path),
            missing: Cow::from(&location.missing),
            start: location.start,
            end: location.end,
            excerpt: location.excerpt.as_ref().map(|excerpt| Excerpt {
                first_line: excerpt.first_line,
                text: Cow::from(&excerpt.text),
            }),
        }
    }
}

impl<'a> Related<'a> {
    fn of(related: &'a finding::Related) -> Self {
        Self {
            location: Location::of(&related.location),
            message: Cow::from(&related.message),
        }
    }
}

impl<'a> Resource<'a> {
    fn of(resource: &'a resource::Resource) -> Self {
        Self {
            api_version: Cow::from(&resource.api_version),
            kind: Cow::from(&resource.kind),
            namespace: Cow::from(&resource.namespace),
            name: Cow::from(&resource.name),
        }
    }
}

impl<'a> Problem<'a> {
    fn of(problem: &'a finding::Problem) -> Self {
        Self {
            severity: problem.severity,
            stage: problem.stage,
            message: Cow::from(&problem.message),
            help: Cow::from(&problem.help),
            location: problem.location.as_ref().map(Location::of),
            related: problem.related.iter().map(Related::of).collect(),
            beside: problem.beside.as_ref().map(Beside::of),
        }
    }
}

impl<'a> Beside<'a> {
    fn of(beside: &'a finding::Beside) -> Self {
        let found = beside.found.iter().map(|found| Found {
            file: Cow::from(&*found.file),
            document: found.document,
            item: Cow::from(&found.item),
        });
        Self {
            rule: Cow::from(&*beside.rule),
            found: found.collect(),
        }
    }
}

impl<'a> Evaluation<'a> {
    fn of(evaluation: &'a finding::Evaluation) -> Self {
        let subject = &evaluation.subject;
        Self {
            file: Cow::from(&*subject.file),
            document: subject.document,
            item: Cow::from(&subject.item),
            line: subject.line,
            resource: subject.resource.as_deref().map(Resource::of),
            outcomes: outcomes::encode(&evaluation.outcomes).into(),
        }
    }
}

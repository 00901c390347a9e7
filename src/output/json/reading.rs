//! The shape of the JSON report → a report; what contradicts itself is refused.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::shape::{
    Beside, Evaluation, Finding, Location, Nearest, Problem, Related, Report, Resource, Rule,
    Shard, Status, Summary, Suppression, Tally,
};
use super::{ReadError, outcomes};
use crate::finding;
use crate::report;
use crate::resource;
use crate::tally;
use crate::walk::select;

impl Report<'_> {
    pub(super) fn into_report(self) -> Result<report::Report, ReadError> {
        let rules: Vec<_> = self.rules.into_iter().map(Rule::into_rule).collect();
        let mut indices = HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            indices.entry(&*rule.id).or_insert(index);
        }
        let findings = self.findings.into_iter().enumerate();
        let evaluations = self.evaluations.into_iter().enumerate();
        let report = report::Report {
            run: report::Run {
                tool_version: self.tool.version.into_owned(),
                policies: self.run.policies.into_owned(),
                n_files: self.summary.files,
                n_documents: self.summary.documents,
                n_untraced: self.run.untraced,
                inputs: self.run.inputs.map(Cow::into_owned),
                partial: self.run.partial,
                combined: self.run.combined,
                kubernetes: self
                    .run
                    .kubernetes
                    .into_iter()
                    .map(Cow::into_owned)
                    .collect(),
                skipped_files: self
                    .run
                    .skipped_files
                    .into_iter()
                    .map(|(reason, n_files)| (reason.into_owned(), n_files))
                    .collect(),
                shard: match self.run.shard {
                    None => None,
                    Some(Shard { index, of }) => {
                        let shard = select::Shard::new(index, of);
                        Some(shard.ok_or(ReadError::Shard { index, of })?)
                    }
                },
                ..report::Run::default()
            },
            findings: findings
                .map(|(index, finding)| finding.into_finding(index, &indices))
                .collect::<Result<_, _>>()?,
            problems: self
                .problems
                .into_iter()
                .map(Problem::into_problem)
                .collect(),
            evaluations: evaluations
                .map(|(index, evaluation)| evaluation.into_evaluation(index, rules.len()))
                .collect::<Result<_, _>>()?,
            rules,
            tally: self.tally.map(Tally::into_tally),
        };
        if Summary::of(&report) == self.summary {
            Ok(report)
        } else {
            Err(ReadError::Summary)
        }
    }
}

impl Tally {
    fn into_tally(self) -> tally::Tally {
        let nearest = |near: Nearest| tally::Nearest {
            n_agreed: near.agreed,
            file: near.file,
            document: near.document,
            item: near.item,
            text: near.text,
        };
        let unmatched = self.unmatched.into_iter();
        tally::Tally {
            n_plain: self.plain,
            kinds: self.kinds,
            unmatched: unmatched
                .map(|(id, unmatched)| {
                    let wanted = unmatched.wanted;
                    let nearest = unmatched.nearest.map(nearest);
                    (id, tally::Unmatched { wanted, nearest })
                })
                .collect(),
            without_schema: self.without_schema,
            empty_files: self.empty_files,
        }
    }
}

impl Rule<'_> {
    fn into_rule(self) -> finding::Rule {
        finding::Rule {
            id: self.id.into(),
            package: self.package.into_owned(),
            name: self.name.into_owned(),
            kind: self.kind,
            severity: self.severity.map(Cow::into_owned),
            title: self.title.map(Cow::into_owned),
            description: self.description.map(Cow::into_owned),
            url: self.url.map(Cow::into_owned),
            location: self.location.map(Location::into_location),
        }
    }
}

impl Finding<'_> {
    fn into_finding(
        self,
        index: usize,
        indices: &HashMap<&str, usize>,
    ) -> Result<finding::Finding, ReadError> {
        let Some(&rule) = indices.get(&*self.rule) else {
            let rule = self.rule.into_owned();
            return Err(ReadError::UnknownRule { index, rule });
        };
        let status = match (self.status, self.suppression) {
            (Status::Active, None) => finding::Status::Active,
            (Status::Excepted, Some(given)) => finding::Status::Excepted(given.by.into_owned()),
            (Status::Waived, Some(given)) => finding::Status::Waived(given.into_suppression()),
            (Status::Baselined, Some(given)) => {
                finding::Status::Baselined(given.into_suppression())
            }
            (Status::Active, Some(_)) => return Err(contradiction(index, "active")),
            (Status::Excepted, None) => return Err(contradiction(index, "excepted")),
            (Status::Waived, None) => return Err(contradiction(index, "waived")),
            (Status::Baselined, None) => return Err(contradiction(index, "baselined")),
        };
        Ok(finding::Finding {
            rule,
            level: self.level,
            status,
            message: self.message.into_owned(),
            location: self.location.into_location(),
            related: self
                .related
                .into_iter()
                .map(Related::into_related)
                .collect(),
            policy_location: self
                .policy_location
                .map(|location| Arc::new(location.into_location())),
            enforcement_action: self.enforcement_action.into_owned(),
            resource: self
                .resource
                .map(|resource| Arc::new(resource.into_resource())),
            document: self.document,
            item: self.item.into_owned(),
            details: self.details.into_owned(),
            fingerprint: self.fingerprint.into_owned(),
        })
    }
}

impl Suppression<'_> {
    fn into_suppression(self) -> finding::Suppression {
        finding::Suppression {
            by: self.by.into_owned(),
            reason: self.reason.into_owned(),
            expires: self.expires.into_owned(),
        }
    }
}

impl Location<'_> {
    fn into_location(self) -> finding::Location {
        finding::Location {
            file: self.file.into(),
            precision: self.precision,
            path: self.path.into_owned(),
            missing: self.missing.into_owned(),
            start: self.start,
            end: self.end,
            excerpt: self.excerpt.map(|excerpt| {
                Arc::new(finding::Excerpt {
                    first_line: excerpt.first_line,
                    text: excerpt.text.into_owned(),
                })
            }),
        }
    }
}

impl Related<'_> {
    fn into_related(self) -> finding::Related {
        finding::Related {
            location: self.location.into_location(),
            message: self.message.into_owned(),
        }
    }
}

impl Resource<'_> {
    fn into_resource(self) -> resource::Resource {
        resource::Resource {
            api_version: self.api_version.into_owned(),
            kind: self.kind.into_owned(),
            namespace: self.namespace.into_owned(),
            name: self.name.into_owned(),
        }
    }
}

impl Problem<'_> {
    fn into_problem(self) -> finding::Problem {
        finding::Problem {
            severity: self.severity,
            stage: self.stage,
            message: self.message.into_owned(),
            help: self.help.into_owned(),
            location: self.location.map(Location::into_location),
            related: self
                .related
                .into_iter()
                .map(Related::into_related)
                .collect(),
            beside: self.beside.map(Beside::into_beside),
        }
    }
}

impl Beside<'_> {
    fn into_beside(self) -> finding::Beside {
        let found = self.found.into_iter().map(|found| finding::Found {
            file: found.file.into(),
            document: found.document,
            item: found.item.into_owned(),
        });
        finding::Beside {
            rule: self.rule.into(),
            found: found.collect(),
        }
    }
}

impl Evaluation<'_> {
    fn into_evaluation(
        self,
        index: usize,
        n_rules: usize,
    ) -> Result<finding::Evaluation, ReadError> {
        let Some(outcomes) = outcomes::decode(&self.outcomes, n_rules) else {
            return Err(ReadError::Outcomes {
                index,
                outcomes: self.outcomes.into_owned(),
                n_rules,
            });
        };
        Ok(finding::Evaluation {
            subject: finding::Subject {
                file: self.file.into(),
                document: self.document,
                item: self.item.into_owned(),
                line: self.line,
                resource: self
                    .resource
                    .map(|resource| Arc::new(resource.into_resource())),
            },
            outcomes,
        })
    }
}

fn contradiction(index: usize, status: &str) -> ReadError {
    ReadError::Suppression {
        index,
        status: status.to_owned(),
    }
}

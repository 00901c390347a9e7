//! Reports made by hand, for the tests of the formats.

use std::sync::Arc;

use std::collections::BTreeMap;

use crate::checkout::Checkout;
use crate::finding::{
    Evaluation, Finding, Level, Location, Outcome, Precision, Problem, Related, Rule, RuleKind,
    Stage, Status, Subject, Suppression,
};
use crate::report::{Report, Run};
use crate::resource::Resource;
use crate::source::{Position, SourceFile, Span};
use crate::tally::{Nearest, Tally, Unmatched};
use crate::walk::select::Shard;

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web
          image: registry.example.com/web:latest
";

/// One of everything, with texts as people write them.
pub(super) fn everyday() -> Report {
    let rules = vec![
        Rule {
            location: Some(Location::whole_file("policy/owner.yaml")),
            ..rule("K8sRequired/owner", "", "owner", RuleKind::Constraint)
        },
        Rule {
            severity: Some("high".to_owned()),
            title: Some("Images are pinned".to_owned()),
            description: Some("A tag that moves\nis no version.".to_owned()),
            url: Some("https://example.com/images".to_owned()),
            ..rule("main.deny_latest", "main", "deny_latest", RuleKind::Deny)
        },
        rule("main.warn_labels", "main", "warn_labels", RuleKind::Warn),
        rule("net.deny", "net", "deny", RuleKind::Deny),
    ];
    let mut report = Report {
        run: Run {
            tool_version: "0.1.0".to_owned(),
            policies: "sha256:00".to_owned(),
            n_files: 3,
            n_documents: 4,
            n_untraced: 0,
            inputs: None,
            partial: false,
            combined: false,
            shard: None,
            kubernetes: Vec::new(),
            skipped_files: BTreeMap::from([
                ("Helm chart".to_owned(), 1),
                ("unknown type".to_owned(), 12),
            ]),
            checkout: Checkout {
                directory: "/src/repo/shop".to_owned(),
                root: "/src/repo".to_owned(),
                ..Checkout::default()
            },
        },
        rules,
        tally: None,
        evaluations: vec![
            evaluation("k8s/list.yaml", "items[3]", None, "PPPF"),
            evaluation("k8s/notes.yaml", "", None, "SPPX"),
            evaluation("k8s/web.yaml", "", Some(web()), "FFEP"),
        ],
        findings: findings(),
        problems: vec![
            Problem::error(Stage::Parse, "found a tab where indentation is expected")
                .at(located(
                    "k8s/broken.yaml",
                    "a:\n\tb: 1\n",
                    3,
                    4,
                    Precision::Field,
                ))
                .help("Indent with blanks.")
                .related(
                    Location::whole_file("k8s/broken.yaml"),
                    "the mapping starts here",
                ),
            Problem::error(Stage::Evaluate, "sprintf: wrong number of operands"),
            Problem::warning(Stage::Load, "the rule `denys` is no rule name")
                .help("Rules are named deny, violation or warn.\nOr something after `_`."),
            Problem::notice(Stage::Read, "charts/web is a Helm chart, which is not read"),
            Problem::failure(Stage::Suppress, "the waiver of `net.*` suppresses nothing")
                .at(Location::whole_file("waivers.yaml")),
            Problem::notice(Stage::Suppress, "the waiver of `a.b` ends on 2027-05-31"),
        ],
    };
    report.sort();
    report
}

fn findings() -> Vec<Finding> {
    let image = WEB.find("registry").expect("is there");
    let name = WEB.find("web").expect("is there");
    let located_at = |start: usize, length: usize, precision| {
        let end = start + length;
        let to_u32 = |offset: usize| u32::try_from(offset).expect("small");
        located("k8s/web.yaml", WEB, to_u32(start), to_u32(end), precision)
    };
    let mut policy = Location::whole_file("policy/images.rego");
    policy.start = Position {
        line: 12,
        column: 1,
    };
    let latest = Finding {
        resource: Some(Arc::new(web())),
        policy_location: Some(Arc::new(policy)),
        details: BTreeMap::from([(
            "ticket".to_owned(),
            serde_json::json!({"id": 7, "open": null}),
        )]),
        related: vec![Related {
            location: Location::whole_file("k8s/base.yaml"),
            message: "inherited from here".to_owned(),
        }],
        fingerprint: "1:abc".to_owned(),
        location: Location {
            path: "spec.template.spec.containers[0].image".to_owned(),
            ..located_at(image, 31, Precision::Field)
        },
        ..finding(1, "container `web` has the tag latest")
    };
    vec![
        Finding {
            message: "container `web` is pulled\nfrom a registry that is not ours".to_owned(),
            ..latest.clone()
        },
        Finding {
            rule: 2,
            level: Level::Warning,
            location: Location {
                path: "metadata".to_owned(),
                missing: "labels.team".to_owned(),
                ..located_at(name, 20, Precision::Parent)
            },
            message: "no team".to_owned(),
            ..latest.clone()
        },
        Finding {
            rule: 2,
            level: Level::Warning,
            status: Status::Excepted("data.main.exception[_][_] == \"labels\"".to_owned()),
            location: located_at(name, 3, Precision::Resource),
            message: "no cost centre".to_owned(),
            ..latest.clone()
        },
        Finding {
            rule: 0,
            status: Status::Waived(Suppression {
                by: "waivers.yaml:3".to_owned(),
                reason: "moves in May".to_owned(),
                expires: "2027-05-31".to_owned(),
            }),
            enforcement_action: "deny".to_owned(),
            location: located_at(name, 3, Precision::Resource),
            message: "no owner".to_owned(),
            ..latest.clone()
        },
        Finding {
            rule: 0,
            level: Level::Dryrun,
            enforcement_action: "dryrun".to_owned(),
            location: located_at(0, 19, Precision::Document),
            message: "no contact".to_owned(),
            ..latest.clone()
        },
        Finding {
            rule: 3,
            status: Status::Baselined(Suppression::default()),
            item: "items[3]".to_owned(),
            location: Location::whole_file("k8s/list.yaml"),
            resource: None,
            message: "open to the world".to_owned(),
            ..finding(3, "")
        },
        Finding {
            item: "items[3]".to_owned(),
            location: Location::whole_file("k8s/list.yaml"),
            ..finding(3, "open to the neighbours")
        },
        latest,
    ]
}

/// One of everything, with each text of it made of `texts`, one after the other.
pub(super) fn hostile(texts: &[String]) -> Report {
    let mut texts = texts.iter().cycle().cloned();
    let mut text = || texts.next().expect("cycles");
    let mut report = everyday();
    report.run.skipped_files = BTreeMap::from([(text(), 2)]);
    report.run.n_untraced = 2;
    for rule in &mut report.rules {
        // Ids stay different: a report has each rule once.
        rule.id = format!("{}{}", text(), rule.id).into();
        rule.package = text();
        rule.name = text();
        rule.title = Some(text());
        rule.description = Some(text());
        rule.url = Some(text());
    }
    for evaluation in &mut report.evaluations {
        evaluation.subject.file = text().into();
        evaluation.subject.item = text();
        evaluation.subject.resource = Some(Arc::new(resource([text(), text(), text(), text()])));
    }
    let mut spoil = |location: &mut Location| {
        location.file = text().into();
        location.path = text();
        location.missing = text();
        if let Some(excerpt) = &mut location.excerpt {
            Arc::make_mut(excerpt).text = text();
            location.start = Position {
                line: excerpt.first_line,
                column: 3,
            };
            location.end = Position {
                line: excerpt.first_line,
                column: 7,
            };
        }
    };
    for finding in &mut report.findings {
        spoil(&mut finding.location);
        if let Some(location) = &mut finding.policy_location {
            spoil(Arc::make_mut(location));
        }
        for related in &mut finding.related {
            spoil(&mut related.location);
        }
    }
    for problem in &mut report.problems {
        problem.location.as_mut().map(&mut spoil);
    }
    for finding in &mut report.findings {
        finding.message = text();
        finding.item = text();
        finding.resource = Some(Arc::new(resource([text(), text(), text(), text()])));
        finding.details = BTreeMap::from([(text(), text().into())]);
        for related in &mut finding.related {
            related.message = text();
        }
        match &mut finding.status {
            Status::Active => {}
            Status::Excepted(by) => *by = text(),
            Status::Waived(suppression) | Status::Baselined(suppression) => {
                suppression.by = text();
                suppression.reason = text();
                suppression.expires = text();
            }
        }
    }
    for problem in &mut report.problems {
        problem.message = text();
        problem.help = text();
        for related in &mut problem.related {
            related.message = text();
        }
    }
    report.sort();
    report
}

/// Texts that have broken reports of other tools.
pub(super) fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<_> = [
        "##vso[task.complete result=Succeeded;]done",
        "::error file=a,line=1::x",
        "\n::set-output name=a::b",
        "a\r\n##[error]b\r##vso[task.setvariable variable=x]y",
        "]]> & <b a='1' c=\"2\"> <!-- --> <![CDATA[",
        "\u{0}\u{1}\u{8}\u{b}\u{c}\u{1b}[31mred\u{1b}]8;;http://x\u{7}\u{7f}\u{85}\u{9b}2J",
        "\u{fffe}\u{ffff}\u{feff}\u{2028}\u{202e}desrever\u{2066}",
        "# SKIP not really \\# TODO \\\\",
        "\nok 99 - fake\n1..1\nBail out!\n  ...\n",
        "\"quoted\", 'quoted', {{braces}}, `ticks`, 100 %25",
        "👩‍👩‍👧 🎉 ñ é 漢字 مرحبا",
        "",
        " ",
        "\t tab \t",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(10_000));
    texts.push("long words ".repeat(1_000));
    texts
}

/// A report of `n_documents` documents and `n_rules` rules that all passed.
pub(super) fn passing(n_documents: u32, n_rules: usize) -> Report {
    let outcomes = vec![Outcome::Passed; n_rules].into_boxed_slice();
    let subject = |document| Subject {
        file: "all.yaml".into(),
        document,
        line: 1,
        ..Subject::default()
    };
    Report {
        rules: (0..n_rules)
            .map(|index| {
                let name = format!("deny_{index:04}");
                rule(&format!("main.{name}"), "main", &name, RuleKind::Deny)
            })
            .collect(),
        evaluations: (0..n_documents)
            .map(|document| Evaluation {
                subject: subject(document),
                outcomes: outcomes.clone(),
            })
            .collect(),
        ..Report::default()
    }
}

/// A report of one finding at `location`.
pub(super) fn single(location: Location, message: &str) -> Report {
    Report {
        rules: vec![rule("main.deny", "main", "deny", RuleKind::Deny)],
        findings: vec![Finding {
            location,
            ..finding(0, message)
        }],
        ..Report::default()
    }
}

pub(super) fn located(
    name: &str,
    text: &str,
    start: u32,
    end: u32,
    precision: Precision,
) -> Location {
    let file = SourceFile::new(name, text.to_owned());
    Location::in_file(&file, Span::new(start, end), precision)
}

fn rule(id: &str, package: &str, name: &str, kind: RuleKind) -> Rule {
    Rule {
        id: id.into(),
        package: package.to_owned(),
        name: name.to_owned(),
        kind,
        severity: None,
        title: None,
        description: None,
        url: None,
        location: None,
    }
}

fn finding(rule: usize, message: &str) -> Finding {
    Finding {
        rule,
        level: Level::Failure,
        status: Status::Active,
        message: message.to_owned(),
        location: Location::whole_file("a.yaml"),
        related: Vec::new(),
        policy_location: None,
        enforcement_action: String::new(),
        resource: None,
        document: 0,
        item: String::new(),
        details: BTreeMap::new(),
        fingerprint: String::new(),
    }
}

fn evaluation(file: &str, item: &str, resource: Option<Resource>, outcomes: &str) -> Evaluation {
    let outcomes = outcomes.chars().map(|letter| match letter {
        'P' => Outcome::Passed,
        'F' => Outcome::Found,
        'E' => Outcome::Excepted,
        'S' => Outcome::Skipped,
        _ => Outcome::Errored,
    });
    Evaluation {
        subject: Subject {
            file: file.into(),
            document: 0,
            item: item.to_owned(),
            line: 1,
            resource: resource.map(Arc::new),
        },
        outcomes: outcomes.collect(),
    }
}

fn web() -> Resource {
    resource(["apps/v1", "Deployment", "shop", "web"].map(str::to_owned))
}

fn resource([api_version, kind, namespace, name]: [String; 4]) -> Resource {
    Resource {
        api_version,
        kind,
        namespace,
        name,
    }
}

/// The report of a part of a run.
pub(super) fn shard() -> Report {
    let mut report = everyday();
    report.run.shard = Shard::new(2, 4);
    let near = Nearest {
        n_agreed: 2,
        file: "k8s/##vso[x].yaml".to_owned(),
        document: 1,
        item: "items[0]".to_owned(),
        text: "The nearest is ##[error]x.".to_owned(),
    };
    let unmatched = |nearest| Unmatched {
        wanted: "Pod".to_owned(),
        nearest,
    };
    report.tally = Some(Tally {
        n_plain: 1,
        kinds: BTreeMap::from([("::error::x".to_owned(), 3)]),
        unmatched: BTreeMap::from([
            ("Kind/a".to_owned(), unmatched(None)),
            ("Kind/b".to_owned(), unmatched(Some(near))),
        ]),
        without_schema: BTreeMap::from([("Gate".to_owned(), 2)]),
        empty_files: vec!["k8s/empty.yaml".to_owned()],
    });
    report
}

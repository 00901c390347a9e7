//! The verdicts of `gator verify`, cell by cell, and every way to write a match wrongly.

use std::sync::Arc;

use super::*;
use crate::document::field::Field;
use crate::document::input::{Input, Lists};
use crate::document::value::Value;
use crate::document::{Limits, Syntax, parse};
use crate::finding::{Problem, Severity};
use crate::source::SourceFile;

fn input(text: &str) -> Input {
    let file = Arc::new(SourceFile::new("c.yaml", text.to_owned()));
    let parsed = parse(&file, Syntax::Yaml, &Limits::default());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let mut inputs = Input::of_document(&parsed.documents[0], Lists::Items);
    inputs.remove(0)
}

fn value(text: &str) -> Value {
    input(text).value
}

/// The match of a constraint whose `spec.match` is `text`, in flow style.
fn read(text: &str) -> (Option<Match>, Vec<Problem>) {
    let input = input(&format!("spec:\n  match: {text}\n"));
    let mut problems = Vec::new();
    let field = Field::root(&input).find(&["spec", "match"]);
    let read = Match::read(field.as_ref(), &mut problems);
    (read, problems)
}

fn right(text: &str) -> Match {
    let (read, problems) = read(text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    read.expect("a match")
}

/// `line:column message | help`, without a message's path where the place says it.
fn wrong(text: &str) -> Vec<String> {
    let (read, problems) = read(text);
    assert_eq!(read, None, "{text}");
    problems.iter().map(line).collect()
}

fn line(problem: &Problem) -> String {
    let place = problem.location.as_ref().expect("a place");
    let (line, column) = (place.start.line, place.start.column);
    format!("{line}:{column} {} | {}", problem.message, problem.help)
}

/// `Y` matched, `.` not, `E` cannot be decided.
fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Matched => 'Y',
        Verdict::Unmatched(_) => '.',
        Verdict::Undecidable(_) => 'E',
    }
}

/// Rows of `gator verify`: Pod without namespace, in known, in unknown, in default, Namespace known, `ClusterRole`.
const VERIFY: [(&str, &str); 7] = [
    ("{scope: Cluster}", "Y...YY"),
    ("{scope: Namespaced}", ".YYY.."),
    ("{namespaces: [known]}", "YY..YY"),
    ("{excludedNamespaces: [known]}", "Y.YY.Y"),
    (r#"{excludedNamespaces: ["*"]}"#, "Y....Y"),
    ("{namespaceSelector: {matchLabels: {env: prod}}}", "YYEEYY"),
    ("{namespaceSelector: {}}", "YYEEYY"),
];

#[test]
fn every_cell_of_the_verify_column() {
    let known =
        value("{apiVersion: v1, kind: Namespace, metadata: {name: known, labels: {env: prod}}}");
    let pod = |namespace: &str| {
        value(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p{namespace}}}}}"
        ))
    };
    let objects = [
        pod(""),
        pod(", namespace: known"),
        pod(", namespace: unknown"),
        pod(", namespace: default"),
        known.clone(),
        value("{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}"),
    ];
    let namespace = Candidate::of(&known);
    for (text, row) in VERIFY {
        let wanted = right(text);
        let found: String = objects
            .iter()
            .map(|object| {
                let candidate = Candidate::of(object);
                let is_known = candidate.namespace == "known";
                let object = is_known.then_some(NamespaceObject {
                    name: namespace.name,
                    labels: namespace.labels,
                });
                letter(wanted.verdict(&candidate.in_namespace(object)))
            })
            .collect();
        assert_eq!(found, row, "{text}");
    }
}

#[test]
fn kinds_are_exact_and_a_star_or_an_empty_list_is_any() {
    let pod = value("{apiVersion: v1, kind: Pod, metadata: {name: p}}");
    let deployment = value("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}");
    for (text, row) in [
        ("{}", "YY"),
        ("{kinds: []}", "YY"),
        ("{kinds: [{}]}", "YY"),
        (r#"{kinds: [{apiGroups: [""], kinds: [Pod]}]}"#, "Y."),
        (r#"{kinds: [{apiGroups: ["*"], kinds: ["*"]}]}"#, "YY"),
        (r#"{kinds: [{apiGroups: ["apps"]}]}"#, ".Y"),
        (r#"{kinds: [{kinds: [pod, "Dep*"]}]}"#, ".."),
        (r#"{kinds: [{apiGroups: ["apps/v1"]}]}"#, ".."),
        (
            r#"{kinds: [{apiGroups: [apps], kinds: [Pod]}, {apiGroups: [""], kinds: [Pod]}]}"#,
            "Y.",
        ),
    ] {
        let wanted = right(text);
        let found: String = [&pod, &deployment]
            .map(|object| letter(wanted.verdict(&Candidate::of(object))))
            .iter()
            .collect();
        assert_eq!(found, row, "{text}");
    }
}

#[test]
fn globs_are_those_of_the_wildcard_package() {
    for (pattern, name, name_matches, generate_matches) in [
        ("*", "anything", true, true),
        ("", "", true, false),
        ("kube-*", "kube-system", true, true),
        ("kube-*", "my-kube-system", false, false),
        ("*-system", "kube-system", true, false),
        ("*be-sy*", "kube-system", true, true),
        ("kube-system", "kube-system", true, false),
        ("kube", "kube-system", false, false),
        ("**", "x", true, true),
    ] {
        let glob = Glob::new(pattern).expect("a pattern");
        assert_eq!(glob.matches(name), name_matches, "{pattern} {name}");
        assert_eq!(
            glob.matches_generate_name(name),
            generate_matches,
            "{pattern} {name}"
        );
    }
    for pattern in ["Kube", "a.b", "a*b", "***", "a_b", "ä"] {
        assert_eq!(Glob::new(pattern), None, "{pattern}");
    }
}

#[test]
fn names_and_generated_names() {
    let named = value("{apiVersion: v1, kind: Pod, metadata: {name: web-1}}");
    let unnamed = value("{apiVersion: v1, kind: Pod, metadata: {generateName: web-}}");
    for (text, row) in [
        ("{name: web-1}", "Y."),
        (r#"{name: "web-*"}"#, "YY"),
        (r#"{name: "*-1"}"#, "Y."),
        (r#"{name: ""}"#, "YY"),
    ] {
        let wanted = right(text);
        let found: String = [&named, &unnamed]
            .map(|object| letter(wanted.verdict(&Candidate::of(object))))
            .iter()
            .collect();
        assert_eq!(found, row, "{text}");
    }
}

#[test]
fn label_selectors_as_kubernetes_has_them() {
    let of = |labels: &str| {
        value(&format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p{labels}}}}}"
        ))
    };
    let objects = [
        of(""),
        of(", labels: {app: web, tier: a}"),
        of(", labels: {app: db}"),
        of(", labels: {app: null}"),
        // A value that is no text: as if there were no labels.
        of(", labels: {app: web, size: 1}"),
    ];
    let expression = |text: &str| format!("{{labelSelector: {{matchExpressions: [{text}]}}}}");
    for (text, row) in [
        ("{labelSelector: {}}".to_owned(), "YYYYY"),
        (
            "{labelSelector: {matchLabels: {app: web}}}".to_owned(),
            ".Y...",
        ),
        (
            r#"{labelSelector: {matchLabels: {app: ""}}}"#.to_owned(),
            "...Y.",
        ),
        (
            expression("{key: app, operator: In, values: [web, db]}"),
            ".YY..",
        ),
        (
            expression("{key: app, operator: NotIn, values: [web]}"),
            "Y.YYY",
        ),
        (expression("{key: app, operator: Exists}"), ".YYY."),
        (
            expression("{key: app, operator: DoesNotExist, values: []}"),
            "Y...Y",
        ),
        (
            expression("{key: app, operator: Exists}, {key: tier, operator: DoesNotExist}"),
            "..YY.",
        ),
    ] {
        let wanted = right(&text);
        let found: String = objects
            .iter()
            .map(|object| letter(wanted.verdict(&Candidate::of(object))))
            .collect();
        assert_eq!(found, row, "{text}");
    }
}

#[test]
fn sources_are_original_generated_or_not_said() {
    let pod = value("{apiVersion: v1, kind: Pod, metadata: {name: p}}");
    for (text, row) in [
        ("{source: All}", "YYY"),
        ("{source: Original}", "Y.E"),
        ("{source: Generated}", ".YE"),
    ] {
        let wanted = right(text);
        let found: String = [Some(Source::Original), Some(Source::Generated), None]
            .map(|source| letter(wanted.verdict(&Candidate::of(&pod).from_source(source))))
            .iter()
            .collect();
        assert_eq!(found, row, "{text}");
    }
}

#[test]
fn a_later_part_settles_what_an_earlier_one_cannot_decide() {
    let pod = value("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}}");
    let candidate = Candidate::of(&pod);
    let both = right("{namespaceSelector: {}, name: other}");
    assert_eq!(
        both.verdict(&candidate),
        Verdict::Undecidable(Part::NamespaceSelector)
    );
    assert_eq!(
        both.settled_verdict(&candidate),
        Verdict::Unmatched(Part::Name)
    );
    let selector = right("{namespaceSelector: {}, name: p}");
    assert_eq!(
        selector.settled_verdict(&candidate),
        Verdict::Undecidable(Part::NamespaceSelector)
    );
    assert_eq!(
        Match::undecidable_message(Part::NamespaceSelector, &candidate),
        "unable to match constraints: error matching the requested object: p :failed to run Match criteria: \
         namespace selector for namespace-scoped object but missing Namespace"
    );
}

#[test]
fn an_update_matches_by_either_version() {
    let new = value("{apiVersion: v1, kind: Pod, metadata: {name: p}}");
    let old = value("{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b}}}");
    let wanted = right("{labelSelector: {matchLabels: {a: b}}}");
    let both = [Candidate::of(&new), Candidate::of(&old)];
    assert_eq!(wanted.verdict_of_any(&both), Verdict::Matched);
    assert_eq!(
        wanted.verdict_of_any(&both[..1]),
        Verdict::Unmatched(Part::LabelSelector)
    );
}

#[test]
fn what_is_unknown_is_an_error_with_the_nearest_name() {
    assert_eq!(
        wrong("{excludeNamespaces: [kube-system], kinds: [{kinds: [Pod], versions: [v1]}]}"),
        [
            "2:11 unknown field \"spec.match.excludeNamespaces\" | Did you mean `excludedNamespaces`? A cluster drops \
             unknown fields without a word: what they say would not hold there.",
            "2:68 unknown field \"spec.match.kinds[0].versions\" | Known here: apiGroups, kinds. A cluster drops unknown \
             fields without a word: what they say would not hold there.",
        ]
    );
}

#[test]
fn wrong_types_and_values_are_errors_at_their_place() {
    for (text, errors) in [
        (
            "null",
            vec![
                "2:10 spec.match: must be a mapping, not null | Give it a value or take the field away.",
            ],
        ),
        (
            "[]",
            vec!["2:10 spec.match: must be a mapping, not a list | "],
        ),
        (
            "{kinds: Pod}",
            vec!["2:18 spec.match.kinds: must be a list, not a string | "],
        ),
        (
            "{kinds: [Pod]}",
            vec!["2:19 spec.match.kinds[0]: must be a mapping, not a string | "],
        ),
        (
            "{namespaces: [1, Prod, a.b]}",
            vec![
                "2:24 spec.match.namespaces[0]: must be a string, not a number | Put it in quotes.",
                r#"2:27 spec.match.namespaces[1]: Invalid value: "Prod": should match '^\*?[-:a-z0-9]*\*?$' | Lower-case letters, digits, `-` and `:`, with `*` at the start, at the end or both."#,
                r#"2:33 spec.match.namespaces[2]: Invalid value: "a.b": should match '^\*?[-:a-z0-9]*\*?$' | Lower-case letters, digits, `-` and `:`, with `*` at the start, at the end or both."#,
            ],
        ),
        (
            "{source: Any}",
            vec![
                r#"2:19 spec.match.source: Unsupported value: "Any": supported values: "All", "Generated", "Original" | "#,
            ],
        ),
        (
            "{labelSelector: null}",
            vec![
                "2:26 spec.match.labelSelector: must be a mapping, not null | Give it a value or take the field away.",
            ],
        ),
    ] {
        assert_eq!(wrong(text), errors, "{text}");
    }
}

#[test]
fn bad_selectors_are_errors_at_their_place() {
    assert_eq!(
        wrong("{labelSelector: {matchLabels: {-a: 'x y', b: true}, matchLabel: {}}}"),
        [
            "2:62 unknown field \"spec.match.labelSelector.matchLabel\" | Did you mean `matchLabels`? A cluster drops \
             unknown fields without a word: what they say would not hold there.",
            "2:41 spec.match.labelSelector.matchLabels: Invalid value: \"-a\": name part must consist of alphanumeric \
             characters, '-', '_' or '.', and must start and end with an alphanumeric character | ",
            "2:45 spec.match.labelSelector.matchLabels.-a: Invalid value: \"x y\": a valid label must be an empty \
             string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
             alphanumeric character | ",
            "2:55 spec.match.labelSelector.matchLabels.b: must be a string, not a boolean | Put it in quotes.",
        ]
    );
    let expressions = |text: &str| {
        wrong(&format!(
            "{{namespaceSelector: {{matchExpressions: [{text}]}}}}"
        ))
    };
    let at = "spec.match.namespaceSelector.matchExpressions[0]";
    for (text, error) in [
        (
            "{key: a, operator: in, values: [b]}",
            format!(
                "2:69 {at}.operator: Invalid value: \"in\": not a valid selector operator | Did you mean `In`?"
            ),
        ),
        (
            "{key: a, operator: In}",
            format!(
                "2:50 {at}.values: Required value: must be specified when `operator` is 'In' or 'NotIn' | "
            ),
        ),
        (
            "{key: a, operator: Exists, values: [b]}",
            format!(
                "2:77 {at}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist' | "
            ),
        ),
        (
            "{operator: Exists}",
            format!("2:50 {at}.key: Required value | "),
        ),
        (
            "{key: a/, operator: Exists}",
            format!("2:56 {at}.key: Invalid value: \"a/\": name part must be non-empty | "),
        ),
    ] {
        assert_eq!(expressions(text), [error], "{text}");
    }
}

#[test]
fn a_scope_that_gatekeeper_does_not_know_is_warned_about() {
    let (read, problems) = read("{scope: cluster}");
    assert_eq!(read, Some(Match::default()));
    assert_eq!(problems[0].severity, Severity::Warning);
    assert_eq!(
        line(&problems[0]),
        "2:18 spec.match.scope: Gatekeeper knows no scope \"cluster\" and takes it as `*`: everything matches | \
         Write `Cluster`, `Namespaced` or `*`."
    );
}

#[test]
fn an_explanation_says_what_each_part_wanted_and_found() {
    let wanted = right(
        r#"{kinds: [{apiGroups: [""], kinds: [Pod]}, {apiGroups: [apps], kinds: [Deployment]}], namespaces: [production],
           excludedNamespaces: ["kube-*"], labelSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]},
           {key: x, operator: DoesNotExist}]}, namespaceSelector: {matchLabels: {env: prod}}, name: "web-*",
           source: Original, scope: Namespaced}"#,
    );
    let pod = value(
        "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: staging, labels: {app: c}}}",
    );
    let lines: Vec<String> = wanted
        .explain(&Candidate::of(&pod))
        .iter()
        .map(|report| format!("{report} {:?}", report.decision))
        .collect();
    assert_eq!(
        lines,
        [
            "kinds: wanted Pod, Deployment of apps, found Pod Matched",
            "scope: wanted Namespaced, found an object in a namespace Matched",
            "namespaces: wanted production, found staging Unmatched",
            "excludedNamespaces: wanted none of kube-*, found staging Matched",
            "labelSelector: wanted app in (a, b), !x, found app=c Unmatched",
            "namespaceSelector: wanted a Namespace with env=prod, found staging, whose labels are not known Undecidable",
            "name: wanted web-*, found p Unmatched",
            "source: wanted Original, found Original Matched",
        ]
    );
}

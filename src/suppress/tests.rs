//! Comments, waivers and baselines on findings made by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::document::directive::Scope;
use crate::document::path::Path;
use crate::finding::{Level, Location, Precision, RuleKind};
use crate::resource::Resource;
use crate::source::Position;
use crate::suppress::baseline::Looked;
use crate::suppress::fingerprint::Inputs;

fn rule(id: &str, kind: RuleKind) -> Rule {
    let (package, name) = id.split_once('.').unwrap_or(("", id));
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

fn rules() -> Vec<Rule> {
    vec![
        rule("main.deny", RuleKind::Deny),
        rule("main.warn", RuleKind::Warn),
        rule("schema/type", RuleKind::Schema),
    ]
}

fn finding(rule: usize, file: &str, line: u32, message: &str) -> Finding {
    let at = |column| Position { line, column };
    Finding {
        rule,
        level: Level::Failure,
        status: Status::Active,
        message: message.to_owned(),
        location: Location {
            start: at(3),
            end: at(9),
            precision: Precision::Field,
            ..Location::whole_file(file)
        },
        related: Vec::new(),
        policy_location: None,
        enforcement_action: String::new(),
        resource: Some(Arc::new(Resource {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
        })),
        document: 0,
        item: String::new(),
        details: BTreeMap::new(),
        fingerprint: String::new(),
    }
}

fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut findings = findings.to_vec();
    fingerprint::add(
        &mut findings,
        &rules(),
        &Checkout::default(),
        Inputs::Documents,
    );
    findings
        .into_iter()
        .map(|finding| finding.fingerprint)
        .collect()
}

fn suppress(findings: &mut [Finding], given: &Suppressions, extent: Extent) -> Vec<Problem> {
    let rules = rules();
    let checkout = Checkout::default();
    fingerprint::add(findings, &rules, &checkout, Inputs::Documents);
    let mut found = Found {
        rules: &rules,
        findings,
        checkout: &checkout,
        has_errors: false,
    };
    apply(&mut found, given, extent, Severity::Warning)
}

fn messages(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| &*problem.message).collect()
}

#[test]
fn fingerprints_are_as_they_always_were() {
    // Baselines of users hold these: they never change within a major version.
    assert_eq!(
        fingerprints(&[
            finding(0, "k8s/web.yaml", 3, "no"),
            finding(0, "k8s/web.yaml", 5, "no"),
            finding(2, "k8s/web.yaml", 5, "no"),
        ]),
        [
            "1:02b0db219c2cbe368c76a4b81b2e43be",
            "1:2fbdde32d930d6c1a66ad765ac338a6b",
            "1:bd36b907c610abe5d9d7bcf91b834f25",
        ]
    );
}

#[test]
fn fingerprints_stand_still_where_lines_move() {
    let base = fingerprints(&[finding(0, "a.yaml", 3, "no")]).concat();
    let same = |change: &dyn Fn(&mut Finding)| {
        let mut changed = finding(0, "./a.yaml", 3, "no");
        change(&mut changed);
        fingerprints(&[changed]).concat() == base
    };
    assert!(same(&|finding| finding.location.start.line = 99));
    assert!(same(
        &|finding| finding.location.precision = Precision::Document
    ));
    assert!(same(
        &|finding| finding.location.path = "spec.replicas".to_owned()
    ));
    assert!(same(&|finding| finding.level = Level::Warning));
    assert!(same(&|finding| finding.document = 7));
    assert!(same(&|finding| {
        let resource = finding.resource.as_mut().expect("is there");
        "apps/v2".clone_into(&mut Arc::make_mut(resource).api_version);
    }));
    assert!(!same(&|finding| finding.message.push('!')));
    assert!(!same(&|finding| finding.rule = 1));
    assert!(!same(&|finding| finding.location.file = "b.yaml".into()));
    assert!(!same(&|finding| finding.resource = None));
    // A changed neighbour changes nothing; equal ones are told apart.
    let three = [
        finding(0, "a.yaml", 1, "other"),
        finding(0, "a.yaml", 3, "no"),
        finding(0, "a.yaml", 5, "no"),
    ];
    let three = fingerprints(&three);
    assert_eq!(three[1], base);
    assert_ne!(three[2], base);
    assert!(three.iter().all(|text| fingerprint::is_fingerprint(text)));
    // Schemas are known by rule and field, not by message and index.
    let schema = |path: &str, message: &str| {
        let mut finding = finding(2, "a.yaml", 1, message);
        finding.location.path = path.to_owned();
        fingerprints(&[finding])
    };
    assert_eq!(
        schema("spec.c[0].image", "x"),
        schema("spec.c[12].image", "y")
    );
    assert_ne!(
        schema("spec.c[0].image", "x"),
        schema("spec.c[0].name", "x")
    );
    assert_eq!(Path::root().to_string(), "");
}

fn directive(text: &str, line: u32, scope: Scope) -> Directive {
    Directive {
        text: text.to_owned(),
        location: Location {
            start: Position { line, column: 1 },
            ..Location::whole_file("a.yaml")
        },
        document: 0,
        scope,
    }
}

fn lines(first: u32, last: u32) -> (Position, Position) {
    let at = |line, column| Position { line, column };
    (at(first, 1), at(last, 80))
}

fn with_directives(directives: Vec<Directive>) -> Suppressions {
    Suppressions {
        directives,
        ..Suppressions::default()
    }
}

#[test]
fn a_comment_hides_what_is_known_to_lie_in_its_field() {
    let (start, end) = lines(3, 5);
    let at_field = directive("main.deny -- moves in May", 2, Scope::Node(start, end));
    let given = with_directives(vec![at_field]);
    let mut findings = [
        finding(0, "a.yaml", 4, "in the field"),
        finding(0, "a.yaml", 6, "after it"),
        finding(1, "a.yaml", 4, "another rule"),
        finding(0, "b.yaml", 4, "another file"),
        finding(0, "a.yaml", 4, "not known"),
    ];
    findings[4].location.precision = Precision::Resource;
    assert_eq!(suppress(&mut findings, &given, Extent::Whole), []);
    let statuses: Vec<_> = findings.iter().map(|f| f.status.as_str()).collect();
    assert_eq!(statuses, ["waived", "active", "active", "active", "active"]);
    let Status::Waived(suppression) = &findings[0].status else {
        unreachable!("it is waived");
    };
    assert_eq!(suppression.by, "a.yaml:2");
    assert_eq!(suppression.reason, "moves in May");
}

#[test]
fn a_comment_at_the_head_hides_the_rule_in_its_document() {
    let (start, end) = lines(1, 9);
    let ask = directive(
        "main.deny, main.warn -- generated",
        1,
        Scope::Document(start, end),
    );
    let mut findings = [
        finding(0, "a.yaml", 4, "x"),
        finding(1, "a.yaml", 9, "y"),
        finding(0, "a.yaml", 12, "next document"),
    ];
    findings[0].location.precision = Precision::Resource;
    assert_eq!(
        suppress(&mut findings, &with_directives(vec![ask]), Extent::Part),
        []
    );
    let statuses: Vec<_> = findings.iter().map(|f| f.status.as_str()).collect();
    assert_eq!(statuses, ["waived", "waived", "active"]);
}

#[test]
fn comments_that_cannot_be_followed_are_told_and_hide_nothing() {
    let (start, end) = lines(1, 9);
    let scope = || Scope::Document(start, end);
    let given = with_directives(vec![
        directive("", 1, scope()),
        directive("main.deny", 2, scope()),
        directive("main.deny --  ", 3, scope()),
        directive("main.dney -- typo", 4, scope()),
        directive("main.deny -- nowhere", 5, Scope::Nothing),
        directive("main.warn -- finds nothing", 6, scope()),
    ]);
    let mut findings = [finding(0, "a.yaml", 4, "x")];
    let problems = suppress(&mut findings, &given, Extent::Whole);
    assert_eq!(findings[0].status, Status::Active);
    assert_eq!(
        messages(&problems),
        [
            "`policy:ignore` names no rule",
            "`policy:ignore` gives no reason and suppresses nothing",
            "`policy:ignore` gives no reason and suppresses nothing",
            "there is no rule `main.dney` in this run",
            "`policy:ignore` stands at nothing",
            "`policy:ignore main.warn` suppresses nothing",
        ]
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    );
    assert_eq!(problems[3].help, "Did you mean `main.deny`?");
}

fn with_waivers(text: &str) -> Suppressions {
    let (waivers, problems) = waiver::of_text(text, "2026-11-25");
    assert_eq!(problems, []);
    Suppressions {
        waivers,
        ..Suppressions::default()
    }
}

#[test]
fn waivers_match_by_rule_path_and_resource() {
    let matches = |waiver: &str| {
        let text = format!("waivers:\n- {{reason: moves, {waiver}}}\n");
        let mut findings = [finding(0, "./k8s/old/web.yaml", 4, "x")];
        let _ = suppress(&mut findings, &with_waivers(&text), Extent::Whole);
        findings[0].status != Status::Active
    };
    for waiver in [
        "rule: main.deny",
        "rule: main.*",
        "rule: main.deny, path: k8s/old/web.yaml",
        "rule: main.deny, path: k8s/*/web.yaml",
        "rule: main.deny, path: '**/web.yaml'",
        "rule: main.deny, path: k8s",
        "rule: main.deny, kind: Deployment, namespace: shop, name: we*",
        "rule: main.deny, expires: 2026-11-25",
    ] {
        assert!(matches(waiver), "{waiver}");
    }
    for waiver in [
        "rule: main.warn",
        "rule: main",
        "rule: main.deny, path: k8s/*.yaml",
        "rule: main.deny, path: old",
        "rule: main.deny, kind: Pod",
        "rule: main.deny, namespace: sho",
        "rule: main.deny, expires: 2026-11-24",
    ] {
        assert!(!matches(waiver), "{waiver}");
    }
}

#[test]
fn waivers_that_end_or_are_not_needed_are_told() {
    let text = "\
waivers:
- {rule: main.deny, name: web, reason: a, owner: shop, expires: 2026-11-24}
- {rule: main.deny, name: web, reason: b, expires: 2026-12-09}
- {rule: main.deny, name: web, reason: c, expires: 2026-12-10}
- {rule: main.deny, name: api, reason: d}
- {rule: main.dney, reason: e}
";
    let mut findings = [finding(0, "a.yaml", 4, "x")];
    let problems = suppress(&mut findings, &with_waivers(text), Extent::Whole);
    assert_eq!(
        messages(&problems),
        [
            "the waiver of `main.deny` ended on 2026-11-24: 1 finding count again",
            "the waiver of `main.deny` ends on 2026-12-09: 1 finding will count again",
            "the waiver of `main.deny` suppresses nothing",
            "there is no rule `main.dney` in this run",
        ]
    );
    let severities: Vec<_> = problems.iter().map(|p| p.severity.as_str()).collect();
    assert_eq!(severities, ["warning", "notice", "warning", "warning"]);
    let lines: Vec<_> = problems
        .iter()
        .map(|p| p.location.as_ref().map(|l| l.start.line))
        .collect();
    assert_eq!(lines, [Some(2), Some(3), Some(5), Some(6)]);
    let Status::Waived(suppression) = &findings[0].status else {
        unreachable!("the second waiver holds");
    };
    assert_eq!(suppression.by, "waivers.yaml:3");
    assert_eq!(suppression.expires, "2026-12-09");
    let mut findings = [finding(0, "a.yaml", 4, "x")];
    let problems = suppress(&mut findings, &with_waivers(text), Extent::Part);
    assert_eq!(
        problems.len(),
        2,
        "a part of the documents says nothing about the rest"
    );
}

#[test]
fn waivers_that_cannot_be_read_are_errors_at_their_place() {
    let errors = |text: &str| {
        let (_, problems) = waiver::of_text(text, "2026-11-25");
        let all: Vec<_> = problems
            .iter()
            .map(|problem| {
                let line = problem.location.as_ref().map_or(0, |l| l.start.line);
                assert_eq!(problem.severity, Severity::Error);
                format!("{line}: {} {}", problem.message, problem.help)
            })
            .collect();
        all.join("\n")
    };
    let wrong = [
        (
            "waivers:\n- rule: a\n  reson: b\n",
            "3: unknown field \"waivers[0].reson\" Did you mean `reason`?",
        ),
        ("waivers:\n- reason: a\n", "2: the waiver has no `rule`"),
        (
            "waivers:\n- rule: a\n  reason: ' '\n",
            "3: `reason` is a text that is not empty",
        ),
        (
            "waivers:\n- rule: a\n  reason: b\n  expires: May\n",
            "4: `expires` is no date",
        ),
        (
            "waivers:\n- rule: a\n  reason: b\n  path: '[a'\n",
            "4: no pattern",
        ),
        ("waivers: {}\n", "1: `waivers` is a list, not a mapping"),
        (
            "waiver: []\n",
            "1: unknown field \"waiver\" Did you mean `waivers`?",
        ),
        ("- a\n", "1: a mapping with the list `waivers` is expected"),
        ("waivers: [a\n", "unclosed"),
    ];
    for (text, expected) in wrong {
        assert!(errors(text).contains(expected), "{text}: {}", errors(text));
    }
    assert_eq!(errors("# nothing yet\n"), "");
}

fn looked(files: &[&str]) -> Looked {
    Looked {
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        gone: BTreeSet::new(),
    }
}

fn write_and_read(baseline: &Baseline) -> Baseline {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("policy-baseline-{}-{count}.json", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, baseline.text()).expect("it is written");
    let read = baseline::read(&path, "baseline.json").expect("it is read");
    std::fs::remove_file(&path).expect("it is removed");
    assert_eq!(read.text(), baseline.text());
    read
}

#[test]
fn a_baseline_takes_in_what_is_found_and_lets_go_of_what_is_fixed() {
    let checkout = Checkout::default();
    let rules = rules();
    let mut findings = vec![
        finding(0, "a.yaml", 3, "old"),
        finding(0, "a.yaml", 4, "to be fixed"),
        finding(0, "b.yaml", 4, "elsewhere"),
    ];
    fingerprint::add(&mut findings, &rules, &checkout, Inputs::Documents);
    let mut found = Found {
        rules: &rules,
        findings: &mut findings,
        checkout: &checkout,
        has_errors: false,
    };
    let mut first = Baseline::empty("baseline.json");
    first.update(&mut found, &looked(&["a.yaml", "b.yaml"]));
    assert!(findings.iter().all(|f| f.status.as_str() == "baselined"));
    let read = write_and_read(&first);

    // Only a.yaml is looked at: one finding has moved, one is fixed, one is new.
    let mut findings = vec![
        finding(0, "a.yaml", 30, "old"),
        finding(0, "a.yaml", 40, "new"),
    ];
    let given = Suppressions {
        baseline: read,
        ..Suppressions::default()
    };
    assert_eq!(suppress(&mut findings, &given, Extent::Whole), []);
    let statuses: Vec<_> = findings.iter().map(|f| f.status.as_str()).collect();
    assert_eq!(statuses, ["baselined", "active"]);
    let mut found = Found {
        rules: &rules,
        findings: &mut findings,
        checkout: &checkout,
        has_errors: false,
    };
    let mut baseline = given.baseline;
    let fixed = baseline
        .progress(&found, &looked(&["a.yaml"]))
        .expect("one is fixed");
    assert_eq!(
        fixed.message,
        "1 finding of the baseline is fixed:\na.yaml main.deny: to be fixed"
    );
    baseline.update(&mut found, &looked(&["a.yaml"]));
    let text = baseline.text();
    assert!(
        text.contains("\"elsewhere\"") && text.contains("\"new\""),
        "{text}"
    );
    assert!(!text.contains("to be fixed"), "{text}");
    assert_eq!(text.lines().count(), 3 + 3 + 2);
    assert!(baseline.progress(&found, &looked(&["a.yaml"])).is_none());
}

#[test]
fn what_is_no_baseline_is_refused() {
    let refused = |text: &str| {
        let name = format!("policy-no-baseline-{}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("it is written");
        let error = baseline::read(&path, "baseline.json").expect_err("refused");
        std::fs::remove_file(&path).expect("it is removed");
        error.message
    };
    assert!(refused("{}").contains("no baseline"));
    assert!(refused("{\"version\": 2, \"findings\": []}").contains("version 2"));
    let entry = r#"{"file": "a", "rule": "b", "message": "c", "fingerprint": "1:xyz"}"#;
    let text = format!("{{\"version\": 1, \"findings\": [{entry}]}}");
    assert!(refused(&text).contains("`1:xyz` is no fingerprint"));
    let missing = std::env::temp_dir().join("policy-there-is-no-such-file.json");
    assert!(baseline::read(&missing, "x.json").is_err());
}

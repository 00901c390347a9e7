//! Expressions against gator's answers, and what is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::document::field::Field;
use crate::document::input::{Input, Lists};
use crate::document::value::Value;
use crate::document::{Limits, Syntax, parse};
use crate::finding::Problem;
use crate::source::SourceFile;

fn input(text: &str) -> Input {
    let file = Arc::new(SourceFile::new("t.yaml", text.to_owned()));
    let parsed = parse(&file, Syntax::Yaml, &Limits::default());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let mut inputs = Input::of_document(&parsed.documents[0], Lists::Items);
    inputs.remove(0)
}

fn read(source: &str) -> (Option<CelProgram>, Vec<Problem>) {
    let input = input(source);
    let mut problems = Vec::new();
    let program = CelProgram::read(&Field::root(&input), &mut problems);
    (program, problems)
}

fn review(object: &Value) -> Value {
    let mut review = input(
        "{uid: '', kind: {group: '', version: v1, kind: Pod}, resource: {group: '', version: '', resource: ''}, name: web,
          namespace: shop, operation: '', userInfo: {}, oldObject: null, options: null, namespaceObject: {}}",
    )
    .value;
    let fields = review.as_object_mut().expect("a mapping");
    fields.insert("object".into(), object.clone());
    review
}

#[derive(serde::Deserialize)]
struct Recorded {
    object: String,
    parameters: serde_json::Value,
    variables: Vec<(String, String)>,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    expression: String,
    violations: Vec<String>,
}

/// Expressions that gator evaluates and we refuse: the crate has no such function, or keeps mappings in no order.
const REFUSED: &[&str] = &[
    r#"b"abc""#,
    r#"timestamp("2024-01-01T00:00:00Z")"#,
    r#"duration("1h")"#,
    r#"duration("1h") > duration("30m")"#,
    r#"isQuantity("1Gi")"#,
    r#"quantity("1Gi").compareTo(quantity("500Mi"))"#,
    r#"url("https://a.b/c").getHost()"#,
    r#"ip("10.0.0.1").family()"#,
    r#"cidr("10.0.0.0/8").containsIP("10.1.1.1")"#,
    r#""abc".find("b")"#,
    r#"[1, 2, 3].sum()"#,
    r#"[1, 2, 3].min()"#,
    r#"[1, 2, 3].isSorted()"#,
    r#"[1, 2, 1].indexOf(2)"#,
    r#"sets.contains([1, 2], [1])"#,
    r#"semver("1.2.3").major()"#,
];

/// Answers of ours whose text is another than gator's, never the verdict: a long integer that gator rounds, names of errors, and
/// how `format` writes lists, mappings and large numbers.
const DEVIATIONS: &[(&str, &[&str])] = &[
    (r#"object.spec.big"#, &["9007199254740993"]),
    (
        r#"? object.spec.none.x == 1"#,
        &["expression 'object.spec.none.x == 1' resulted in error: no such overload"],
    ),
    (
        r#"? object.metadata.name.x == 1"#,
        &["expression 'object.metadata.name.x == 1' resulted in error: no such overload"],
    ),
    (
        r#"? object.spec.containers["a"] == 1"#,
        &["expression 'object.spec.containers[\"a\"] == 1' resulted in error: no such overload"],
    ),
    (
        r#"? namespaceObject.metadata.name == "shop""#,
        &[
            "expression 'namespaceObject.metadata.name == \"shop\"' resulted in error: no such overload",
        ],
    ),
    (
        r#"? oldObject.metadata.name == "x""#,
        &["expression 'oldObject.metadata.name == \"x\"' resulted in error: no such overload"],
    ),
    (
        r#"? int("0x10") == 16"#,
        &[
            "expression 'int(\"0x10\") == 16' resulted in error: type conversion error from 'string' to 'int'",
        ],
    ),
    (
        r#"? bool("yes")"#,
        &[
            "expression 'bool(\"yes\")' resulted in error: type conversion error from 'string' to 'bool'",
        ],
    ),
    (
        r#"? has(object.spec.containers.x)"#,
        &["expression 'has(object.spec.containers.x)' resulted in error: no such overload"],
    ),
    (
        r#""%s".format([variables.containers.map(c, c.name)])"#,
        &["[a, b]"],
    ),
    (
        r#""%s".format([object.metadata.labels])"#,
        &["{app: web, tier: 2}"],
    ),
    (r#""%s".format([1e10])"#, &["10000000000"]),
];

#[test]
fn every_answer_is_gators_or_a_refusal_at_load() {
    let text = include_str!("../../../testdata/parity/cel.json");
    let recorded: Recorded = serde_json::from_str(text).expect("recorded answers");
    let object = input(&recorded.object).value;
    let parameters = Value::from_json_str(&recorded.parameters.to_string()).expect("json");
    let deviations: BTreeMap<&str, &[&str]> = DEVIATIONS.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut n_equal = 0;
    let mut refused: Vec<&str> = Vec::new();
    for case in &recorded.cases {
        let variables: Vec<serde_json::Value> = recorded
            .variables
            .iter()
            .map(|(name, expression)| serde_json::json!({"name": name, "expression": expression}))
            .collect();
        let validation = match case.expression.strip_prefix('?') {
            Some(expression) => {
                serde_json::json!({"expression": expression.trim(), "message": "is false"})
            }
            None => serde_json::json!({
                "expression": "false", "message": "undecided",
                "messageExpression": format!("string({})", case.expression),
            }),
        };
        let source = serde_json::json!({"variables": variables, "validations": [validation]});
        let (program, problems) = read(&source.to_string());
        let Some(program) = program else {
            let is_refused_there = case
                .violations
                .iter()
                .all(|message| message.starts_with("compilation error") || message == "undecided");
            refused.push(&case.expression);
            let is_known = REFUSED.contains(&case.expression.as_str());
            if is_refused_there == is_known {
                wrong.push(format!(
                    "refused: {} {:?} ({})",
                    case.expression, case.violations, problems[0].message
                ));
            }
            continue;
        };
        let found = match program.violations(&review(&object), Some(&parameters)) {
            Ok(found) => found.into_iter().map(|found| found.message).collect(),
            Err(error) => vec![format!("error: {error}")],
        };
        let expected: Vec<String> = match deviations.get(case.expression.as_str()) {
            Some(ours) => ours.iter().map(|&text| text.to_owned()).collect(),
            None => case.violations.clone(),
        };
        if found == expected && found != case.violations {
            continue;
        } else if found == expected && !deviations.contains_key(case.expression.as_str()) {
            n_equal += 1;
        } else {
            wrong.push(format!(
                "{} => {found:?}, gator {:?}",
                case.expression, case.violations
            ));
        }
    }
    wrong.extend(
        REFUSED
            .iter()
            .filter(|known| !refused.contains(known))
            .map(|known| format!("no longer refused: {known}")),
    );
    assert!(wrong.is_empty(), "{n_equal} equal\n{}", wrong.join("\n"));
}

/// `line:column message` of what is wrong with a source.
fn wrong(source: &str) -> Vec<String> {
    let (program, problems) = read(source);
    assert!(program.is_none(), "{source}");
    problems
        .iter()
        .map(|problem| {
            let place = problem.location.as_ref().expect("a place").start;
            format!("{}:{} {}", place.line, place.column, problem.message)
        })
        .collect()
}

#[test]
fn what_cannot_be_used_is_an_error_at_the_expression() {
    let cannot = "the CEL expression cannot be used";
    for (source, wanted) in [
        (
            "validations:\n  - expression: 1 ==",
            format!("2:17 {cannot}: line 1, column 5: Syntax error: mismatched input '<EOF>'"),
        ),
        (
            "validations:\n  - expression: nothing == 1",
            format!("2:17 {cannot}: undeclared reference to 'nothing' (in container '')"),
        ),
        (
            "validations:\n  - expression: object.x",
            "2:17 must evaluate to bool but got dyn".to_owned(),
        ),
        (
            "validations:\n  - expression: quantity('1') == 1",
            format!("2:17 {cannot}: the function `quantity` is not evaluated here"),
        ),
        (
            "validations:\n  - expression: variables.x == 1",
            format!("2:17 {cannot}: undefined field 'x'"),
        ),
        (
            "validations:\n  - message: x",
            "2:5 validations[0].expression: Required value".to_owned(),
        ),
        (
            "validations:\n  - expression: 'true'\n    messageExpression: size('a')",
            "3:24 must evaluate to string but got int".to_owned(),
        ),
        (
            "matchConditions:\n  - expression: 'true'",
            "1:1 unknown field \"matchConditions\"".to_owned(),
        ),
        (
            "variables:\n  - {name: params, expression: '1'}",
            "2:5 `params` is reserved and no name of a variable".to_owned(),
        ),
        (
            "failurePolicy: fail",
            "1:16 unrecognized failure policy: fail".to_owned(),
        ),
    ] {
        let found = wrong(source);
        assert!(found[0].starts_with(&wanted), "{source}: {found:?}");
        assert_eq!(found.len(), 1, "{source}: {found:?}");
    }
    let deep = format!(
        "validations:\n  - expression: {}true{}",
        "(".repeat(70),
        ")".repeat(70)
    );
    assert!(wrong(&deep)[0].contains("nests deeper than 64 brackets"));
}

fn messages(source: &str, review: &Value) -> Vec<String> {
    let (program, problems) = read(source);
    let program = program.unwrap_or_else(|| panic!("{problems:?}"));
    let found = program.violations(review, None).expect("an answer");
    found.into_iter().map(|found| found.message).collect()
}

#[test]
fn the_failure_policy_says_what_an_error_means() {
    let review = review(&input("{apiVersion: v1, kind: Pod, metadata: {name: web}}").value);
    let source = |policy: &str| {
        format!("failurePolicy: {policy}\nvalidations:\n  - expression: object.spec.x == 1")
    };
    assert_eq!(
        messages(&source("Fail"), &review),
        ["expression 'object.spec.x == 1' resulted in error: no such key: spec"]
    );
    assert_eq!(messages(&source("Ignore"), &review), [""; 0]);
}

#[test]
fn match_conditions_say_whether_there_is_anything_to_judge() {
    let review = review(&input("{apiVersion: v1, kind: Pod, metadata: {name: web}}").value);
    let source = |condition: &str| {
        format!(
            "matchCondition:\n  - {{name: a, expression: {condition}}}\nvalidations:\n  - expression: 'false'"
        )
    };
    assert_eq!(
        messages(&source("object.kind == 'Pod'"), &review),
        ["failed expression: false"]
    );
    assert_eq!(messages(&source("object.kind == 'Job'"), &review), [""; 0]);
    assert_eq!(
        messages(&source("object.x == 'Job'"), &review),
        ["expression 'object.x == 'Job'' resulted in error: no such key: x"]
    );
}

#[test]
fn a_deletion_has_the_old_object_only() {
    let mut review = review(&Value::Null);
    let old = input("{apiVersion: v1, kind: Pod, metadata: {name: old}}").value;
    let fields = review.as_object_mut().expect("a mapping");
    fields.insert("operation".into(), "DELETE".into());
    fields.insert("object".into(), old.clone());
    fields.insert("oldObject".into(), old);
    let source = "validations:\n  - expression: object != null\n    messageExpression: variables.anyObject.metadata.name";
    assert_eq!(messages(source, &review), ["old"]);
}

#[test]
fn a_form_of_a_function_that_the_crate_lacks_is_no_answer() {
    let review = review(&input("{apiVersion: v1, kind: Pod, list: [a]}").value);
    let (program, _) = read("validations:\n  - expression: object.list.indexOf('a') == 0");
    let error = program
        .expect("a program")
        .violations(&review, None)
        .expect_err("no answer");
    assert!(
        error.contains("`indexOf` is evaluated for text only"),
        "{error}"
    );
}

#[test]
fn answers_do_not_depend_on_the_order_of_keys() {
    let review =
        review(&input("{apiVersion: v1, kind: Pod, metadata: {labels: {c: x, a: x, b: x}}}").value);
    let source = "validations:\n  - expression: 'false'\n    messageExpression: object.metadata.labels.map(k, k).join(',')";
    for _ in 0..20 {
        assert_eq!(messages(source, &review), ["a,b,c"]);
    }
}

//! What is made of workloads, where it is written, and what ExpansionTemplates may not say.

use super::*;
use crate::document::input::Lists;
use crate::document::path::Segment;
use crate::document::place::Side;
use crate::document::{Limits, Syntax, parse};
use crate::finding::{Precision, Severity};
use crate::source::SourceFile;

fn input(text: &str) -> Input {
    let file = Arc::new(SourceFile::new("d.yaml", text.to_owned()));
    let parsed = parse(&file, Syntax::Yaml, &Limits::default());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let mut inputs = Input::of_document(&parsed.documents[0], Lists::Items);
    inputs.remove(0)
}

fn built_in() -> Expansions {
    let mut problems = Vec::new();
    let expansions = Expansions::new(Vec::new(), BuiltIn::Used, &mut problems);
    assert_eq!(problems, []);
    expansions
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: Bad-Web
  namespace: shop
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: c
          image: nginx
";

fn json(value: &crate::document::value::Value) -> String {
    let text = serde_json::to_string(value).expect("json");
    let sorted: serde_json::Value = serde_json::from_str(&text).expect("json");
    sorted.to_string()
}

/// `line:column precision path missing` of a path of the generated object.
fn place(generated: &Generated, path: &[&str], side: Side) -> String {
    let path: Vec<Segment> = path
        .iter()
        .map(|part| match part.parse::<u32>() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::from(*part),
        })
        .collect();
    let location = generated
        .input
        .place(&path, side)
        .expect("a place")
        .location;
    format!(
        "{}:{} {} {} {}",
        location.start.line,
        location.start.column,
        location.precision.as_str(),
        location.path,
        location.missing
    )
}

#[test]
fn a_deployment_is_made_a_pod_as_gatekeeper_makes_it() {
    let expanded = built_in().expand(&input(DEPLOYMENT));
    assert_eq!(expanded.problems, []);
    let [pod] = &expanded.generated[..] else {
        panic!("one object: {expanded:?}");
    };
    assert_eq!(
        json(&pod.input.value),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"app":"web"},"name":"bad-web-pod","namespace":"shop","ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"Bad-Web","uid":""}]},"spec":{"containers":[{"image":"nginx","name":"c"}]}}"#
    );
    assert_eq!(
        pod.message("no limits"),
        "[Implied by built-in Deployment] no limits"
    );
    let resource = pod.input.subject.resource.as_ref().expect("the workload");
    assert_eq!(resource.to_string(), "Deployment shop/Bad-Web");
}

#[test]
fn the_parts_of_a_generated_object_are_in_the_workloads_file() {
    let expanded = built_in().expand(&input(DEPLOYMENT));
    let pod = &expanded.generated[0];
    for (path, wanted) in [
        (
            &["spec", "containers", "0", "image"][..],
            "13:18 field spec.template.spec.containers[0].image ",
        ),
        (
            &["spec", "containers", "0", "resources", "limits"],
            "12:11 parent spec.template.spec.containers[0] resources.limits",
        ),
        (
            &["metadata", "labels", "app"],
            "9:21 field spec.template.metadata.labels.app ",
        ),
        (
            &["metadata", "labels", "owner"],
            "9:7 parent spec.template.metadata.labels owner",
        ),
        (&["metadata", "name"], "4:9 field metadata.name "),
        (&["metadata", "namespace"], "5:14 field metadata.namespace "),
        (&["kind"], "2:7 field kind "),
        (&["status"], "7:3 parent spec.template status"),
    ] {
        assert_eq!(place(pod, path, Side::Value), wanted, "{path:?}");
    }
    let whole = pod.input.location();
    assert_eq!(
        (whole.start.line, whole.precision),
        (4, Precision::Resource)
    );
}

#[test]
fn every_workload_of_kubernetes_is_made_a_pod() {
    for (api_version, kind, path) in [
        ("apps/v1", "Deployment", "template"),
        ("extensions/v1beta1", "Deployment", "template"),
        ("apps/v1", "ReplicaSet", "template"),
        ("apps/v1", "StatefulSet", "template"),
        ("apps/v1", "DaemonSet", "template"),
        ("batch/v1", "Job", "template"),
        ("v1", "ReplicationController", "template"),
        ("batch/v1beta1", "CronJob", "jobTemplate: {spec: {template"),
    ] {
        let close = if kind == "CronJob" { "}}" } else { "" };
        let text = format!(
            "{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: x}}, spec: {{{path}: {{spec: {{a: b}}}}{close}}}}}"
        );
        let expanded = built_in().expand(&input(&text));
        let names: Vec<&str> = expanded
            .generated
            .iter()
            .map(|generated| &*generated.implied_by)
            .collect();
        assert_eq!(names, [format!("built-in {kind}")], "{text}");
        assert_eq!(
            expanded.generated[0].input.value["metadata"]["name"],
            "x-pod".into()
        );
    }
    for text in [
        "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {}}",
        "{apiVersion: example.com/v1, kind: Deployment, spec: {template: {}}}",
        "{kind: Deployment, spec: {template: {}}}",
    ] {
        let expanded = built_in().expand(&input(text));
        assert_eq!(expanded.generated.len(), 0, "{text}");
    }
}

#[test]
fn a_workload_without_template_is_warned_about() {
    let expanded = built_in().expand(&input(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  replicas: 1\n",
    ));
    let [problem] = &expanded.problems[..] else {
        panic!("one problem: {expanded:?}");
    };
    assert_eq!(problem.severity, Severity::Warning);
    assert_eq!(
        problem.message,
        "no Pod can be made of Deployment `x`: it has no mapping at `spec.template`"
    );
    let location = problem.location.as_ref().expect("a place");
    assert_eq!(
        (location.start.line, location.missing.as_str()),
        (4, "template")
    );
}

fn template(name: &str, spec: &str) -> Expansion {
    let mut problems = Vec::new();
    let read = Expansion::read(&template_input(name, spec), &mut problems);
    assert_eq!(problems, []);
    read.expect("an expansion")
}

fn template_input(name: &str, spec: &str) -> Input {
    input(&format!(
        "apiVersion: expansion.gatekeeper.sh/v1beta1\nkind: ExpansionTemplate\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n"
    ))
}

const CRON_TO_JOB: &str = "{applyTo: [{groups: [batch], kinds: [CronJob], versions: [v1]}], templateSource: spec.jobTemplate,
    generatedGVK: {group: batch, version: v1, kind: Job}, enforcementAction: warn}";
const JOB_TO_POD: &str = "{applyTo: [{groups: [batch, apps], kinds: [Job], versions: [v1]}], templateSource: spec.template,
    generatedGVK: {kind: Pod, version: v1}}";

#[test]
fn a_chain_is_named_by_its_last_template_and_written_in_the_first_object() {
    let mut problems = Vec::new();
    let users = vec![template("jobs", JOB_TO_POD), template("crons", CRON_TO_JOB)];
    let expansions = Expansions::new(users, BuiltIn::Used, &mut problems);
    assert_eq!(problems, []);
    let cron = input(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly, namespace: shop}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers: [{image: a}]\n",
    );
    let expanded = expansions.expand(&cron);
    let [job, pod] = &expanded.generated[..] else {
        panic!("two objects: {expanded:?}");
    };
    assert_eq!((&*job.implied_by, &*pod.implied_by), ("crons", "jobs"));
    assert_eq!(job.enforcement_action.as_deref(), Some("warn"));
    assert_eq!(pod.enforcement_action, None);
    assert_eq!(
        pod.input.value["metadata"]["name"],
        "nightly-job-pod".into()
    );
    assert_eq!(
        place(pod, &["spec", "containers", "0", "image"], Side::Value),
        "9:32 field spec.jobTemplate.spec.template.spec.containers[0].image "
    );
    assert_eq!(
        place(pod, &["metadata", "name"], Side::Value),
        "3:18 field metadata.name "
    );
    assert_eq!(pod.input.location().start.line, 3);
}

#[test]
fn a_users_template_for_a_kind_replaces_ours() {
    let mut problems = Vec::new();
    let user = template(
        "mine",
        "{applyTo: [{groups: [apps], kinds: [Deployment], versions: [v1]}], templateSource: spec.template,
          generatedGVK: {kind: Pod, version: v1}}",
    );
    let expansions = Expansions::new(vec![user], BuiltIn::Used, &mut problems);
    let expanded = expansions.expand(&input(DEPLOYMENT));
    let names: Vec<&str> = expanded
        .generated
        .iter()
        .map(|generated| &*generated.implied_by)
        .collect();
    assert_eq!(names, ["mine"]);
    let none = Expansions::new(Vec::new(), BuiltIn::Left, &mut problems);
    assert!(none.is_empty());
    assert_eq!(none.expand(&input(DEPLOYMENT)).generated.len(), 0);
}

#[test]
fn circles_and_names_given_twice_are_errors() {
    let mut problems = Vec::new();
    let to = |from: &str, to: &str| {
        format!(
            "{{applyTo: [{{groups: [g], kinds: [{from}], versions: [v1]}}], templateSource: spec.t, generatedGVK: {{group: g, version: v1, kind: {to}}}}}"
        )
    };
    let users = vec![
        template("one", &to("A", "B")),
        template("two", &to("B", "A")),
        template("three", &to("C", "A")),
        template("three", &to("D", "A")),
    ];
    let expansions = Expansions::new(users, BuiltIn::Left, &mut problems);
    let lines: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        lines,
        [
            "there are two ExpansionTemplates `three`",
            "the ExpansionTemplate `one` forms an expansion cycle: what it makes is made into what it applies to",
            "the ExpansionTemplate `two` forms an expansion cycle: what it makes is made into what it applies to",
        ]
    );
    let expanded = expansions.expand(&input(
        "{apiVersion: g/v1, kind: C, metadata: {name: x}, spec: {t: {a: b}}}",
    ));
    assert_eq!(expanded.generated.len(), 1);
}

#[test]
fn what_is_wrong_in_a_template_is_said_at_its_place() {
    let wrong = |name: &str, spec: &str| -> Vec<String> {
        let mut problems = Vec::new();
        let read = Expansion::read(&template_input(name, spec), &mut problems);
        let is_error = problems.iter().any(|p| p.severity == Severity::Error);
        assert_eq!(read.is_none(), is_error);
        problems
            .iter()
            .map(|problem| {
                let place = problem.location.as_ref().expect("a place").start;
                format!("{}:{} {}", place.line, place.column, problem.message)
            })
            .collect()
    };
    assert_eq!(
        wrong("x", "{}"),
        [
            "4:1 spec.applyTo: Required value",
            "4:1 spec.templateSource: Required value",
            "4:1 spec.generatedGVK: Required value",
        ]
    );
    let rest = "templateSource: spec.template, generatedGVK: {kind: Pod, version: v1}";
    assert_eq!(
        wrong(
            "x",
            &format!("{{applyTo: [{{groups: [''], kinds: [Pod], versions: [v1]}}], {rest}}}")
        ),
        ["5:4 spec.applyTo[0]: the template generates Pod and applies to it, too"]
    );
    assert_eq!(
        wrong(
            "x",
            &format!(
                "{{applyTo: [{{groups: [apps], kind: [A]}}], {rest}, enforcementAction: denny}}"
            )
        ),
        [
            "5:31 unknown field \"spec.applyTo[0].kind\"",
            "5:14 spec.applyTo[0].kinds names nothing: the template applies to nothing by this entry",
            "5:14 spec.applyTo[0].versions names nothing: the template applies to nothing by this entry",
            "5:134 there is no enforcement action `denny`",
        ]
    );
    assert_eq!(
        wrong(
            &"x".repeat(64),
            &format!("{{applyTo: [{{groups: [a], kinds: [b], versions: [c]}}], {rest}}}")
        ),
        ["3:18 the name of an ExpansionTemplate must be less than 64 characters"]
    );
}

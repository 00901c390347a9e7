//! The constraints that we ship: their suites, and that they judge workloads.

use crate::{Folder, report, root, run};

#[test]
fn the_shipped_suites_pass() {
    let ran = run(&root(), &["verify", "policy/gatekeeper"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("10 tests, 10 passed"), "{}", ran.stdout);
}

#[test]
fn a_deployment_is_judged_at_its_own_fields() {
    let file = "policy/gatekeeper/allowed-repos/samples/deployment.yaml";
    let (code, report) = report(&root(), &["test", "-p", "policy/gatekeeper", file]);
    assert_eq!(code, 1);
    let found: Vec<String> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            format!(
                "{} {} {} {}",
                finding["location"]["start"]["line"],
                finding["rule"].as_str().expect("a rule"),
                finding["location"]["path"].as_str().expect("a path"),
                finding["message"].as_str().expect("a message"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "14 K8sContainerLimits/container-must-have-limits spec.template.spec.containers[0] \
             [Implied by built-in Deployment] container <web> has no resource limits",
            "15 K8sAllowedRepos/prod-repo spec.template.spec.containers[0].image \
             [Implied by built-in Deployment] container <web> has an invalid image repo <nginx:1.25>, allowed repos are \
             [\"acrdwe001.azurecr.io\", \"acrpwe001.azurecr.io\"]",
        ]
    );
}

#[test]
fn the_demo_is_judged_by_its_rego_rules() {
    let args = [
        "test",
        "-p",
        "policy",
        "-d",
        "policy/data",
        "testdata/demo/k8s",
    ];
    let (code, report) = report(&root(), &args);
    assert_eq!(code, 1);
    assert_eq!(report["summary"]["failures"], 11);
    let findings = report["findings"].as_array().expect("findings");
    let of_constraints = findings.iter().filter(|finding| {
        finding["rule"]
            .as_str()
            .is_some_and(|rule| rule.contains('/'))
    });
    assert_eq!(of_constraints.count(), 0);
}

/// A template that is CEL only, and a constraint of it.
const CEL: &str = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: k8spullpolicy
spec:
  crd:
    spec:
      names:
        kind: K8sPullPolicy
      validation:
        openAPIV3Schema:
          type: object
          properties:
            policy: {type: string}
  targets:
    - target: admission.k8s.gatekeeper.sh
      code:
        - engine: K8sNativeValidation
          source:
            variables:
              - name: bad
                expression: >-
                  variables.anyObject.spec.containers.filter(c,
                    !has(c.imagePullPolicy) || c.imagePullPolicy != variables.params.policy).map(c, c.name)
            validations:
              - expression: size(variables.bad) == 0
                messageExpression: '"wrong pull policy: " + variables.bad.join(", ")'
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sPullPolicy
metadata:
  name: always
spec:
  match:
    kinds: [{apiGroups: [""], kinds: [Pod]}]
  parameters:
    policy: Always
"#;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - {name: a, image: a, imagePullPolicy: Always}
        - {name: b, image: b}
";

#[test]
fn a_template_that_is_cel_only_judges() {
    let folder = Folder::new(&[("p/t.yaml", CEL), ("web.yaml", DEPLOYMENT)]);
    let (code, report) = report(&folder.path, &["test", "-p", "p", "web.yaml"]);
    assert_eq!(code, 1);
    let finding = &report["findings"][0];
    assert_eq!(
        finding["message"],
        "[Implied by built-in Deployment] wrong pull policy: b"
    );
    assert_eq!(finding["location"]["start"]["line"], 4);
    assert_eq!(finding["policy_location"]["start"]["line"], 26);
}

#[test]
fn cel_that_would_be_evaluated_otherwise_is_refused() {
    let refused = CEL.replace("size(variables.bad) == 0", "quantity('1') == variables.x");
    let folder = Folder::new(&[("p/t.yaml", &refused), ("web.yaml", DEPLOYMENT)]);
    let (code, report) = report(&folder.path, &["test", "-p", "p", "web.yaml"]);
    assert_eq!(code, 2);
    let problems = report["problems"].as_array().expect("problems");
    let found = problems.iter().any(|problem| {
        let message = problem["message"].as_str().unwrap_or_default();
        message.contains("`quantity` is not evaluated here")
            && problem["location"]["start"]["line"] == 26
    });
    assert!(found, "{problems:?}");
    // The document is there: only what is wrong is said.
    assert_eq!(problems.len(), 1, "{problems:?}");
}

/// A constraint on every Pod, of a template that always finds something.
const EVERY: &str = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8severy}
spec:
  crd: {spec: {names: {kind: K8sEvery}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8severy
        violation[{"msg": "found"}] { true }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sEvery
metadata: {name: prod}
spec: {match: {kinds: [{kinds: [Pod]}], namespaceSelector: {matchLabels: {env: prod}}, name: web}}
"#;

#[test]
fn a_namespace_whose_labels_are_no_texts_is_not_known() {
    let documents = |labels: &str, pod: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{env: prod, {labels}}}}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: {pod}, namespace: shop}}\n"
        )
    };
    for (labels, pod, strict, code, findings) in [
        ("x: a", "web", false, 1, 1),
        ("x: yes", "web", false, 0, 0),
        ("x: yes", "web", true, 1, 1),
        // The name says no before anyone has to know the Namespace; Gatekeeper asks for the Namespace first.
        ("x: yes", "db", false, 0, 0),
        ("x: yes", "db", true, 1, 1),
    ] {
        let text = documents(labels, pod);
        let folder = Folder::new(&[("p/t.yaml", EVERY), ("k.yaml", &text)]);
        let mut args = vec!["test", "-p", "p", "k.yaml"];
        args.extend(strict.then_some("--strict-match"));
        let (found_code, report) = report(&folder.path, &args);
        let n = report["findings"].as_array().expect("findings").len();
        assert_eq!((found_code, n), (code, findings), "{text} {report}");
        let warnings = report["problems"].as_array().expect("problems");
        let says = warnings.iter().any(|p| p["severity"] == "warning");
        assert_eq!(
            says,
            labels == "x: yes" && pod == "web" && !strict,
            "{report}"
        );
    }
}

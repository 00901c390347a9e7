//! Gatekeeper's templates and constraints through the binary.

use serde_json::Value;

use crate::{Folder, report, run};

const TEMPLATE: &str = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: k8srepos
  annotations:
    metadata.gatekeeper.sh/title: "Allowed repositories"
    description: Images come from these repositories.
spec:
  crd:
    spec:
      names:
        kind: K8sRepos
      validation:
        openAPIV3Schema:
          type: object
          properties:
            repos:
              type: array
              items: {type: string}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package k8srepos

        violation[{"msg": msg, "details": {"image": container.image}}] {
          container := input.review.object.spec.containers[_]
          not allowed(container.image)
          msg := sprintf("<%v> comes from elsewhere", [container.name])
        }

        allowed(image) { startswith(image, input.parameters.repos[_]) }
"#;

const CONSTRAINT: &str = "apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sRepos
metadata:
  name: ours
spec:
  match:
    kinds:
      - apiGroups: [\"\"]
        kinds: [Pod]
    excludedNamespaces: [kube-*]
  parameters:
    repos: [ours/]
";

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
    - name: good
      image: ours/web
    - name: bad
      image: theirs/web
";

fn shown(report: &Value, list: &str) -> Vec<String> {
    let entries = report[list].as_array().expect("a list");
    let show = |entry: &Value| {
        let location = &entry["location"];
        format!(
            "{}:{}:{} {}",
            location["file"].as_str().unwrap_or("-"),
            location["start"]["line"],
            location["start"]["column"],
            entry["message"].as_str().expect("a message")
        )
    };
    entries.iter().map(show).collect()
}

#[test]
fn a_constraint_judges_what_it_matches_at_the_field() {
    let elsewhere = POD.replace("shop", "kube-system");
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("policy/kustomization.yaml", "resources: []\n"),
        ("k8s/a.yaml", POD),
        ("k8s/b.yaml", &elsewhere),
    ]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 1);
    assert_eq!(
        shown(&json, "findings"),
        ["k8s/a.yaml:11:14 <bad> comes from elsewhere"]
    );
    let finding = &json["findings"][0];
    assert_eq!(finding["rule"], "K8sRepos/ours");
    assert_eq!(finding["level"], "failure");
    assert_eq!(finding["enforcement_action"], "deny");
    assert_eq!(finding["details"]["image"], "theirs/web");
    assert_eq!(finding["location"]["path"], "spec.containers[1].image");
    assert_eq!(finding["policy_location"]["file"], "policy/t.yaml");
    assert_eq!(finding["policy_location"]["start"]["line"], 25);
    let rule = &json["rules"][0];
    assert_eq!(rule["kind"], "constraint");
    assert_eq!(rule["title"], "Allowed repositories");
    assert_eq!(rule["location"]["file"], "policy/c.yaml");
    assert_eq!(json["summary"]["passed"], 0, "the other Pod is not matched");
    assert_eq!(shown(&json, "problems"), [""; 0]);
}

#[test]
fn the_enforcement_action_is_the_level() {
    let with = |action: &str| {
        let spec = format!("spec:\n  enforcementAction: {action}\n");
        CONSTRAINT.replace("spec:\n", &spec)
    };
    let scoped = "scoped\n  scopedEnforcementActions:
    - action: dryrun
      enforcementPoints: [{name: gator.gatekeeper.sh}]
    - action: warn
      enforcementPoints: [{name: \"*\"}]
    - action: deny
      enforcementPoints: [{name: audit.gatekeeper.sh}]";
    for (action, code, level, shown) in [
        ("deny", 1, "failure", "deny"),
        ("warn", 0, "warning", "warn"),
        ("dryrun", 0, "dryrun", "dryrun"),
        (scoped, 0, "warning", "warn"),
    ] {
        let folder = Folder::new(&[
            ("policy/t.yaml", TEMPLATE),
            ("policy/c.yaml", &with(action)),
            ("a.yaml", POD),
        ]);
        let (found, json) = report(&folder.path, &["test", "a.yaml"]);
        assert_eq!(found, code, "{action}");
        assert_eq!(json["findings"][0]["level"], level);
        assert_eq!(json["findings"][0]["enforcement_action"], shown);
    }
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", &with(scoped)),
        ("a.yaml", POD),
    ]);
    let audit = ["--enforcement-point", "audit.gatekeeper.sh"];
    let args = ["test", "a.yaml", audit[0], audit[1]];
    assert_eq!(report(&folder.path, &args).0, 1);
}

#[test]
fn every_error_has_its_place_and_the_rest_is_judged() {
    let broken = TEMPLATE
        .replace("k8srepos", "k8sbroken")
        .replace("K8sRepos", "K8sBroken")
        .replace("sprintf(", "sprintff(");
    let syntax = TEMPLATE
        .replace("k8srepos", "k8ssyntax")
        .replace("K8sRepos", "K8sSyntax")
        .replace("container := ", "container := := ");
    let constraints = [
        CONSTRAINT.to_owned(),
        CONSTRAINT
            .replace("ours\n", "misspelt\n")
            .replace("excludedNamespaces", "excludeNamespaces"),
        CONSTRAINT
            .replace("ours\n", "orphan\n")
            .replace("K8sRepos", "K8sRepo"),
        CONSTRAINT
            .replace("ours\n", "action\n")
            .replace("spec:\n", "spec:\n  enforcementAction: dény\n"),
        CONSTRAINT
            .replace("ours\n", "of-broken\n")
            .replace("K8sRepos", "K8sBroken"),
        CONSTRAINT.to_owned(),
    ];
    let folder = Folder::new(&[
        ("policy/a.yaml", TEMPLATE),
        ("policy/broken.yaml", &broken),
        ("policy/c.yaml", &constraints.join("---\n")),
        ("policy/syntax.yaml", &syntax),
        ("policy/twice.yaml", TEMPLATE),
        ("known.yaml", "a: [\n"),
        ("a.yaml", POD),
    ]);
    let args = ["test", "a.yaml", "--inventory", "known.yaml"];
    let (code, json) = report(&folder.path, &args);
    assert_eq!(code, 2);
    assert_eq!(shown(&json, "findings").len(), 1, "the rest is judged");
    let problems = shown(&json, "problems");
    let errors: Vec<&str> = problems.iter().map(String::as_str).take(8).collect();
    assert_eq!(
        errors[1..],
        [
            "policy/broken.yaml:28:18 there is no function `sprintff`",
            "policy/c.yaml:23:5 unknown field \"spec.match.excludeNamespaces\"",
            "policy/c.yaml:28:7 there is no template for constraints of kind `K8sRepo`",
            "policy/c.yaml:45:22 there is no enforcement action `dény`",
            "policy/c.yaml:70:9 there are two constraints `K8sRepos/ours`",
            "policy/syntax.yaml:26:24 expected an expression, found `:=`",
            "policy/twice.yaml:4:9 there are two templates of kind `K8sRepos`",
        ],
        "{problems:#?}"
    );
    assert!(errors[0].starts_with("known.yaml:"), "{}", errors[0]);
    let help = json["problems"][2]["help"].as_str().expect("a help");
    assert!(
        help.contains("Did you mean `excludedNamespaces`?"),
        "{help}"
    );
}

#[test]
fn an_admission_review_is_unwrapped() {
    let indented: String = POD.lines().map(|line| format!("    {line}\n")).collect();
    let review = format!(
        "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n  operation: UPDATE\n  object:\n{indented}"
    );
    let old = review
        .replace("UPDATE", "DELETE")
        .replace("object:", "oldObject:");
    let none = review.replace("  object:", "  objekt:");
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("k8s/none.yaml", &none),
        ("k8s/old.yaml", &old),
        ("k8s/review.yaml", &review),
    ]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 2);
    assert_eq!(
        shown(&json, "findings"),
        [
            "k8s/old.yaml:16:18 <bad> comes from elsewhere",
            "k8s/review.yaml:16:18 <bad> comes from elsewhere"
        ]
    );
    assert_eq!(json["findings"][0]["resource"]["kind"], "Pod");
    assert_eq!(
        shown(&json, "problems"),
        ["k8s/none.yaml:1:1 the AdmissionReview has no `request.object`"]
    );
}

#[test]
fn what_judged_nothing_is_said() {
    let other = CONSTRAINT
        .replace("ours\n", "services\n")
        .replace("Pod", "Service");
    let near = CONSTRAINT
        .replace("ours\n", "near\n")
        .replace("excludedNamespaces: [kube-*]", "namespaces: [production]");
    let unused = TEMPLATE
        .replace("k8srepos", "k8sunused")
        .replace("K8sRepos", "K8sUnused");
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/unused.yaml", &unused),
        ("policy/c.yaml", &[other, near].join("---\n")),
        ("k8s/a.yaml", POD),
        ("k8s/plain.yaml", "a: 1\n"),
    ]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 0);
    assert_eq!(
        shown(&json, "problems"),
        [
            "-:null:null 1 document has no apiVersion or no kind",
            "policy/c.yaml:4:9 constraint `K8sRepos/services` matched no document",
            "policy/c.yaml:17:9 constraint `K8sRepos/near` matched no document",
            "policy/unused.yaml:4:9 template `K8sUnused` has no constraint: it judges nothing",
        ]
    );
    assert_eq!(
        json["problems"][1]["help"],
        "Kinds: wanted Service; there are 1 Pod."
    );
    assert_eq!(
        json["problems"][2]["help"],
        "The nearest is Pod shop/web (k8s/a.yaml:1): namespaces: wanted production, found shop."
    );
}

#[test]
fn the_source_of_a_template_is_not_run_on_its_own() {
    let start = TEMPLATE.find("        package").expect("a module");
    let module: String = TEMPLATE[start..]
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("        ")))
        .collect();
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("policy/src.rego", &module),
        ("a.yaml", POD),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 1);
    assert_eq!(shown(&json, "findings").len(), 1);
    let notice = "policy/src.rego:1:1 this is the source of a template that is loaded too; it is not run on its own";
    assert_eq!(shown(&json, "problems"), [notice]);
}

#[test]
fn rego_rules_and_constraints_judge_in_one_run() {
    let rego = "package main\ndeny contains \"no Pods\" if input.kind == \"Pod\"\n";
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("policy/main.rego", rego),
        ("a.yaml", POD),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!((code, shown(&json, "findings").len()), (1, 2));
    let (code, json) = report(&folder.path, &["test", "a.yaml", "--combine"]);
    assert_eq!(code, 1);
    assert_eq!(
        shown(&json, "findings"),
        ["a.yaml:11:14 <bad> comes from elsewhere"]
    );
    let ran = run(&folder.path, &["test", "a.yaml", "-p", "a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("this is no policy"), "{}", ran.stdout);
}

#[test]
fn suites_of_gator_are_run() {
    let suite = r#"kind: Suite
apiVersion: test.gatekeeper.sh/v1alpha1
tests:
  - name: repos
    template: t.yaml
    constraint: c.yaml
    cases:
      - name: one
        object: pod.yaml
        assertions:
          - violations: 1
            message: ^<bad> comes
          - violations: no
            message: good
      - name: default-is-yes
        object: pod.yaml
        assertions: [{}]
      - name: wrong
        object: pod.yaml
        assertions:
          - violations: yes
          - violations: no
      - name: left
        object: pod.yaml
        skip: true
      - name: nothing-asserted
        object: pod.yaml
      - name: nothing-there
        object: nothing.yaml
        assertions: [{violations: yes}]
  - name: refused
    template: t.yaml
    constraint: wrong.yaml
    invalid: true
  - name: not-refused
    template: t.yaml
    constraint: c.yaml
    invalid: true
"#;
    let wrong = CONSTRAINT.replace("repos: [ours/]", "repos: ours/");
    let folder = Folder::new(&[
        ("policy/suite.yaml", suite),
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("policy/wrong.yaml", &wrong),
        ("policy/pod.yaml", POD),
    ]);
    let (code, json) = report(&folder.path, &["verify"]);
    assert_eq!(code, 2);
    assert_eq!(
        shown(&json, "findings"),
        [
            "policy/suite.yaml:22:13 unexpected number of violations: got 1 violations but want none: got messages [<bad> comes from elsewhere]",
            "policy/suite.yaml:35:5 the constraint is valid, though the test says `invalid: true`",
        ]
    );
    assert_eq!(
        shown(&json, "problems"),
        [
            "policy/suite.yaml:26:9 the case asserts nothing",
            "policy/suite.yaml:29:17 there is no file `nothing.yaml`",
        ]
    );
    assert_eq!(json["summary"]["passed"], 3);
    assert_eq!(json["summary"]["skipped"], 1);
    assert_eq!(json["rules"][3]["id"], "policy/suite.yaml//repos//left");
    let (code, json) = report(&folder.path, &["verify", "--run", "repos//one|default"]);
    assert_eq!((code, &json["summary"]["passed"]), (0, &Value::from(2)));
    let (code, json) = report(&folder.path, &["verify", "-r", "^refused"]);
    assert_eq!((code, &json["summary"]["passed"]), (0, &Value::from(1)));
}

#[test]
fn workloads_are_judged_as_the_pods_they_make() {
    let workload = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: bad
          image: theirs/web
";
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("web.yaml", workload),
    ]);
    let (code, json) = report(&folder.path, &["test", "web.yaml"]);
    assert_eq!(code, 1);
    assert_eq!(
        shown(&json, "findings"),
        ["web.yaml:11:18 [Implied by built-in Deployment] <bad> comes from elsewhere"]
    );
    let finding = &json["findings"][0];
    assert_eq!(
        finding["location"]["path"],
        "spec.template.spec.containers[0].image"
    );
    assert_eq!(finding["resource"]["kind"], "Deployment");
    let (code, json) = report(&folder.path, &["test", "web.yaml", "--no-expansion"]);
    assert_eq!(code, 0);
    assert_eq!(
        json["problems"][0]["help"],
        "Kinds: wanted Pod; there are 1 Deployment."
    );
    let ran = run(&folder.path, &["parse", "--expanded", "web.yaml"]);
    assert_eq!(ran.code, 0);
    let heading = "# web.yaml:1 document 0, made by built-in Deployment\n";
    assert!(ran.stdout.contains(heading), "{}", ran.stdout);
    assert!(ran.stdout.contains("\"web-pod\""), "{}", ran.stdout);
    let args = ["parse", "--expanded", "-o", "json", "web.yaml"];
    let ran = run(&folder.path, &args);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json[0]["documents"][1]["value"]["kind"], "Pod");
    assert_eq!(json[0]["documents"][1]["implied_by"], "built-in Deployment");
    let expansion = "apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: ours}
spec:
  applyTo:
    - {groups: [apps], kinds: [Deployment], versions: [v1]}
  templateSource: spec.template
  generatedGVK: {group: \"\", version: v1, kind: Pod}
  enforcementAction: warn
";
    folder.write("policy/expand.yaml", expansion.as_bytes());
    let (code, json) = report(&folder.path, &["test", "web.yaml"]);
    assert_eq!(code, 0);
    assert_eq!(
        shown(&json, "findings"),
        ["web.yaml:11:18 [Implied by ours] <bad> comes from elsewhere"]
    );
    assert_eq!(json["findings"][0]["enforcement_action"], "warn");
}

#[test]
fn parameters_have_the_schema_of_their_template() {
    let template = TEMPLATE.replace(
        "              items: {type: string}\n",
        "              items: {type: string}\n              default: [ours/]\n          default: {}\n",
    );
    let without = &CONSTRAINT[..CONSTRAINT.find("  parameters").expect("parameters")];
    let wrong = CONSTRAINT
        .replace("ours\n", "wrong\n")
        .replace("repos: [ours/]", "repos: [1]\n    repoz: []");
    let folder = Folder::new(&[
        ("policy/t.yaml", &template),
        ("policy/c.yaml", without),
        ("policy/wrong.yaml", &wrong),
        ("a.yaml", POD),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    assert_eq!(
        shown(&json, "findings"),
        ["a.yaml:11:14 <bad> comes from elsewhere"]
    );
    assert_eq!(
        shown(&json, "problems"),
        [
            "policy/wrong.yaml:12:13 spec.parameters.repos[0]: Invalid value: \"integer\": spec.parameters.repos[0] in body must be of type string: \"integer\"",
            "policy/wrong.yaml:13:5 unknown field \"spec.parameters.repoz\"",
        ]
    );
}

#[test]
fn namespaces_and_inventory_are_known() {
    let selecting = CONSTRAINT.replace(
        "    excludedNamespaces: [kube-*]\n",
        "    namespaceSelector: {matchLabels: {env: prod}}\n",
    );
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n";
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", &selecting),
        ("known/ns.yaml", namespace),
        ("a.yaml", POD),
        ("none.yaml", &POD.replace("  namespace: shop\n", "")),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 0);
    assert_eq!(json["summary"]["skipped"], 1);
    assert_eq!(
        shown(&json, "problems"),
        [
            "policy/c.yaml:4:9 constraint `K8sRepos/ours` does not judge objects in the namespace `shop`, whose labels are not known"
        ]
    );
    let with = |args: &[&str]| {
        let mut all = vec!["test", "a.yaml"];
        all.extend(args);
        report(&folder.path, &all).0
    };
    assert_eq!(with(&["--fail-on-warn"]), 1);
    assert_eq!(with(&["--strict-match"]), 1);
    assert_eq!(with(&["--namespace-labels", "shop=env=prod"]), 1);
    assert_eq!(with(&["--namespace-labels", "shop=env=test"]), 0);
    assert_eq!(with(&["--inventory", "known"]), 1);
    assert_eq!(with(&["known/ns.yaml"]), 1);
    let in_shop = ["test", "none.yaml", "--default-namespace", "shop"];
    let (_, json) = report(&folder.path, &in_shop);
    assert_eq!(json["summary"]["skipped"], 1);
    assert_eq!(json["summary"]["failures"], 0);
}

#[test]
fn the_inventory_is_every_other_object() {
    let template = TEMPLATE.replace(
        "          container := input.review.object.spec.containers[_]\n          not allowed(container.image)\n          msg := sprintf(\"<%v> comes from elsewhere\", [container.name])\n",
        "          container := {\"image\": \"\"}\n          other := data.inventory.namespace[ns][\"v1\"].Pod[name]\n          name != input.review.object.metadata.name\n          msg := sprintf(\"there is %v/%v too\", [ns, other.metadata.name])\n",
    );
    let folder = Folder::new(&[
        ("policy/t.yaml", &template),
        ("policy/c.yaml", CONSTRAINT),
        ("known.yaml", &POD.replace("web", "old")),
        ("k8s/a.yaml", POD),
        ("k8s/b.yaml", &POD.replace("web", "api")),
    ]);
    let args = ["test", "k8s", "--inventory", "known.yaml"];
    let (code, json) = report(&folder.path, &args);
    assert_eq!(code, 1);
    let findings = shown(&json, "findings");
    let messages: Vec<&str> = findings
        .iter()
        .map(|finding| finding.split_once(' ').expect("a place").1)
        .collect();
    assert_eq!(
        messages,
        [
            "there is shop/api too",
            "there is shop/old too",
            "there is shop/old too",
            "there is shop/web too"
        ]
    );
}

#[test]
fn explain_says_which_part_of_the_match_said_no_and_then_what_the_rule_said() {
    let elsewhere = POD.replace("shop", "kube-system");
    let folder = Folder::new(&[
        ("policy/t.yaml", TEMPLATE),
        ("policy/c.yaml", CONSTRAINT),
        ("k8s/a.yaml", &[POD, &elsewhere].join("---\n")),
    ]);
    let explained = |file: &str| run(&folder.path, &["explain", "K8sRepos/ours", file]).stdout;
    let text = explained("k8s/a.yaml#1");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "K8sRepos/ours on k8s/a.yaml#1 (Pod kube-system/web): does not apply"
    );
    assert_eq!(lines[1], "  Allowed repositories");
    assert_eq!(lines[2], "  Images come from these repositories.");
    assert_eq!(lines[4], "  match policy/c.yaml:4 did not hold");
    assert_eq!(lines[5], "    holds    7 | kinds: wanted Pod, found Pod");
    assert_eq!(
        lines[8],
        "    FAILS   10 | excludedNamespaces: wanted none of kube-*, found kube-system"
    );
    assert_eq!(
        lines[9],
        "      -        | labelSelector: wanted anything, found no labels"
    );
    let text = explained("k8s/a.yaml#0");
    assert!(text.contains("(Pod shop/web): fired"), "{text}");
    assert!(
        text.contains("  <bad> comes from elsewhere\n  body policy/t.yaml:25 held"),
        "{text}"
    );
    assert!(
        text.contains("  place: k8s/a.yaml:11:14 spec.containers[1].image (field)"),
        "{text}"
    );
}

#[test]
fn templates_of_old_with_any_and_re_match_work_unchanged() {
    let template = r#"apiVersion: templates.gatekeeper.sh/v1beta1
kind: ConstraintTemplate
metadata:
  name: oldrepos
spec:
  crd:
    spec:
      names:
        kind: OldRepos
        listKind: OldReposList
        plural: oldrepos
        singular: oldrepos
      validation:
        openAPIV3Schema:
          properties:
            repos:
              type: array
              items: {type: string}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package oldrepos
        violation[{"msg": msg}] {
          container := input.review.object.spec.containers[_]
          satisfied := [good | repo = input.parameters.repos[_] ; good = startswith(container.image, repo)]
          not any(satisfied)
          re_match("^[a-z]+/", container.image)
          msg := sprintf("<%v> not from %v", [container.name, input.parameters.repos])
        }
"#;
    let constraint = CONSTRAINT
        .replace("K8sRepos", "OldRepos")
        .replace("  parameters:\n", "  parameters:\n    anything: 1\n");
    let folder = Folder::new(&[
        ("policy/t.yaml", template),
        ("policy/c.yaml", &constraint),
        ("a.yaml", POD),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 1, "{json:#}");
    let findings = shown(&json, "findings");
    assert!(
        findings[0].ends_with(r#" <bad> not from ["ours/"]"#),
        "{findings:?}"
    );
    assert_eq!(shown(&json, "problems"), [""; 0]);
}

#[test]
fn templates_without_constraints_are_no_pass() {
    let folder = Folder::new(&[("policy/t.yaml", TEMPLATE), ("a.yaml", POD)]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    assert_eq!(
        shown(&json, "problems"),
        [
            "-:null:null there is no rule to run in `policy`",
            "policy/t.yaml:4:9 template `K8sRepos` has no constraint: it judges nothing",
        ]
    );
    let action = CONSTRAINT.replace("spec:\n", "spec:\n  enforcementAction: denyy\n");
    folder.write("policy/c.yaml", action.as_bytes());
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 2);
    assert_eq!(
        shown(&json, "problems"),
        ["policy/c.yaml:6:22 there is no enforcement action `denyy`"]
    );
}

#[test]
fn rules_see_the_namespace_that_is_among_the_documents() {
    let template = TEMPLATE.replace(
        "          not allowed(container.image)\n",
        "          input.review.namespaceObject.metadata.labels.env == \"prod\"\n          not allowed(container.image)\n",
    );
    let namespace =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n";
    let folder = Folder::new(&[
        ("policy/t.yaml", &template),
        ("policy/c.yaml", CONSTRAINT),
        ("k8s/a.yaml", POD),
        ("k8s/z.yaml", namespace),
    ]);
    assert_eq!(report(&folder.path, &["test", "k8s"]).0, 1);
    let (code, json) = report(&folder.path, &["test", "k8s/a.yaml"]);
    assert_eq!(code, 0);
    assert_eq!(
        shown(&json, "problems"),
        [
            "policy/c.yaml:4:9 constraint `K8sRepos/ours` looks at the Namespace `shop`, which is not known: its rules see an empty one"
        ]
    );
}

#[test]
fn a_library_that_a_template_has_not_is_named() {
    let template = TEMPLATE.replace(
        "          not allowed(container.image)\n",
        "          data.lib.images.foreign[container.image]\n",
    );
    let folder = Folder::new(&[
        ("policy/t.yaml", &template),
        ("policy/c.yaml", CONSTRAINT),
        ("a.yaml", POD),
    ]);
    let (code, json) = report(&folder.path, &["test", "a.yaml"]);
    assert_eq!(code, 0);
    let problem = &json["problems"][0];
    assert_eq!(problem["severity"], "warning");
    let message = problem["message"].as_str().expect("a text");
    assert!(message.starts_with("`data.lib` is neither"), "{message}");
    assert_eq!(problem["location"]["file"], "policy/t.yaml");
}

//! The schemas on planted mistakes: each is found at its line by its rule, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::{Folder, report, root, run};

fn corpus() -> PathBuf {
    root().join("testdata/schema")
}

/// The version that a file's first line asks for.
fn version(text: &str) -> &str {
    let first = text.lines().next().unwrap_or("");
    first.strip_prefix("# kubernetes: ").unwrap_or("latest")
}

/// The line and rule of each mark.
fn marked(text: &str) -> BTreeSet<(u64, String)> {
    let mut marks = BTreeSet::new();
    for (line, number) in text.lines().zip(1..) {
        if let Some((_, rules)) = line.split_once("# ! ") {
            let rules = rules.split_whitespace();
            marks.extend(rules.map(|rule| (number, format!("schema/{rule}"))));
        }
    }
    marks
}

fn places(json: &Value) -> BTreeSet<(u64, String)> {
    let place = |finding: &Value| {
        let line = finding["location"]["start"]["line"]
            .as_u64()
            .expect("a line");
        (line, finding["rule"].as_str().expect("a rule").to_owned())
    };
    json["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(place)
        .collect()
}

fn problems(json: &Value) -> Vec<String> {
    let text = |problem: &Value| {
        format!(
            "{}: {}",
            problem["severity"].as_str().expect("a word"),
            problem["message"].as_str().expect("a text")
        )
    };
    json["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(text)
        .collect()
}

/// Compares what is found in a file with what is marked there; gives the marks.
fn compare(name: &str) -> BTreeSet<(u64, String)> {
    let text = fs::read_to_string(corpus().join(name)).expect("a file");
    let wanted = marked(&text);
    let (code, json) = report(
        &corpus(),
        &["test", "--kubernetes-version", version(&text), name],
    );
    let found = places(&json);
    let missed: Vec<_> = wanted.difference(&found).collect();
    let false_ones: Vec<_> = found.difference(&wanted).collect();
    let all = problems(&json);
    let errors: Vec<&String> = all
        .iter()
        .filter(|text| text.starts_with("error"))
        .collect();
    assert!(
        missed.is_empty() && false_ones.is_empty() && errors.is_empty(),
        "{name}\nmissed: {missed:#?}\nfalse: {false_ones:#?}\nerrors: {errors:#?}"
    );
    assert_eq!(code, i32::from(!wanted.is_empty()), "{name}");
    wanted
}

fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(corpus().join(folder)).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        format!(
            "{folder}/{}",
            entry.expect("an entry").file_name().to_string_lossy()
        )
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn planted_mistakes_are_found_at_their_lines_and_nothing_else() {
    let mut of_rule: BTreeMap<String, usize> = BTreeMap::new();
    for name in files("bad") {
        for (_, rule) in compare(&name) {
            *of_rule.entry(rule).or_default() += 1;
        }
    }
    // The rule that is missing is about what a flag names.
    assert_eq!(of_rule.len(), 12, "{of_rule:#?}");
    assert!(of_rule.values().all(|n| *n >= 3), "{of_rule:#?}");
}

#[test]
fn nothing_is_found_in_manifests_that_only_look_wrong() {
    for name in files("good") {
        assert!(compare(&name).is_empty(), "{name}");
    }
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: a}\n  hostUsers: false\n";

#[test]
fn several_versions_are_an_upgrade_check() {
    let budget = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {maxUnavailabel: 1}\n";
    let text = format!("{POD}  resources: {{}}\n---\n{budget}");
    let folder = Folder::new(&[("a.yaml", &text)]);
    let (code, json) = report(
        &folder.path,
        &[
            "test",
            "--kubernetes-version",
            "1.25,v1.30.2,latest",
            "a.yaml",
        ],
    );
    assert_eq!(code, 1);
    assert_eq!(
        json["run"]["kubernetes"],
        serde_json::json!(["1.25", "1.30", "1.37"])
    );
    let messages: Vec<&str> = json["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| finding["message"].as_str().expect("a text"))
        .collect();
    assert_eq!(
        messages,
        [
            "unknown field \"spec.resources\": exists since 1.32 (up to 1.30)",
            "policy/v1beta1 PodDisruptionBudget was removed in 1.25; use policy/v1 PodDisruptionBudget",
        ]
    );
    assert_eq!(
        json["findings"][0]["details"]["versions"],
        serde_json::json!(["1.25", "1.30"])
    );
    let ran = run(
        &folder.path,
        &["test", "--kubernetes-version", "all", "a.yaml"],
    );
    assert!(
        ran.stdout.contains("schemas: Kubernetes 1.25, 1.26"),
        "{}",
        ran.stdout
    );
    let ran = run(
        &folder.path,
        &["test", "--kubernetes-version", "1.24", "a.yaml"],
    );
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("1.25 to 1.37"), "{}", ran.stderr);
}

#[test]
fn schemas_and_policies_are_judged_together() {
    let policy = "package main\n\ndeny contains \"no pods\" if input.kind == \"Pod\"\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/a.yaml", POD)]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(
        (code, json["summary"]["rules"].as_u64()),
        (1, Some(1)),
        "schemas are asked for"
    );
    assert!(json["run"]["kubernetes"].is_null());
    let (code, json) = report(&folder.path, &["test", "--schema", "k8s"]);
    assert_eq!((code, json["summary"]["rules"].as_u64()), (1, Some(14)));
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(1));
    let (code, json) = report(&folder.path, &["test", "--schema", "-p", "other", "k8s"]);
    assert_eq!(code, 2, "policies that are named must be there: {json}");
    let alone = Folder::new(&[("k8s/a.yaml", POD)]);
    let (code, json) = report(&alone.path, &["test", "--schema", "k8s"]);
    assert_eq!((code, json["summary"]["passed"].as_u64()), (0, Some(13)));
    let (code, _) = report(&alone.path, &["test", "k8s"]);
    assert_eq!(code, 2, "without schemas there must be policies");
}

const CUSTOM: &str =
    "apiVersion: shop.example.com/v1\nkind: Gate\nmetadata: {name: a}\nspec: {sise: 1}\n";
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gates.shop.example.com}\nspec:\n  group: shop.example.com\n  scope: Cluster\n  names: {plural: gates, kind: Gate}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec: {type: object, properties: {size: {type: integer}}}\n";

#[test]
fn documents_without_a_schema_are_counted_and_on_demand_errors() {
    let folder = Folder::new(&[("a.yaml", CUSTOM)]);
    let (code, json) = report(&folder.path, &["test", "--schema", "a.yaml"]);
    assert_eq!(
        (code, problems(&json)),
        (
            0,
            vec!["notice: 1 document had no schema: 1 Gate".to_owned()]
        )
    );
    let (code, json) = report(&folder.path, &["test", "--strict-schemas", "a.yaml"]);
    assert_eq!(
        (code, problems(&json)),
        (
            2,
            vec!["error: no schema for shop.example.com/v1 Gate".to_owned()]
        )
    );
    let list = "apiVersion: shop.example.com/v1\nkind: GateList\nitems:\n- metadata: {name: a}\n";
    let folder = Folder::new(&[("a.yaml", list)]);
    let (_, json) = report(&folder.path, &["test", "--strict-schemas", "a.yaml"]);
    let wanted = "error: no schema for shop.example.com/v1 Gate";
    assert_eq!(
        problems(&json),
        [wanted],
        "the list says what its items are"
    );
}

#[test]
fn definitions_come_from_the_inputs_and_from_crds() {
    let broken = DEFINITION.replace("type: integer", "type: intger");
    let folder = Folder::new(&[
        ("k8s/a.yaml", CUSTOM),
        ("k8s/z.yaml", DEFINITION),
        ("crds/gate.yaml", &format!("{DEFINITION}---\n{POD}")),
        ("broken/gate.yaml", &broken),
        ("other.yaml", CUSTOM),
    ]);
    let unknown =
        |json: &Value| places(json) == BTreeSet::from([(4, "schema/unknown-field".to_owned())]);
    let (code, json) = report(&folder.path, &["test", "--schema", "k8s"]);
    assert!(code == 1 && unknown(&json), "{json}");
    let (code, json) = report(&folder.path, &["test", "--crds", "crds", "other.yaml"]);
    assert!(code == 1 && unknown(&json), "{json}");
    assert_eq!(
        problems(&json),
        ["notice: --crds: 1 documents are no CustomResourceDefinitions and were passed over"]
    );
    let (code, json) = report(&folder.path, &["test", "--crds", "broken", "other.yaml"]);
    assert_eq!(code, 2);
    let error = &json["problems"][0];
    assert_eq!(
        (
            &error["location"]["file"],
            &error["location"]["start"]["line"]
        ),
        (&"broken/gate.yaml".into(), &16.into()),
        "{error}"
    );
    let (code, _) = report(&folder.path, &["test", "--crds", "missing", "other.yaml"]);
    assert_eq!(code, 2);
    let other = DEFINITION.replace("size", "width");
    folder.write("k8s/zz.yaml", other.as_bytes());
    let (_, json) = report(&folder.path, &["test", "--schema", "k8s"]);
    assert!(unknown(&json), "the first one holds");
    assert!(
        problems(&json)[0].starts_with("warning: shop.example.com/v1 Gate is defined twice"),
        "{json}"
    );
}

#[test]
fn kinds_are_skipped_and_rejected() {
    let folder = Folder::new(&[("a.yaml", &POD.replace("hostUsers", "hostUser"))]);
    let (code, json) = report(&folder.path, &["test", "--schema-skip", "v1/Pod", "a.yaml"]);
    assert_eq!((code, json["summary"]["skipped"].as_u64()), (0, Some(13)));
    for pattern in ["Pod", "v1/Pod", "apps/v1/Deployment,Pod"] {
        let (code, json) = report(
            &folder.path,
            &["test", "--schema-reject", pattern, "a.yaml"],
        );
        assert_eq!(code, 1);
        assert!(
            places(&json).contains(&(2, "schema/rejected-kind".to_owned())),
            "{json}"
        );
        assert_eq!(problems(&json), [""; 0]);
    }
    for (pattern, wanted) in [
        (
            "pod",
            "warning: `--schema-skip pod`: no such kind is known: did you mean `Pod`?",
        ),
        (
            "Pods",
            "warning: `--schema-skip Pods`: no such kind is known: did you mean `Pod`?",
        ),
        (
            "v1/Pdo",
            "warning: `--schema-skip v1/Pdo`: no such kind is known: did you mean `v1/Pod`?",
        ),
        (
            "v2/Pod",
            "warning: `--schema-skip v2/Pod`: no such kind is known: did you mean `v1/Pod`?",
        ),
        (
            "a.b/v1/Gate",
            "notice: `--schema-skip a.b/v1/Gate`: no such kind is known",
        ),
    ] {
        let (_, json) = report(&folder.path, &["test", "--schema-skip", pattern, "a.yaml"]);
        assert_eq!(problems(&json), [wanted]);
    }
}

#[test]
fn lists_and_combined_runs_are_checked_document_by_document() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a.b}\n- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: {name: c.d}\n";
    let folder = Folder::new(&[("a.yaml", list), ("b.yaml", list)]);
    let wanted = BTreeSet::from([
        (6, "schema/name".to_owned()),
        (12, "schema/name".to_owned()),
    ]);
    for flags in [
        &["--schema"][..],
        &["--schema", "--keep-lists"],
        &["--schema", "--combine"],
    ] {
        let mut args = vec!["test", "a.yaml", "b.yaml"];
        args.extend(flags);
        let (code, json) = report(&folder.path, &args);
        assert_eq!((code, places(&json)), (1, wanted.clone()), "{flags:?}");
        assert_eq!(
            json["findings"].as_array().map(Vec::len),
            Some(4),
            "{flags:?}"
        );
    }
}

#[test]
fn nothing_to_check_is_no_pass() {
    let folder = Folder::new(&[("a.yaml", "replicas: 1\n")]);
    let (code, json) = report(&folder.path, &["test", "--schema", "a.yaml"]);
    assert_eq!(code, 2, "{json}");
}

#[test]
fn every_format_has_the_findings() {
    let folder = Folder::new(&[("a.yaml", &POD.replace("hostUsers", "hostUser"))]);
    for format in [
        "pretty",
        "table",
        "json",
        "tap",
        "junit",
        "sarif",
        "azure-devops",
        "github",
        "markdown",
    ] {
        let ran = run(&folder.path, &["test", "--schema", "a.yaml", "-o", format]);
        assert_eq!(ran.code, 1, "{format}");
        assert!(
            ran.stdout.contains("unknown field"),
            "{format}: {}",
            ran.stdout
        );
    }
}

#[test]
fn json_schemas_of_a_folder_describe_further_kinds() {
    let schema = r#"{"type": "object", "additionalProperties": false, "required": ["spec"],
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
            "spec": {"$ref": "parts/spec.json"}}}"#;
    let spec = r#"{"type": "object", "additionalProperties": false,
        "properties": {"size": {"type": ["integer", "null"], "maximum": 3}, "every": {"format": "duration"}}}"#;
    let gate = "apiVersion: shop.example.com/v1\nkind: Gate\nmetadata: {name: a, labels: {a: 1}}\nspec:\n  sise: 1\n  size: 4\n  every: 1h30m\n";
    let folder = Folder::new(&[
        ("gate.yaml", gate),
        ("pod.yaml", POD),
        ("crds/shop.example.com/gate_v1.json", schema),
        ("crds/shop.example.com/parts/spec.json", spec),
        ("broken/shop.example.com/gate_v1.json", "{"),
        (
            "out/shop.example.com/gate_v1.json",
            r#"{"$ref": "../../../outside.json"}"#,
        ),
        (
            "own/v1.37.0-standalone-strict/pod-v1.json",
            r#"{"required": ["status"]}"#,
        ),
    ]);
    let of = |location: &str, file: &str| {
        report(&folder.path, &["test", "--schema-location", location, file])
    };
    let names = "{{ .Group }}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json";
    let (code, json) = of(&format!("crds/{names}"), "gate.yaml");
    let wanted = [(3, "type"), (5, "unknown-field"), (6, "range")];
    let wanted = wanted.map(|(line, rule)| (line, format!("schema/{rule}")));
    assert_eq!((code, places(&json)), (1, BTreeSet::from(wanted)), "{json}");
    for wrong in ["broken", "out"] {
        let (code, json) = of(&format!("{wrong}/{names}"), "gate.yaml");
        assert_eq!(code, 2);
        assert_eq!(
            json["problems"][0]["location"]["file"],
            format!("{wrong}/shop.example.com/gate_v1.json"),
            "{json}"
        );
    }
    let (code, json) = of("missing", "gate.yaml");
    assert_eq!(code, 2, "{json}");
    let (code, json) = of("own", "pod.yaml");
    assert_eq!(code, 0, "built-in kinds are not overridden: {json}");
    let flags = [
        "test",
        "--schema-location",
        "own",
        "--schema-location",
        "default",
        "pod.yaml",
    ];
    let (code, json) = report(&folder.path, &flags);
    assert_eq!(
        (code, places(&json)),
        (1, BTreeSet::from([(1, "schema/required".to_owned())])),
        "unless named first"
    );
    let ran = run(
        &folder.path,
        &["test", "--schema-location", "https://a.b", "pod.yaml"],
    );
    assert!(
        ran.code == 2 && ran.stderr.contains("--crds"),
        "{}",
        ran.stderr
    );
}

#[test]
fn findings_are_known_by_the_keys_of_items() {
    let text = POD.replace(
        "hostUsers: false",
        "volumes:\n  - {name: a, emptyDir: {sizelimit: 1}}",
    );
    let other = text
        .replace(
            "- {name: a, image: a}",
            "- {name: b, image: a}\n  - {name: a, image: a}",
        )
        .replace("volumes:\n", "volumes:\n  - {name: b}\n");
    let folder = Folder::new(&[("a.yaml", &text)]);
    let fingerprint = || {
        report(&folder.path, &["test", "--schema", "a.yaml"]).1["findings"][0]["fingerprint"]
            .clone()
    };
    let first = fingerprint();
    assert!(first.is_string());
    folder.write("a.yaml", other.as_bytes());
    assert_eq!(fingerprint(), first);
}

#[test]
fn every_flag_is_a_key_of_the_configuration() {
    let settings = "kubernetes-version: [\"1.30\", latest]\ncrds: [crds]\nschema-location: [json]\nschema-reject: [Pod]\nstrict-schemas: true\n";
    let folder = Folder::new(&[
        (".git/HEAD", ""),
        (".policy.yaml", settings),
        ("crds/gate.yaml", DEFINITION),
        ("json/none.json", "{}"),
        ("k8s/a.yaml", &format!("{POD}---\n{CUSTOM}")),
    ]);
    let (code, json) = report(&folder.path.join("k8s"), &["test", "a.yaml"]);
    let wanted = [(2, "rejected-kind"), (12, "unknown-field")];
    let wanted = wanted.map(|(line, rule)| (line, format!("schema/{rule}")));
    assert_eq!((code, places(&json)), (1, BTreeSet::from(wanted)), "{json}");
    assert_eq!(
        json["run"]["kubernetes"],
        serde_json::json!(["1.30", "1.37"])
    );
}

#[test]
fn a_rule_about_schemas_is_explained_with_what_it_is_for_and_where_it_fired() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  contaners: []\n  containers: [{name: a, image: a}]\n";
    let folder = Folder::new(&[("a.yaml", text)]);
    let ran = run(
        &folder.path,
        &["explain", "schema/unknown-field", "a.yaml#0"],
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in [
        "schema/unknown-field on a.yaml#0 (Pod a): fired\n  There is no such field\n",
        "did you mean \"containers\"?\n  place: a.yaml:5:3 spec.contaners (field)\n",
    ] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
    let ran = run(&folder.path, &["explain", "schema/required", "a.yaml"]);
    assert!(ran.stdout.contains("(Pod a): passed\n"), "{}", ran.stdout);
    let ran = run(&folder.path, &["explain", "schema/requird", "a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("Did you mean `schema/required`?"),
        "{}",
        ran.stderr
    );
}

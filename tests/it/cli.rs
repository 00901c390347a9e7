//! The binary as a user runs it: what each input gets, good and bad.

use serde_json::Value;

use crate::{Folder, report, run, run_with_stdin};

const POLICY: &str = r#"package main

deny contains msg if {
	input.kind == "Deployment"
	not input.spec.template.spec.securityContext.runAsNonRoot == true
	msg := sprintf("%s must run as non-root", [input.metadata.name])
}
"#;

const DEPLOYMENT: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec: {}\n";

fn messages(report: &Value, list: &str) -> Vec<String> {
    let entries = report[list].as_array().expect("a list");
    let text = |entry: &Value| entry["message"].as_str().expect("a message").to_owned();
    entries.iter().map(text).collect()
}

fn places(report: &Value, list: &str) -> Vec<String> {
    let entries = report[list].as_array().expect("a list");
    let place = |entry: &Value| {
        let location = &entry["location"];
        format!(
            "{}:{}:{}",
            location["file"].as_str().unwrap_or("-"),
            location["start"]["line"],
            location["start"]["column"]
        )
    };
    entries.iter().map(place).collect()
}

#[test]
fn the_nightly_scan_of_today_works_unchanged() {
    let policy = r#"package main
deny[msg] { input.kind = "Deployment"; not input.spec.template.spec.securityContext.runAsNonRoot = true; msg = "run as non-root" }
"#;
    let folder = Folder::new(&[
        ("policy/deny.rego", policy),
        ("k8s_manifests/web.yaml", DEPLOYMENT),
    ]);
    let (code, json) = report(
        &folder.path,
        &["test", "-p", "policy/deny.rego", "k8s_manifests/web.yaml"],
    );
    assert_eq!(
        (code, messages(&json, "findings")),
        (1, vec!["run as non-root".to_owned()])
    );
    let ran = run(&folder.path, &["test", "./k8s_manifests/", "-o", "table"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("./k8s_manifests/web.yaml:5"),
        "{}",
        ran.stdout
    );
}

#[test]
fn one_broken_document_of_five_hides_no_other() {
    let good = |name: &str| DEPLOYMENT.replace("web", name);
    let text = [
        &good("a"),
        &good("b"),
        "a: [1\nb: 2\n",
        &good("c"),
        &good("d"),
    ]
    .map(str::to_owned)
    .join("--- # next\n");
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/all.yaml", &text)]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 2);
    assert_eq!(json["verdict"], "incomplete");
    assert_eq!(messages(&json, "findings").len(), 4);
    assert_eq!(messages(&json, "problems").len(), 1);
    assert_eq!(places(&json, "problems"), ["k8s/all.yaml:14:2"]);
    let documents: Vec<&Value> = json["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| &f["document"])
        .collect();
    assert_eq!(documents, [0, 1, 3, 4]);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_judged() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/web.yaml", DEPLOYMENT)]);
    folder.write("k8s/latin.yaml", b"kind: Deployment\nname: \xe4\n");
    folder.write("k8s/deep.yaml", "[".repeat(10_000).as_bytes());
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &(1..12)
            .map(|n| {
                let (this, last) = ((b'a' + n) as char, (b'a' + n - 1) as char);
                format!("{this}: &{this} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n")
            })
            .collect::<String>();
    folder.write("k8s/bomb.yaml", bomb.as_bytes());
    folder.write("k8s/broken.json", b"{\"a\": 1,}");
    let (code, json) = report(&folder.path, &["test", "k8s", "missing.yaml"]);
    assert_eq!((code, messages(&json, "findings").len()), (2, 1));
    let mut places = places(&json, "problems");
    places.sort();
    let files: Vec<&str> = places
        .iter()
        .map(|place| place.split(':').next().expect("a file"))
        .collect();
    assert_eq!(
        files,
        [
            "k8s/bomb.yaml",
            "k8s/broken.json",
            "k8s/deep.yaml",
            "k8s/latin.yaml",
            "missing.yaml"
        ]
    );
    assert!(
        places.contains(&"k8s/latin.yaml:2:7".to_owned()),
        "{places:?}"
    );
    assert!(
        places.contains(&"k8s/broken.json:1:9".to_owned()),
        "{places:?}"
    );
}

#[test]
fn nothing_tested_is_an_error_that_says_where_it_was_looked() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/web.yaml", DEPLOYMENT),
        ("empty/note.txt", ""),
    ]);
    let cases: [(&[&str], &str); 5] = [
        (
            &["test", "empty"],
            "there is no document to judge in `empty`",
        ),
        (
            &["test", "-p", "nowhere", "k8s"],
            "there is no policy `nowhere`",
        ),
        (
            &["test", "-p", "empty", "k8s"],
            "there is no policy in `empty`",
        ),
        (
            &["test", "-n", "mian", "k8s"],
            "no policy has the package `mian`",
        ),
        (
            &["test", "-n", "other.*", "k8s"],
            "no policy has the package `other.*`",
        ),
    ];
    for (args, expected) in cases {
        let (code, json) = report(&folder.path, args);
        assert_eq!(code, 2, "{args:?}");
        assert!(
            messages(&json, "problems")
                .iter()
                .any(|message| message.contains(expected)),
            "{args:?}: {json}"
        );
    }
    let helper = Folder::new(&[
        ("policy/p.rego", "package main\nhelper := 1\n"),
        ("k8s/web.yaml", DEPLOYMENT),
    ]);
    let (code, json) = report(&helper.path, &["test", "k8s"]);
    assert_eq!(code, 2);
    assert!(messages(&json, "problems")[0].contains("there is no rule to run"));
    assert_eq!(
        run(&folder.path, &["test", "--allow-empty", "empty"]).code,
        0
    );
}

#[test]
fn all_that_is_wrong_with_policies_is_said_at_once() {
    let folder = Folder::new(&[
        (
            "policy/a.rego",
            "package a\ndeny contains msg if {\n\tmsg := \n}\n",
        ),
        (
            "policy/b.rego",
            "package b\ndeny contains msg if { msg := nosuch(input) }\n",
        ),
        (
            "policy/c.rego",
            "package c\nimport data.nothing\nx := 1 +\n",
        ),
        ("k8s/web.yaml", DEPLOYMENT),
    ]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 2);
    assert_eq!(json["summary"]["passed"], 0);
    assert!(json["problems"].as_array().expect("a list").len() >= 2);
    let wrong = [
        (
            "deny contains msg if { count(1, 2); msg := \"x\" }",
            "takes 1 argument",
        ),
        (
            "deny contains msg if { msg := to_nmber(\"1\") }",
            "to_nmber",
        ),
        (
            "deny contains msg if { inptu.kind == \"x\"; msg := \"x\" }",
            "`inptu` is unsafe",
        ),
        (
            "deny contains msg if { not input.xs[_] == 1; msg := \"x\" }",
            "unsafe",
        ),
        (
            "deny contains msg if { http.send({}); msg := \"x\" }",
            "network",
        ),
        (
            "deny contains msg if { opa.runtime(); msg := \"x\" }",
            "environment",
        ),
        ("a := b\nb := a\ndeny contains \"x\" if a", "recursive"),
        (
            "f(x) := g(x)\ng(x) := f(x)\ndeny contains \"x\" if f(1)",
            "recursive",
        ),
        ("deny if input.kind == \"Deployment\"", "gives a boolean"),
        ("deny := \"text\"", "gives one string"),
        ("deny[k] := v if { k := \"a\"; v := 1 }", "is a map"),
        (
            "default deny := false\ndeny contains \"x\" if true",
            "gives a boolean",
        ),
        (
            "p[x].r contains 1 if some x in [\"a\", \"b\"]\np.a.r contains 2\ndeny contains \"x\" if p.a.r[1]",
            "cannot be told apart",
        ),
        (
            "p[x].y := 1 if some x in [\"a\", \"b\"]\np.a.z := 2\ndeny contains \"x\" if p.a.y",
            "cannot be told apart",
        ),
    ];
    for (text, expected) in wrong {
        folder.write("policy/b.rego", format!("package b\n{text}\n").as_bytes());
        let (code, json) = report(&folder.path, &["test", "-p", "policy/b.rego", "k8s"]);
        let found = messages(&json, "problems");
        assert!(
            code == 2 && found.iter().any(|message| message.contains(expected)),
            "{text}: {code} {found:?}"
        );
        let place = &json["problems"][0]["location"];
        assert_eq!(place["file"], "policy/b.rego", "{text}");
        assert!(
            place["start"]["line"].as_u64().expect("a line") >= 2,
            "{text}: {place}"
        );
    }
}

#[test]
fn values_that_are_no_messages_are_errors_of_their_document() {
    let values = [
        "deny contains 5 if true",
        "deny contains {\"message\": \"x\"} if true",
        "deny contains {\"msg\": 1} if true",
        "deny := x if { x := \"text\" }",
        "deny := x if { x := input.kind }",
    ];
    for text in values {
        let folder = Folder::new(&[
            ("policy/p.rego", &format!("package main\n{text}\n")),
            ("k8s/web.yaml", DEPLOYMENT),
        ]);
        let (code, json) = report(&folder.path, &["test", "k8s"]);
        assert_eq!(code, 2, "{text}");
        assert_eq!(json["problems"][0]["stage"], "evaluate", "{text}");
        assert_eq!(
            json["problems"][0]["location"]["file"], "k8s/web.yaml",
            "{text}"
        );
    }
}

#[test]
fn runaway_policies_end_within_their_limits() {
    let chain: String = (0..1_500)
        .map(|n| format!("f{n}(x) := f{}(x)\n", n + 1))
        .collect();
    let rules = [
        "deny contains \"x\" if count([1 | some a in numbers.range(1, 2000); some b in numbers.range(1, 2000); a == b; b < 0]) > 0".to_owned(),
        "deny contains \"x\" if count(numbers.range(1, 1000000000)) > 0".to_owned(),
        format!("{chain}f1500(x) := x\ndeny contains \"x\" if f0(1) == 2"),
    ];
    for rule in rules {
        let folder = Folder::new(&[
            ("policy/p.rego", &format!("package main\n{rule}\n")),
            ("k8s/web.yaml", DEPLOYMENT),
        ]);
        let (code, json) = report(&folder.path, &["test", "--timeout", "200ms", "k8s"]);
        assert_eq!(code, 2, "{}", &rule[..60.min(rule.len())]);
        assert_eq!(json["verdict"], "incomplete");
    }
}

#[test]
fn a_failing_builtin_is_an_error_only_where_nothing_took_care_of_it() {
    let cases = [
        ("deny contains \"x\" if to_number(input.kind) > 1", 2),
        (
            "n(x) := to_number(x)\ndeny contains \"x\" if n(input.kind) > 1",
            2,
        ),
        (
            "n(x) := to_number(x)\nn(x) := 0 if x == \"Deployment\"\ndeny contains \"x\" if n(input.kind) > 1",
            0,
        ),
        (
            "n(x) := to_number(x) if true\nelse := 0\ndeny contains \"x\" if n(input.kind) > 1",
            0,
        ),
        (
            "default n := 0\nn := to_number(input.kind)\ndeny contains \"x\" if n > 1",
            0,
        ),
        (
            "deny contains \"x\" if { not to_number(input.kind); false }",
            0,
        ),
        (
            "deny contains \"x\" if { count([1 | to_number(input.kind) > 1]) > 0 }",
            2,
        ),
        ("deny contains \"x\" if 1 / (count(input.kind) - 10) > 1", 2),
        (
            "deny contains \"x\" if to_number(input.kind) > 1\ndeny contains \"y\" if true",
            1,
        ),
        (
            "deny contains v if { some v in [input.kind, \"7\"]; to_number(v) > 1 }",
            1,
        ),
        (
            "warn contains v if { some v in [input.kind, \"7\"]; to_number(v) > 1 }",
            2,
        ),
        (
            "deny_a contains v if { some v in [input.kind, \"7\"]; to_number(v) > 1 }\nexception contains [\"a\"] if true",
            0,
        ),
    ];
    for (text, expected) in cases {
        let folder = Folder::new(&[
            ("policy/p.rego", &format!("package main\n{text}\n")),
            ("k8s/web.yaml", DEPLOYMENT),
        ]);
        let (code, json) = report(&folder.path, &["test", "k8s"]);
        assert_eq!(code, expected, "{text}: {}", json["problems"]);
        let (code, _) = report(&folder.path, &["test", "--builtin-errors", "ignore", "k8s"]);
        let finds = text.starts_with("deny contains v") || text.contains("\"y\" if true");
        assert_eq!(code, i32::from(finds), "{text}");
    }
}

#[test]
fn exit_codes_do_not_depend_on_formats() {
    let warn = "package main\nwarn contains \"w\" if input.kind == \"Deployment\"\n";
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("warn/p.rego", warn),
        ("k8s/web.yaml", DEPLOYMENT),
    ]);
    for format in ["pretty", "table", "json", "tap", "junit", "stdout"] {
        assert_eq!(
            run(&folder.path, &["test", "k8s", "-o", format]).code,
            1,
            "{format}"
        );
        assert_eq!(
            run(&folder.path, &["test", "k8s", "--no-fail", "-o", format]).code,
            0,
            "{format}"
        );
        assert_eq!(
            run(
                &folder.path,
                &["test", "k8s", "gone", "--no-fail", "-o", format]
            )
            .code,
            2,
            "{format}"
        );
        assert_eq!(
            run(&folder.path, &["test", "-p", "warn", "k8s", "-o", format]).code,
            0,
            "{format}"
        );
        assert_eq!(
            run(
                &folder.path,
                &["test", "-p", "warn", "k8s", "--fail-on-warn", "-o", format]
            )
            .code,
            1,
            "{format}"
        );
        assert_eq!(
            run(&folder.path, &["test", "k8s", "--quiet", "-o", format]).code,
            1,
            "{format}"
        );
    }
}

#[test]
fn wrong_usage_says_what_to_do() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/web.yaml", DEPLOYMENT)]);
    let cases: [(&[&str], &str); 8] = [
        (&["test", "--ignore", "x", "k8s"], "--exclude"),
        (&["test", "--parser", "toml", "k8s"], "only YAML and JSON"),
        (&["test", "-o", "jsn", "k8s"], "json"),
        (&["test", "-o", "sarf", "k8s"], "`sarif`"),
        (&["test", "--polcy", "x", "k8s"], "--policy"),
        (&["pull", "x"], "not a part of policy"),
        (
            &["test", "-o", "table", "-o", "json", "k8s"],
            "more than one format",
        ),
        (&["test"], "PATH"),
    ];
    for (args, expected) in cases {
        let ran = run(&folder.path, args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn reports_go_to_files_whole_or_not_at_all() {
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/web.yaml", DEPLOYMENT)]);
    let ran = run(
        &folder.path,
        &[
            "test",
            "k8s",
            "-o",
            "table",
            "-o",
            "junit=out.xml",
            "-o",
            "json=out.json",
        ],
    );
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("result"), "{}", ran.stdout);
    let junit = std::fs::read_to_string(folder.path.join("out.xml")).expect("the report");
    assert!(junit.contains("<failure"));
    let ran = run(
        &folder.path,
        &["test", "k8s", "-o", "json=no/such/folder/out.json"],
    );
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
}

#[test]
fn standard_input_is_named_by_helms_comments() {
    let folder = Folder::new(&[("policy/p.rego", POLICY)]);
    let text = format!("---\n# Source: chart/templates/web.yaml\n{DEPLOYMENT}---\n{DEPLOYMENT}");
    let ran = run_with_stdin(&folder.path, &["test", "-", "-o", "json"], &text);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        places(&json, "findings"),
        ["-:13:1", "chart/templates/web.yaml:7:1"]
    );
}

#[test]
fn items_of_lists_and_elements_of_sequences_are_judged() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n- kind: Service\n  apiVersion: v1\n";
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/list.yaml", list)]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(code, 1);
    assert_eq!(json["findings"][0]["item"], "items[0]");
    assert_eq!(places(&json, "findings"), ["k8s/list.yaml:4:60"]);
    assert_eq!(report(&folder.path, &["test", "--keep-lists", "k8s"]).0, 0);
}

#[test]
fn folders_pass_over_what_is_no_manifest_and_say_so() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("all/web.yaml", DEPLOYMENT),
        ("all/.hidden/web.yaml", DEPLOYMENT),
        ("all/kustomization.yaml", "kind: Kustomization\n"),
        ("all/chart/Chart.yaml", "name: x\n"),
        ("all/chart/values.yaml", "a: 1\n"),
        ("all/chart/templates/web.yaml", "a: {{ .x }}\n"),
        ("all/chart/crds/crd.yaml", DEPLOYMENT),
        ("all/skip/web.yaml", DEPLOYMENT),
        ("all/.policyignore", "skip/\n"),
        ("all/old.yml", DEPLOYMENT),
        ("all/note.txt", ""),
    ]);
    let (code, json) = report(&folder.path, &["test", "all", "--exclude", "old.*"]);
    assert_eq!(code, 1);
    assert_eq!(
        places(&json, "findings"),
        ["all/chart/crds/crd.yaml:5:1", "all/web.yaml:5:1"]
    );
    let notices: Vec<&Value> = json["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|problem| problem["severity"] == "notice")
        .collect();
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0]["help"]
            .as_str()
            .expect("help")
            .contains("helm template all/chart")
    );
    assert_eq!(json["run"]["skipped_files"]["kustomization"], 1);
    assert_eq!(json["run"]["skipped_files"]["excluded"], 2);
    // A file that is named is read whatever is above it.
    assert_eq!(report(&folder.path, &["test", "all/skip/web.yaml"]).0, 1);
}

#[test]
fn the_order_does_not_depend_on_threads() {
    let files: Vec<(String, String)> = (0..40)
        .map(|n| {
            let documents: Vec<String> = (0..n)
                .map(|m| DEPLOYMENT.replace("web", &format!("web-{m}")))
                .collect();
            (format!("k8s/f{n}.yaml"), documents.join("---\n"))
        })
        .collect();
    let mut all: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    all.push(("policy/p.rego", POLICY));
    let folder = Folder::new(&all);
    for format in ["pretty", "json", "tap", "junit", "table"] {
        let one = run(&folder.path, &["test", "k8s", "-j", "1", "-o", format]).stdout;
        for _ in 0..3 {
            assert!(
                one == run(&folder.path, &["test", "k8s", "-j", "5", "-o", format]).stdout,
                "{format}"
            );
        }
    }
}

#[test]
fn tests_of_policies_show_the_statement_that_does_not_hold() {
    let tests = "package main\n\ntest_fails if {\n\tx := input_of(\"Pod\")\n\tcount(deny) == 1 with input as x\n}\n\ntest_passes if count(deny) == 1 with input as input_of(\"Deployment\")\n\ntodo_test_later if false\n\ninput_of(kind) := {\"kind\": kind, \"metadata\": {\"name\": \"a\"}}\n";
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("policy/p_test.rego", tests)]);
    let (code, json) = report(&folder.path, &["verify"]);
    assert_eq!(code, 1);
    assert_eq!(places(&json, "findings"), ["policy/p_test.rego:5:2"]);
    assert_eq!(
        (&json["summary"]["passed"], &json["summary"]["skipped"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        report(&folder.path, &["verify", "policy/p.rego"]).0,
        2,
        "no test to run"
    );
}

#[test]
fn only_true_is_a_test_that_passes() {
    let policy = "package a\ntest_good if true\ntest_zero := 0\ntest_text := \"x\"\ntest_set contains \"x\"\ntest_object := {\"a\": true}\n\
        test_cases[n] if { some n, m in {\"a\": 1, \"b\": 2}; m == 1 }\ntest_all[n] if { some n in [\"a\"]; n != \"b\" }\ntest_values[n] := v if { some n in [\"a\", \"b\"]; v := n == \"a\" }\n";
    let folder = Folder::new(&[("policy/a_test.rego", policy)]);
    let (code, json) = report(&folder.path, &["verify"]);
    assert_eq!((code, &json["summary"]["passed"]), (1, &2.into()), "{json}");
    let found = messages(&json, "findings");
    let expected = [
        "the test gives 0, not `true`",
        "the test gives \"x\", not `true`",
        "the test gives {\"x\"}, not `true`",
        "the test gives {\"a\": true}, not `true`",
        "the case \"b\" does not hold",
        "the case \"b\" is false",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_policies_print_goes_to_standard_error_with_its_place() {
    let policy = "package main\n\ndeny contains \"x\" if {\n\tprint(\"kind\", input.kind)\n}\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/web.yaml", DEPLOYMENT)]);
    let ran = run(&folder.path, &["test", "k8s"]);
    assert_eq!(ran.stderr.trim(), "policy/p.rego:4: kind Deployment");
}

#[test]
fn policies_see_one_instant_and_no_environment() {
    let policy = "package main\ndeny contains msg if msg := sprintf(\"%d %d %s\", [time.now_ns(), rand.intn(\"x\", 1000), uuid.rfc4122(\"y\")])\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/web.yaml", DEPLOYMENT)]);
    let args = ["test", "k8s", "--date", "2026-11-24"];
    let (_, first) = report(&folder.path, &args);
    let (_, second) = report(&folder.path, &args);
    assert_eq!(messages(&first, "findings"), messages(&second, "findings"));
    assert!(
        messages(&first, "findings")[0].starts_with("1795478400000000000 "),
        "{first}"
    );
}

#[test]
fn parse_prints_what_rules_see() {
    let folder = Folder::new(&[("a.yaml", "on: 0644\n---\nb: [\n---\nc: 1\n")]);
    let ran = run(&folder.path, &["parse", "--output", "json", "a.yaml"]);
    assert_eq!(ran.code, 2);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json[0]["file"], "a.yaml");
    assert_eq!(
        json[0]["documents"][0],
        serde_json::json!({"index": 0, "line": 1, "value": {"true": 420}})
    );
    assert_eq!(json[0]["documents"][1]["index"], 1);
    assert_eq!(
        json[0]["documents"][2],
        serde_json::json!({"index": 2, "line": 4, "value": {"c": 1}})
    );
}

#[test]
fn names_that_are_nearly_those_of_rules_are_warned_about() {
    for name in [
        "denny",
        "Deny",
        "deny_",
        "deny__x",
        "violations",
        "warning_x",
        "dney",
    ] {
        let policy = format!(
            "package main\n\n{name} contains \"x\" if true\n\nwarn contains \"y\" if true\n"
        );
        let folder = Folder::new(&[("policy/p.rego", &policy), ("k8s/web.yaml", DEPLOYMENT)]);
        let (code, json) = report(&folder.path, &["test", "k8s"]);
        assert_eq!(
            (code, messages(&json, "findings")),
            (0, vec!["y".to_owned()]),
            "{name}"
        );
        assert_eq!(json["problems"][0]["severity"], "warning", "{name}: {json}");
        assert_eq!(places(&json, "problems"), ["policy/p.rego:3:1"], "{name}");
        assert_eq!(
            report(&folder.path, &["test", "--fail-on-warn", "k8s"]).0,
            1,
            "{name}"
        );
    }
    // A helper that a rule uses is no misspelt rule.
    let policy = "package main\nviolations contains \"x\" if true\ndeny contains msg if some msg in violations\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/web.yaml", DEPLOYMENT)]);
    let (_, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(json["problems"], serde_json::json!([]));
}

#[test]
fn names_of_rules_are_told_apart_by_case() {
    let policy =
        "package main\ndeny_a contains \"lower\" if true\ndeny_A contains \"upper\" if true\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/web.yaml", DEPLOYMENT)]);
    let (_, json) = report(&folder.path, &["test", "k8s"]);
    let mut found = messages(&json, "findings");
    found.sort();
    assert_eq!(found, ["lower", "upper"]);
}

#[test]
fn duplicate_keys_are_errors_at_the_second_with_the_first_beside_it() {
    let text = "kind: Deployment\nmetadata: {}\nkind: Service\n---\nkind: Deployment\nmetadata: {name: b}\n";
    let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/web.yaml", text)]);
    let (code, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!((code, messages(&json, "findings").len()), (2, 1));
    assert_eq!(places(&json, "problems"), ["k8s/web.yaml:3:1"]);
    assert_eq!(
        json["problems"][0]["related"][0]["location"]["start"]["line"],
        1
    );
}

#[test]
fn integers_are_exact() {
    let policy =
        "package main\ndeny contains msg if msg := sprintf(\"%d %d\", [input.a, input.b])\n";
    let text = "a: 9007199254740993\nb: 18446744073709551615\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/n.yaml", text)]);
    let (_, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(
        messages(&json, "findings"),
        ["9007199254740993 18446744073709551615"]
    );
}

#[test]
fn data_is_merged_and_what_cannot_be_is_an_error() {
    let policy =
        "package main\ndeny contains msg if msg := json.marshal([data.limits, data.team.lead])\n";
    let folder = Folder::new(&[
        ("policy/p.rego", policy),
        ("k8s/web.yaml", DEPLOYMENT),
        ("data/limits.yaml", "limits: {cpu: on}\n"),
        ("data/more.json", "{\"limits\": {\"memory\": 1}}"),
        ("data/team/lead.yaml", "lead: ada\n"),
    ]);
    let (_, json) = report(&folder.path, &["test", "-d", "data", "k8s"]);
    assert_eq!(
        messages(&json, "findings"),
        ["[{\"cpu\":\"on\",\"memory\":1},\"ada\"]"]
    );
    for (text, expected) in [
        ("a: 1\n---\nb: 2\n", "one document"),
        ("limits: {cpu: off}\n", "defined by another data file"),
        ("- 1\n", "a mapping at its root"),
        ("main: {deny: 1}\n", "both a rule and data"),
        ("a: [\n", "bracket"),
    ] {
        folder.write("data/wrong.yaml", text.as_bytes());
        let (code, json) = report(&folder.path, &["test", "-d", "data", "k8s"]);
        assert_eq!(code, 2, "{text}");
        assert!(
            messages(&json, "problems")[0].contains(expected),
            "{text}: {}",
            json["problems"]
        );
    }
}

#[test]
fn annotations_describe_rules() {
    let policy = "# METADATA\n# title: All of it\n# custom:\n#   severity: low\npackage main\n\n# METADATA\n# description: Why\n# related_resources:\n# - ref: https://example.com/why\ndeny contains \"x\" if true\n\n# METADATA\n# title: [broken\nwarn contains \"y\" if true\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/web.yaml", DEPLOYMENT)]);
    let (_, json) = report(&folder.path, &["test", "k8s"]);
    let rule = &json["rules"][0];
    assert_eq!(
        (
            &rule["title"],
            &rule["description"],
            &rule["severity"],
            &rule["url"]
        ),
        (
            &"All of it".into(),
            &"Why".into(),
            &"low".into(),
            &"https://example.com/why".into()
        )
    );
    assert_eq!(places(&json, "problems"), ["policy/p.rego:13:1"]);
}

#[test]
fn places_that_policies_give_win() {
    let policy = "package main\ndeny contains {\"msg\": \"x\", \"_loc\": {\"file\": \"other.yaml\", \"line\": 7}, \"owner\": \"me\"} if true\n";
    let folder = Folder::new(&[("policy/p.rego", policy), ("k8s/web.yaml", DEPLOYMENT)]);
    let (_, json) = report(&folder.path, &["test", "k8s"]);
    assert_eq!(places(&json, "findings"), ["other.yaml:7:1"]);
    let finding = &json["findings"][0];
    assert_eq!(
        (&finding["location"]["precision"], &finding["details"]),
        (&"policy".into(), &serde_json::json!({"owner": "me"}))
    );
}

#[test]
fn combined_runs_see_all_documents() {
    let policy = "package main\ndeny contains msg if { some i, j; i < j; input[i].contents.metadata.name == input[j].contents.metadata.name; msg := sprintf(\"%s and %s\", [input[i].path, input[j].path]) }\n";
    let folder = Folder::new(&[
        ("policy/p.rego", policy),
        ("k8s/a.yaml", DEPLOYMENT),
        ("k8s/b.yaml", DEPLOYMENT),
    ]);
    let (code, json) = report(&folder.path, &["test", "--combine", "k8s"]);
    assert_eq!(
        (code, messages(&json, "findings")),
        (1, vec!["k8s/a.yaml and k8s/b.yaml".to_owned()])
    );
    assert_eq!(json["run"]["combined"], true);
    assert_eq!(json["evaluations"][0]["file"], "Combined");
}

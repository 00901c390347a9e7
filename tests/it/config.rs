//! The configuration file, variables and flags, as a user sees them merged; and what `init` writes.

use std::path::Path;

use crate::{Folder, policy, report, run};

const POLICY: &str = "package main\n\nwarn contains \"a pod\" if input.kind == \"Pod\"\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n";

fn folder(config: &str) -> Folder {
    Folder::new(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".policy.yaml", config),
        ("rules/p.rego", POLICY),
        ("shop/k8s/pod.yaml", POD),
    ])
}

fn run_with(folder: &Path, variables: &[(&str, &str)], args: &[&str]) -> (i32, String) {
    let output = policy(folder)
        .args(args)
        .envs(variables.iter().copied())
        .output()
        .expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8")
        + &String::from_utf8(output.stderr).expect("UTF-8");
    (output.status.code().expect("a code"), text)
}

#[test]
fn the_file_says_what_flags_leave_open() {
    let folder = folder("policy: rules\nfail-on-warn: true\npaths: [shop/k8s]\n");
    assert_eq!(run(&folder.path, &["test"]).code, 1);
    assert_eq!(run(&folder.path, &["test", "shop"]).code, 1);
    // Paths begin at the file's folder, also from below it.
    let below = folder.path.join("shop");
    let (code, json) = report(&below, &["test"]);
    assert_eq!(code, 1);
    assert_eq!(
        json["findings"][0]["location"]["file"],
        "../shop/k8s/pod.yaml"
    );
    let above = json["findings"][0]["fingerprint"].clone();
    let (_, json) = report(&folder.path, &["test", "./shop/k8s"]);
    assert_eq!(json["findings"][0]["fingerprint"], above);
    // Flags win, and the file can be left out.
    assert_eq!(
        run(&folder.path, &["test", "-p", "elsewhere", "shop"]).code,
        2
    );
    assert_eq!(
        run(
            &folder.path,
            &["test", "--no-config", "-p", "rules", "shop"]
        )
        .code,
        0
    );
    assert_eq!(run(&folder.path, &["test", "--no-config"]).code, 2);
}

#[test]
fn paths_with_commas_begin_at_the_file_each() {
    let folder = folder("policy: rules,more\ndata: 'x.json,shop/y.json'\n");
    folder.write(
        "more/q.rego",
        b"package q\n\ndeny contains \"x and y\" if data.x == data.y\n",
    );
    folder.write("x.json", b"{\"x\": 1}");
    folder.write("shop/y.json", b"{\"y\": 1}");
    for below in ["", "shop", "shop/k8s"] {
        let path = folder.path.join(below);
        let (code, json) = report(
            &path,
            &["test", &format!("{}/shop/k8s", folder.path.display())],
        );
        assert_eq!(code, 1, "{below}: {json:#}");
        assert_eq!(json["summary"]["rules"], 2, "{below}");
    }
    // One that is there with its comma is one.
    std::fs::rename(folder.path.join("more"), folder.path.join("rules,more")).expect("a name");
    let (code, json) = report(&folder.path.join("shop"), &["test", "k8s"]);
    assert_eq!(
        (code, &json["summary"]["rules"]),
        (1, &1.into()),
        "{json:#}"
    );
}

#[test]
fn schemas_that_the_file_asks_for_can_be_left_out() {
    let folder = folder(
        "policy: rules\nschema: true\nkubernetes-version: ['1.33']\nschema-reject: Pod\nstrict-schemas: true\n",
    );
    let test = |variables: &[(&str, &str)], more: &[&str]| {
        run_with(&folder.path, variables, &[&["test", "shop"], more].concat())
    };
    let (code, text) = test(&[], &[]);
    assert_eq!(code, 1);
    assert!(text.contains("schema/"), "{text}");
    let (code, text) = test(&[("POLICY_SCHEMA", "true")], &["--no-schema"]);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("schema"), "{text}");
    // Both at once is no sense.
    let (code, text) = test(&[], &["--no-schema", "--kubernetes-version", "1.33"]);
    assert_eq!(code, 2, "{text}");
    let (code, text) = test(&[("POLICY_NO_SCHEMA", "true")], &[]);
    assert!(code == 2 && text.contains("give it as a flag"), "{text}");
}

#[test]
fn policies_that_are_named_twice_are_read_once() {
    let tests = "package main\n\ntest_pod if count(warn) == 1 with input as {\"kind\": \"Pod\"}\n";
    let folder = folder("");
    folder.write(
        "rules/sub/q.rego",
        b"package q\n\nx := 1\n\ndeny contains \"q\" if false\n",
    );
    folder.write("rules/p_test.rego", tests.as_bytes());
    folder.write("more/r.rego", b"package r\n\ntest_r if true\n");
    let whole = folder.path.join("rules").display().to_string();
    for other in [
        "./rules",
        "rules/",
        "shop/../rules",
        "rules/sub",
        "./rules/sub/q.rego",
        &whole,
    ] {
        for both in [["rules", other], [other, "rules"]] {
            let [one, two] = both;
            let (code, json) = report(&folder.path, &["test", "-p", one, "-p", two, "shop"]);
            assert_eq!(code, 0, "{both:?} {json:#}");
            assert_eq!(json["summary"]["rules"], 2, "{both:?}");
            for args in [["verify", one, two], ["verify", one, "-p"]] {
                let args = match args {
                    [_, _, "-p"] => vec!["verify", one, "-p", two],
                    _ => args.to_vec(),
                };
                let (code, json) = report(&folder.path, &args);
                assert_eq!(code, 0, "{args:?} {json:#}");
                assert_eq!(json["summary"]["rules"], 1, "{args:?}");
            }
        }
    }
    // A file of tests that is named is still read.
    let named = ["test", "-p", "rules", "-p", "./rules/p_test.rego", "shop"];
    assert_eq!(report(&folder.path, &named).0, 0);
    let (code, json) = report(&folder.path, &["verify", "rules,more"]);
    assert_eq!(
        (code, &json["summary"]["rules"]),
        (0, &2.into()),
        "{json:#}"
    );
}

#[test]
fn help_shows_what_a_command_can_use() {
    let folder = folder("policy: [rules\n");
    for command in ["init", "man", "completions"] {
        let ran = run(&folder.path, &[command, "--help"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stdout.contains("--config"), "{}", ran.stdout);
        assert!(!ran.stdout.contains("--no-config"), "{}", ran.stdout);
    }
    assert!(
        run(&folder.path, &["test", "--help"])
            .stdout
            .contains("--no-config")
    );
    // They do not read it either.
    let ran = run(&folder.path, &["init", "."]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("kept .policy.yaml"), "{}", ran.stdout);
    assert_eq!(run(&folder.path, &["--no-config", "man"]).code, 0);
}

#[test]
fn variables_stand_between_the_file_and_flags() {
    let folder = folder("policy: rules\nfail-on-warn: true\npaths: [shop]\noutput: [tap]\n");
    let (code, text) = run_with(&folder.path, &[("POLICY_FAIL_ON_WARN", "false")], &["test"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("TAP version 14"), "{text}");
    let variables = [("POLICY_OUTPUT", "table")];
    let (code, text) = run_with(&folder.path, &variables, &["test"]);
    assert_eq!(code, 1);
    assert!(text.starts_with("result "), "{text}");
    let (_, text) = run_with(&folder.path, &variables, &["test", "-o", "junit"]);
    assert!(text.starts_with("<?xml"), "{text}");
    let (code, text) = run_with(&folder.path, &[("POLICY_FAIL_ON_WARN", "maybe")], &["test"]);
    assert_eq!(code, 2);
    assert!(text.contains("POLICY_FAIL_ON_WARN is `maybe`"), "{text}");
    let (code, text) = run_with(&folder.path, &[("POLICY_POLICY", "rules,other")], &["test"]);
    assert_eq!(code, 2, "`other` is not there: {text}");
}

#[test]
fn variables_that_are_none_of_ours_are_said() {
    let folder = folder("policy: rules\n");
    let test = |name: &str| run_with(&folder.path, &[(name, "true")], &["test", "shop"]);
    for (name, help) in [
        ("POLICY_FAIL_ON_WRAN", "Did you mean `POLICY_FAIL_ON_WARN`?"),
        ("POLICY_PATH", "Did you mean `POLICY_PATHS`?"),
        ("POLICY_fail_on_warn", "Did you mean `POLICY_FAIL_ON_WARN`?"),
        ("POLICY_CHANGED_SINCE", "give it as a flag"),
        ("POLICY_CONFIG", "give it as a flag"),
    ] {
        let (code, text) = test(name);
        assert_eq!(code, 2, "{name}: {text}");
        assert!(
            text.contains(&format!("the variable {name} stands for no key")),
            "{text}"
        );
        assert!(text.contains(help), "{text}");
    }
    // It may be another program's.
    let (code, text) = test("POLICY_SERVER_URL");
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("warning: the variable POLICY_SERVER_URL stands for no key"),
        "{text}"
    );
    // One that is a key of another command is none to speak of.
    let (code, text) = run_with(
        &folder.path,
        &[("POLICY_EXPANDED", "true")],
        &["test", "shop"],
    );
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("POLICY_EXPANDED"), "{text}");
    let (code, text) = run_with(&folder.path, &[("POLICY_CONFIG", "x")], &["man"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn what_is_wrong_with_the_file_is_told_with_its_place() {
    let wrong = |config: &str| {
        let folder = folder(config);
        let ran = run(&folder.path, &["test", "shop", "-p", "rules"]);
        assert_eq!(ran.code, 2, "{config}");
        ran.stderr
    };
    let text = wrong("policy: rules\npolcy: x\n");
    assert!(text.contains(".policy.yaml:2:1: unknown field"), "{text}");
    assert!(text.contains("Did you mean `policy`?"), "{text}");
    let text = wrong("timeout: soon\n");
    assert!(text.contains("`timeout` is from .policy.yaml:1"), "{text}");
    let text = wrong("baseline: [a, b]\n");
    assert!(
        text.contains("`baseline` takes one text, not a list"),
        "{text}"
    );
    let text = wrong("output: [jsn]\n");
    assert!(text.contains("did you mean `json`?"), "{text}");
}

#[test]
fn the_merged_configuration_is_shown_with_origins() {
    let folder = folder("policy: rules\npaths: [shop]\n");
    let variables = [("POLICY_TIMEOUT", "9s")];
    let (code, text) = run_with(&folder.path, &variables, &["config", "--fail-on-warn"]);
    assert_eq!(code, 0, "{text}");
    let has = |key: &str, from: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{key}: ")));
        let line = line.unwrap_or_else(|| panic!("{key} in {text}"));
        assert!(line.ends_with(&format!("# {from}")), "{line}");
    };
    has("policy", ".policy.yaml:1");
    has("paths", ".policy.yaml:2");
    has("timeout", "POLICY_TIMEOUT");
    has("fail-on-warn", "the command line");
    has("memory-limit", "default");
}

#[test]
fn flags_may_need_what_the_file_says() {
    let folder = folder("policy: rules\nbaseline: baseline.json\nfail-on-warn: true\n");
    let update = ["test", "shop", "--update-baseline"];
    assert_eq!(run(&folder.path, &update).code, 0);
    assert!(folder.path.join("baseline.json").is_file());
    assert_eq!(run(&folder.path, &["test", "shop"]).code, 0);
    let ran = run(
        &folder.path,
        &[&update[..], &["--no-config", "-p", "rules"]].concat(),
    );
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("set `baseline` in"), "{}", ran.stderr);
    // Every command runs beside a file that is meant for others.
    for args in [
        &["parse", "shop"][..],
        &["explain", "main.warn", "shop/k8s/pod.yaml"],
        &["config"],
    ] {
        let ran = run(&folder.path, args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn init_makes_a_folder_that_works_and_touches_nothing() {
    let pod = format!("{POD}spec:\n  containers:\n  - {{name: a, image: 'a:latest'}}\n");
    let folder = Folder::new(&[("k8s/pod.yaml", &pod)]);
    let ran = run(&folder.path, &["init", "--pre-commit"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("wrote .policy.yaml\n"),
        "{}",
        ran.stdout
    );
    assert_eq!(run(&folder.path, &["verify"]).code, 0);
    assert_eq!(run(&folder.path, &["test", "k8s"]).code, 1);
    folder.write(".policy.yaml", b"policy: policy\n");
    let ran = run(&folder.path, &["init"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("kept .policy.yaml\n"), "{}", ran.stdout);
    let kept = std::fs::read_to_string(folder.path.join(".policy.yaml")).expect("is there");
    assert_eq!(kept, "policy: policy\n");
}

#[test]
fn init_writes_what_we_ship_and_never_overwrites() {
    let shipped = |name: &str| {
        let source = match name {
            ".github/workflows/policy.yml" => "src/bin/policy/init/github.yml",
            ".gitlab/policy.yml" => "src/bin/policy/init/gitlab.yml",
            ".gitlab-ci.yml" => "src/bin/policy/init/gitlab-ci.yml",
            ".pre-commit-config.yaml" => "src/bin/policy/init/pre-commit-config.yaml",
            other => other,
        };
        std::fs::read_to_string(crate::root().join(source)).expect("we ship it")
    };
    let azure = [
        "azure-pipelines/nightly.yml",
        "azure-pipelines/pull-request.yml",
        "azure-pipelines/steps/check.yml",
        "azure-pipelines/steps/install.yml",
        "azure-pipelines/steps/scan.yml",
    ];
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--ci", "azure-devops"], &azure),
        (&["--ci", "github"], &[".github/workflows/policy.yml"]),
        (
            &["--ci", "gitlab"],
            &[".gitlab/policy.yml", ".gitlab-ci.yml"],
        ),
        (&["--pre-commit"], &[".pre-commit-config.yaml"]),
    ];
    for (args, files) in cases {
        let folder = Folder::new(&[("x", "")]);
        let init = |more: &[&str]| run(&folder.path, &[&["init"], args, more].concat());
        let read = |name: &str| std::fs::read_to_string(folder.path.join(name)).expect(name);
        let ran = init(&[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            ran.stdout.contains("to do: write for OWNER"),
            "{}",
            ran.stdout
        );
        for name in files {
            assert_eq!(read(name), shipped(name), "{name}");
            folder.write(name, b"mine\n");
        }
        let ran = init(&["--repository", "me/policy"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stdout.contains("to do"), "{}", ran.stdout);
        for name in files {
            assert_eq!(read(name), "mine\n", "{name}");
            assert!(
                ran.stdout.contains(&format!("kept {name}")),
                "{}",
                ran.stdout
            );
            std::fs::remove_file(folder.path.join(name)).expect("it is there");
        }
        init(&["--repository", "me/policy"]);
        for name in files {
            let own = shipped(name).replace("OWNER/policy", "me/policy");
            assert_eq!(read(name), own, "{name}");
        }
    }
}

#[test]
fn init_takes_a_repository_by_its_name_or_address() {
    let written = |given: &str| {
        let folder = Folder::new(&[("x", "")]);
        let ran = run(
            &folder.path,
            &["init", "--pre-commit", "--repository", given],
        );
        let file = std::fs::read_to_string(folder.path.join(".pre-commit-config.yaml"));
        let address = file.ok().map(|text| {
            let line = text.lines().find_map(|line| line.split_once("repo: "));
            let (_, rest) = line.expect("a repository");
            rest.split(' ').next().expect("an address").to_owned()
        });
        (ran, address)
    };
    for (given, wanted) in [
        ("acme/policy", "https://github.com/acme/policy"),
        ("acme/policy.git", "https://github.com/acme/policy"),
        (
            "acme-x/my.policy_2/",
            "https://github.com/acme-x/my.policy_2",
        ),
        (
            "git@github.com:acme/policy.git",
            "https://github.com/acme/policy",
        ),
        (
            "git@git.example.com:a/b/policy",
            "https://git.example.com/a/b/policy",
        ),
        (
            "https://git.example.com/a/b/policy/",
            "https://git.example.com/a/b/policy",
        ),
        (
            "http://localhost:3000/policy.git",
            "http://localhost:3000/policy.git",
        ),
        (
            "https://github.com/acme/policy.git",
            "https://github.com/acme/policy",
        ),
    ] {
        let (ran, address) = written(given);
        assert_eq!(ran.code, 0, "{given}: {}", ran.stderr);
        assert_eq!(address.as_deref(), Some(wanted), "{given}");
    }
    for wrong in [
        "",
        "policy",
        "a/b/c",
        "a b/c",
        "'x/y",
        "a/..",
        "a/.git",
        "/policy",
        "github.com/acme",
        "github.com/acme/policy",
        "://",
        "https://",
        "https:///acme/policy",
        "x://a:",
        "ssh://git@github.com/acme/policy",
        "git@github.com:",
        "git@:acme/policy",
        "git@ssh.dev.azure.com:v3/acme/shop/policy",
        "me@github.com:acme/policy",
    ] {
        let (ran, address) = written(wrong);
        assert_eq!((ran.code, address), (2, None), "{wrong}");
        assert!(
            ran.stderr.contains("OWNER/policy"),
            "{wrong}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_hook_takes_the_files_that_a_walk_would_take() {
    let folder = Folder::new(&[
        (".policy.yaml", "policy: [rules]\nfail-on-warn: true\n"),
        ("rules/p.rego", POLICY),
        ("k8s/pod.yaml", POD),
        ("chart/Chart.yaml", "name: x\n"),
        ("chart/values.yaml", "kind: Pod\n"),
        ("chart/templates/pod.yaml", "kind: {{ .Values.kind }}\n"),
    ]);
    let chart = [
        "chart/Chart.yaml",
        "chart/values.yaml",
        "chart/templates/pod.yaml",
    ];
    let hook = |files: &[&str]| run(&folder.path, &[&["test", "--hook"], files].concat());
    assert_eq!(hook(&["k8s/pod.yaml"]).code, 1);
    let ran = hook(&chart);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("NOTICE"), "{}", ran.stdout);
    assert_eq!(hook(&[]).code, 0);
    assert_eq!(hook(&[&chart[..], &["k8s/pod.yaml"]].concat()).code, 1);
}

#[test]
fn what_init_writes_is_in_the_package() {
    let read = |name: &str| std::fs::read_to_string(crate::root().join(name)).expect(name);
    let manifest = read("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("exclude = "));
    let (excluded, source) = (line.expect("a list"), read("src/bin/policy/init.rs"));
    let mut n_files = 0;
    for (_, rest) in source
        .match_indices("include_str!(\"../../../")
        .map(|(at, head)| source.split_at(at + head.len()))
    {
        let folder = rest.split('/').next().expect("a folder");
        assert!(!excluded.contains(&format!("/{folder}\"")), "{folder}");
        n_files += 1;
    }
    assert!(n_files > 10, "{n_files}");
}

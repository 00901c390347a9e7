//! What is wrong with one policy, data file, template or constraint never hides what is wrong with another, and what
//! may only follow from a broken file is not told.

use crate::{Folder, report};

const POD: (&str, &str) = (
    "k8s/a.yaml",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
);

/// `file:line message` of each problem of a run, which must not be complete.
fn problems(files: &[(&str, &str)], args: &[&str]) -> Vec<String> {
    let folder = Folder::new(files);
    folder.write(POD.0, POD.1.as_bytes());
    let args = [&["test", "k8s"], args].concat();
    let (code, json) = report(&folder.path, &args);
    assert_eq!(code, 2, "{json}");
    let shown = json["problems"].as_array().expect("a list").iter();
    let shown = shown.map(|problem| {
        let message = problem["message"].as_str().expect("a text");
        let location = &problem["location"];
        match location["file"].as_str() {
            Some(file) => format!("{file}:{} {message}", location["start"]["line"]),
            None => message.to_owned(),
        }
    });
    shown.collect()
}

/// Kinds of errors: files, arguments, and the beginning of what is told.
type Kind = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static str,
);

/// Errors of all kinds, each in files of its own.
const KINDS: [Kind; 20] = [
    (
        &[(
            "policy/syntax.rego",
            "package syntax\n\ndeny contains \"x\" if input.a == = 1\n",
        )],
        &[],
        "policy/syntax.rego:3 expected an expression",
    ),
    (
        &[("policy/lexer.rego", "package lexer\n\np := \"abc\n")],
        &[],
        "policy/lexer.rego:3 the string does not end",
    ),
    (
        &[(
            "policy/builtin.rego",
            "package b\n\ndeny contains \"x\" if nope(input.a)\n",
        )],
        &[],
        "policy/builtin.rego:3 there is no function `nope`",
    ),
    (
        &[(
            "policy/function.rego",
            "package b\n\ndeny contains \"x\" if data.other.nope(input.a)\n",
        )],
        &[],
        "policy/function.rego:3 there is no function `data.other.nope`",
    ),
    (
        &[(
            "policy/arity.rego",
            "package b\n\ndeny contains \"x\" if count(input.a, 1, 2)\n",
        )],
        &[],
        "policy/arity.rego:3 `count` takes 1 argument, not 3",
    ),
    (
        &[("policy/recursion.rego", "package r\n\np if q\nq if p\n")],
        &[],
        "policy/recursion.rego:3 rule `r.p` is recursive",
    ),
    (
        &[(
            "policy/map.rego",
            "package m\n\ndeny[k] := v if some k, v in input\n",
        )],
        &[],
        "policy/map.rego:3 `deny` is a map here",
    ),
    (
        &[("policy/bool.rego", "package m2\n\ndeny if input.a\n")],
        &[],
        "policy/bool.rego:3 `deny` gives a boolean",
    ),
    (
        &[(
            "policy/unsafe.rego",
            "package b\n\ndeny contains \"x\" if input.a == z\n",
        )],
        &[],
        "policy/unsafe.rego:3 variable `z` is unsafe",
    ),
    (
        &[("policy/function2.rego", "package f\n\np(x) := x\np := 1\n")],
        &[],
        "policy/function2.rego:4 `f.p` is one value here and a function of one argument in another definition",
    ),
    (
        &[
            ("policy/data.rego", "package d\n\np := 1\n"),
            ("data/d.yaml", "d: {p: 1}\n"),
        ],
        &["-d", "data"],
        "policy/data.rego:3 `data.d.p` is both a rule and data",
    ),
    (
        &[("data/syntax.yaml", "a: [1\n")],
        &["-d", "data"],
        "data/syntax.yaml:",
    ),
    (
        &[("data/list.json", "[1]")],
        &["-d", "data"],
        "data/list.json:1 a data file holds a mapping",
    ),
    (
        &[("data/x.yaml", "same: 1\n"), ("data/y.yaml", "same: 2\n")],
        &["-d", "data"],
        "data/y.yaml:1 `data.same` is defined by another data file too",
    ),
    (
        &[],
        &["-n", "zzz", "-n", "*"],
        "no policy has the package `zzz`",
    ),
    (
        &[(
            "policy/template.yaml",
            "apiVersion: templates.gatekeeper.sh/v1\nkind: [\n",
        )],
        &[],
        "policy/template.yaml:",
    ),
    (
        &[(
            "policy/rego.yaml",
            "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8srego}
spec:
  crd: {spec: {names: {kind: K8sRego}, bogus: 1}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package x
      violation[{\"msg\": \"m\"}] { y = = 1 }
",
        )],
        &[],
        "policy/rego.yaml:10 expected an expression",
    ),
    (
        &[(
            "policy/constraint.yaml",
            "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRego\nmetadata: {name: x}\nspec: {bogus: 1}\n",
        )],
        &[],
        "policy/constraint.yaml:4 unknown field",
    ),
    (
        &[(
            "policy/alone.yaml",
            "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sAlone\nmetadata: {name: x}\n",
        )],
        &[],
        "policy/alone.yaml:2 there is no template for constraints of kind `K8sAlone`",
    ),
    (
        &[(
            "policy/warning.rego",
            "package w\n\ndeny contains \"x\" if data.nothing.x\n",
        )],
        &[],
        "policy/warning.rego:3 `data.nothing` is neither among the policies nor in the data",
    ),
];

#[test]
fn all_kinds_of_errors_are_told_at_once() {
    let files: Vec<_> = KINDS.iter().flat_map(|kind| kind.0).copied().collect();
    let args = ["-d", "data", "-n", "zzz", "-n", "*"];
    let told = problems(&files, &args);
    for (_, _, message) in KINDS {
        let n = told.iter().filter(|told| told.starts_with(message)).count();
        assert_eq!(n, 1, "{message}\n{}", told.join("\n"));
    }
}

#[test]
fn no_kind_of_error_hides_another() {
    let ok = (
        "policy/ok.rego",
        "package ok\n\ndeny contains \"x\" if input.kind == \"Pod\"\n",
    );
    // Templates and constraints are read before, and for themselves.
    let errors = KINDS[..KINDS.len() - 1].iter();
    for (files, args, first) in errors.filter(|kind| !kind.2.contains(".yaml")) {
        for (more, more_args, second) in KINDS {
            let files = [&[ok], *files, more].concat();
            let told = problems(&files, &[*args, more_args].concat());
            for message in [first, &second] {
                let is_told = told.iter().any(|told| told.starts_with(message));
                assert!(is_told, "{first} + {second}\n{}", told.join("\n"));
            }
        }
    }
}

#[test]
fn what_may_follow_from_a_broken_policy_is_not_told() {
    let user = "package main

import data.lib.k8s
import data.lib.limits

deny contains \"a\" if k8s.is_pod(input)
deny contains \"b\" if data.lib.k8s.nothing(input)
deny contains \"c\" if k8s.names[_] == input.name
deny contains \"d\" if k8s.other[_] == input.name
deny contains \"e\" if limits.cpu < 1
deny contains \"f\" if helper(input)
deny contains \"g\" if input.x == constant
deny contains \"h\" if input.x == variable
denny contains \"i\" if input.x
";
    let library = "package lib.k8s\n\nis_pod(x) if {\n  x.kind = = \"Pod\"\n}\nnames := {\"a\"}\n";
    let main = "package main\n\nhelper(x) if x = = 1\nconstant := 1\np if denny\n";
    let files = [
        ("policy/user.rego", user),
        ("policy/lib.rego", library),
        ("policy/main.rego", main),
        ("data/limits.yaml", "lib: {limits: [cpu}\n"),
    ];
    assert_eq!(
        problems(&files, &["-d", "data", "-n", "main", "-n", "lib.*"]),
        [
            "data/limits.yaml:1 mismatched bracket '[' closed by '}'",
            "policy/lib.rego:4 expected an expression, found `=`",
            "policy/main.rego:3 expected an expression, found `=`",
            "policy/user.rego:7 there is no function `data.lib.k8s.nothing`",
            "policy/user.rego:13 variable `variable` is unsafe: nothing gives it a value",
            "policy/user.rego:9 `data.lib.k8s.other` is neither among the policies nor in the data: it is undefined, and what reads it finds nothing",
        ]
    );
    // Where not even the package can be read, the name alone counts; a folder that is not there may hold anything.
    let library = library.replace("package ", "packge ");
    let files = [("policy/user.rego", user), ("policy/lib.rego", &library)];
    let told = problems(&files, &[]);
    assert!(!told.iter().any(|told| told.contains("is_pod")), "{told:?}");
    assert!(told.iter().any(|told| told.contains("k8s.nothing")));
    assert!(told.iter().any(|told| told.contains("`helper`")));
    let told = problems(
        &[("policy/user.rego", user)],
        &["-p", "policy", "-p", "lib"],
    );
    assert_eq!(told, ["there is no policy `lib`"]);
}

#[test]
fn what_may_follow_from_a_broken_template_is_not_told() {
    let template = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sfirst}
spec:
  crd: {spec: {names: {kind: K8sFirst}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package first
      import data.lib.helpers
      violation[{\"msg\": \"m\"}] { helpers.f(input.review.object) }
    libs:
    - |
      package lib.helpers
      f(x) { nope(x) }
";
    let broken = template.replace("metadata: {", "metadata: [");
    let constraint =
        "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sFirst\nmetadata: {name: a}\n";
    let source = "package first\nimport data.lib.helpers\nviolation[{\"msg\": \"m\"}] { helpers.f(input.review.object) }\n";
    let files = [("policy/t.yaml", &*broken), ("policy/c.yaml", constraint)];
    let told = problems(&files, &[]);
    assert_eq!(told.len(), 1, "{told:?}");
    let other = constraint.replace("K8sFirst", "K8sSecond");
    let files = [("policy/t.yaml", &*broken), ("policy/c.yaml", &other)];
    let told = problems(&files, &[]);
    assert_eq!(told.len(), 2, "{told:?}");
    // The source of a template is not run on its own, also where the template cannot be evaluated.
    let files = [
        ("policy/t.yaml", template),
        ("policy/c.yaml", constraint),
        ("policy/src.rego", source),
    ];
    let told = problems(&files, &[]);
    assert_eq!(
        told,
        [
            "policy/t.yaml:15 there is no function `nope`",
            "policy/src.rego:1 this is the source of a template that is loaded too; it is not run on its own",
        ]
    );
}

#[test]
fn definitions_that_cannot_stand_beside_each_other_name_both_places() {
    let told = |files: &[(&str, &str)]| {
        let folder = Folder::new(files);
        folder.write(POD.0, POD.1.as_bytes());
        let (code, json) = report(&folder.path, &["test", "k8s"]);
        assert_eq!(code, 2, "{json}");
        let mut problems = json["problems"].as_array().expect("a list").iter();
        let problem = problems.find(|problem| problem["related"][0].is_object());
        let problem = problem.unwrap_or_else(|| panic!("{json}"));
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let place = |value: &serde_json::Value| {
            let location = &value["location"];
            format!("{}:{}", text(&location["file"]), location["start"]["line"])
        };
        let first = &problem["related"][0];
        [
            place(problem),
            text(&problem["message"]),
            place(first),
            text(&first["message"]),
            text(&problem["help"]),
        ]
    };
    let set = "package main\n\ndeny contains \"a\" if input.a\n";
    assert_eq!(
        told(&[
            ("policy/a.rego", set),
            (
                "policy/b.rego",
                "package main\n\ndeny := [\"b\"] if input.b\n"
            ),
        ]),
        [
            "policy/b.rego:3",
            "`main.deny` is one value here and a set in another definition",
            "policy/a.rego:3",
            "a set here",
            "Let all definitions give members (`name contains x if { … }`, in Rego v0 `name[x] { … }`), or rename one of them.",
        ]
    );
    let function = "package lib\n\nf(x) := x\n\nf(x, y) := y\n";
    assert_eq!(
        told(&[("policy/a.rego", set), ("policy/f.rego", function)]),
        [
            "policy/f.rego:5",
            "`lib.f` is a function of 2 arguments here and a function of one argument in another definition",
            "policy/f.rego:3",
            "a function of one argument here",
            "A function takes the same number of arguments everywhere: rename one of them.",
        ]
    );
    let default = "package main\n\ndefault deny := \"x\"\n";
    let [at, _, first, _, help] = told(&[("policy/a.rego", set), ("policy/d.rego", default)]);
    assert_eq!((&*at, &*first), ("policy/d.rego:3", "policy/a.rego:3"));
    assert_eq!(help, "A set needs no default: without members it is empty.");
    let within = "package main.deny\n\nx := 1\n";
    let [at, message, first, ..] = told(&[("policy/w.rego", within), ("policy/z.rego", set)]);
    assert_eq!((&*at, &*first), ("policy/z.rego:3", "policy/w.rego:3"));
    assert_eq!(
        message,
        "`main.deny` and `main.deny.x` cannot both be there: one value is within a set"
    );
    let empty = "package main.deny\n";
    let [at, message, first, what, _] = told(&[("policy/a.rego", set), ("policy/e.rego", empty)]);
    assert_eq!((&*at, &*first), ("policy/a.rego:3", "policy/e.rego:1"));
    assert_eq!(message, "`main.deny` is both a rule and a package");
    assert_eq!(what, "the package");
    let template = "apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sx}
spec:
  crd: {spec: {names: {kind: K8sX}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package x
      violation[{\"msg\": \"m\"}] { bad(1) }
      default bad = 1
      bad(x) { x == 1 }
      default bad = 2
";
    let [at, message, first, ..] = told(&[("policy/t.yaml", template)]);
    assert_eq!((&*at, &*first), ("policy/t.yaml:12", "policy/t.yaml:11"));
    assert_eq!(
        message,
        "`template.bad` is a function of one argument here and one value in another definition"
    );
}

//! Modules of a host: what is refused where, and what the rule gives.

use std::sync::Arc;
use std::time::Duration;

use crate::document::embedded::EmbeddedText;
use crate::document::input::{Input, Origin};
use crate::document::path::{Path, Segment, SpanTable};
use crate::document::value::{Object, Value};
use crate::document::{self, Document, Limits, Syntax};
use crate::finding::Problem;
use crate::rego::hosted::{Host, Hosted, HostedModule, Role};
use crate::rego::load::tests_options;
use crate::rego::syntax::Version;
use crate::source::SourceFile;

const HOST: Host = Host {
    rule: "violation",
    data: "inventory",
    libraries: "lib",
};

fn document(text: &str) -> Arc<Document> {
    let file = Arc::new(SourceFile::new("t.yaml", text.to_owned()));
    let parsed = document::parse(&file, Syntax::Yaml, &Limits::default());
    Arc::clone(&parsed.documents[0])
}

/// Loads the modules under the keys `rego` and `lib` of a document.
fn load(text: &str) -> Result<Hosted, Vec<Problem>> {
    let document = document(text);
    let module = |key: &str, role: Role| {
        let node = document
            .spans
            .find(SpanTable::ROOT, &[Segment::from(key)])?;
        let text = document.value.as_object().ok()?.get(&key.into())?;
        Some(HostedModule {
            text: EmbeddedText::new(&document, node, text.as_string().ok()?),
            version: Version::V0,
            role,
        })
    };
    let modules = module("rego", Role::Entry)
        .into_iter()
        .chain(module("lib", Role::Library));
    Hosted::load(modules.collect(), HOST, &tests_options())
}

/// `line:column message` of each error.
fn errors(text: &str) -> Vec<String> {
    let problems = load(text).expect_err("errors");
    let shown = problems.iter().map(|problem| {
        let place = problem.location.as_ref().expect("a place");
        let (line, column) = (place.start.line, place.start.column);
        format!("{line}:{column} {}", problem.message)
    });
    shown.collect()
}

#[test]
fn what_a_template_must_not_have_is_refused_at_its_place() {
    let text = "\
rego: |
  package k8sx

  import data.lib.helpers
  import data.other.helpers
  import input.review
  import future.keywords.in
  import rego.v1

  violation contains {\"msg\": msg} if {
    data.k8sx.helper
    x := data.inventory.cluster
    data[x]
    msg := nothing(x)
  }
lib: |
  package helpers
";
    assert_eq!(
        errors(text),
        [
            "5:3 `import data.other.helpers` is refused in a template",
            "6:3 `import input.review` is refused in a template",
            "8:3 `import rego.v1` is refused in a template",
            "17:3 the package of a library is `lib.NAME`, not `helpers`",
            "11:5 `data.k8sx.helper` is refused in a template",
            "13:5 `data` is refused in a template",
            "14:12 there is no function `nothing`",
        ]
    );
    assert_eq!(
        errors("rego: |\n  package x\n  deny[msg] { msg := 1 }\n"),
        ["2:3 the module has no rule `violation`"]
    );
    assert_eq!(
        errors("rego: |\n  package x\n  violation(x) { x }\n"),
        ["3:3 `violation` is a function, not a set"]
    );
    assert_eq!(
        errors("rego: |\n  package x\n  violation[{\"msg\": m}] { m := external_data({}) }\n")
            .len(),
        1
    );
}

#[test]
fn a_module_that_cannot_be_parsed_hides_nothing_of_the_others() {
    let text = "\
rego: |
  package k8sx

  import data.lib.helpers

  violation[{\"msg\": msg}] {
    helpers.is_wrong(input.review.object)
    msg := nothing(input)
  }
lib: |
  package lib.helpers
  is_wrong(x) { x = = 1 }
  f(x) { x = = 2 }
";
    assert_eq!(
        errors(text),
        [
            "12:21 expected an expression, found `=`",
            "13:14 expected an expression, found `=`",
            "8:12 there is no function `nothing`",
        ]
    );
    let text = "\
rego: |
  package k8sx
  violation[x] { x = = 1 }
lib: |
  package lib.helpers
  f(x) { data.inventory[y] == z }
";
    assert_eq!(
        errors(text),
        [
            "3:22 expected an expression, found `=`",
            "6:31 variable `z` is unsafe: nothing gives it a value",
        ]
    );
}

#[test]
fn the_rule_is_evaluated_with_the_hosts_input_and_data() {
    let hosted = load(
        "\
rego: |
  package k8sx
  import data.lib.names
  violation[{\"msg\": msg}] {
    other := data.inventory.cluster[_]
    names.same(other, input.review.object.name)
    msg := sprintf(\"%v is taken\", [other])
  }
lib: |
  package lib.names
  same(x, y) { x == y }
",
    )
    .expect("it loads");
    assert!(hosted.reads_data());
    let inventory = Value::from_json_str(r#"{"cluster": {"a": "web"}}"#).expect("JSON");
    let mut evaluator = hosted.evaluator(HOST, inventory);
    let object = document("\nname: web\n");
    let wrap = |key: &str, value: Value| {
        Value::from(std::iter::once((Value::from(key), value)).collect::<Object>())
    };
    let mut input = Input::of_document(&object, document::input::Lists::Keep).remove(0);
    input.value = wrap("review", wrap("object", object.value.clone()));
    input.origins = vec![Origin {
        prefix: Path::root().child("review").child("object"),
        document: Arc::clone(&object),
        node: SpanTable::ROOT,
        path: Path::root(),
    }];
    let answer = evaluator.evaluate(&input, "X/y", Duration::from_secs(5));
    let value = answer.value.expect("a value");
    assert_eq!(value.to_string(), r#"[{"msg":"web is taken"}]"#);
    let members: Vec<&Value> = value.as_set().expect("a set").iter().collect();
    let places = evaluator.places(&input, &value, &members);
    let place = places[0].location.as_ref().expect("a place");
    assert_eq!((place.start.line, place.path.as_str()), (2, "name"));
    let policy = places[0].policy_location.as_ref().expect("a place");
    assert_eq!((policy.start.line, &*policy.file), (4, "t.yaml"));
}

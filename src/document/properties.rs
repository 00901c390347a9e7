//! What holds for every document: nothing panics, and each node's span is on the text that gives its value.

use std::sync::Arc;

use proptest::prelude::*;

use crate::document::path::{NodeId, Segment, SpanTable};
use crate::document::print::{to_json, to_json_pretty};
use crate::document::value::{Object, Value};
use crate::document::{Document, Limits, Syntax, parse};
use crate::source::SourceFile;

fn documents(text: &str, syntax: Syntax) -> Vec<Arc<Document>> {
    let file = Arc::new(SourceFile::new("t", text.to_owned()));
    parse(&file, syntax, &Limits::default()).documents
}

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[ -~äß\u{1f600}\n\t]{0,12}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        let entry = ("[a-z:# ]{1,6}".prop_map(Value::from), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            prop::collection::vec(entry, 0..5)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Object>())),
        ]
    })
}

/// Every leaf's span, read as a text of its own, gives the leaf.
fn check(document: &Document, value: &Value, node: NodeId, syntax: Syntax) {
    let table = &document.spans;
    let span = table.get(node).expect("a node").value_span;
    let text = document.file.slice(span);
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter() {
                let key = key.as_string().expect("a text");
                let child = table
                    .child(node, &Segment::Key(Arc::clone(key)))
                    .expect("an entry");
                check(document, value, child, syntax);
            }
        }
        Value::Array(items) => {
            for (value, index) in items.iter().zip(0_u32..) {
                let child = table.child(node, &Segment::Index(index)).expect("an item");
                check(document, value, child, syntax);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Set(_)
        | Value::Undefined => {
            let again = documents(text, syntax);
            let read = again
                .first()
                .map_or(&Value::Null, |document| &document.value);
            assert_eq!(read, value, "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_printed_is_read_again_with_its_places(value in values()) {
        for text in [to_json(&value), to_json_pretty(&value)] {
            for syntax in [Syntax::Json, Syntax::Yaml] {
                let read = documents(&text, syntax);
                if value == Value::Null {
                    prop_assert!(read.is_empty());
                    continue;
                }
                prop_assert_eq!(read.len(), 1, "{}", text);
                prop_assert_eq!(&read[0].value, &value, "{}", text);
                check(&read[0], &value, SpanTable::ROOT, syntax);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[-a-c:{}\\[\\]\"'|>&*!%#\n \t,.?0-9\r\u{feff}]{0,60}") {
        for syntax in [Syntax::Json, Syntax::Yaml, Syntax::DataYaml] {
            let file = Arc::new(SourceFile::new("t", text.clone()));
            let parsed = parse(&file, syntax, &Limits::default());
            for document in &parsed.documents {
                for node in document.spans.nodes() {
                    let (start, end) = (node.value_span.start as usize, node.value_span.end as usize);
                    prop_assert!(text.get(start..end).is_some(), "{:?} of {:?}", node, text);
                }
            }
            for problem in &parsed.problems {
                prop_assert!(problem.problem.location.is_some());
            }
        }
    }

    #[test]
    fn documents_do_not_depend_on_what_stands_beside_them(one in values(), two in values(), separator in 0_usize..5) {
        let separator = ["---\n", "--- # note\n", "---\t\n", "...\n---\n", "\r\n---\r\n"][separator];
        let text = format!("{}\n{separator}a: [\n---\n{}\n", to_json(&one), to_json(&two));
        let read = documents(&text, Syntax::Yaml);
        let wanted: Vec<&Value> = [&one, &two].into_iter().filter(|value| **value != Value::Null).collect();
        let values: Vec<&Value> = read.iter().map(|document| &document.value).collect();
        prop_assert_eq!(values, wanted, "{}", text);
    }
}

//! What this reader takes is what the full reader gives: values, places, documents.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use crate::document::block::parse;
use crate::document::scalar::Words;
use crate::document::{Limits, yaml};
use crate::source::SourceFile;

/// Whether this reader took the text; it must then give the same as the full one.
fn agrees(text: &str, words: Words) -> Result<bool, TestCaseError> {
    let file = Arc::new(SourceFile::new("t.yaml", text.to_owned()));
    let limits = Limits::default();
    let Some(quick) = parse(&file, &limits, words) else {
        return Ok(false);
    };
    let full = yaml::parse_fully(&file, &limits, words, false);
    prop_assert!(full.problems.is_empty(), "{}\n{:?}", text, full.problems);
    let quick = quick.iter().map(|document| format!("{document:#?}"));
    let full = full
        .documents
        .iter()
        .map(|document| format!("{document:#?}"));
    let (quick, full): (Vec<_>, Vec<_>) = (quick.collect(), full.collect());
    prop_assert_eq!(quick.len(), full.len(), "{}", text);
    for (quick, full) in quick.iter().zip(&full) {
        let different = quick.lines().zip(full.lines()).find(|(a, b)| a != b);
        prop_assert!(quick == full, "{}\n{:?}", text, different);
    }
    Ok(true)
}

fn collect(folder: &Path, texts: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if path.is_dir() {
            collect(&path, texts);
        } else if is_yaml && let Ok(text) = std::fs::read_to_string(&path) {
            texts.push(text);
        }
    }
}

fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["testdata", "policy"] {
        collect(&root.join(folder), &mut texts);
    }
    let recorded = std::fs::read_to_string(root.join("testdata/parity/yaml.json")).expect("cases");
    let recorded: serde_json::Value = serde_json::from_str(&recorded).expect("JSON");
    add_texts(&recorded, &mut texts);
    texts
}

/// All texts in recorded cases: among them the YAML, whatever its key.
fn add_texts(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| add_texts(item, texts)),
        serde_json::Value::Object(entries) => {
            entries.values().for_each(|value| add_texts(value, texts));
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

#[test]
fn every_text_of_the_repository_is_read_alike_and_most_manifests_by_this_reader() {
    let texts = texts();
    let (mut n_taken, mut n_manifests) = (0, 0);
    for text in &texts {
        for words in [Words::Kubectl, Words::Opa] {
            let is_taken = agrees(text, words).expect("the same");
            if text.contains("\nkind:") && words == Words::Kubectl {
                n_manifests += 1;
                n_taken += usize::from(is_taken);
            }
        }
    }
    assert!(n_taken * 2 > n_manifests, "{n_taken} of {n_manifests}");
}

#[test]
fn what_was_once_read_otherwise_is_read_alike() {
    let long = "k".repeat(1_025);
    for text in [
        format!("a: {{{long}: 1}}\n"),
        format!("a: {{\"{}\": 1}}\n", &long[2..]),
        format!("{long}: 1\n"),
        "args:\n  # input | output\n  - |\n      a secret\n".to_owned(),
        "args: # > | x\n  # - no | rule\n  b: >-\n   x\n   y\n".to_owned(),
        "a: |\n  foo\n  \u{a0}\n".to_owned(),
        "a: |\n  foo\n\n  \u{3000}\u{2003}\nb: 1\n".to_owned(),
        "x:\n- # - no\n  a: 1\n".to_owned(),
    ] {
        agrees(&text, Words::Kubectl).expect("the same");
    }
}

#[test]
fn a_block_text_below_a_comment_with_its_sign_is_at_its_own() {
    let text = "args:\n  # input | output\n  - !!str |2-\n      a secret\n";
    let file = Arc::new(SourceFile::new("t.yaml", text.to_owned()));
    let full = yaml::parse_fully(&file, &Limits::default(), Words::Kubectl, false);
    let spans = full.documents[0].spans.nodes();
    let span = spans.last().expect("a node").value_span;
    assert_eq!(file.slice(span), "|2-\n      a secret");
}

#[test]
fn an_empty_last_document_counts_for_both() {
    let file = Arc::new(SourceFile::new(
        "t.yaml",
        "a: 1\n---\nb: 1\n---\n".to_owned(),
    ));
    for documents in 1..4 {
        let limits = Limits {
            documents,
            ..Limits::default()
        };
        let quick = parse(&file, &limits, Words::Kubectl).map(|documents| documents.len());
        let full = yaml::parse_fully(&file, &limits, Words::Kubectl, false);
        let is_whole = full.problems.is_empty();
        assert_eq!(
            quick,
            is_whole.then_some(full.documents.len()),
            "{documents}"
        );
    }
}

/// Lines as they stand in manifests, and some that do not.
fn line() -> impl Strategy<Value = String> {
    let end = prop_oneof![
        8 => Just(""), 1 => Just(" "), 1 => Just(" # note"), 1 => Just("#x"), 1 => Just(" #")
    ];
    let value = prop_oneof![
        6 => "[a-c0-9~n]{1,3}",
        2 => "(\"[ a:#'\\\\n]{0,4}\"|'[ a:#\"]{0,4}'|'a''b')",
        3 => "[-\\[\\]{}, a:1\"']{1,8}",
        2 => Just("[a, \"b\", {c: d, e: [1]}, ]".to_owned()),
        2 => "[|>][-+1]?",
        2 => "[!-~ \u{e4}\u{2028}]{0,6}",
        1 => Just("null".to_owned()),
        1 => "[\"'][a-c \\\\]{0,3}",
        4 => Just(String::new()),
    ];
    let key = prop_oneof![
        8 => "[a-h]", 1 => "\"[a-c ]{0,2}\"", 1 => "[!-~ ]{1,3}", 1 => Just("1".to_owned()),
        1 => Just("<<".to_owned()),
    ];
    let content = prop_oneof![
        8 => (key.clone(), value.clone()).prop_map(|(key, value)| format!("{key}: {value}")),
        4 => (key, value.clone()).prop_map(|(key, value)| format!("- {key}: {value}")),
        3 => value.prop_map(|value| format!("- {value}")),
        1 => "[a-c]( [a-c])?",
        // How scalars go on that began on a line before, and how they begin.
        2 => "[`'\"\\[{*&!%@?:,-]?[a-c ]{1,4}[\"']?",
        1 => Just("---".to_owned()),
        1 => Just(String::new()),
        1 => Just("# note".to_owned()),
        1 => "[-!-~ \t\r]{0,8}",
    ];
    (0_usize..4, 0_usize..8, content, end).prop_map(|(indent, odd, content, end)| {
        let blanks = " ".repeat(2 * indent + usize::from(odd == 0));
        format!("{blanks}{content}{end}\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn generated_lines_are_read_alike(lines in prop::collection::vec(line(), 1..9), is_cut in any::<bool>()) {
        let mut text = lines.concat();
        if is_cut {
            text.pop();
        }
        agrees(&text, Words::Kubectl)?;
    }

    #[test]
    fn changed_texts_are_read_alike(
        number in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        n_removed in 0_usize..4,
        added in "[-a:#\"'\\[\\]{},|>\n &*!?%~]{0,3}",
    ) {
        let texts = CHANGED.get_or_init(texts);
        let text = &texts[number.index(texts.len())];
        let mut bytes = text.as_bytes().to_vec();
        let start = at.index(bytes.len() + 1);
        let end = (start + n_removed).min(bytes.len());
        bytes.splice(start..end, added.bytes());
        if let Ok(text) = String::from_utf8(bytes) {
            agrees(&text, Words::Kubectl)?;
        }
    }
}

static CHANGED: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();

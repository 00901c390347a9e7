//! What kubectl's YAML library gives for tricky documents, compared with ours.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::document::print::to_json;
use crate::document::{Limits, Syntax, decode, parse};
use crate::source::SourceFile;

/// Where we differ and it is not said with the case, and why that must stay; the list may only shrink.
const KNOWN: [(&str, &str); 7] = [
    (
        "anchor key and value same",
        "duplicate keys are an error for us",
    ),
    (
        "block root zero indent",
        "kubectl drops what follows in silence; an error for us",
    ),
    (
        "block root marker zero",
        "kubectl drops what follows in silence; an error for us",
    ),
    ("flow bools map", "duplicate keys are an error for us"),
    (
        "flow two roots",
        "kubectl drops what follows in silence; an error for us",
    ),
    (
        "flow root then text",
        "kubectl drops what follows in silence; an error for us",
    ),
    (
        "lines plain marker in",
        "kubectl reads the first document only",
    ),
];

/// Our documents, or the first error.
fn ours(text: &[u8]) -> Result<Vec<Json>, String> {
    let text = decode(text.to_vec()).map_err(|error| error.to_string())?;
    let file = Arc::new(SourceFile::new("t.yaml", text));
    let parsed = parse(&file, Syntax::Yaml, &Limits::default());
    if let Some(problem) = parsed.problems.first() {
        return Err(problem.problem.message.clone());
    }
    let json =
        |text: String| serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"));
    parsed
        .documents
        .iter()
        .map(|document| json(to_json(&document.value)))
        .collect()
}

fn bytes_of(case: &Json) -> Vec<u8> {
    match case["yaml_base64"].as_str() {
        Some(text) => data_encoding::BASE64
            .decode(text.as_bytes())
            .expect("base64"),
        None => case["yaml"].as_str().expect("a text").as_bytes().to_vec(),
    }
}

/// The recorded documents that are not null; none where there is an error among them.
fn recorded(case: &Json) -> Option<Vec<Json>> {
    if case.get("error").is_some() {
        return None;
    }
    let answers: Vec<&Json> = match case.get("answers") {
        Some(answers) => answers.as_array().expect("a list").iter().collect(),
        None => vec![case],
    };
    let mut all = Vec::new();
    for answer in answers {
        if answer.get("error").is_some() {
            return None;
        }
        let documents = answer["documents"].as_array().expect("documents");
        all.extend(documents.iter().filter(|json| !json.is_null()).cloned());
    }
    Some(all)
}

/// The recorded answers, and those in files that `POLICY_YAML_CASES` names, with `:` between them.
#[expect(clippy::disallowed_methods, reason = "a developer's further cases")]
fn cases() -> Vec<Json> {
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/parity/yaml.json");
    let further = std::env::var("POLICY_YAML_CASES").unwrap_or_default();
    let further = further.split(':').filter(|path| !path.is_empty());
    let read = |path: &str| -> Vec<Json> {
        let text = std::fs::read_to_string(path).expect("the recorded answers");
        let mut recorded: Json = serde_json::from_str(&text).expect("JSON");
        serde_json::from_value(recorded["cases"].take()).expect("cases")
    };
    std::iter::once(recorded)
        .chain(further)
        .flat_map(read)
        .collect()
}

#[test]
fn documents_are_what_kubectl_reads() {
    let cases = cases();
    let mut wrong = Vec::new();
    let mut n_agree = 0;
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let ours = ours(&bytes_of(case));
        let agrees = match (&ours, recorded(case)) {
            (Ok(ours), Some(recorded)) => *ours == recorded,
            (Err(_), None) => true,
            _ => false,
        };
        n_agree += usize::from(agrees);
        let known = KNOWN.iter().any(|(known, _)| *known == name);
        if agrees == known && case.get("deviation").is_none() {
            let recorded = recorded(case);
            wrong.push(format!(
                "{name}\n  {:?}\n  ours    {ours:?}\n  kubectl {recorded:?}",
                case["yaml"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ ({n_agree} agree):\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

//! The findings of policies in every style, compared with those that Conftest gave.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{report, root};

/// File, package, level, message.
type Row = (String, String, String, String);

/// Cases in which we differ on purpose where the recorded folder does not say so.
const KNOWN: [(&str, &str); 10] = [
    ("builtin_errors_shown", "a flag that only Conftest has"),
    (
        "combine_multi_document",
        "a sequence is judged element by element, also beside other documents",
    ),
    (
        "yaml_root_sequence",
        "a sequence is judged element by element, also beside other documents",
    ),
    (
        "data_folder_nested_and_policy_data",
        "numbers do not keep how they were written (`1.0`, `1e3`)",
    ),
    (
        "deny_as_function",
        "a function named as a rule is a warning, not an error",
    ),
    (
        "sprintf_numbers_and_widths",
        "numbers do not keep how they were written (`1e21`)",
    ),
    ("ignore", "a flag that only Conftest has"),
    ("object_messages", "a finding with `_loc` is at that file"),
    ("v0_module_in_v1_mode", "the version is found for each file"),
    (
        "units_time_and_encoding",
        "see the test of builtin functions",
    ),
];

fn recorded(case: &Path) -> Option<BTreeSet<Row>> {
    let text = fs::read_to_string(case.join("expected.json")).expect("the recorded findings");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let text = |value: &Value, key: &str| value[key].as_str().expect("a text").to_owned();
    let row = |entry: &Value| {
        (
            text(entry, "file"),
            text(entry, "namespace"),
            text(entry, "level"),
            text(entry, "message"),
        )
    };
    json.as_array()
        .map(|entries| entries.iter().map(row).collect())
}

fn ours(case: &Path) -> (i32, BTreeSet<Row>) {
    let text = fs::read_to_string(case.join("args.json")).expect("the arguments");
    let more: Vec<String> = serde_json::from_str(&text).expect("JSON");
    let mut args = vec!["test", "in"];
    args.extend(more.iter().map(String::as_str));
    let (code, report) = report(case, &args);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let row = |finding: &Value| {
        let rule = text(&finding["rule"]);
        let (package, _) = rule.rsplit_once('.').expect("a package");
        let level = match finding["status"].as_str() {
            Some("excepted") => "exception".to_owned(),
            _ => text(&finding["level"]),
        };
        // Conftest names no file of a combined run, we do.
        let file = match report["run"]["combined"].as_bool() {
            Some(true) => "Combined".to_owned(),
            _ => text(&finding["location"]["file"]),
        };
        // Conftest shows the exception in place of what it exempts.
        let message = match finding["status"].as_str() {
            Some("excepted") => text(&finding["suppression"]["by"]),
            _ => text(&finding["message"]),
        };
        (file, package.to_owned(), level, message)
    };
    let findings = report["findings"].as_array().expect("findings");
    (code, findings.iter().map(row).collect())
}

#[test]
fn findings_are_those_of_conftest() {
    let mut wrong = Vec::new();
    let mut n_equal = 0;
    let folder = root().join("testdata/parity/conftest");
    for entry in fs::read_dir(folder).expect("the recorded cases") {
        let case = entry.expect("an entry").path();
        let name = case
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let is_known = KNOWN.iter().any(|(known, _)| *known == name);
        if is_known || case.join("deviation.json").exists() {
            continue;
        }
        let (code, ours) = ours(&case);
        match recorded(&case) {
            // Conftest ended with an error: so must we.
            None if code == 2 => n_equal += 1,
            Some(recorded) if recorded == ours && code != 2 => n_equal += 1,
            recorded => wrong.push(format!(
                "{name} ({code}):\n  ours     {ours:?}\n  Conftest {recorded:?}"
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_equal > 40, "only {n_equal} cases were compared");
}

//! The rules of the house: who imports whom, how long files and functions are, what each file says of itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// What each room may import, apart from itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("checkout", &[]),
    ("source", &[]),
    ("resource", &[]),
    ("finding", &["source", "resource"]),
    ("walk", &["source", "finding"]),
    ("document", &["source", "resource", "finding"]),
    ("config", &["document", "finding", "source"]),
    ("explain", &["finding"]),
    ("check", &["document", "explain", "finding", "tally"]),
    (
        "rego",
        &["check", "document", "explain", "finding", "source"],
    ),
    (
        "schema",
        &[
            "check", "document", "finding", "resource", "source", "tally",
        ],
    ),
    (
        "gatekeeper",
        &[
            "check", "document", "explain", "finding", "rego", "resource", "schema", "source",
            "tally",
        ],
    ),
    (
        "load",
        &[
            "check",
            "document",
            "finding",
            "gatekeeper",
            "rego",
            "schema",
            "source",
            "walk",
        ],
    ),
    (
        "scan",
        &["check", "document", "finding", "walk", "source", "tally"],
    ),
    (
        "suppress",
        &["checkout", "document", "finding", "resource", "source"],
    ),
    ("settle", &["finding"]),
    ("merge", &["report"]),
    ("tally", &["finding"]),
    (
        "report",
        &["checkout", "finding", "source", "tally", "walk"],
    ),
    (
        "output",
        &[
            "report", "checkout", "explain", "finding", "source", "resource", "tally", "walk",
        ],
    ),
    (
        "lib",
        &[
            "check",
            "checkout",
            "document",
            "explain",
            "finding",
            "gatekeeper",
            "load",
            "output",
            "rego",
            "report",
            "resource",
            "scan",
            "schema",
            "source",
            "suppress",
            "tally",
            "walk",
        ],
    ),
    ("bin", &[]),
    ("main", &[]),
];

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The file's path below `src`, its room, and its text without the tests at its foot.
fn read(path: &Path) -> (String, String, String) {
    let below = path.strip_prefix(root().join("src")).expect("below src");
    let name = below.to_string_lossy().replace('\\', "/");
    let first = name.split('/').next().expect("a name");
    let room = first.trim_end_matches(".rs").to_owned();
    let text = fs::read_to_string(path).expect("a text");
    let code = match text.find("\n#[cfg(test)]\nmod tests {") {
        Some(start) => text[..start].to_owned(),
        None => text,
    };
    (name, room, code)
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("tests.rs") && name != "rego/tests.rs"
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for path in sources() {
        let (name, room, code) = read(&path);
        let allowed = ARROWS
            .iter()
            .find(|(known, _)| *known == room)
            .unwrap_or_else(|| panic!("{name}: the room `{room}` has no arrows"))
            .1;
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |all, line| all + line + "\n");
        if room == "bin" {
            continue;
        }
        for (start, _) in code.match_indices("crate::") {
            let rest = &code[start + "crate::".len()..];
            let target: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let is_room = ARROWS.iter().any(|(known, _)| *known == target);
            if is_room && target != room && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{name}: `{room}` must not know `{target}`"));
            }
        }
        let names_engine = code.contains("regorus::");
        if names_engine && room != "rego" && name != "document/value.rs" {
            wrong.push(format!("{name}: only `rego` names the engine"));
        }
        let has_threads = code.contains("thread::scope") || code.contains("thread::spawn");
        if has_threads && name != "scan/queue.rs" {
            wrong.push(format!("{name}: only `scan/queue.rs` starts threads"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_are_short_and_say_what_they_are_for() {
    const MOST_LINES: usize = 500;
    const MOST_FUNCTION_LINES: usize = 70;
    let mut wrong = Vec::new();
    for path in sources() {
        let (name, _, code) = read(&path);
        if !code.starts_with("//!") {
            wrong.push(format!("{name}: no `//!` that says what it is for"));
        }
        if code.contains("#[ignore") {
            wrong.push(format!("{name}: a test that is not run"));
        }
        if is_test(&name) {
            continue;
        }
        let n_lines = code.lines().count();
        if n_lines > MOST_LINES {
            wrong.push(format!("{name}: {n_lines} lines"));
        }
        let mut open: Option<(usize, usize, String)> = None;
        for (number, line) in code.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let words = line.trim_start();
            let is_function =
                words.starts_with("fn ") || words.starts_with("pub") && words.contains(" fn ");
            if is_function {
                open = Some((number, indent, words.to_owned()));
            } else if words == "}"
                && let Some((start, function_indent, head)) = &open
                && indent == *function_indent
            {
                if number - start > MOST_FUNCTION_LINES {
                    wrong.push(format!(
                        "{name}:{}: {} lines: {head}",
                        start + 1,
                        number - start
                    ));
                }
                open = None;
            }
        }
        for word in ["// TODO", "FIXME", "todo!(", "unimplemented!("] {
            if code.contains(word) {
                wrong.push(format!("{name}: {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_changelog_has_a_place_for_what_is_new() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).expect("a changelog");
    assert!(text.contains("\n## Unreleased\n"));
}

#[test]
fn no_file_names_a_machine() {
    let mut folders = vec![root()];
    let mut wrong = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if matches!(name.as_str(), ".git" | "target") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                // Written apart, so that this file does not find itself.
                for machine in [
                    concat!("/tm", "p/wt"),
                    concat!("/wo", "rk/main"),
                    concat!("/ro", "ot/.cargo"),
                ] {
                    if text.contains(machine) {
                        wrong.push(format!("{}: {machine}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

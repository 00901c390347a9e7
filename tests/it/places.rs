//! The places of findings, compared with what a reviewer expects: comments in the manifests of `testdata/places` say it.
//!
//! `# expect: RULE PATH` stands on the line that a finding of the rule is expected at, `# related: RULE PATH` on that of a
//! further place of one. After the path may follow `missing=PATH`, `key` (the entry's key, not its value), `precision=WORD` and
//! `"words of the message"`; `;` separates several on one line, `.` is the whole document. Where a comment cannot stand,
//! `expect.txt` says `expect FILE:LINE RULE PATH …`. `testdata/places/README.md` says how to add one.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{report, root, run};

/// What is missed today; each only shrinks, and no more than two of a hundred may claim a field and be wrong.
const MOST_OFF_THE_LINE: usize = 4;
const MOST_OFF_THE_NODE: usize = 4;
const MOST_WRONG_FIELDS: usize = 3;
const MOST_RELATED_MISSED: usize = 0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Expect,
    Related,
}

#[derive(Debug)]
struct Expected {
    kind: Kind,
    file: String,
    line: u64,
    rule: String,
    path: String,
    missing: String,
    is_key: bool,
    precision: String,
    words: String,
}

#[derive(Default)]
struct Score {
    n_policies: usize,
    n_findings: usize,
    off_the_line: usize,
    off_the_node: usize,
    wrong_fields: usize,
    n_related: usize,
    related_missed: usize,
    misses: Vec<String>,
    /// What may never be: findings that are missing or too many, places that are not in the document.
    broken: Vec<String>,
}

/// Words between blanks and `;`, which is a word of its own; a quoted part is never split.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if quoted => {
                quoted = escaped || c != '"';
                escaped = c == '\\' && !escaped;
            }
            '"' => quoted = true,
            ' ' | ';' => words.push(String::new()),
            _ => {}
        }
        let last = words.last_mut().expect("a word");
        if quoted || c != ' ' {
            last.push(c);
        }
        if c == ';' && !quoted {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn expected(kind: Kind, file: &str, line: usize, words: &[String]) -> Expected {
    let place = format!("{file}:{line}");
    let [rule, path, more @ ..] = words else {
        panic!("{place}: an expectation is RULE PATH …, not {words:?}")
    };
    let mut expected = Expected {
        kind,
        file: file.to_owned(),
        line: u64::try_from(line).expect("a line"),
        rule: rule.clone(),
        path: if path == "." {
            String::new()
        } else {
            path.clone()
        },
        missing: String::new(),
        is_key: false,
        precision: String::new(),
        words: String::new(),
    };
    for word in more {
        if let Some(missing) = word.strip_prefix("missing=") {
            expected.missing = missing.to_owned();
        } else if let Some(precision) = word.strip_prefix("precision=") {
            expected.precision = precision.to_owned();
        } else if word == "key" {
            expected.is_key = true;
        } else {
            let text = serde_json::from_str(word);
            expected.words = text.unwrap_or_else(|_| panic!("{place}: what is `{word}`?"));
        }
    }
    if expected.precision.is_empty() {
        let is_there = expected.missing.is_empty();
        expected.precision = if is_there { "field" } else { "parent" }.to_owned();
    }
    expected
}

/// What the manifests and `expect.txt` of a folder say.
fn expectations(folder: &Path, manifests: &[String]) -> Vec<Expected> {
    let mut all = Vec::new();
    let mut add = |kind: &str, file: &str, line: usize, text: &str| {
        let kind = match kind {
            "expect" => Kind::Expect,
            "related" => Kind::Related,
            other => panic!("{file}:{line}: {other}"),
        };
        for item in words(text).split(|word| word == ";") {
            all.push(expected(kind, file, line, item));
        }
    };
    for file in manifests {
        let text = fs::read_to_string(folder.join(file)).expect("a manifest");
        for (line, number) in text.lines().zip(1..) {
            for comment in line.split(" # ").chain(line.strip_prefix("# ")) {
                for kind in ["expect", "related"] {
                    if let Some(rest) = comment
                        .strip_prefix(kind)
                        .and_then(|c| c.strip_prefix(": "))
                    {
                        add(kind, file, number, rest);
                    }
                }
            }
        }
    }
    for line in fs::read_to_string(folder.join("expect.txt"))
        .unwrap_or_default()
        .lines()
    {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parsed = line.split_once(' ').and_then(|(kind, rest)| {
            let (place, text) = rest.split_once(' ')?;
            let (file, number) = place.split_once(':')?;
            Some((kind, file, number.parse().ok()?, text))
        });
        let (kind, file, number, text) = parsed.unwrap_or_else(|| panic!("expect.txt: {line}"));
        add(kind, file, number, text);
    }
    all
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text")
}

/// The text of a line of a file from a position on.
fn rest_of_line(folder: &Path, file: &str, position: &Value) -> Option<String> {
    let text = fs::read_to_string(folder.join(file)).ok()?;
    let line = usize::try_from(position["line"].as_u64()?).ok()?;
    let column = usize::try_from(position["column"].as_u64()?).ok()?;
    let line = text.split('\n').nth(line.checked_sub(1)?)?;
    (column >= 1 && column <= line.chars().count() + 1)
        .then(|| line.chars().skip(column - 1).collect())
}

/// What follows the key that the place ends at: none where it does not end at a key.
fn after_key(folder: &Path, location: &Value) -> Option<String> {
    let rest = rest_of_line(folder, text(location, "file"), &location["end"])?;
    let rest = rest.trim_start_matches(['"', '\'']).trim_start();
    let value = rest.strip_prefix(':')?;
    (value.is_empty() || value.starts_with(' ')).then(|| value.trim().to_owned())
}

fn is_at_line(expected: &Expected, location: &Value) -> bool {
    text(location, "file") == expected.file && location["start"]["line"] == expected.line
}

fn is_at_node(folder: &Path, expected: &Expected, location: &Value) -> bool {
    let is_node = is_at_line(expected, location)
        && text(location, "path") == expected.path
        && text(location, "missing") == expected.missing;
    if !is_node || expected.kind == Kind::Related {
        return is_node;
    }
    let is_key_right = match after_key(folder, location) {
        None => !expected.is_key,
        // The value of an entry is at its key only where it begins below or is a collection.
        Some(value) => {
            let is_scalar =
                !value.is_empty() && !value.starts_with(['[', '{', '&', '|', '>', '!', '*', '#']);
            expected.is_key || expected.precision != "field" || !is_scalar
        }
    };
    is_key_right && text(location, "precision") == expected.precision
}

/// Joins expectations and findings of one rule: the best pairs first.
fn pair<'a>(
    folder: &Path,
    expected: &mut Vec<&'a Expected>,
    findings: &mut Vec<&'a Value>,
) -> Vec<(&'a Expected, &'a Value)> {
    type Test = fn(&Path, &Expected, &Value) -> bool;
    let tests: [Test; 4] = [
        is_at_node,
        |_, expected, location| is_at_line(expected, location),
        |_, expected, location| text(location, "file") == expected.file,
        |_, _, _| true,
    ];
    let mut pairs = Vec::new();
    for test in tests {
        expected.retain(|expected| {
            let found = findings.iter().position(|finding| {
                text(finding, "message").contains(&expected.words)
                    && test(folder, expected, &finding["location"])
            });
            if let Some(found) = found {
                pairs.push((*expected, findings.remove(found)));
            }
            found.is_none()
        });
    }
    pairs
}

fn show(location: &Value) -> String {
    let start = &location["start"];
    let missing = match text(location, "missing") {
        "" => String::new(),
        missing => format!(" missing={missing}"),
    };
    format!(
        "{}:{}:{} {}{missing} ({})",
        text(location, "file"),
        start["line"],
        start["column"],
        text(location, "path"),
        text(location, "precision")
    )
}

/// The value at a path as reports print it.
fn at_path<'a>(mut value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (segment, after) = match index.starts_with('"') {
                true => {
                    let mut texts = serde_json::Deserializer::from_str(index).into_iter::<String>();
                    let key = texts.next()?.ok()?;
                    (value.get(key)?, &index[texts.byte_offset()..])
                }
                false => {
                    let end = index.find(']')?;
                    (
                        value.get(index[..end].parse::<usize>().ok()?)?,
                        &index[end..],
                    )
                }
            };
            value = segment;
            rest = after.strip_prefix(']')?;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            value = value.get(&rest[..end])?;
            rest = &rest[end..];
        }
    }
    Some(value)
}

/// The lines of the document with this index: those between `---`.
fn lines_of_document(folder: &Path, file: &str, index: u64) -> (u64, u64) {
    let text = fs::read_to_string(folder.join(file)).expect("a manifest");
    let mut starts = vec![1];
    for (line, number) in text.lines().zip(1..) {
        if line.starts_with("---") && number > 1 {
            starts.push(number);
        }
    }
    let index = usize::try_from(index).expect("an index");
    let end = starts.get(index + 1).copied().unwrap_or(u64::MAX);
    (starts[index], end)
}

/// What is wrong with a place in itself: it must lie in its document, on a node that there is.
fn check_place(
    folder: &Path,
    parsed: &Value,
    document: Option<u64>,
    location: &Value,
) -> Option<String> {
    let file = text(location, "file");
    let inside = ["start", "end"]
        .iter()
        .all(|end| rest_of_line(folder, file, &location[end]).is_some());
    if !inside || location["end"]["line"].as_u64() < location["start"]["line"].as_u64() {
        return Some("is outside of its file".to_owned());
    }
    if location["precision"] == "policy" {
        return None;
    }
    let files = parsed.as_array().expect("a list of files");
    let Some(entry) = files.iter().find(|entry| entry["file"] == file) else {
        return Some("is in a file that is not judged".to_owned());
    };
    let line = location["start"]["line"].as_u64().expect("a line");
    let documents = entry["documents"].as_array().expect("documents");
    // A combined run says no document: it is the one around the line.
    let around = documents
        .iter()
        .rev()
        .find(|one| one["line"].as_u64() <= Some(line));
    let Some(document) = document.or_else(|| around?["index"].as_u64()) else {
        return Some("is in no document".to_owned());
    };
    let (first, end) = lines_of_document(folder, file, document);
    if line < first || line >= end {
        return Some("is outside of its document".to_owned());
    }
    let path = text(location, "path");
    // What rules see of the document: itself, or the item that the path leads into.
    let node = documents
        .iter()
        .filter(|one| one["index"] == document)
        .filter_map(|one| {
            path.strip_prefix(one["item"].as_str().unwrap_or_default())
                .zip(Some(one))
        })
        .find_map(|(rest, one)| at_path(&one["value"], rest.trim_start_matches('.')));
    let Some(node) = node else {
        return Some("is at a node that there is not".to_owned());
    };
    let missing = text(location, "missing");
    let is_there = !missing.is_empty() && at_path(node, missing).is_some();
    is_there.then(|| "says that is missing what is there".to_owned())
}

fn arguments(folder: &Path, manifests: &[String]) -> Vec<String> {
    let mut args: Vec<String> = ["-p", "."].map(str::to_owned).into();
    for data in ["data.yaml", "data.json", "data"] {
        if folder.join(data).exists() {
            args.extend(["-d", data].map(str::to_owned));
        }
    }
    let more = fs::read_to_string(folder.join("args.txt")).unwrap_or_default();
    args.extend(more.split_whitespace().map(str::to_owned));
    args.extend_from_slice(manifests);
    args
}

/// The manifests of a folder.
fn manifests(folder: &Path) -> Vec<String> {
    let mut manifests: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.starts_with("manifest"))
        .collect();
    manifests.sort();
    manifests
}

fn score(folder: &Path, score: &mut Score) {
    let name = folder
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let manifests = manifests(folder);
    let expectations = expectations(folder, &manifests);
    let args = arguments(folder, &manifests);
    let mut test = vec!["test"];
    test.extend(args.iter().map(String::as_str));
    let (code, report) = report(folder, &test);
    if code == 2 {
        score.broken.push(format!("{name}: {}", report["problems"]));
    }
    let mut parse = vec!["parse", "--output", "json"];
    parse.extend(manifests.iter().map(String::as_str));
    let parsed: Value = serde_json::from_str(&run(folder, &parse).stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    for finding in findings {
        let is_combined = report["run"]["combined"] == true;
        let document = (!is_combined).then(|| finding["document"].as_u64().expect("an index"));
        let related = finding["related"].as_array().expect("a list").iter();
        for location in related
            .map(|one| &one["location"])
            .chain([&finding["location"]])
        {
            if let Some(wrong) = check_place(folder, &parsed, document, location) {
                score.broken.push(format!(
                    "{name}: {} {wrong}: {}",
                    show(location),
                    finding["message"]
                ));
            }
        }
    }
    let mut rules: Vec<&str> = expectations
        .iter()
        .map(|expected| &*expected.rule)
        .collect();
    rules.extend(findings.iter().map(|finding| text(finding, "rule")));
    rules.sort_unstable();
    rules.dedup();
    for rule in rules {
        let of_kind = |kind| {
            let of_rule = expectations.iter().filter(|expected| expected.rule == rule);
            of_rule
                .filter(|expected| expected.kind == kind)
                .collect::<Vec<_>>()
        };
        let found: Vec<&Value> = findings
            .iter()
            .filter(|finding| finding["rule"] == rule)
            .collect();
        score_rule(
            folder,
            &format!("{name} {rule}"),
            of_kind(Kind::Expect),
            &found,
            score,
        );
        score_related(
            &format!("{name} {rule}"),
            &of_kind(Kind::Related),
            &found,
            score,
        );
    }
    score.n_policies += 1;
}

fn score_rule<'a>(
    folder: &Path,
    name: &str,
    mut expected: Vec<&'a Expected>,
    found: &[&'a Value],
    score: &mut Score,
) {
    let mut found = found.to_vec();
    // Those that say which finding they are for choose first.
    expected.sort_by_key(|expected| expected.words.is_empty());
    for (expected, finding) in pair(folder, &mut expected, &mut found) {
        let location = &finding["location"];
        score.n_findings += 1;
        if is_at_node(folder, expected, location) {
            continue;
        }
        let is_off_line = !is_at_line(expected, location);
        let claims_field = text(location, "precision") == "field";
        score.off_the_node += 1;
        score.off_the_line += usize::from(is_off_line);
        score.wrong_fields += usize::from(claims_field);
        score.misses.push(format!(
            "{name}: {}{}\n  expected {}\n  given    {}\n  message  {}",
            if is_off_line {
                "off the line"
            } else {
                "off the node"
            },
            if claims_field { ", claims field" } else { "" },
            expected.show(),
            show(location),
            finding["message"]
        ));
    }
    for expected in expected {
        score
            .broken
            .push(format!("{name}: no finding for {}", expected.show()));
    }
    for finding in found {
        let location = show(&finding["location"]);
        score.broken.push(format!(
            "{name}: not expected: {location} {}",
            finding["message"]
        ));
    }
}

fn score_related(name: &str, expected: &[&Expected], found: &[&Value], score: &mut Score) {
    for expected in expected {
        let is_given = found
            .iter()
            .filter(|finding| text(finding, "message").contains(&expected.words))
            .flat_map(|finding| finding["related"].as_array().expect("a list"))
            .any(|related| {
                is_at_line(expected, &related["location"])
                    && text(&related["location"], "path") == expected.path
            });
        score.n_related += 1;
        if !is_given {
            score.related_missed += 1;
            score
                .misses
                .push(format!("{name}: no related place {}", expected.show()));
        }
    }
}

impl Expected {
    fn show(&self) -> String {
        let missing = match &*self.missing {
            "" => String::new(),
            missing => format!(" missing={missing}"),
        };
        let key = if self.is_key { " key" } else { "" };
        format!(
            "{}:{} {}{missing}{key} ({})",
            self.file, self.line, self.path, self.precision
        )
    }
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("testdata/places")).expect("the corpus");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn findings_are_where_a_reviewer_expects_them() {
    let mut all = Score::default();
    for folder in folders() {
        score(&folder, &mut all);
    }
    println!("{}", all.misses.join("\n"));
    println!(
        "places: {} policies, {} findings, {} at the line, {} at the node, {} claim field and are wrong; {} of {} related places",
        all.n_policies,
        all.n_findings,
        all.n_findings - all.off_the_line,
        all.n_findings - all.off_the_node,
        all.wrong_fields,
        all.n_related - all.related_missed,
        all.n_related
    );
    assert!(all.broken.is_empty(), "{}", all.broken.join("\n"));
    let percent = |n: usize| n * 100 / all.n_findings;
    assert!(percent(all.off_the_line) < 5, "at least 95 % at the line");
    assert!(percent(all.off_the_node) < 10, "at least 90 % at the node");
    assert!(
        all.wrong_fields * 50 <= all.n_findings,
        "2 % at most claim field and are wrong"
    );
    let misses = [
        ("off the line", all.off_the_line, MOST_OFF_THE_LINE),
        ("off the node", all.off_the_node, MOST_OFF_THE_NODE),
        (
            "claim field and are wrong",
            all.wrong_fields,
            MOST_WRONG_FIELDS,
        ),
        (
            "related places missed",
            all.related_missed,
            MOST_RELATED_MISSED,
        ),
    ];
    for (what, n, most) in misses {
        assert!(n <= most, "{n} {what}, but at most {most} were before");
    }
}

/// What a report says of each finding, places left out.
fn told(report: &Value) -> Vec<String> {
    let mut told: Vec<String> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            [
                "rule", "level", "status", "message", "document", "item", "details",
            ]
            .map(|key| finding[key].to_string())
            .join(" ")
        })
        .collect();
    told.sort();
    told
}

#[test]
fn without_places_the_same_is_found() {
    for folder in folders() {
        let args = arguments(&folder, &manifests(&folder));
        let mut test = vec!["test"];
        test.extend(args.iter().map(String::as_str));
        let (code, with) = report(&folder, &test);
        test.push("--no-places");
        let (code_without, without) = report(&folder, &test);
        assert_eq!(code, code_without, "{}", folder.display());
        assert_eq!(with["summary"], without["summary"], "{}", folder.display());
        assert_eq!(told(&with), told(&without), "{}", folder.display());
    }
}

//! Mutation fuzzing over documents, policies and policy × document: `cargo run --release --example fuzz -- SECONDS [SEED]`.
//!
//! Checks that nothing panics or takes long, that every span lies on the text that gives its value, that every place of
//! a finding is at a node of its document, and that without places the same is found. Stops at the first input that
//! breaks one of these, prints it and exits with 1.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use policy::check::{Check, Facts, Judgement};
use policy::document::input::{Input, Lists};
use policy::document::path::{NodeId, Segment, SpanTable};
use policy::document::value::Value;
use policy::document::{Document, Limits, Syntax, parse};
use policy::finding::{Finding, Precision};
use policy::rego::load::{self, BuiltinErrors, Environment, Options, Places, Tests};
use policy::rego::set::PolicySet;
use policy::source::SourceFile;

/// Longest that one input may take.
const SLOW: Duration = Duration::from_secs(10);

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % n.max(1)
    }
}

fn main() -> ExitCode {
    // Deep inputs need more stack than the system may give.
    let thread = std::thread::Builder::new()
        .stack_size(policy::scan::STACK_BYTES)
        .spawn(run);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) | Err(_) => ExitCode::from(1),
    }
}

#[expect(
    clippy::print_stdout,
    clippy::use_debug,
    reason = "a program of its own, whose inputs are shown with all their bytes"
)]
fn run() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let mut number = |default: u64| {
        args.next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (seconds, seed) = (number(60), number(1));
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    policy::set_memory_limit(2 << 30);
    std::panic::set_hook(Box::new(|_| {}));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = texts(root, &["testdata", "policy/data"], &["yaml", "yml", "json"]);
    let policies = texts(root, &["testdata", "policy", "benches/policy"], &["rego"]);
    let pairs = pairs(root);
    let scratch = std::env::temp_dir().join(format!("policy-fuzz-{}.rego", std::process::id()));
    let started = Instant::now();
    let (mut n_inputs, mut n_documents, mut n_policies) = (0_u64, 0_u64, 0_u64);
    while started.elapsed() < Duration::from_secs(seconds) {
        let with_policy = random.below(8) < 2;
        let (document, policy) = if with_policy && random.below(4) > 0 {
            // A policy with a document that it has something to say about.
            let (document, policy) = &pairs[random.below(pairs.len())];
            (mutation(&mut random, document, &documents), policy.clone())
        } else {
            (
                mutated(&mut random, &documents),
                mutated(&mut random, &policies),
            )
        };
        let before = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let documents = read(&document)?;
            let loaded = with_policy && judge(&scratch, &policy, &documents)?;
            Ok::<_, String>((documents.len(), loaded))
        }));
        let wrong = match outcome {
            Ok(Ok((documents, loaded))) => {
                n_documents += documents as u64;
                n_policies += u64::from(loaded);
                (before.elapsed() > SLOW).then(|| "it takes long".to_owned())
            }
            Ok(Err(message)) => Some(message),
            Err(_) => Some("it panics".to_owned()),
        };
        n_inputs += 1;
        if let Some(message) = wrong {
            println!(
                "input {n_inputs} of seed {seed}: {message}\n--- document\n{document:?}\n--- policy ({with_policy})\n{policy}"
            );
            return ExitCode::from(1);
        }
    }
    let _ = fs::remove_file(&scratch);
    println!(
        "{n_inputs} inputs, {n_documents} documents read, {n_policies} policies evaluated, nothing wrong"
    );
    ExitCode::SUCCESS
}

/// All texts below some folders; recorded YAML cases are texts of their own.
fn texts(root: &Path, folders: &[&str], extensions: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            open.extend(entries.map(|entry| entry.path()));
        } else if path.file_name().is_some_and(|name| name == "yaml.json") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let cases = json["cases"].as_array().into_iter().flatten();
            found.extend(cases.filter_map(|case| case["yaml"].as_str().map(str::to_owned)));
        } else if path
            .extension()
            .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
            && let Ok(text) = fs::read_to_string(&path)
            && text.len() < 20_000
        {
            found.push(text);
        }
    }
    found.sort();
    found
}

/// The manifest and the policy of each folder below `testdata/places`.
fn pairs(root: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(root.join("testdata/places"));
    let mut folders: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    let pair = |folder: &PathBuf| {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        Some((read("manifest.yaml")?, read("policy.rego")?))
    };
    folders.iter().filter_map(pair).collect()
}

/// One of the texts, changed.
fn mutated(random: &mut Random, texts: &[String]) -> String {
    let text = &texts[random.below(texts.len())];
    mutation(random, text, texts)
}

/// A text with some bytes removed, doubled, replaced, or with a part of another text.
fn mutation(random: &mut Random, text: &str, texts: &[String]) -> String {
    const BITS: [&str; 24] = [
        "\n",
        "  ",
        "\t",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "|",
        ">",
        "#",
        "&a ",
        "*a",
        "<<: ",
        "---\n",
        "...\n",
        "!!str ",
        "not ",
        "every x in ",
        "\u{feff}",
        "\r",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            2 => {
                let bit = BITS[random.below(BITS.len())];
                bytes.splice(at..at, bit.bytes());
            }
            3 => {
                let other = texts[random.below(texts.len())].as_bytes();
                let from = random.below(other.len() + 1);
                let to = (from + random.below(200)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(random.below(128)).unwrap_or_default();
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn read(text: &str) -> Result<Vec<Arc<Document>>, String> {
    let mut all = Vec::new();
    for (name, syntax) in [("a.yaml", Syntax::Yaml), ("a.json", Syntax::Json)] {
        let file = Arc::new(SourceFile::new(name, text.to_owned()));
        let parsed = parse(&file, syntax, &Limits::default());
        for document in &parsed.documents {
            check_spans(document, &document.value, SpanTable::ROOT, syntax)?;
        }
        for problem in &parsed.problems {
            let location = problem
                .problem
                .location
                .as_ref()
                .ok_or("an error without a place")?;
            if location.start.line > file.n_lines() {
                return Err(format!(
                    "an error at line {} of {}",
                    location.start.line,
                    file.n_lines()
                ));
            }
        }
        all.extend(parsed.documents);
    }
    Ok(all)
}

/// Every node's span lies in the text, and that of a scalar gives its value.
fn check_spans(
    document: &Document,
    value: &Value,
    node: NodeId,
    syntax: Syntax,
) -> Result<(), String> {
    let table = &document.spans;
    let found = table.get(node).ok_or("a node is missing in the table")?;
    let span = found.value_span;
    let text = document.file.text();
    if text.get(span.start as usize..span.end as usize).is_none() {
        return Err(format!("the span {span:?} is not in the text"));
    }
    match value {
        Value::Object(object) => {
            let mut last: BTreeMap<&str, NodeId> = BTreeMap::new();
            for (id, child) in table.children(node) {
                last.insert(child.key.as_deref().ok_or("an entry without a key")?, id);
            }
            if last.len() != object.len() {
                return Err(format!(
                    "{} entries, {} in the table",
                    object.len(),
                    last.len()
                ));
            }
            for (key, value) in object.iter() {
                let key = key.as_string().map_err(|_| "a key is no text")?;
                let id = last.get(&**key).ok_or("an entry is missing in the table")?;
                if table.child(node, &Segment::Key(Arc::clone(key))) != Some(*id) {
                    return Err(format!("the table leads elsewhere for {key}"));
                }
                check_spans(document, value, *id, syntax)?;
            }
        }
        Value::Array(items) => {
            let children: Vec<NodeId> = table.children(node).map(|(id, _)| id).collect();
            if children.len() != items.len() {
                return Err(format!(
                    "{} items, {} in the table",
                    items.len(),
                    children.len()
                ));
            }
            for (value, id) in items.iter().zip(children) {
                check_spans(document, value, id, syntax)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            // Tags make something else of a text.
            if !text.contains('!') {
                check_scalar(document.file.slice(span), value, syntax)?;
            }
        }
        Value::Set(_) | Value::Undefined => return Err("no document has such a value".to_owned()),
    }
    Ok(())
}

/// The text of a scalar on one line gives its value again; tags and block scalars are left out.
fn check_scalar(text: &str, value: &Value, syntax: Syntax) -> Result<(), String> {
    let starts_otherwise =
        text.starts_with(['|', '>', '!', '&', '%', '-', '?', '#', '.', '\u{feff}', '*']);
    if text.is_empty()
        || text.contains(['\n', '\r', '\u{feff}'])
        || starts_otherwise
        || text.contains(": ")
        || text.ends_with(':')
    {
        return Ok(());
    }
    let file = Arc::new(SourceFile::new("a", text.to_owned()));
    let parsed = parse(&file, syntax, &Limits::default());
    match parsed.documents.first() {
        Some(again) if again.value == *value => Ok(()),
        None if *value == Value::Null => Ok(()),
        _ => Err(format!("the span of {value} is at {text:?}")),
    }
}

/// Loads the policy and runs it; whether it could be loaded.
fn judge(path: &Path, policy: &str, documents: &[Arc<Document>]) -> Result<bool, String> {
    fs::write(path, policy).map_err(|error| error.to_string())?;
    let (Some(traced), Some(plain)) = (load(path, Places::Field)?, load(path, Places::Resource)?)
    else {
        return Ok(false);
    };
    let facts = Facts::default();
    let (mut traced, mut plain) = (traced.judge(&facts), plain.judge(&facts));
    for document in documents {
        for input in Input::of_document(document, Lists::Items) {
            let (with, without) = (traced.judge(&input), plain.judge(&input));
            let mut problems = with.problems.iter().chain(&without.problems);
            let fault = problems.find(|problem| {
                let is_fault = |text: &str| problem.message.contains(text);
                is_fault("fault of the engine") || is_fault("two different values")
            });
            if let Some(problem) = fault {
                return Err(problem.message.clone());
            }
            check_places(document, &with)?;
            // What ran out of time may differ.
            if with.problems.is_empty() && without.problems.is_empty() {
                compare(&with, &without)?;
            }
        }
    }
    Ok(true)
}

/// The policy, or none where it is refused.
fn load(path: &Path, places: Places) -> Result<Option<PolicySet>, String> {
    let options = Options {
        policies: vec![path.to_path_buf()],
        data: Vec::new(),
        packages: Vec::new(),
        version: None,
        environment: Environment::Hidden,
        variables: Vec::new(),
        tests: Tests::Excluded,
        timeout: Duration::from_millis(500),
        now_ns: 0,
        directory: PathBuf::new(),
        builtin_errors: BuiltinErrors::Error,
        combine: false,
        places,
        elsewhere: BTreeSet::new(),
        templates: Vec::new(),
    };
    let loaded = load::load(&options);
    if loaded.set.is_none() && loaded.problems.is_empty() {
        return Err("a policy is refused without a word".to_owned());
    }
    Ok(loaded.set)
}

/// Places change nothing but places.
fn compare(with: &Judgement, without: &Judgement) -> Result<(), String> {
    let told = |judgement: &Judgement| -> Vec<String> {
        let finding = |finding: &Finding| {
            format!(
                "{} {} {} {:?}",
                finding.rule,
                finding.level.as_str(),
                finding.message,
                finding.details
            )
        };
        judgement.findings.iter().map(finding).collect()
    };
    if told(with) != told(without) || with.outcomes != without.outcomes {
        return Err("with places other things are found than without".to_owned());
    }
    Ok(())
}

/// Every place is at a node of the document.
fn check_places(document: &Document, judgement: &Judgement) -> Result<(), String> {
    let mut starts = BTreeSet::new();
    collect_starts(document, SpanTable::ROOT, &mut starts);
    for finding in &judgement.findings {
        let related = finding.related.iter().map(|related| &related.location);
        for location in std::iter::once(&finding.location).chain(related) {
            let is_policy = location.precision == Precision::Policy;
            let is_node = starts.contains(&(location.start.line, location.start.column));
            if !is_policy && (!is_node || location.start > location.end) {
                return Err(format!(
                    "{}:{} ({}, `{}`) is no node",
                    location.start.line,
                    location.start.column,
                    location.precision.as_str(),
                    location.path
                ));
            }
        }
    }
    Ok(())
}

/// Where the nodes of a document start: keys, values, aliases, and the lines that stand for whole documents and items.
fn collect_starts(document: &Document, node: NodeId, starts: &mut BTreeSet<(u32, u32)>) {
    let Some(found) = document.spans.get(node) else {
        return;
    };
    let first = document.first_line(found.value_span.start);
    let whole = document.first_line(document.span.start);
    for span in [
        found.key_span,
        found.value_span,
        found.alias_span,
        first,
        whole,
        document.span,
    ] {
        let position = document.file.position(span.start);
        starts.insert((position.line, position.column));
    }
    for (id, _) in document.spans.children(node) {
        collect_starts(document, id, starts);
    }
}

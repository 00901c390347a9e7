//! `policy parse`: prints what rules will see.

use std::io::{self, Write};
use std::sync::Arc;

use policy::document::input::{Input, Lists};
use policy::document::value::Value;
use policy::document::{self, Document, Limits, Parsed, Syntax};
use policy::finding::{Location, Problem, Severity, Stage};
use policy::gatekeeper;
use policy::gatekeeper::expansion::{BuiltIn, Expansions, Generated};
use policy::gatekeeper::read::read_policies;
use policy::source::SourceFile;
use policy::walk::{self, FileEntry};
use serde_json::json;

use crate::args::{ParseArgs, ParseFormat};
use crate::error::CommandError;
use crate::{INCOMPLETE, PASSED, session};

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &ParseArgs) -> Result<u8, CommandError> {
    let options = args.walk.options(Vec::new());
    let found = walk::find(&args.paths, &options);
    let mut complete = session::show_problems(&found.problems);
    let mut problems = Vec::new();
    let expansions = expansions(args, &mut problems);
    complete &= session::show_problems(&problems);
    let lists = match args.keep_lists {
        true => Lists::Keep,
        false => Lists::Items,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut first = true;
    let mut write = |text: String| out.write_all(text.as_bytes());
    let mut result = Ok(());
    for entry in &found.files {
        let read = read(entry, args);
        let (file, parsed) = match read {
            Ok(read) => read,
            Err(problem) => {
                complete &= session::show_problems(&[problem]);
                continue;
            }
        };
        let problems: Vec<Problem> = parsed.problems.iter().map(|p| p.problem.clone()).collect();
        complete &= session::show_problems(&problems);
        let (made, problems) = made(&parsed, &expansions);
        complete &= session::show_problems(&problems);
        let text = match args.output {
            ParseFormat::Pretty => pretty(&parsed, &made, lists),
            ParseFormat::Json => format!(
                "{}{}",
                if first { "[" } else { ",\n" },
                as_json(&file, &parsed, &made, lists)
            ),
        };
        first = false;
        result = result.and_then(|()| write(text));
    }
    if args.output == ParseFormat::Json {
        result = result.and_then(|()| {
            write(if first {
                "[]\n".to_owned()
            } else {
                "]\n".to_owned()
            })
        });
    }
    match result.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("the documents cannot be written: {error}");
            Err(CommandError::new(message, ""))
        }
        Ok(()) | Err(_) => Ok(if complete { PASSED } else { INCOMPLETE }),
    }
}

fn read(entry: &FileEntry, args: &ParseArgs) -> Result<(Arc<SourceFile>, Parsed), Problem> {
    let bytes = if entry.is_stdin() {
        session::standard_input(entry, &args.walk)?
    } else {
        walk::read(entry, args.walk.max_file_size << 20)?
    };
    let text = document::decode(bytes).map_err(|error| {
        Problem::error(Stage::Read, error.to_string()).at(Location::whole_file(entry.name.as_str()))
    })?;
    let file = Arc::new(SourceFile::new(entry.name.as_str(), text));
    let parsed = document::parse(&file, Syntax::of_name(&entry.name), &Limits::default());
    Ok((file, parsed))
}

/// What is made of workloads; nothing where that is not asked for.
fn expansions(args: &ParseArgs, problems: &mut Vec<Problem>) -> Expansions {
    if !args.expanded {
        return Expansions::default();
    }
    let mut documents = read_policies(&args.policy);
    problems.append(&mut documents.problems);
    gatekeeper::expansions(&documents, BuiltIn::Used, problems)
}

/// What is made of the documents of a file, each with the index of its document.
fn made(parsed: &Parsed, expansions: &Expansions) -> (Vec<(u32, Generated)>, Vec<Problem>) {
    let mut made = Vec::new();
    let mut problems = Vec::new();
    if expansions.is_empty() {
        return (made, problems);
    }
    for document in &parsed.documents {
        for input in Input::of_document(document, Lists::Items) {
            let expanded = expansions.expand(&input);
            let generated = expanded.generated.into_iter();
            made.extend(generated.map(|generated| (document.index, generated)));
            problems.extend(expanded.problems);
        }
    }
    (made, problems)
}

/// The inputs of a document, each with its line and the path of the item that it is; where lists are kept, a document that
/// is a sequence as it stands.
fn shown(document: &Arc<Document>, lists: Lists) -> Vec<(u32, String, Value)> {
    if lists == Lists::Keep && matches!(document.value, Value::Array(_)) {
        let line = document.file.position(document.span.start).line;
        return vec![(line, String::new(), document.value.clone())];
    }
    let inputs = Input::of_document(document, lists).into_iter();
    let shown = inputs.map(|input| (input.subject.line, input.subject.item, input.value));
    shown.collect()
}

fn pretty(parsed: &Parsed, made: &[(u32, Generated)], lists: Lists) -> String {
    let mut text = String::new();
    for document in &parsed.documents {
        for (line, item, value) in shown(document, lists) {
            let (name, index) = (&document.name, document.index);
            let item = match item.is_empty() {
                true => String::new(),
                false => format!(" {item}"),
            };
            text.push_str(&format!("# {name}:{line} document {index}{item}\n"));
            text.push_str(&document::print::to_json_pretty(&value));
            text.push('\n');
        }
        for (_, generated) in made.iter().filter(|(index, _)| *index == document.index) {
            let heading = format!(
                "# {}:{} document {}, made by {}\n",
                document.name, generated.input.subject.line, document.index, generated.implied_by
            );
            text.push_str(&heading);
            text.push_str(&document::print::to_json_pretty(&generated.input.value));
            text.push('\n');
        }
    }
    text
}

/// `{"file", "documents": [{"index", "line", "value"} | {"index", "line", "error"}]}`; items of a document have an `item`;
/// what is made of a document follows it, with `implied_by`.
fn as_json(file: &SourceFile, parsed: &Parsed, made: &[(u32, Generated)], lists: Lists) -> String {
    let mut entries: Vec<(u32, String)> = Vec::new();
    for document in &parsed.documents {
        let index = document.index;
        for (line, item, value) in shown(document, lists) {
            let value = document::print::to_json(&value);
            let item = match item.as_str() {
                "" => String::new(),
                item => format!("\"item\": {}, ", json!(item)),
            };
            entries.push((
                index,
                format!("{{\"index\": {index}, \"line\": {line}, {item}\"value\": {value}}}"),
            ));
        }
    }
    for (index, generated) in made {
        let value = document::print::to_json(&generated.input.value);
        let (line, by) = (generated.input.subject.line, json!(&*generated.implied_by));
        let text = format!(
            "{{\"index\": {index}, \"line\": {line}, \"implied_by\": {by}, \"value\": {value}}}"
        );
        entries.push((*index, text));
    }
    for broken in &parsed.problems {
        if broken.problem.severity != Severity::Error {
            continue;
        }
        let line = broken
            .problem
            .location
            .as_ref()
            .map_or(1, |location| location.start.line);
        let error = json!({"index": broken.index, "line": line, "error": broken.problem.message});
        entries.push((broken.index, error.to_string()));
    }
    entries.sort_by_key(|(index, _)| *index);
    let documents: Vec<String> = entries.into_iter().map(|(_, text)| text).collect();
    format!(
        "{{\"file\": {}, \"documents\": [{}]}}",
        json!(&**file.name()),
        documents.join(", ")
    )
}

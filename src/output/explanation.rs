//! Why a rule found something, or nothing: as text for people and as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::explain::{Explanation, Part, ReadValue, Step, Verdict};
use crate::finding::{Location, Outcome, Rule, Subject};
use crate::output::visible::{file_line, one_line, place};

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON text for each subject, on a line of its own.
    Json,
}

/// Writes what is said about `rule` on `subject`.
///
/// # Errors
///
/// Those of `out`.
pub fn write(
    form: Form,
    rule: &Rule,
    subject: &Subject,
    explanation: &Explanation,
    out: &mut dyn Write,
) -> io::Result<()> {
    match form {
        Form::Json => writeln!(out, "{}", as_json(rule, subject, explanation)),
        Form::Text => text(rule, subject, explanation, out),
    }
}

fn text(
    rule: &Rule,
    subject: &Subject,
    explanation: &Explanation,
    out: &mut dyn Write,
) -> io::Result<()> {
    let resource = subject.resource.as_ref();
    let resource = resource.map_or(String::new(), |resource| format!(" ({resource})"));
    let item = match subject.item.as_str() {
        "" => String::new(),
        item => format!(" {item}"),
    };
    writeln!(
        out,
        "{} on {}#{}{}{}: {}",
        one_line(&rule.id),
        one_line(&subject.file),
        subject.document,
        one_line(&item),
        one_line(&resource),
        outcome_text(explanation.outcome)
    )?;
    for about in [&rule.title, &rule.description, &rule.url]
        .into_iter()
        .flatten()
    {
        writeln!(out, "  {}", one_line(about))?;
    }
    for part in &explanation.parts {
        writeln!(out)?;
        self::part(part, out)?;
    }
    for problem in &explanation.problems {
        writeln!(
            out,
            "\n{}: {}",
            problem.severity.as_str(),
            one_line(&problem.message)
        )?;
        if !problem.help.is_empty() {
            writeln!(out, "  help: {}", one_line(&problem.help))?;
        }
    }
    Ok(())
}

fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Found => "fired",
        Outcome::Excepted => "exempted by an `exception` rule",
        Outcome::Skipped => "skipped",
        Outcome::Absent => "does not apply",
        Outcome::Errored => "could not be evaluated",
    }
}

fn part(part: &Part, out: &mut dyn Write) -> io::Result<()> {
    let at = part.location.as_ref().map(file_line);
    let at = at.map_or(String::new(), |at| format!(" {at}"));
    let failed = part
        .steps
        .iter()
        .any(|step| step.verdict == Verdict::Failed);
    let name = match part.name.as_str() {
        "" => "body".into(),
        name => one_line(name),
    };
    match (part.message.as_str(), failed) {
        ("", true) => writeln!(out, "  {name}{at} did not hold")?,
        ("", false) => writeln!(out, "  {name}{at}")?,
        (message, _) if part.location.is_none() && part.steps.is_empty() => {
            writeln!(out, "  {}", one_line(message))?;
        }
        (message, _) => writeln!(out, "  {}\n  {name}{at} held", one_line(message))?,
    }
    for step in &part.steps {
        self::step(step, out)?;
    }
    if let Some(location) = &part.place {
        let path = node(&location.path, &location.missing);
        let precision = location.precision.as_str();
        writeln!(out, "  place: {} {path} ({precision})", place(location))?;
    }
    if !part.note.is_empty() {
        writeln!(out, "  {}", one_line(&part.note))?;
    }
    Ok(())
}

fn step(step: &Step, out: &mut dyn Write) -> io::Result<()> {
    let mark = match step.verdict {
        Verdict::Held => "holds",
        Verdict::Failed => "FAILS",
        Verdict::NotReached => "  -  ",
    };
    let line = step.location.as_ref().map(|at| at.start.line.to_string());
    let line = line.unwrap_or_default();
    writeln!(out, "    {mark} {line:>4} | {}", one_line(&step.text))?;
    for (name, value) in &step.variables {
        writeln!(
            out,
            "               {} = {}",
            one_line(name),
            one_line(value)
        )?;
    }
    for read in &step.reads {
        let value = match &read.value {
            Some(value) => format!("= {}", one_line(value)),
            None => "is not set".to_owned(),
        };
        let path = match read.path.as_str() {
            "" => "the document",
            path => path,
        };
        writeln!(
            out,
            "               read {} {value}  [{}]",
            one_line(path),
            place(&read.location)
        )?;
    }
    Ok(())
}

fn node(path: &str, missing: &str) -> String {
    match (path, missing) {
        (path, "") => one_line(path).into_owned(),
        (path, missing) => format!("{}: {} is missing", one_line(path), one_line(missing)),
    }
}

fn as_json(rule: &Rule, subject: &Subject, explanation: &Explanation) -> Value {
    json!({
        "version": 1,
        "rule": &*rule.id,
        "file": &*subject.file,
        "document": subject.document,
        "item": subject.item,
        "outcome": outcome_text(explanation.outcome),
        "parts": explanation.parts.iter().map(part_json).collect::<Vec<_>>(),
        "problems": explanation
            .problems
            .iter()
            .map(|problem| json!({"severity": problem.severity.as_str(), "message": problem.message, "help": problem.help}))
            .collect::<Vec<_>>(),
    })
}

fn part_json(part: &Part) -> Value {
    json!({
        "name": part.name,
        "message": part.message,
        "policy_location": part.location.as_ref().map(location_json),
        "location": part.place.as_ref().map(location_json),
        "steps": part.steps.iter().map(step_json).collect::<Vec<_>>(),
        "note": part.note,
    })
}

fn step_json(step: &Step) -> Value {
    let variables: serde_json::Map<String, Value> = step
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    json!({
        "text": step.text,
        "policy_location": step.location.as_ref().map(location_json),
        "verdict": step.verdict.as_str(),
        "variables": variables,
        "reads": step.reads.iter().map(read_json).collect::<Vec<_>>(),
    })
}

fn read_json(read: &ReadValue) -> Value {
    json!({"path": read.path, "value": read.value, "location": location_json(&read.location)})
}

fn location_json(location: &Location) -> Value {
    json!({
        "file": &*location.file,
        "precision": location.precision.as_str(),
        "path": location.path,
        "missing": location.missing,
        "start": {"line": location.start.line, "column": location.start.column},
        "end": {"line": location.end.line, "column": location.end.column},
    })
}

//! `policy explain`: why a rule found something in a document, or nothing.

use std::io::{self, Write as _};
use std::path::PathBuf;

use policy::check::{Check, Facts};
use policy::document::input::{Input, Lists};
use policy::document::{self, Limits, Syntax};
use policy::finding::{Outcome, Rule, Severity};
use policy::output::explanation::{self, Form};
use policy::rego::load::{Options, Tests};
use policy::{load, walk};

use crate::args::{ExplainArgs, ParseFormat};
use crate::error::CommandError;
use crate::{INCOMPLETE, PASSED, session};

/// How the names of rules about schemas begin; policies are not looked at for those.
const SCHEMA_RULES: &str = "schema/";

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &ExplainArgs) -> Result<u8, CommandError> {
    let max_bytes = args.walk.max_file_size << 20;
    let (policies, schemas) = match args.rule.starts_with(SCHEMA_RULES) {
        true => (Vec::new(), Some(args.schema.forced(max_bytes))),
        false => (args.policy.clone(), None),
    };
    let rego = Options {
        builtin_errors: args.builtin_errors.into(),
        ..session::load_options(&args.load, policies, Tests::Excluded)
    };
    let loaded = load::load(load::Options {
        rego,
        gatekeeper: args.gatekeeper.options(),
        schemas,
    });
    let is_error = |problem: &&policy::finding::Problem| problem.severity == Severity::Error;
    session::show_problems(loaded.problems.iter().filter(is_error));
    let mut readable = true;
    let checks = loaded.checks();
    let (check, rule) = find_rule(&checks, &args.rule)?;
    let (path, index) = target(&args.file);
    let facts = read(&path, args, &mut readable)?;
    let inputs: Vec<Input> = facts
        .documents
        .iter()
        .filter(|document| index.is_none_or(|index| document.index == index))
        .flat_map(|document| Input::of_document(document, Lists::Items))
        .collect();
    if inputs.is_empty() {
        let message = format!("there is no document `{}`", args.file);
        return Err(CommandError::new(
            message,
            "Documents of a file are counted from 0: `FILE#0` is the first one.",
        ));
    }
    let form = match args.output {
        ParseFormat::Pretty => Form::Text,
        ParseFormat::Json => Form::Json,
    };
    let described = &check.rules()[rule];
    let complete = explain(check, rule, &facts, &inputs, |input, explanation, first| {
        let mut out = io::stdout().lock();
        if !first && form == Form::Text {
            writeln!(out)?;
        }
        let mut subject = input.subject.clone();
        subject.resource = subject.resource.or_else(|| document::named(&input.value));
        explanation::write(form, described, &subject, explanation, &mut out)
    });
    match complete {
        Ok(true) if readable => Ok(PASSED),
        Ok(_) => Ok(INCOMPLETE),
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(PASSED),
        Err(error) => Err(CommandError::new(
            format!("the explanation cannot be written: {error}"),
            "",
        )),
    }
}

/// Explains each input; whether all could be evaluated.
fn explain(
    check: &dyn Check,
    rule: usize,
    facts: &Facts,
    inputs: &[Input],
    mut show: impl FnMut(&Input, &policy::explain::Explanation, bool) -> io::Result<()>,
) -> io::Result<bool> {
    let mut judge = check.judge(facts);
    let mut complete = true;
    for (number, input) in inputs.iter().enumerate() {
        let explanation = judge.explain(rule, input);
        complete &= explanation.outcome != Outcome::Errored;
        show(input, &explanation, number == 0)?;
    }
    Ok(complete)
}

/// The check that has the rule, and the rule's number in it.
fn find_rule<'a>(
    checks: &[&'a dyn Check],
    id: &str,
) -> Result<(&'a dyn Check, usize), CommandError> {
    for check in checks {
        if let Some(rule) = check.rules().iter().position(|rule| *rule.id == *id) {
            return Ok((*check, rule));
        }
    }
    let rules = checks.iter().flat_map(|check| check.rules());
    let known: Vec<&Rule> = rules.collect();
    let nearest = known.iter().max_by(|one, other| {
        let likeness = |rule: &Rule| strsim::jaro_winkler(&rule.id, id);
        likeness(one).total_cmp(&likeness(other))
    });
    let help = match nearest {
        Some(rule) => format!(
            "Did you mean `{}`? Rules are named `package.name`, `Kind/constraint-name` or `schema/name`, as in reports.",
            rule.id
        ),
        None => "No policy could be loaded; `-p` says where policies are.".to_owned(),
    };
    Err(CommandError::new(format!("there is no rule `{id}`"), help))
}

/// `FILE#n` → the file and the number of its document.
fn target(text: &str) -> (PathBuf, Option<u32>) {
    let whole = PathBuf::from(text);
    match text.rsplit_once('#') {
        Some((file, number)) if !whole.exists() => match number.parse() {
            Ok(number) => (PathBuf::from(file), Some(number)),
            Err(_) => (whole, None),
        },
        Some(_) | None => (whole, None),
    }
}

/// The documents of the file; notes what cannot be read.
fn read(path: &PathBuf, args: &ExplainArgs, readable: &mut bool) -> Result<Facts, CommandError> {
    let found = walk::find(std::slice::from_ref(path), &args.walk.options(Vec::new()));
    *readable &= session::show_problems(&found.problems);
    let mut facts = Facts::default();
    for entry in &found.files {
        let bytes = match entry.is_stdin() {
            true => session::standard_input(entry, &args.walk),
            false => walk::read(entry, args.walk.max_file_size << 20),
        };
        let text = bytes
            .map_err(|problem| CommandError::new(problem.message, problem.help))
            .and_then(|bytes| {
                document::decode(bytes)
                    .map_err(|error| CommandError::new(error.to_string(), "Save it as UTF-8."))
            })?;
        let file = policy::source::SourceFile::new(entry.name.as_str(), text);
        let syntax = Syntax::of_name(&entry.name);
        let parsed = document::parse(&file.into(), syntax, &Limits::default());
        *readable &= session::show_problems(parsed.problems.iter().map(|problem| &problem.problem));
        facts.documents.extend(parsed.documents);
    }
    Ok(facts)
}

//! Arguments laid over variables laid over the configuration file, and where each value comes from.
//!
//! Values of variables and of the file become the arguments that they stand for, so that one parser says what is right.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _};
use policy::config::{self, Key, Setting, Takes};
use policy::finding::Problem;

use crate::args::Policy;
use crate::commas;
use crate::environment::{self, with_slashes};
use crate::error::CommandError;
use crate::variables;

/// The key for the paths of `policy test`.
const PATHS: &str = "paths";
/// Flags that are no keys: they are about one run or about the configuration itself.
const NO_KEYS: [&str; 10] = [
    "help",
    "version",
    "config",
    "no-config",
    "update-baseline",
    "no-color",
    "hook",
    "changed-since",
    "shard",
    "no-schema",
];

/// Commands whose flags are about one run.
const WITHOUT_KEYS: [&str; 3] = ["init", "completions", "man"];

/// The arguments of a run, and where they come from.
pub(crate) struct Merged {
    pub(crate) arguments: Policy,
    /// Every value of the command, in the order of its help.
    pub(crate) values: Vec<Origin>,
}

/// A value and where it comes from.
pub(crate) struct Origin {
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
    /// Whether it is a list.
    pub(crate) takes: Takes,
    /// The flag, the variable, the file with its line, or the default.
    pub(crate) from: String,
}

/// Why there are no arguments.
pub(crate) enum Refused {
    /// The parser of arguments says why; the texts say which values are not from the command line.
    Arguments(clap::Error, Vec<String>),
    /// The configuration cannot be read.
    Configuration(CommandError),
}

/// A configuration file that was read.
struct File {
    /// As reports call it.
    name: String,
    /// The folder it stands in, as paths in it begin.
    prefix: PathBuf,
    /// The same, absolute.
    folder: PathBuf,
    settings: Vec<Setting>,
}

/// A value that becomes an argument.
struct Given {
    key: String,
    values: Vec<String>,
    from: String,
}

/// Reads arguments, variables and the configuration file.
pub(crate) fn read(arguments: &[OsString]) -> Result<Merged, Refused> {
    let refused = |error| Refused::Arguments(error, Vec::new());
    let mut command = command();
    command.build();
    let matches = command
        .clone()
        .try_get_matches_from(arguments)
        .map_err(refused)?;
    let Some((name, own)) = matches.subcommand() else {
        let arguments = Policy::from_arg_matches(&matches).map_err(refused)?;
        return Ok(Merged {
            arguments,
            values: Vec::new(),
        });
    };
    let mut file = None;
    if !WITHOUT_KEYS.contains(&name) {
        file = find(own, &command).map_err(Refused::Configuration)?;
        variables::check(&keys(&command), &NO_KEYS).map_err(Refused::Configuration)?;
    }
    let subcommand = command
        .find_subcommand(name)
        .unwrap_or_else(|| unreachable!("the parser found this command"));
    let given = given(subcommand, own, file.as_ref()).map_err(Refused::Configuration)?;
    let laid = lay(arguments, name, subcommand, &given);
    let others: Vec<String> = given
        .iter()
        .map(|given| format!("`{}` is from {}", given.key, given.from))
        .collect();
    let matches = command
        .clone()
        .try_get_matches_from(laid)
        .map_err(|error| Refused::Arguments(error, others))?;
    let values = matches
        .subcommand_matches(name)
        .map(|own| origins(subcommand, own, &given))
        .unwrap_or_default();
    let mut arguments = Policy::from_arg_matches(&matches).map_err(refused)?;
    arguments.set_base(file.map(|file| file.folder));
    commas::split(&mut arguments);
    Ok(Merged { arguments, values })
}

/// All commands; what they share is not shown where it does nothing.
pub(crate) fn command() -> clap::Command {
    let command = Policy::command();
    let shared = command.get_arguments().filter(|arg| arg.is_global_set());
    let hidden: Vec<Arg> = shared.map(|arg| arg.clone().hide(true)).collect();
    command.mut_subcommands(|own| match WITHOUT_KEYS.contains(&own.get_name()) {
        true => own.args(&hidden),
        false => own,
    })
}

/// Every key that there is, of all commands.
pub(crate) fn keys(command: &clap::Command) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for subcommand in command.get_subcommands() {
        for arg in subcommand.get_arguments() {
            if let Some(name) = key_of(subcommand, arg)
                && !keys.iter().any(|key| key.name == name)
            {
                let takes = takes(arg);
                keys.push(Key { name, takes });
            }
        }
    }
    keys.sort_by(|one, two| one.name.cmp(&two.name));
    keys
}

/// The key that stands for an argument of a command.
fn key_of(command: &clap::Command, arg: &Arg) -> Option<String> {
    let takes_manifests = matches!(command.get_name(), "test" | "config");
    let reports = matches!(command.get_name(), "test" | "config" | "merge");
    if WITHOUT_KEYS.contains(&command.get_name()) {
        return None;
    }
    if arg.is_positional() {
        return (takes_manifests && arg.get_id() == PATHS).then(|| PATHS.to_owned());
    }
    let long = arg.get_long()?;
    let is_key = !NO_KEYS.contains(&long) && (long != "output" || reports);
    is_key.then(|| long.to_owned())
}

fn takes(arg: &Arg) -> Takes {
    let action = arg.get_action();
    if matches!(action, ArgAction::SetTrue) {
        Takes::Switch
    } else if matches!(action, ArgAction::Append) {
        Takes::Many
    } else {
        Takes::One
    }
}

/// The configuration file: the one that was named, else the nearest from the working directory up to the repository's root.
fn find(matches: &ArgMatches, command: &clap::Command) -> Result<Option<File>, CommandError> {
    if matches.get_flag("no_config") {
        return Ok(None);
    }
    let directory = environment::directory();
    let (path, folder, prefix) = match matches.get_one::<PathBuf>("config") {
        Some(path) => {
            let prefix = path.parent().unwrap_or(Path::new("")).to_path_buf();
            (path.clone(), directory.join(&prefix), prefix)
        }
        None => {
            let root = environment::repository_around(&directory);
            let last = root.as_deref().unwrap_or(&directory);
            let mut prefix = PathBuf::new();
            let mut found = None;
            for folder in directory.ancestors() {
                if folder.join(config::FILE).is_file() {
                    found = Some((prefix.join(config::FILE), folder.to_path_buf(), prefix));
                    break;
                }
                if folder == last {
                    break;
                }
                prefix.push("..");
            }
            match found {
                Some(found) => found,
                None => return Ok(None),
            }
        }
    };
    let name = with_slashes(&path);
    let bytes = fs::read(&path).map_err(|error| {
        CommandError::new(
            format!("the configuration `{name}` cannot be read: {error}"),
            "",
        )
    })?;
    let settings =
        config::read(bytes, &name, &keys(command)).map_err(|problems| wrong(&problems))?;
    Ok(Some(File {
        name,
        prefix,
        folder,
        settings,
    }))
}

fn wrong(problems: &[Problem]) -> CommandError {
    let line = |problem: &Problem| match &problem.location {
        Some(location) => {
            let start = location.start;
            let place = format!("{}:{}:{}", location.file, start.line, start.column);
            format!("{place}: {}", problem.message)
        }
        None => problem.message.clone(),
    };
    let lines: Vec<_> = problems.iter().map(line).collect();
    let help = problems.iter().find(|problem| !problem.help.is_empty());
    CommandError::new(
        lines.join("\nerror: "),
        help.map_or("", |problem| &problem.help),
    )
}

/// What the command line leaves open and a variable or the file says.
fn given(
    command: &clap::Command,
    matches: &ArgMatches,
    file: Option<&File>,
) -> Result<Vec<Given>, CommandError> {
    let is_typed =
        |arg: &Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut all = Vec::new();
    for arg in command.get_arguments() {
        let Some(key) = key_of(command, arg) else {
            continue;
        };
        let contradicts = command.get_arguments().any(|other| {
            let conflicts = command.get_arg_conflicts_with(other);
            let own = command.get_arg_conflicts_with(arg);
            let are_rivals = conflicts.iter().any(|rival| rival.get_id() == arg.get_id())
                || own.iter().any(|rival| rival.get_id() == other.get_id());
            are_rivals && is_typed(other)
        });
        // `policy verify PATH` names its policies itself.
        let names_policies = command.get_name() == "verify"
            && key == "policy"
            && matches.value_source(PATHS) == Some(ValueSource::CommandLine);
        if is_typed(arg) || contradicts || names_policies {
            continue;
        }
        let variable = variables::name(&key);
        if let Some(value) = environment::variable(&variable) {
            let values = variables::read(&variable, &value, takes(arg))?;
            let from = variable;
            all.push(Given { key, values, from });
        } else if let Some(file) = file
            && let Some(setting) = file.settings.iter().find(|setting| setting.key == key)
        {
            let values = setting.values.iter().flat_map(|value| match &*key {
                "policy" | "data" => commas::cut(value, &file.prefix),
                _ => vec![&**value],
            });
            all.push(Given {
                from: format!("{}:{}", file.name, setting.location.start.line),
                values: values
                    .map(|value| below(&file.prefix, &key, arg, value))
                    .collect(),
                key,
            });
        }
    }
    Ok(all)
}

/// A value of the file: paths in it begin where it stands.
fn below(prefix: &Path, key: &str, arg: &Arg, value: &str) -> String {
    let join = |path: &str| match path {
        "-" => path.to_owned(),
        path => with_slashes(&prefix.join(path)),
    };
    let names = arg.get_value_names().unwrap_or_default();
    let is_path = names.iter().any(|name| *name == "PATH" || *name == "FILE")
        || key == "schema-location" && value != "default" && !value.contains("://");
    if prefix.as_os_str().is_empty() {
        value.to_owned()
    } else if is_path {
        join(value)
    } else if key == "output"
        && let Some((format, file)) = value.split_once('=')
    {
        format!("{format}={}", join(file))
    } else {
        value.to_owned()
    }
}

/// The command line with what is given otherwise behind the command's name, paths at the end.
fn lay(
    arguments: &[OsString],
    name: &str,
    command: &clap::Command,
    given: &[Given],
) -> Vec<OsString> {
    let mut at = 1;
    while at < arguments.len() && arguments[at] != *name {
        // The file's name after `--config` may be that of the command.
        at += if arguments[at] == *"--config" { 2 } else { 1 };
    }
    let at = (at + 1).min(arguments.len());
    let mut laid: Vec<OsString> = arguments[..at].to_vec();
    let mut paths: Vec<OsString> = Vec::new();
    for given in given {
        let is_switch = command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(&*given.key) && takes(arg) == Takes::Switch);
        for value in &given.values {
            if given.key == PATHS {
                paths.push(value.into());
            } else if !is_switch {
                laid.push(format!("--{}={value}", given.key).into());
            } else if value == "true" {
                laid.push(format!("--{}", given.key).into());
            }
        }
    }
    laid.extend(arguments[at..].iter().cloned());
    if !paths.is_empty() {
        if !arguments[at..].iter().any(|argument| argument == "--") {
            laid.push("--".into());
        }
        laid.extend(paths);
    }
    laid
}

fn origins(command: &clap::Command, matches: &ArgMatches, given: &[Given]) -> Vec<Origin> {
    let mut all = Vec::new();
    for arg in command.get_arguments() {
        let Some(key) = key_of(command, arg) else {
            continue;
        };
        let id = arg.get_id().as_str();
        let other = given.iter().find(|given| given.key == key);
        let from = match (other, matches.value_source(id)) {
            (Some(given), _) => given.from.clone(),
            (None, Some(ValueSource::CommandLine)) => "the command line".to_owned(),
            (None, _) => "default".to_owned(),
        };
        let values = match takes(arg) {
            Takes::Switch => vec![matches.get_flag(id).to_string()],
            Takes::One | Takes::Many => matches
                .get_raw(id)
                .unwrap_or_default()
                .map(|value| value.to_string_lossy().into_owned())
                .collect(),
        };
        all.push(Origin {
            takes: takes(arg),
            key,
            values,
            from,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use snapbox::{Data, assert_data_eq};

    use super::*;

    /// The JSON Schema of the file, made from the flags.
    fn schema() -> String {
        let mut command = Policy::command();
        command.build();
        let mut properties = Map::new();
        for key in keys(&command) {
            let described = command.get_subcommands().find_map(|subcommand| {
                let is_it = |arg: &&Arg| key_of(subcommand, arg).as_deref() == Some(&*key.name);
                let arg = subcommand.get_arguments().find(is_it)?;
                let values = arg.get_possible_values();
                let values: Vec<_> = values.iter().map(|v| v.get_name().to_owned()).collect();
                Some((arg.get_help()?.to_string(), values))
            });
            let (description, values) = described.expect("every flag has a help");
            let one = match values.is_empty() || key.takes == Takes::Switch {
                true => json!({"type": ["string", "number", "boolean"]}),
                false => json!({"enum": values}),
            };
            let mut property = match key.takes {
                Takes::Switch => json!({"type": "boolean"}),
                Takes::One => one,
                Takes::Many => json!({"anyOf": [one, {"type": "array", "items": one}]}),
            };
            property["description"] = Value::from(description);
            properties.insert(key.name, property);
        }
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Configuration of policy, .policy.yaml",
            "description": "Keys are the names of long flags; paths begin at the folder of the file.",
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": properties,
        });
        let text = serde_json::to_string_pretty(&schema).expect("JSON");
        format!("{text}\n")
    }

    #[test]
    fn the_schema_in_docs_has_every_key() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.schema.json");
        let golden = Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw();
        assert_data_eq!(schema(), golden);
    }

    #[test]
    fn what_init_writes_is_a_configuration() {
        let mut command = Policy::command();
        command.build();
        let text = crate::init::CONFIGURATION;
        let uncommented = text.replace("\n# ", "\n").replace("\n#\n", "\n");
        for text in [text, &uncommented] {
            // Sentences stay comments: they begin with two marks.
            let settings = config::read(text.as_bytes().to_vec(), config::FILE, &keys(&command));
            let settings = settings.expect("right");
            assert!(settings.iter().any(|setting| setting.key == "policy"));
        }
    }
}

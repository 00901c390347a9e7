//! `POLICY_…` variables: what they are called, what they hold, and those that are none of ours.

use std::io::Write as _;

use policy::config::{Key, Takes};
use policy::document::field::nearest;

use crate::environment;
use crate::error::CommandError;

/// What the names of our variables start with.
const PREFIX: &str = "POLICY_";

/// The variable that stands for a key.
pub(crate) fn name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('-', "_"))
}

/// The values of a variable.
pub(crate) fn read(name: &str, value: &str, takes: Takes) -> Result<Vec<String>, CommandError> {
    match takes {
        Takes::One => Ok(vec![value.to_owned()]),
        Takes::Many => Ok(value
            .split(',')
            .map(|part| part.trim().to_owned())
            .collect()),
        Takes::Switch => match &*value.to_lowercase() {
            "true" | "1" | "yes" | "on" => Ok(vec!["true".to_owned()]),
            "false" | "0" | "no" | "off" => Ok(vec!["false".to_owned()]),
            _ => Err(CommandError::new(
                format!("the variable {name} is `{value}`"),
                "It is true or false.",
            )),
        },
    }
}

/// Looks for variables that look like ours and are not: one that is nearly a key, or a flag that is no key, is an error,
/// since it was meant to say something. Others may be another program's: a warning.
pub(crate) fn check(keys: &[Key], flags: &[&str]) -> Result<(), CommandError> {
    let known: Vec<String> = keys.iter().map(|key| name(&key.name)).collect();
    let mut set = environment::variables_with(PREFIX);
    set.sort();
    set.retain(|own| !known.contains(own));
    for own in &set {
        let key = own[PREFIX.len()..].to_lowercase().replace('_', "-");
        let is_flag = flags.contains(&&*key) && !matches!(&*key, "help" | "version");
        let near = nearest(&key, keys.iter().map(|key| &*key.name));
        let message = format!("the variable {own} stands for no key");
        match near {
            _ if is_flag => {
                return Err(CommandError::new(
                    message,
                    format!("`--{key}` is about one run: give it as a flag."),
                ));
            }
            Some(near) => {
                let help = format!("Did you mean `{}`?", name(near));
                return Err(CommandError::new(message, help));
            }
            None => {
                // Nothing can be done about a closed standard error.
                let _ = writeln!(std::io::stderr().lock(), "warning: {message}");
            }
        }
    }
    Ok(())
}

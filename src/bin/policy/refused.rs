//! What is said about arguments that there are not: flags and commands of Conftest and of later versions.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::CommandError;

/// Flags of Conftest that we have otherwise or not yet.
const CONFTEST_FLAGS: [(&str, &str); 21] = [
    (
        "-n",
        "the tests of all packages are run; name the files to narrow",
    ),
    ("-c", "write `--config FILE`"),
    ("-u", "fetch policies before the run, for example with git"),
    ("--ignore", "use `--exclude GLOB` or a `.policyignore` file"),
    (
        "--parser",
        "only YAML and JSON are read; convert other files first",
    ),
    (
        "--update",
        "fetch policies before the run, for example with git",
    ),
    (
        "--trace",
        "put `print(…)` into the policy; it shows file and line",
    ),
    (
        "--strict",
        "what OPA's strict mode refuses is not checked yet; `opa check --strict` does",
    ),
    (
        "--capabilities",
        "functions cannot be restricted yet; those that reach the network are refused always",
    ),
    (
        "--show-builtin-errors",
        "they are always shown; see `--builtin-errors`",
    ),
    ("--proto-file-dirs", "protocol buffers are not read"),
    ("--tls", "policies are not fetched over the network"),
    (
        "--junit-hide-message",
        "the JUnit report always has the message",
    ),
    (
        "--github-hide-passed",
        "the report does not list what passed unless `--show-passed` is given",
    ),
    (
        "--suppress-exceptions",
        "exceptions are shown and never counted",
    ),
    ("--report", "use `-o` to choose a format"),
    (
        "--var-values",
        "the statement that failed is shown with its place",
    ),
    (
        "--config-file",
        "write `--config FILE`; the file is `.policy.yaml`, see `policy init`",
    ),
    ("--run", "`policy verify` has it"),
    ("--plugin", "there are no plugins"),
    ("--file", "name the path without a flag"),
];

/// Commands of Conftest and of later versions.
const OTHER_COMMANDS: [(&str, &str); 8] = [
    ("fmt", "`opa fmt` formats policies"),
    (
        "pull",
        "fetch policies before the run, for example with git",
    ),
    ("push", "publish policies with git or an OCI client"),
    ("doc", "not there yet"),
    ("plugin", "there are no plugins"),
    ("lint", "not there yet"),
    ("audit", "not there yet"),
    ("serve", "not there yet"),
];

/// Prints what is wrong with the arguments, or the help that was asked for; gives the exit code.
pub(crate) fn explain(error: &clap::Error, others: &[String]) -> u8 {
    // Nothing can be done about a closed standard output or error.
    let _ = error.print();
    let argument = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => text.as_str(),
        Some(_) | None => "",
    };
    let command = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(text)) => text.as_str(),
        Some(_) | None => "",
    };
    // A wrong value of a variable or the file is told where it is.
    for other in others {
        let name = other.split('`').nth(1).unwrap_or_default();
        if argument.starts_with(&format!("--{name}")) {
            CommandError::new(other, "").print();
        }
    }
    let flag = CONFTEST_FLAGS.iter().find(|(flag, _)| *flag == argument);
    let other = OTHER_COMMANDS.iter().find(|(name, _)| *name == command);
    if let Some((name, way)) = flag.or(other) {
        CommandError::new(format!("`{name}` is not a part of policy: {way}"), "").print();
    }
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        crate::PASSED
    } else {
        crate::INCOMPLETE
    }
}

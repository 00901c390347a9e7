//! `policy completions SHELL` and `policy man`: made from the arguments, so that they are never behind them.

use std::io::{self, Write as _};

use clap::{Args, Command};

use crate::PASSED;
use crate::configuration;
use crate::error::CommandError;

#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell, for example `source <(policy completions bash)`.
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The command whose page is printed, for example `policy man test | man -l -`.
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// What every page says at its end.
const EXIT_STATUS: &str = r#".SH "EXIT STATUS"
.TP
0
everything was checked and passed
.TP
1
something failed
.TP
2
not everything could be checked, or the command was used wrongly
"#;

/// Prints what a shell needs to complete commands and flags; gives the exit code.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<u8, CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut configuration::command(),
        "policy",
        &mut text,
    );
    print(&text)
}

/// Prints a man page; gives the exit code.
pub(crate) fn man(args: &ManArgs) -> Result<u8, CommandError> {
    let mut policy = configuration::command();
    policy.build();
    let page = match &args.command {
        None => policy,
        Some(name) => match policy.find_subcommand(name) {
            Some(command) => command.clone(),
            None => return Err(unknown(name, &policy)),
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| CommandError::new(format!("no man page can be made: {error}"), ""))?;
    text.extend(EXIT_STATUS.as_bytes());
    print(&text)
}

fn unknown(name: &str, policy: &Command) -> CommandError {
    let names: Vec<_> = policy.get_subcommands().map(Command::get_name).collect();
    CommandError::new(
        format!("there is no command `{name}`"),
        format!("There are {}.", names.join(", ")),
    )
}

fn print(text: &[u8]) -> Result<u8, CommandError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(PASSED),
        Err(error) => Err(CommandError::new(
            format!("it cannot be written: {error}"),
            "",
        )),
        Ok(()) => Ok(PASSED),
    }
}

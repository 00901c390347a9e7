//! The command line: the only place that sees arguments, environment, clock, terminal and exit codes.

mod args;
mod changed;
mod commas;
mod completions;
mod config;
mod configuration;
mod environment;
mod error;
mod explain;
mod init;
mod merge;
mod parse;
mod progress;
mod refused;
mod replace;
mod schemas;
mod selection;
mod session;
mod suppression;
mod test;
mod variables;
mod verify;

use std::process::ExitCode;

use crate::args::Command;
use crate::configuration::Refused;
use crate::error::CommandError;

/// Everything was checked and passed.
const PASSED: u8 = 0;
/// Something failed.
const FAILED: u8 = 1;
/// Not everything could be checked, or the command was used wrongly.
const INCOMPLETE: u8 = 2;

fn main() -> ExitCode {
    use_small_pages();
    // Policies may nest deeply; the main thread's stack is the system's choice.
    let main = std::thread::Builder::new()
        .stack_size(policy::scan::STACK_BYTES)
        .spawn(run);
    match main.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(_)) | Err(_) => ExitCode::from(INCOMPLETE),
    }
}

/// The allocator asks the system for huge pages, of which a short run fills a part only: without them a run takes a quarter
/// to a half less memory and the same time.
fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if rustix::thread::disable_transparent_huge_pages(true).is_err() {
        // An older kernel: more memory, nothing else.
    }
}

fn run() -> u8 {
    let arguments: Vec<_> = std::env::args_os().collect();
    let merged = match configuration::read(&arguments) {
        Ok(merged) => merged,
        Err(Refused::Arguments(error, others)) => return refused::explain(&error, &others),
        Err(Refused::Configuration(error)) => {
            error.print();
            return INCOMPLETE;
        }
    };
    let result = match &merged.arguments.command {
        Command::Test(options) => test::run(options),
        Command::Parse(options) => parse::run(options),
        Command::Verify(options) => verify::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Merge(options) => merge::run(options),
        Command::Init(options) => init::run(options),
        Command::Completions(options) => completions::completions(options),
        Command::Man(options) => completions::man(options),
        Command::Config(_) => config::run(&merged),
    };
    result.unwrap_or_else(|error: CommandError| {
        error.print();
        INCOMPLETE
    })
}

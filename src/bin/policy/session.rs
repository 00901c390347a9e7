//! What all commands share: what they load with, where reports go, what the exit code is.

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use policy::finding::{Problem, Severity};
use policy::output::{self, Ci, Format, Passed, Style};
use policy::rego::load::{BuiltinErrors, Environment, Options, Places, Tests};
use policy::report::{Report, Verdict, Warnings};
use policy::settle::{Failing, settle};
use policy::walk::{self, FileEntry};

use crate::args::{ColorWhen, LoadArgs, OutputArgs, Target, WalkArgs};
use crate::environment;
use crate::error::CommandError;
use crate::replace;
use crate::{FAILED, INCOMPLETE, PASSED};

/// What policies are loaded with, apart from what only one command has.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary alone sees environment, clock and working directory"
)]
pub(crate) fn load_options(args: &LoadArgs, policies: Vec<PathBuf>, tests: Tests) -> Options {
    policy::set_memory_limit(args.memory_limit.saturating_mul(1 << 20));
    let variables = if args.allow_env {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    } else {
        Vec::new()
    };
    Options {
        policies,
        data: args.data.clone(),
        packages: Vec::new(),
        version: args.rego_version.map(Into::into),
        environment: if args.allow_env {
            Environment::Visible
        } else {
            Environment::Hidden
        },
        variables,
        tests,
        timeout: args.timeout,
        now_ns: now_ns(args.date),
        directory: std::env::current_dir().unwrap_or_default(),
        builtin_errors: BuiltinErrors::default(),
        combine: false,
        places: Places::Field,
        elsewhere: std::collections::BTreeSet::new(),
        templates: Vec::new(),
    }
}

/// The instant of the run in nanoseconds since 1970: the one that is given, else the clock's.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary alone sees environment, clock and working directory"
)]
pub(crate) fn now_ns(given: Option<i64>) -> i64 {
    given.unwrap_or_else(|| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
            })
    })
}

/// All of standard input, up to the largest size of a file.
pub(crate) fn standard_input(entry: &FileEntry, args: &WalkArgs) -> Result<Vec<u8>, Problem> {
    let max_bytes = args.max_file_size << 20;
    walk::read_stdin(&mut io::stdin().lock(), &entry.name, max_bytes)
}

/// Shows problems on standard error; whether none of them is an error.
pub(crate) fn show_problems<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> bool {
    let mut stderr = io::stderr().lock();
    let mut complete = true;
    for problem in problems {
        let place = problem.location.as_ref().map_or(String::new(), |location| {
            format!(
                "{}:{}:{}: ",
                location.file, location.start.line, location.start.column
            )
        });
        let severity = problem.severity.as_str();
        // Nothing can be done about a closed standard error.
        let _ = writeln!(stderr, "{place}{severity}: {}", problem.message);
        complete &= problem.severity != Severity::Error;
    }
    complete
}

/// Writes what policies printed to standard error.
pub(crate) fn show_prints(prints: &[String]) {
    let mut stderr = io::stderr().lock();
    for text in prints {
        // Nothing can be done about a closed standard error.
        let _ = writeln!(stderr, "{text}");
    }
}

/// Says how many YAML files below policy paths are no policies.
pub(crate) fn show_other_files(n: usize) {
    if n > 0 {
        let mut stderr = io::stderr().lock();
        let s = if n == 1 { "" } else { "s" };
        // Nothing can be done about a closed standard error.
        let _ = writeln!(
            stderr,
            "{n} YAML or JSON file{s} below policy paths without Gatekeeper's documents"
        );
    }
}

/// Says how many findings are at their resource, although their field was looked for.
pub(crate) fn show_untraced(n: usize) {
    if n > 0 {
        let mut stderr = io::stderr().lock();
        let (s, are) = if n == 1 {
            ("", "is at its")
        } else {
            ("s", "are at their")
        };
        // Nothing can be done about a closed standard error.
        let _ = writeln!(
            stderr,
            "{n} finding{s} {are} resource: the evaluation could not be followed to the field"
        );
    }
}

/// Writes the report in all formats asked for and gives the exit code; nothing but the report decides it.
pub(crate) fn finish(
    mut report: Report,
    args: &OutputArgs,
    started: Instant,
) -> Result<u8, CommandError> {
    let warnings = if args.fail_on_warn {
        Warnings::Fail
    } else {
        Warnings::Allowed
    };
    let failing = match warnings {
        _ if args.no_fail => Failing::None,
        Warnings::Fail => Failing::Warnings,
        Warnings::Allowed => Failing::Failures,
    };
    settle(
        &mut report.problems,
        &report.findings,
        &report.rules,
        failing,
    );
    report.sort();
    let verdict = report.verdict(warnings);
    for target in &targets(args)? {
        let is_silent = args.quiet && verdict == Verdict::Passed;
        match target {
            Destination::File(format, file) => write_file(&report, *format, file, args, warnings)?,
            Destination::Stdout(_) | Destination::Log(_) if is_silent => {}
            Destination::Stdout(format) => write_stdout(args, warnings, |style, out| {
                output::write(&report, *format, style, out)
            })?,
            Destination::Log(ci) => write_stdout(args, warnings, |style, out| {
                output::write_log(&report, *ci, style, out)
            })?,
        }
    }
    if args.verbose {
        let mut stderr = io::stderr().lock();
        // Nothing can be done about a closed standard error.
        let _ = writeln!(stderr, "took {:.3} s", started.elapsed().as_secs_f64());
    }
    // The process ends next; taking a large report apart would only cost time.
    std::mem::forget(report);
    Ok(match verdict {
        Verdict::Passed => PASSED,
        Verdict::Failed if args.no_fail => PASSED,
        Verdict::Failed => FAILED,
        Verdict::Incomplete => INCOMPLETE,
    })
}

/// Where a report goes.
enum Destination {
    /// To standard output, in a format.
    Stdout(Format),
    /// To standard output, for people and the CI system whose log it is.
    Log(Ci),
    /// To a file.
    File(Format, PathBuf),
}

/// Where the report goes; at most one format goes to standard output. Without any, a CI system gets its own.
fn targets(args: &OutputArgs) -> Result<Vec<Destination>, CommandError> {
    let to_stdout = args.output.iter().filter(|target| target.file.is_none());
    if to_stdout.count() > 1 {
        return Err(CommandError::new(
            "more than one format goes to standard output",
            "Give the others a file: `-o table -o junit=results.xml`.",
        ));
    }
    if args.output.is_empty() {
        return Ok(vec![match environment::ci() {
            Some(ci) => Destination::Log(ci),
            None => Destination::Stdout(Format::Pretty),
        }]);
    }
    let destination = |target: &Target| match &target.file {
        Some(file) => Destination::File(target.format, file.clone()),
        None => Destination::Stdout(target.format),
    };
    Ok(args.output.iter().map(destination).collect())
}

fn style(args: &OutputArgs, colour: bool, width: Option<usize>, warnings: Warnings) -> Style {
    Style {
        colour,
        width,
        passed: if args.show_passed {
            Passed::Shown
        } else {
            Passed::Hidden
        },
        warnings,
    }
}

fn write_file(
    report: &Report,
    format: Format,
    file: &Path,
    args: &OutputArgs,
    warnings: Warnings,
) -> Result<(), CommandError> {
    let failed = |error: io::Error| {
        CommandError::new(
            format!("the report `{}` cannot be written: {error}", file.display()),
            "Check that its folder is there and that it may be written to.",
        )
    };
    let style = style(args, false, None, warnings);
    replace::replace_by(file, |out| output::write(report, format, &style, out)).map_err(failed)
}

fn write_stdout(
    args: &OutputArgs,
    warnings: Warnings,
    write: impl Fn(&Style, &mut dyn Write) -> io::Result<()>,
) -> Result<(), CommandError> {
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    let width = is_terminal
        .then(terminal_size::terminal_size)
        .flatten()
        .map(|(width, _)| usize::from(width.0));
    let style = style(args, colour(args, is_terminal), width, warnings);
    let mut out = io::BufWriter::with_capacity(1 << 16, stdout.lock());
    let written = write(&style, &mut out).and_then(|()| out.flush());
    match written {
        // Whoever reads has seen enough; the verdict still decides the exit code.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CommandError::new(
            format!("the report cannot be written: {error}"),
            "",
        )),
        Ok(()) => Ok(()),
    }
}

fn colour(args: &OutputArgs, is_terminal: bool) -> bool {
    let is_set =
        |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    if args.no_color {
        return false;
    }
    match args.color {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if is_set("NO_COLOR") => false,
        ColorWhen::Auto if is_set("CLICOLOR_FORCE") || is_set("FORCE_COLOR") => true,
        ColorWhen::Auto => is_terminal,
    }
}

/// How many threads share the work.
pub(crate) fn n_threads(asked: Option<std::num::NonZeroUsize>) -> usize {
    asked
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, std::num::NonZeroUsize::get)
}

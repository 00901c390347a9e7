//! One file a format; this one lists them and hands a report to the one that is asked for.
//!
//! Formats read the report and nothing else, and decide nothing: the verdict comes from the report.

use std::io;

use crate::report::{Report, Verdict, Warnings};

/// The formats a report can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One block a finding with its source lines, for people.
    Pretty,
}

/// How a report is written, apart from its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours may be used.
    pub colour: bool,
    /// Width of the terminal in columns, none where the output is not one.
    pub width: Option<usize>,
    /// Whether what passed is listed too, where the format leaves the choice.
    pub passed: Passed,
    /// Whether warnings count in the verdict that is shown.
    pub warnings: Warnings,
}

/// Whether what passed is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Only what did not pass.
    Hidden,
    /// Everything.
    Shown,
}

/// Writes `report` to `out` in `format`; gives what the writer's errors are.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn write(
    report: &Report,
    format: Format,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let _: Verdict = report.verdict(style.warnings);
    let _ = format;
    for f in &report.findings {
        writeln!(
            out,
            "{} {}:{} {} {}",
            f.level.as_str(),
            f.location.file,
            f.location.start.line,
            report.rules[f.rule].id,
            f.message
        )?;
    }
    for p in &report.problems {
        writeln!(
            out,
            "{} {:?} {} [{}]",
            p.severity.as_str(),
            p.location
                .as_ref()
                .map(|l| (l.file.clone(), l.start.line, l.start.column)),
            p.message,
            p.help
        )?;
    }
    writeln!(out, "{:?}", report.counts())?;
    Ok(())
}

impl std::str::FromStr for Format {
    type Err = String;
    fn from_str(_: &str) -> Result<Self, String> {
        Ok(Format::Pretty)
    }
}

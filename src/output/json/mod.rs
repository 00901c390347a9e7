//! The JSON report, version 1: complete enough that every other format can be made from what is read back.
//!
//! It has types of its own, so that a change of ours never changes the format by accident.

mod outcomes;
mod reading;
mod shape;
mod writing;

use std::io::{self, BufWriter, Write};

use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::output::{Style, visible};
use crate::report::Report;

/// Version of the format that is written and read.
pub const VERSION: u32 = 1;

/// The report and its lists are written over several lines; a finding stands on one line.
const SPREAD: usize = 2;

/// How much is written at once.
const BUFFER_BYTES: usize = 1 << 16;

/// Writes the report as JSON.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_inert(&shape::Report::of(report, style.warnings), SPREAD, out)
}

/// Writes a value as JSON whose texts start no command in a CI log; `spread` levels are written over several lines.
pub(super) fn write_inert(
    value: &impl serde::Serialize,
    spread: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Many small parts are written: each goes into a buffer that the compiler sees.
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, out);
    let mut serializer = Serializer::with_formatter(&mut out, Inert::new(spread));
    value.serialize(&mut serializer)?;
    writeln!(out)?;
    out.flush()
}

/// Reads a report that [`crate::output::write`] wrote as JSON.
///
/// # Errors
/// Where the text is no JSON report of this version, or contradicts itself.
pub fn read(text: &str) -> Result<Report, ReadError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_str(text)?;
    if version != VERSION {
        return Err(ReadError::Version { version });
    }
    serde_json::from_str::<shape::Report<'_>>(text)?.into_report()
}

/// Writes as [`PrettyFormatter`] does, but so that no text starts a command where JSON is printed in a CI log.
struct Inert {
    pretty: PrettyFormatter<'static>,
    /// Levels that are written over several lines.
    spread: usize,
    depth: usize,
}

impl Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut written = 0;
        for (offset, _) in text.match_indices('#') {
            let after = text[offset + 1..].strip_prefix('#');
            if after.is_some_and(visible::is_command) {
                writer.write_all(&text.as_bytes()[written..offset])?;
                writer.write_all(b"\\u0023")?;
                written = offset + 1;
            }
        }
        writer.write_all(&text.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        match self.is_spread() {
            true => self.pretty.begin_array(writer),
            false => writer.write_all(b"["),
        }
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let spread = self.is_spread();
        self.depth -= 1;
        match spread {
            true => self.pretty.end_array(writer),
            false => writer.write_all(b"]"),
        }
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match self.is_spread() {
            true => self.pretty.begin_array_value(writer, first),
            false if first => Ok(()),
            false => writer.write_all(b", "),
        }
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.is_spread() {
            true => self.pretty.end_array_value(writer),
            false => Ok(()),
        }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        match self.is_spread() {
            true => self.pretty.begin_object(writer),
            false => writer.write_all(b"{"),
        }
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let spread = self.is_spread();
        self.depth -= 1;
        match spread {
            true => self.pretty.end_object(writer),
            false => writer.write_all(b"}"),
        }
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        match self.is_spread() {
            true => self.pretty.begin_object_key(writer, first),
            false if first => Ok(()),
            false => writer.write_all(b", "),
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        match self.is_spread() {
            true => self.pretty.end_object_value(writer),
            false => Ok(()),
        }
    }
}

impl Inert {
    fn new(spread: usize) -> Self {
        Self {
            pretty: PrettyFormatter::new(),
            spread,
            depth: 0,
        }
    }

    fn is_spread(&self) -> bool {
        self.depth <= self.spread
    }
}

/// Why a JSON report could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or not the JSON of a report.
    #[error("not a JSON report of policy: {0}")]
    Syntax(#[from] serde_json::Error),
    /// It is a report of another version.
    #[error("a JSON report of version {version}, but only version {VERSION} can be read")]
    Version {
        /// The version it says.
        version: u32,
    },
    /// A finding names a rule that is not among the rules.
    #[error("finding {index} of the report is of rule `{rule}`, which is not among its rules")]
    UnknownRule {
        /// Which finding, from 0.
        index: usize,
        /// The rule's id.
        rule: String,
    },
    /// There is no such part of a run.
    #[error("the report is of shard {index} of {of}")]
    Shard {
        /// Which one.
        index: usize,
        /// Of how many.
        of: usize,
    },
    /// A finding's status needs a suppression, or must not have one.
    #[error(
        "finding {index} of the report is `{status}`, which does not agree with its suppression"
    )]
    Suppression {
        /// Which finding, from 0.
        index: usize,
        /// Its status.
        status: String,
    },
    /// The outcomes of an evaluation are no outcomes, or not one a rule.
    #[error(
        "evaluation {index} of the report has the outcomes `{outcomes}`, which are not one letter for each of {n_rules} rules"
    )]
    Outcomes {
        /// Which evaluation, from 0.
        index: usize,
        /// Its outcomes as they stand.
        outcomes: String,
        /// How many rules there are.
        n_rules: usize,
    },
    /// The summary does not count what is in the lists: something was cut out or added.
    #[error("the summary of the report does not count what the report lists")]
    Summary,
}

//! One file a format; this one lists them and hands a report to the one that is asked for.
//!
//! Formats read the report and nothing else, and decide nothing: the verdict comes from the report.

mod azure;
mod cases;
pub mod explanation;
mod github;
mod issues;
pub mod json;
mod junit;
mod markdown;
mod pretty;
mod sarif;
mod summary;
mod table;
mod tap;
mod visible;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::str::FromStr;

use crate::report::{Report, Warnings};

/// Makes the list of formats, so that a new one is one line here and one file.
macro_rules! formats {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal $(| $alias:literal)* => $write:path,)+) => {
        /// The formats a report can be written in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Format {
            /// Every format, in the order in which they are listed to users.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name by which users ask for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Other names that mean the same.
            #[must_use]
            pub fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($alias,)*],)+
                }
            }

            fn writer(self) -> Writer {
                match self {
                    $(Self::$variant => $write,)+
                }
            }
        }
    };
}

type Writer = fn(&Report, &Style, &mut dyn io::Write) -> io::Result<()>;

formats! {
    /// One block a finding with its source lines, for people.
    Pretty = "pretty" | "stdout" => pretty::write,
    /// One line a finding, in columns.
    Table = "table" => table::write,
    /// Everything the report holds; the other formats can be made from it.
    Json = "json" => json::write,
    /// The Test Anything Protocol, version 14.
    Tap = "tap" => tap::write,
    /// JUnit's XML, as CI systems read it.
    Junit = "junit" => junit::write,
    /// SARIF 2.1.0, for code scanning.
    Sarif = "sarif" => sarif::write,
    /// Logging commands of Azure DevOps.
    AzureDevOps = "azure-devops" | "azuredevops" => azure::write,
    /// Workflow commands of GitHub Actions.
    Github = "github" => github::write,
    /// A summary for the page of a pipeline run.
    Markdown = "markdown" => markdown::write,
}

/// A CI system whose log shows annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ci {
    /// Azure DevOps.
    AzureDevOps,
    /// GitHub Actions.
    Github,
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
    let mut out = io::BufWriter::with_capacity(64 * 1024, out);
    format.writer()(report, style, &mut out)?;
    out.flush()
}

/// Writes the log of a CI step: the report for people, then the commands that annotate.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn write_log(
    report: &Report,
    ci: Ci,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(64 * 1024, out);
    pretty::write(report, style, &mut out)?;
    match ci {
        Ci::AzureDevOps => azure::write_commands(report, style, &mut out)?,
        Ci::Github => github::write_commands(report, style, &mut out)?,
    }
    out.flush()
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.name() == name || format.aliases().contains(&name))
            .ok_or_else(|| UnknownFormat::new(name))
    }
}

/// A format that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no format `{name}`: {hint}")]
pub struct UnknownFormat {
    name: String,
    hint: String,
}

impl UnknownFormat {
    fn new(name: &str) -> Self {
        let lower = name.to_lowercase();
        let known = || Format::ALL.iter().map(|format| format.name());
        let list = known().collect::<Vec<_>>().join(", ");
        let mut hint = String::new();
        let nearest = known()
            .chain(
                Format::ALL
                    .iter()
                    .flat_map(|format| format.aliases().iter().copied()),
            )
            .map(|known| (strsim::damerau_levenshtein(known, &lower), known))
            .min();
        match nearest {
            Some((distance, known)) if distance <= 1 + known.len() / 3 => {
                let _ = write!(hint, "did you mean `{known}`? There are {list}");
            }
            Some(_) | None => {
                let _ = write!(hint, "there are {list}");
            }
        }
        Self {
            name: visible::one_line(name).into_owned(),
            hint,
        }
    }
}

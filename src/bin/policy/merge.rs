//! `policy merge`: the reports of several machines become one, in any format.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use policy::finding::{Location, Problem, Severity, Stage, Status, Suppression};
use policy::merge;
use policy::output::json;
use policy::report::Report;
use policy::settle;
use policy::suppress::Extent;

use crate::args::{OutputArgs, instant};
use crate::environment::{self, with_slashes};
use crate::error::CommandError;
use crate::session;
use crate::suppression::{self, Judged, SuppressArgs};

#[derive(Args, Debug)]
pub(crate) struct MergeArgs {
    /// JSON reports: all shards of a run, or one whole run.
    ///
    /// Give the flags about waivers, the baseline and warnings that one run would get: what only the whole run can say,
    /// such as a waiver that is not needed, is said here.
    #[arg(required = true, value_name = "REPORT")]
    pub(crate) reports: Vec<PathBuf>,
    /// The day that waivers are held against: a date or an RFC 3339 time; without it, the clock's.
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(crate) date: Option<i64>,
    /// Pass when there was no document to judge.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) suppress: SuppressArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Runs the command; gives the exit code.
pub(crate) fn run(args: &MergeArgs) -> Result<u8, CommandError> {
    let started = Instant::now();
    args.suppress.check()?;
    let mut reports = Vec::new();
    for path in &args.reports {
        let name = with_slashes(path);
        let help = "Write each shard's report with `-o json=FILE`.";
        let text = fs::read_to_string(path).map_err(|error| {
            CommandError::new(format!("the report `{name}` cannot be read: {error}"), help)
        })?;
        let report = json::read(&text)
            .map_err(|error| CommandError::new(format!("`{name}`: {error}"), help))?;
        reports.push((name, report));
    }
    let is_sharded = reports.iter().any(|(_, report)| report.run.shard.is_some());
    let mut report = merge::merge(reports).map_err(|error| {
        CommandError::new(
            error.to_string(),
            "Merge the reports of all shards of one run, each once.",
        )
    })?;
    settle::open(&mut report.problems);
    report.run.checkout = environment::checkout(args.output.base.as_deref());
    let tally = report.tally.take();
    let extent = match (is_sharded, &tally) {
        _ if report.run.partial => Extent::Part,
        (true, None) => Extent::Part,
        (true, Some(_)) | (false, _) => Extent::Whole,
    };
    if let Some(tally) = &tally {
        report.say_tally(tally);
    }
    let is_told = report.count_problems(Severity::Error) > 0;
    if is_sharded && !report.is_anything_judged() && !args.allow_empty && !is_told {
        let message = "there is no document to judge in any shard";
        let problem = match extent {
            Extent::Whole => Problem::error(Stage::Read, message),
            Extent::Part => Problem::notice(Stage::Read, message),
        };
        report
            .problems
            .push(problem.help("With `--allow-empty` finding none is no error."));
    }
    if args.suppress.files().next().is_some() {
        let empty_files = tally.unwrap_or_default().empty_files;
        suppress_again(args, extent, empty_files, &mut report)?;
    }
    session::finish(report, &args.output, started)
}

/// What the waivers file and the baseline suppress is found out anew, so that what is not needed can be told.
fn suppress_again(
    args: &MergeArgs,
    extent: Extent,
    mut files: Vec<String>,
    report: &mut Report,
) -> Result<(), CommandError> {
    for finding in &mut report.findings {
        let is_comment = |given: &Suppression| {
            let file = given.by.rsplit_once(':').map_or("", |(file, _)| file);
            file == &*finding.location.file
        };
        let is_kept = match &finding.status {
            Status::Active | Status::Excepted(_) => true,
            Status::Waived(given) => is_comment(given),
            Status::Baselined(_) => false,
        };
        if !is_kept {
            finding.status = Status::Active;
        }
    }
    let told: Vec<String> = args
        .suppress
        .files()
        .map(|file| with_slashes(&file))
        .collect();
    let is_told_again = |problem: &Problem| {
        let of_file = |location: &Location| told.iter().any(|file| **file == *location.file);
        problem.stage == Stage::Suppress && problem.location.as_ref().is_some_and(of_file)
    };
    report.problems.retain(|problem| !is_told_again(problem));
    let subjects = report.evaluations.iter();
    files.extend(subjects.map(|row| row.subject.file.to_string()));
    let judged = Judged {
        files,
        directives: Vec::new(),
        extent,
        now_ns: session::now_ns(args.date),
    };
    suppression::apply(&args.suppress, judged, report)
}

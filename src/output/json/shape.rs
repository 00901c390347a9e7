//! The shape of the JSON report, version 1, and nothing else.
//!
//! The order of fields is the order of keys. `docs/report.schema.json` describes it for readers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding;
use crate::source;

pub(super) type Text<'a> = Cow<'a, str>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report<'a, F = Vec<Finding<'a>>, E = Vec<Evaluation<'a>>> {
    pub(super) version: u32,
    pub(super) tool: Tool<'a>,
    pub(super) verdict: Text<'a>,
    pub(super) run: Run<'a>,
    pub(super) summary: Summary,
    pub(super) rules: Vec<Rule<'a>>,
    pub(super) findings: F,
    pub(super) problems: Vec<Problem<'a>>,
    pub(super) evaluations: E,
    /// What only the whole run can say; in reports of shards, so that `policy merge` says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tally: Option<Tally>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tally {
    pub(super) plain: usize,
    pub(super) kinds: BTreeMap<String, usize>,
    pub(super) unmatched: BTreeMap<String, Unmatched>,
    pub(super) without_schema: BTreeMap<String, usize>,
    pub(super) empty_files: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unmatched {
    pub(super) wanted: String,
    pub(super) nearest: Option<Nearest>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nearest {
    pub(super) agreed: usize,
    pub(super) file: String,
    pub(super) document: u32,
    pub(super) item: String,
    pub(super) text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tool<'a> {
    pub(super) name: Text<'a>,
    pub(super) version: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run<'a> {
    pub(super) policies: Text<'a>,
    /// Null for a whole run; so a part of a run is never taken for one.
    pub(super) shard: Option<Shard>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inputs: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) partial: bool,
    pub(super) combined: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) kubernetes: Vec<Text<'a>>,
    pub(super) skipped_files: BTreeMap<Text<'a>, usize>,
    #[serde(default, skip_serializing_if = "is_none")]
    pub(super) untraced: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(n: &usize) -> bool {
    *n == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shard {
    pub(super) index: usize,
    pub(super) of: usize,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Summary {
    pub(super) files: usize,
    pub(super) documents: usize,
    pub(super) rules: usize,
    pub(super) passed: usize,
    pub(super) failures: usize,
    pub(super) warnings: usize,
    pub(super) dryrun: usize,
    pub(super) exceptions: usize,
    pub(super) suppressed: usize,
    pub(super) skipped: usize,
    pub(super) errors: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule<'a> {
    pub(super) id: Text<'a>,
    pub(super) package: Text<'a>,
    pub(super) name: Text<'a>,
    #[serde(with = "RuleKind")]
    pub(super) kind: finding::RuleKind,
    pub(super) severity: Option<Text<'a>>,
    pub(super) title: Option<Text<'a>>,
    pub(super) description: Option<Text<'a>>,
    pub(super) url: Option<Text<'a>>,
    pub(super) location: Option<Location<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finding<'a> {
    pub(super) rule: Text<'a>,
    #[serde(with = "Level")]
    pub(super) level: finding::Level,
    pub(super) status: Status,
    pub(super) message: Text<'a>,
    pub(super) location: Location<'a>,
    pub(super) related: Vec<Related<'a>>,
    pub(super) policy_location: Option<Location<'a>>,
    pub(super) enforcement_action: Text<'a>,
    pub(super) resource: Option<Resource<'a>>,
    pub(super) document: u32,
    pub(super) item: Text<'a>,
    pub(super) details: Cow<'a, BTreeMap<String, serde_json::Value>>,
    pub(super) suppression: Option<Suppression<'a>>,
    pub(super) fingerprint: Text<'a>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Active,
    Excepted,
    Waived,
    Baselined,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suppression<'a> {
    pub(super) by: Text<'a>,
    pub(super) reason: Text<'a>,
    pub(super) expires: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Location<'a> {
    pub(super) file: Text<'a>,
    #[serde(with = "Precision")]
    pub(super) precision: finding::Precision,
    pub(super) path: Text<'a>,
    pub(super) missing: Text<'a>,
    #[serde(with = "Position")]
    pub(super) start: source::Position,
    #[serde(with = "Position")]
    pub(super) end: source::Position,
    pub(super) excerpt: Option<Excerpt<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Excerpt<'a> {
    pub(super) first_line: u32,
    pub(super) text: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Related<'a> {
    pub(super) location: Location<'a>,
    pub(super) message: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resource<'a> {
    #[serde(rename = "apiVersion")]
    pub(super) api_version: Text<'a>,
    pub(super) kind: Text<'a>,
    pub(super) namespace: Text<'a>,
    pub(super) name: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Problem<'a> {
    #[serde(with = "Severity")]
    pub(super) severity: finding::Severity,
    #[serde(with = "Stage")]
    pub(super) stage: finding::Stage,
    pub(super) message: Text<'a>,
    pub(super) help: Text<'a>,
    pub(super) location: Option<Location<'a>>,
    pub(super) related: Vec<Related<'a>>,
    /// So that `policy merge` decides anew whether it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) beside: Option<Beside<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beside<'a> {
    pub(super) rule: Text<'a>,
    pub(super) found: Vec<Found<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Found<'a> {
    pub(super) file: Text<'a>,
    pub(super) document: u32,
    pub(super) item: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluation<'a> {
    pub(super) file: Text<'a>,
    pub(super) document: u32,
    pub(super) item: Text<'a>,
    pub(super) line: u32,
    pub(super) resource: Option<Resource<'a>>,
    pub(super) outcomes: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "finding::RuleKind", rename_all = "lowercase")]
enum RuleKind {
    Deny,
    Violation,
    Warn,
    Constraint,
    Schema,
    Test,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "finding::Level", rename_all = "lowercase")]
enum Level {
    Failure,
    Warning,
    Dryrun,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "finding::Precision", rename_all = "lowercase")]
enum Precision {
    Policy,
    Field,
    Parent,
    Resource,
    Document,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "finding::Severity", rename_all = "lowercase")]
enum Severity {
    Error,
    Failure,
    Warning,
    Notice,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "finding::Stage", rename_all = "lowercase")]
enum Stage {
    Read,
    Parse,
    Load,
    Evaluate,
    Suppress,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "source::Position", deny_unknown_fields)]
struct Position {
    line: u32,
    column: u32,
}

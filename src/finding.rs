//! What a run says: rules, findings, the outcome of each rule on each subject, and problems.
//!
//! Plain owned data without lifetimes. Locations are resolved to lines and columns when they are made,
//! so that a report needs no source file any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::resource::Resource;
use crate::source::{Position, SourceFile, Span};

/// How much a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Makes the run fail.
    Failure,
    /// Makes the run fail only where the user asks for it.
    Warning,
    /// Shown, never counted.
    Dryrun,
}

impl Level {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Dryrun => "dryrun",
        }
    }
}

/// What sort of rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleKind {
    /// A Rego rule named `deny` or `deny_…`.
    Deny,
    /// A Rego rule named `violation` or `violation_…`.
    Violation,
    /// A Rego rule named `warn` or `warn_…`.
    Warn,
    /// A Gatekeeper constraint.
    Constraint,
    /// A rule of the Kubernetes schemas.
    Schema,
    /// A Rego unit test, in `policy verify`.
    Test,
}

impl RuleKind {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Violation => "violation",
            Self::Warn => "warn",
            Self::Constraint => "constraint",
            Self::Schema => "schema",
            Self::Test => "test",
        }
    }
}

/// A rule that was run, with what its author says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id: `package.name`, `Kind/constraint-name` or `schema/name`.
    pub id: Arc<str>,
    /// Rego package without `data.`; empty for rules that have none.
    pub package: String,
    /// Name within the package.
    pub name: String,
    /// What sort of rule it is.
    pub kind: RuleKind,
    /// `custom.severity` of its METADATA annotation.
    pub severity: Option<String>,
    /// `title` of its METADATA annotation.
    pub title: Option<String>,
    /// `description` of its METADATA annotation.
    pub description: Option<String>,
    /// The first of `related_resources` in its METADATA annotation, or `custom.url`.
    pub url: Option<String>,
    /// Where its first definition stands.
    pub location: Option<Location>,
}

/// How exactly a location is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The policy gave it itself (`_loc`).
    Policy,
    /// The field that made the rule fire.
    Field,
    /// The nearest parent there is of a field that is missing.
    Parent,
    /// The resource: its `metadata.name`.
    Resource,
    /// The document's first line.
    Document,
}

impl Precision {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Field => "field",
            Self::Parent => "parent",
            Self::Resource => "resource",
            Self::Document => "document",
        }
    }
}

/// A place in a file, for people and machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file's name as the user typed it.
    pub file: Arc<str>,
    /// Where it starts.
    pub start: Position,
    /// Where it ends; the column is one past the last character.
    pub end: Position,
    /// How exactly it is known.
    pub precision: Precision,
    /// Path of the node, for example `spec.template.spec.containers[1].image`; empty where none is known.
    pub path: String,
    /// Path of a missing field below `path`, for example `resources.limits`; empty where nothing is missing.
    pub missing: String,
    /// The lines to show, none where the source is not at hand.
    pub excerpt: Option<Arc<Excerpt>>,
}

/// Lines of a source file, as they are shown below a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Number of the first line, from 1.
    pub first_line: u32,
    /// The lines, with `\n` between them; each cut at [`Excerpt::MAX_LINE`] characters.
    pub text: String,
}

impl Excerpt {
    /// Longest line kept, in characters: minified JSON must not fill the report.
    pub const MAX_LINE: usize = 400;
    /// Lines shown before and after the place.
    const CONTEXT: u32 = 1;
    /// Lines of a long span that are shown.
    const MAX_SPAN_LINES: u32 = 4;

    /// The lines around `start..=end` of `file`.
    #[must_use]
    pub fn around(file: &SourceFile, start: Position, end: Position) -> Self {
        let first_line = start.line.saturating_sub(Self::CONTEXT).max(1);
        let shown_end = end.line.min(start.line + Self::MAX_SPAN_LINES - 1);
        let last_line = (shown_end + Self::CONTEXT).min(file.n_lines());
        let mut text = String::new();
        for line in first_line..=last_line.max(first_line) {
            if line > first_line {
                text.push('\n');
            }
            text.extend(file.line(line).chars().take(Self::MAX_LINE));
        }
        Self { first_line, text }
    }
}

impl Location {
    /// The place of `span` in `file`, with the lines around it.
    #[must_use]
    pub fn in_file(file: &SourceFile, span: Span, precision: Precision) -> Self {
        let start = file.position(span.start);
        let end = file.position(span.end.max(span.start));
        Self {
            file: Arc::clone(file.name()),
            start,
            end,
            precision,
            path: String::new(),
            missing: String::new(),
            excerpt: Some(Arc::new(Excerpt::around(file, start, end))),
        }
    }

    /// The same place without the lines to show.
    #[must_use]
    pub fn without_excerpt(self) -> Self {
        Self {
            excerpt: None,
            ..self
        }
    }

    /// A place known only by its file: its first line.
    #[must_use]
    pub fn whole_file(file: impl Into<Arc<str>>) -> Self {
        Self {
            file: file.into(),
            start: Position::default(),
            end: Position::default(),
            precision: Precision::Document,
            path: String::new(),
            missing: String::new(),
            excerpt: None,
        }
    }
}

/// A further place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where it is.
    pub location: Location,
    /// What it has to do with the finding.
    pub message: String,
}

/// Whether a finding counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It counts.
    Active,
    /// An `exception` rule of its package exempts it; the text says which.
    Excepted(String),
    /// A waiver or a comment in the manifest suppresses it.
    Waived(Suppression),
    /// The baseline has it.
    Baselined(Suppression),
}

impl Status {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Excepted(_) => "excepted",
            Self::Waived(_) => "waived",
            Self::Baselined(_) => "baselined",
        }
    }
}

/// What suppressed a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppression {
    /// The waiver, comment or baseline.
    pub by: String,
    /// The reason given.
    pub reason: String,
    /// Last day (`2027-01-31`), empty where it has none.
    pub expires: String,
}

/// One failed rule on one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Index of the rule in the report's rules.
    pub rule: usize,
    /// How much it counts.
    pub level: Level,
    /// Whether it counts.
    pub status: Status,
    /// The message as the policy gave it.
    pub message: String,
    /// Where it is; its precision says how exactly that is known.
    pub location: Location,
    /// Further places.
    pub related: Vec<Related>,
    /// The place of the rule's body that fired.
    pub policy_location: Option<Arc<Location>>,
    /// Gatekeeper's enforcement action, empty for other rules.
    pub enforcement_action: String,
    /// The resource it is about, where the document is one.
    pub resource: Option<Arc<Resource>>,
    /// Index of the document in its file, from 0.
    pub document: u32,
    /// Item of a `kind: List`, for example `items[3]`; empty for whole documents.
    pub item: String,
    /// Further keys of an object that the rule gave beside `msg`, as JSON values.
    pub details: BTreeMap<String, serde_json::Value>,
    /// Stable under moved lines; empty until it is computed.
    pub fingerprint: String,
}

/// What came of one rule on one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The rule was evaluated and found nothing.
    Passed,
    /// It found something; the findings say what.
    Found,
    /// All that it found is exempted by an `exception` rule.
    Excepted,
    /// It was not evaluated on purpose (a test that is still to do, a constraint whose match cannot be decided).
    Skipped,
    /// It is not for this subject (a constraint that does not match): there is no row.
    Absent,
    /// It could not be evaluated; a problem says why.
    Errored,
}

/// What rules were run on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The file's name as the user typed it; `Combined` for the whole run, the policy file for a test.
    pub file: Arc<str>,
    /// Index of the document in its file, from 0.
    pub document: u32,
    /// Item of a `kind: List`, for example `items[3]`; empty for whole documents.
    pub item: String,
    /// First line of the document, from 1.
    pub line: u32,
    /// The resource, where it is one.
    pub resource: Option<Arc<Resource>>,
}

/// The outcomes of all rules on one subject, in the order of the rules: a pass is a row, never a subtraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// What the rules were run on.
    pub subject: Subject,
    /// One outcome a rule, in the order of the report's rules.
    pub outcomes: Box<[Outcome]>,
}

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something could not be checked: the run is incomplete.
    Error,
    /// Everything was checked, and the run fails although no rule found it: a waiver that is not needed and must be.
    Failure,
    /// Worth a look; counts where the user says that warnings fail.
    Warning,
    /// For information.
    Notice,
}

impl Severity {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Where on the way a problem came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Finding and reading files.
    Read,
    /// Making documents of their text.
    Parse,
    /// Loading policies and data.
    Load,
    /// Running rules.
    Evaluate,
    /// Applying comments, waivers and the baseline.
    Suppress,
}

impl Stage {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Parse => "parse",
            Self::Load => "load",
            Self::Evaluate => "evaluate",
            Self::Suppress => "suppress",
        }
    }
}

/// What is wrong and is no policy's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How grave it is.
    pub severity: Severity,
    /// Where on the way it came up.
    pub stage: Stage,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// What to do about it, as a sentence; empty where nothing can be said.
    pub help: String,
    /// Where it is.
    pub location: Option<Location>,
    /// Further places that belong to it.
    pub related: Vec<Related>,
    /// Where a rule failed in part: what it found all the same. An error, unless that makes the run fail.
    pub beside: Option<Beside>,
}

/// What a rule found on a subject on which it also failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The rule's id.
    pub rule: Arc<str>,
    /// Where its findings are, each place once.
    pub found: BTreeSet<Found>,
}

/// The document that a finding is in, as the finding says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Found {
    /// Its file.
    pub file: Arc<str>,
    /// Index of the document in its file, from 0.
    pub document: u32,
    /// Item of a `kind: List`; empty for whole documents.
    pub item: String,
}

impl Found {
    /// Where a finding is.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        Self {
            file: Arc::clone(&finding.location.file),
            document: finding.document,
            item: finding.item.clone(),
        }
    }
}

impl Problem {
    /// An error at `stage`; place and help are added with [`Problem::at`] and [`Problem::help`].
    #[must_use]
    pub fn error(stage: Stage, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, stage, message)
    }

    /// Something for which the run fails.
    #[must_use]
    pub fn failure(stage: Stage, message: impl Into<String>) -> Self {
        Self::new(Severity::Failure, stage, message)
    }

    /// A warning at `stage`.
    #[must_use]
    pub fn warning(stage: Stage, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, stage, message)
    }

    /// A notice at `stage`.
    #[must_use]
    pub fn notice(stage: Stage, message: impl Into<String>) -> Self {
        Self::new(Severity::Notice, stage, message)
    }

    fn new(severity: Severity, stage: Stage, message: impl Into<String>) -> Self {
        Self {
            severity,
            stage,
            message: message.into(),
            help: String::new(),
            location: None,
            related: Vec::new(),
            beside: None,
        }
    }

    /// The same problem at `location`.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// The same problem with a sentence that says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same problem with a further place.
    #[must_use]
    pub fn related(mut self, location: Location, message: impl Into<String>) -> Self {
        self.related.push(Related {
            location,
            message: message.into(),
        });
        self
    }
}

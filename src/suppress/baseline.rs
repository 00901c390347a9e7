//! The baseline: fingerprints of findings that were there when checking began.
//!
//! A file of JSON with one entry a line, sorted, so that version control shows what was added and what was fixed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkout::Checkout;
use crate::finding::{
    Finding, Level, Location, Problem, Rule, Severity, Stage, Status, Suppression,
};
use crate::suppress::{Found, fingerprint, problem};

const VERSION: u32 = 1;
/// Fixed entries that are named.
const MAX_NAMED: usize = 5;

/// A baseline as it was read.
#[derive(Debug, Default)]
pub struct Baseline {
    /// How reports call the file.
    name: String,
    /// By fingerprint.
    entries: BTreeMap<String, Entry>,
}

/// A finding of the baseline; the fingerprint decides, the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    rule: String,
    message: String,
    fingerprint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    version: u32,
    findings: Vec<Entry>,
}

/// Reads a baseline; `name` is how reports call it.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path, name: &str) -> Result<Baseline, Box<Problem>> {
    let wrong = |message: String| {
        let help = "Write it again with `--update-baseline`, in a run on everything.";
        let problem = Problem::error(Stage::Load, message).help(help);
        Box::new(problem.at(Location::whole_file(name)))
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("the baseline cannot be read: {error}")))?;
    let shape: Shape = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("this is no baseline: {error}")))?;
    if shape.version != VERSION {
        let version = shape.version;
        return Err(wrong(format!(
            "a baseline of version {version}, but only version {VERSION} is known"
        )));
    }
    if let Some(entry) = shape
        .findings
        .iter()
        .find(|entry| !fingerprint::is_fingerprint(&entry.fingerprint))
    {
        let text = &entry.fingerprint;
        return Err(wrong(format!("`{text}` is no fingerprint of this version")));
    }
    let entries = shape.findings.into_iter();
    Ok(Baseline {
        name: name.to_owned(),
        entries: entries
            .map(|entry| (entry.fingerprint.clone(), entry))
            .collect(),
    })
}

/// The baseline while findings are looked through.
pub(super) struct Looking<'a>(&'a Baseline);

impl Looking<'_> {
    /// The status of a finding that is in the baseline.
    pub(super) fn suppress(&mut self, finding: &Finding) -> Option<Status> {
        let Self(baseline) = self;
        baseline
            .entries
            .contains_key(&finding.fingerprint)
            .then(|| Status::Baselined(baseline.suppression()))
    }
}

/// What a run looked at: entries about anything else are neither found nor fixed.
#[derive(Debug, Default)]
pub struct Looked {
    /// Files that were read, from the base on.
    pub files: BTreeSet<String>,
    /// Files of the baseline that are not there any more.
    pub gone: BTreeSet<String>,
}

impl Baseline {
    /// A baseline without entries.
    #[must_use]
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            entries: BTreeMap::new(),
        }
    }

    /// The files that its entries are about, from the base on.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.entries.values().map(|entry| &*entry.file)
    }

    pub(super) fn start(&self) -> Looking<'_> {
        Looking(self)
    }

    fn suppression(&self) -> Suppression {
        Suppression {
            by: self.name.clone(),
            ..Suppression::default()
        }
    }

    /// Entries that nothing was found for although the run looked there.
    fn fixed(&self, findings: &[Finding], rules: &[Rule], looked: &Looked) -> Vec<&Entry> {
        let found: BTreeSet<&str> = findings.iter().map(|f| &*f.fingerprint).collect();
        let is_fixed = |entry: &&Entry| {
            let was_looked_at = looked.files.contains(&entry.file)
                && rules.iter().any(|rule| *rule.id == *entry.rule);
            !found.contains(&*entry.fingerprint)
                && (was_looked_at || looked.gone.contains(&entry.file))
        };
        let mut fixed: Vec<&Entry> = self.entries.values().filter(is_fixed).collect();
        fixed.sort();
        fixed
    }

    /// Says what is fixed.
    #[must_use]
    pub fn progress(&self, found: &Found<'_>, looked: &Looked) -> Option<Problem> {
        let fixed = self.fixed(found.findings, found.rules, looked);
        if fixed.is_empty() || found.has_errors {
            return None;
        }
        let verb = if fixed.len() == 1 {
            "finding of the baseline is"
        } else {
            "findings of the baseline are"
        };
        let mut message = format!("{} {verb} fixed:", fixed.len());
        for entry in fixed.iter().take(MAX_NAMED) {
            // Writing to a string cannot fail.
            let _ = write!(
                message,
                "\n{} {}: {}",
                entry.file, entry.rule, entry.message
            );
        }
        if fixed.len() > MAX_NAMED {
            let _ = write!(message, "\nand {} more", fixed.len() - MAX_NAMED);
        }
        let notice = problem(Severity::Notice, message);
        Some(
            notice
                .at(Location::whole_file(&*self.name))
                .help("`--update-baseline` takes them out."),
        )
    }

    /// Takes in everything that was found and counts, takes out what is fixed.
    pub fn update(&mut self, found: &mut Found<'_>, looked: &Looked) {
        let fixed: Vec<String> = self
            .fixed(found.findings, found.rules, looked)
            .into_iter()
            .map(|entry| entry.fingerprint.clone())
            .collect();
        for fingerprint in fixed {
            self.entries.remove(&fingerprint);
        }
        for finding in found.findings.iter_mut() {
            let is_taken = match (&finding.status, finding.level) {
                (_, Level::Dryrun) | (Status::Excepted(_) | Status::Waived(_), _) => false,
                (Status::Active | Status::Baselined(_), Level::Failure | Level::Warning) => true,
            };
            if is_taken {
                let entry = entry(finding, found.rules, found.checkout);
                self.entries.insert(finding.fingerprint.clone(), entry);
                finding.status = Status::Baselined(self.suppression());
            } else {
                self.entries.remove(&finding.fingerprint);
            }
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut entries: Vec<&Entry> = self.entries.values().collect();
        entries.sort();
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"findings\": [");
        for (index, entry) in entries.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let json = serde_json::to_string(entry).expect("texts can be written");
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}\n    {json}");
        }
        let end = if entries.is_empty() { "" } else { "\n  " };
        text.push_str(end);
        text.push_str("]\n}\n");
        text
    }
}

fn entry(finding: &Finding, rules: &[Rule], checkout: &Checkout) -> Entry {
    Entry {
        file: checkout.from_base(&finding.location.file),
        rule: rules
            .get(finding.rule)
            .map_or("", |rule| &*rule.id)
            .to_owned(),
        message: finding.message.clone(),
        fingerprint: finding.fingerprint.clone(),
    }
}

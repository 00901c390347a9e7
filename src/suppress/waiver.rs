//! The waivers file: findings that do not count, for a reason, and until when.
//!
//! A waiver that has ended suppresses nothing; one that is about to end is announced.

use std::path::Path;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;

use crate::checkout::Checkout;
use crate::document::field::{Field, type_word};
use crate::document::input::{Input, Lists};
use crate::document::{self, Limits, Syntax};
use crate::finding::{Finding, Location, Problem, Rule, Severity, Stage, Status, Suppression};
use crate::source::SourceFile;
use crate::suppress::{problem, unknown_rule};

/// Waivers that end within so many days are announced.
const ANNOUNCED_DAYS: i32 = 14;

/// The keys of a waiver.
const KEYS: [&str; 8] = [
    "rule",
    "path",
    "kind",
    "namespace",
    "name",
    "reason",
    "owner",
    "expires",
];

/// The waivers of a run.
#[derive(Debug, Default)]
pub struct Waivers {
    waivers: Vec<Waiver>,
    today: Date,
}

#[derive(Debug)]
struct Waiver {
    rule: String,
    rules: GlobMatcher,
    path: Option<GlobMatcher>,
    kind: Option<GlobMatcher>,
    namespace: Option<GlobMatcher>,
    name: Option<GlobMatcher>,
    reason: String,
    owner: String,
    expires: Option<Date>,
    location: Location,
}

/// Reads a waivers file; `name` is how reports call it. `now_ns` is the run's instant, in nanoseconds since 1970.
#[must_use]
pub fn read(path: &Path, name: &str, now_ns: i64) -> (Waivers, Vec<Problem>) {
    match std::fs::read(path) {
        Ok(bytes) => parse(bytes, name, now_ns),
        Err(error) => {
            let message = format!("the waivers cannot be read: {error}");
            let problem = Problem::error(Stage::Load, message)
                .at(Location::whole_file(name))
                .help("Check the file's name and that it may be read.");
            (Waivers::default(), vec![problem])
        }
    }
}

fn parse(bytes: Vec<u8>, name: &str, now_ns: i64) -> (Waivers, Vec<Problem>) {
    let mut waivers = Waivers {
        waivers: Vec::new(),
        today: today(now_ns),
    };
    let text = match document::decode(bytes) {
        Ok(text) => text,
        Err(error) => {
            let problem = Problem::error(Stage::Load, error.to_string());
            return (waivers, vec![problem.at(Location::whole_file(name))]);
        }
    };
    let file = Arc::new(SourceFile::new(name, text));
    let parsed = document::parse(&file, Syntax::Yaml, &Limits::default());
    let mut problems: Vec<_> = parsed.problems.into_iter().map(|p| p.problem).collect();
    for document in &parsed.documents {
        for input in Input::of_document(document, Lists::Keep) {
            read_document(&Field::root(&input), &mut waivers, &mut problems);
        }
    }
    (waivers, problems)
}

fn read_document(root: &Field<'_>, waivers: &mut Waivers, problems: &mut Vec<Problem>) {
    let Some(entries) = root.entries() else {
        let wanted = "a mapping with the list `waivers` is expected";
        problems.push(root.error(format!("{wanted}, not {}", type_word(root.value()))));
        return;
    };
    for (key, field) in entries {
        if key != "waivers" {
            problems.push(field.unknown(&["waivers"]));
            continue;
        }
        let Some(items) = field.items() else {
            let found = type_word(field.value());
            problems.push(field.error(format!("`waivers` is a list, not {found}")));
            continue;
        };
        for item in items {
            match Waiver::read(&item) {
                Ok(waiver) => waivers.waivers.push(waiver),
                Err(wrong) => problems.extend(wrong),
            }
        }
    }
}

impl Waiver {
    fn read(item: &Field<'_>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(entries) = item.entries() else {
            let found = type_word(item.value());
            return Err(vec![
                item.error(format!("a waiver is a mapping, not {found}")),
            ]);
        };
        for (key, field) in entries {
            if !KEYS.contains(&key) {
                problems.push(field.unknown(&KEYS));
            } else if field.text().is_none_or(|text| text.trim().is_empty()) {
                problems.push(field.error(format!("`{key}` is a text that is not empty")));
            }
        }
        for key in ["rule", "reason"] {
            if item.get(key).is_none() {
                let help = "A waiver names the `rule` that it is about and gives its `reason`.";
                problems.push(item.error(format!("the waiver has no `{key}`")).help(help));
            }
        }
        let mut glob = |key: &str, separator: bool| {
            let field = item.get(key)?;
            let text = field.text()?;
            match GlobBuilder::new(text).literal_separator(separator).build() {
                Ok(glob) => Some(glob.compile_matcher()),
                Err(error) => {
                    problems.push(field.error(format!("no pattern: {}", error.kind())));
                    None
                }
            }
        };
        let rules = glob("rule", false);
        let [kind, namespace, name] = ["kind", "namespace", "name"].map(|key| glob(key, false));
        let path = glob("path", true);
        let expires = item.get("expires").and_then(|field| {
            let date = field.text()?.trim().parse::<Date>();
            if date.is_err() {
                let wrong = field.error("`expires` is no date");
                problems.push(wrong.help("Write the last day, for example `2027-05-31`."));
            }
            date.ok()
        });
        let text = |key: &str| {
            let field = item.get(key);
            let text = field.as_ref().and_then(Field::text);
            text.unwrap_or_default().trim().to_owned()
        };
        match rules {
            Some(rules) if problems.is_empty() => Ok(Self {
                rule: text("rule"),
                rules,
                path,
                kind,
                namespace,
                name,
                reason: text("reason"),
                owner: text("owner"),
                expires,
                location: item.location(),
            }),
            Some(_) | None => Err(problems),
        }
    }

    fn matches(&self, finding: &Finding, rule: &str, file: &str) -> bool {
        let resource = finding.resource.as_deref();
        let fits = |pattern: &Option<GlobMatcher>, text: Option<&str>| match (pattern, text) {
            (None, _) => true,
            (Some(pattern), Some(text)) => pattern.is_match(text),
            (Some(_), None) => false,
        };
        // A folder stands for everything below it.
        let fits_path = |pattern: &GlobMatcher| {
            let mut path = Some(Path::new(file));
            while let Some(part) = path {
                if pattern.is_match(part) {
                    return true;
                }
                path = part
                    .parent()
                    .filter(|parent| !parent.as_os_str().is_empty());
            }
            false
        };
        (self.rule == rule || self.rules.is_match(rule))
            && self.path.as_ref().is_none_or(fits_path)
            && fits(&self.kind, resource.map(|resource| &*resource.kind))
            && fits(
                &self.namespace,
                resource.map(|resource| &*resource.namespace),
            )
            && fits(&self.name, resource.map(|resource| &*resource.name))
    }

    fn suppression(&self) -> Suppression {
        let owner = match self.owner.is_empty() {
            true => String::new(),
            false => format!(" ({})", self.owner),
        };
        Suppression {
            by: format!("{}:{}", self.location.file, self.location.start.line),
            reason: format!("{}{owner}", self.reason),
            expires: self
                .expires
                .map(|date| date.to_string())
                .unwrap_or_default(),
        }
    }
}

/// The waivers while findings are looked through.
pub(super) struct Looking<'a> {
    waivers: &'a Waivers,
    rules: &'a [Rule],
    /// How many findings each matches.
    n_matches: Vec<usize>,
}

impl Waivers {
    pub(super) fn start<'a>(&'a self, rules: &'a [Rule]) -> Looking<'a> {
        Looking {
            waivers: self,
            rules,
            n_matches: vec![0; self.waivers.len()],
        }
    }

    fn has_ended(&self, waiver: &Waiver) -> bool {
        waiver.expires.is_some_and(|expires| expires < self.today)
    }
}

impl Looking<'_> {
    /// The status of a finding that a waiver suppresses.
    pub(super) fn suppress(
        &mut self,
        finding: &Finding,
        rule: &str,
        checkout: &Checkout,
    ) -> Option<Status> {
        if self.n_matches.is_empty() {
            return None;
        }
        let file = checkout.from_base(&finding.location.file);
        let mut status = None;
        for (waiver, n_matches) in self.waivers.waivers.iter().zip(&mut self.n_matches) {
            if waiver.matches(finding, rule, &file) {
                *n_matches += 1;
                if !self.waivers.has_ended(waiver) && status.is_none() {
                    status = Some(Status::Waived(waiver.suppression()));
                }
            }
        }
        status
    }

    /// What has ended, ends soon, is not needed or names no rule.
    pub(super) fn finish(self, is_whole: bool, unused: Severity, problems: &mut Vec<Problem>) {
        for (waiver, n_matches) in self.waivers.waivers.iter().zip(&self.n_matches) {
            let rule = &waiver.rule;
            let at = |problem: Problem| problem.at(waiver.location.clone());
            let is_known = |known: &Rule| &*known.id == rule || waiver.rules.is_match(&*known.id);
            if *n_matches == 0 {
                if !is_whole {
                } else if self.rules.iter().any(is_known) {
                    let message = format!("the waiver of `{rule}` suppresses nothing");
                    let help =
                        "Take it out: what it was for is fixed, or its patterns match nothing.";
                    problems.push(at(problem(unused, message).help(help)));
                } else {
                    problems.push(at(unknown_rule(rule, self.rules, unused)));
                }
                continue;
            }
            let Some(expires) = waiver.expires else {
                continue;
            };
            let plural = if *n_matches == 1 {
                "finding"
            } else {
                "findings"
            };
            let days = self
                .waivers
                .today
                .until(expires)
                .map_or(0, |span| span.get_days());
            if self.waivers.has_ended(waiver) {
                let message = format!(
                    "the waiver of `{rule}` ended on {expires}: {n_matches} {plural} count again"
                );
                let help = "Fix what it was for, or agree on a new date.";
                problems.push(at(problem(Severity::Warning, message).help(help)));
            } else if days <= ANNOUNCED_DAYS {
                let message = format!(
                    "the waiver of `{rule}` ends on {expires}: {n_matches} {plural} will count again"
                );
                problems.push(at(problem(Severity::Notice, message)));
            }
        }
    }
}

/// The day of an instant, in UTC.
fn today(now_ns: i64) -> Date {
    let instant = jiff::Timestamp::from_nanosecond(i128::from(now_ns));
    let instant = instant.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(instant).date()
}

/// Waivers of a text, for tests.
#[cfg(test)]
pub(super) fn of_text(text: &str, today: &str) -> (Waivers, Vec<Problem>) {
    let midnight: jiff::Timestamp = format!("{today}T00:00:00Z").parse().expect("a date");
    let now_ns = i64::try_from(midnight.as_nanosecond()).expect("small");
    parse(text.as_bytes().to_vec(), "waivers.yaml", now_ns)
}

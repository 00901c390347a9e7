//! SARIF 2.1.0: results with their rules and places, suppressions, and errors as notifications.
//!
//! Places are named from the repository's root on, so that the code view of a CI system finds them.

mod shape;

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::checkout::{is_absolute, uri_path};
use crate::finding::{
    Finding, Level, Location, Problem, Related, Rule, RuleKind, Severity, Stage, Status,
};
use crate::output::{Style, json};
use crate::report::{Report, Verdict};
use crate::resource::Resource;

use self::shape as sarif;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Stands for the root of the repository.
const ROOT: &str = "%SRCROOT%";
/// Levels of nesting that are written over several lines: a result stands on one line.
const SPREAD: usize = 4;

/// Writes the report as SARIF.
pub(super) fn write(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let log = sarif::Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run(report, style)],
    };
    json::write_inert(&log, SPREAD, out)
}

fn run<'a>(report: &'a Report, style: &Style) -> sarif::Run<'a, Results<'a>> {
    let notifications = |is_wanted: fn(Stage) -> bool| {
        let problems = report.problems.iter();
        problems
            .filter(|problem| is_wanted(problem.stage))
            .map(|problem| notification(problem, report))
            .collect()
    };
    sarif::Run {
        tool: sarif::Tool {
            driver: sarif::Driver {
                name: "policy",
                version: &report.run.tool_version,
                rules: report.rules.iter().map(rule).collect(),
            },
        },
        invocations: [sarif::Invocation {
            execution_successful: report.verdict(style.warnings) != Verdict::Incomplete,
            tool_configuration_notifications: notifications(|stage| stage == Stage::Load),
            tool_execution_notifications: notifications(|stage| stage != Stage::Load),
        }],
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: sarif::BaseIds {
            root: sarif::Base {
                description: text("the root of the repository"),
            },
        },
        results: Results(report),
    }
}

/// The results, shaped one by one as they are written: there may be very many.
struct Results<'a>(&'a Report);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report) = self;
        serializer.collect_seq(
            report
                .findings
                .iter()
                .map(|finding| result(finding, report)),
        )
    }
}

fn text(text: impl Into<String>) -> sarif::Text {
    sarif::Text { text: text.into() }
}

fn rule(rule: &Rule) -> sarif::Rule<'_> {
    let title = rule.title.as_deref().unwrap_or(&rule.id);
    let mut help = rule.description.as_deref().unwrap_or(title).to_owned();
    if let Some(url) = &rule.url {
        help.push_str(&format!("\n{url}"));
    }
    let level = match rule.kind {
        RuleKind::Warn => Level::Warning,
        RuleKind::Deny
        | RuleKind::Violation
        | RuleKind::Constraint
        | RuleKind::Schema
        | RuleKind::Test => Level::Failure,
    };
    sarif::Rule {
        id: &rule.id,
        name: &rule.name,
        short_description: text(title),
        full_description: rule.description.as_deref().map(text),
        help: text(help),
        help_uri: rule.url.as_deref().filter(|url| is_web_address(url)),
        default_configuration: sarif::Configuration {
            level: level_word(level),
        },
        properties: sarif::RuleProperties {
            kind: rule.kind.as_str(),
            package: &rule.package,
            severity: rule.severity.as_deref(),
        },
    }
}

fn is_web_address(url: &str) -> bool {
    let has_scheme = url.starts_with("https://") || url.starts_with("http://");
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:?#@!$&'()*+,;=%".contains(&byte);
    has_scheme && url.bytes().all(is_plain)
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Failure => "error",
        Level::Warning => "warning",
        Level::Dryrun => "note",
    }
}

fn result<'a>(finding: &'a Finding, report: &'a Report) -> sarif::Result<'a> {
    let mut related: Vec<_> = finding
        .related
        .iter()
        .map(|Related { location, message }| (location, message.as_str()))
        .collect();
    if let Some(location) = &finding.policy_location {
        related.push((location, "the rule"));
    }
    let fingerprint = Some(&*finding.fingerprint).filter(|text| !text.is_empty());
    sarif::Result {
        rule_id: report.rules.get(finding.rule).map_or("", |rule| &*rule.id),
        rule_index: finding.rule,
        level: level_word(finding.level),
        message: text(finding.message.as_str()),
        locations: [sarif::Location {
            logical_locations: logical(finding),
            ..location(&finding.location, report)
        }],
        related_locations: related
            .into_iter()
            .zip(1_usize..)
            .map(|((place, message), id)| sarif::Location {
                id: Some(id),
                message: Some(text(message)),
                ..location(place, report)
            })
            .collect(),
        partial_fingerprints: fingerprint.map(|own| sarif::Fingerprints { own, github: own }),
        // An empty list says that there could be some and are none.
        suppressions: suppression(finding).into_iter().collect(),
        properties: sarif::ResultProperties {
            status: finding.status.as_str(),
            document: finding.document,
            item: &finding.item,
            enforcement_action: &finding.enforcement_action,
            details: &finding.details,
        },
    }
}

fn suppression(finding: &Finding) -> Option<sarif::Suppression> {
    let (by, reason, expires) = match &finding.status {
        Status::Active => return None,
        Status::Excepted(by) => (by.as_str(), "", ""),
        Status::Waived(given) | Status::Baselined(given) => (
            given.by.as_str(),
            given.reason.as_str(),
            given.expires.as_str(),
        ),
    };
    let mut justification = match reason.is_empty() {
        true => format!("{}: {by}", finding.status.as_str()),
        false => format!("{reason} ({} by {by})", finding.status.as_str()),
    };
    if !expires.is_empty() {
        justification.push_str(&format!(" until {expires}"));
    }
    let file = by.rsplit_once(':').map_or(by, |(file, _)| file);
    let stands_in_source = file == &*finding.location.file;
    Some(sarif::Suppression {
        kind: if stands_in_source {
            "inSource"
        } else {
            "external"
        },
        status: "accepted",
        justification,
    })
}

/// The resource, and the field in it.
fn logical(finding: &Finding) -> Vec<sarif::Logical> {
    let resource = finding.resource.as_deref().map(|resource| sarif::Logical {
        name: resource.name.clone(),
        fully_qualified_name: qualified(resource),
        kind: "resource",
    });
    let path = &finding.location.path;
    let field = (!path.is_empty()).then(|| sarif::Logical {
        name: path.rsplit('.').next().unwrap_or(path).to_owned(),
        fully_qualified_name: path.clone(),
        kind: "member",
    });
    resource.into_iter().chain(field).collect()
}

fn qualified(resource: &Resource) -> String {
    let Resource {
        api_version,
        kind,
        namespace,
        name,
    } = resource;
    format!("{api_version}/{kind}/{namespace}/{name}")
}

fn location(location: &Location, report: &Report) -> sarif::Location {
    let checkout = &report.run.checkout;
    let (uri, uri_base_id) = match checkout.in_repository(&location.file) {
        Some(path) => (uri_path(&path), Some(ROOT)),
        None if is_absolute(&location.file) => {
            let path = location.file.trim_start_matches('/');
            (format!("file:///{}", uri_path(path)), None)
        }
        None => (uri_path(&checkout.known_as(&location.file)), Some(ROOT)),
    };
    let (start, end) = (location.start, location.end);
    let start_line = start.line.max(1);
    let start_column = start.column.max(1);
    let end_line = end.line.max(start_line);
    let first_end = if end_line == start_line {
        start_column
    } else {
        1
    };
    sarif::Location {
        id: None,
        message: None,
        physical_location: sarif::Physical {
            artifact_location: sarif::Artifact { uri, uri_base_id },
            region: sarif::Region {
                start_line,
                start_column,
                end_line,
                end_column: end.column.max(first_end),
            },
        },
        logical_locations: Vec::new(),
        properties: sarif::LocationProperties {
            precision: location.precision.as_str(),
            missing: location.missing.clone(),
        },
    }
}

fn notification(problem: &Problem, report: &Report) -> sarif::Notification {
    let mut message = problem.message.clone();
    if !problem.help.is_empty() {
        message.push_str(&format!("\n{}", problem.help));
    }
    let places = problem.location.iter().map(|place| (place, None));
    let related = problem.related.iter();
    let related = related.map(|related| (&related.location, Some(text(related.message.as_str()))));
    sarif::Notification {
        level: match problem.severity {
            Severity::Error | Severity::Failure => "error",
            Severity::Warning => "warning",
            Severity::Notice => "note",
        },
        message: text(message),
        locations: places
            .chain(related)
            .map(|(place, message)| sarif::Location {
                message,
                ..location(place, report)
            })
            .collect(),
        properties: sarif::NotificationProperties {
            stage: problem.stage.as_str(),
        },
    }
}

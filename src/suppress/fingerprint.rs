//! What a finding is known by from one run to the next: `1:` and a hash.
//!
//! Never a line, a traced path or a precision goes into it, so that moved lines and a better tracer break no baseline.
//! Within a major version it never changes.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::checkout::Checkout;
use crate::document::input::COMBINED;
use crate::finding::{Finding, Rule, RuleKind};
use crate::resource::Resource;

/// Version of the fingerprints.
const VERSION: &str = "1:";
/// Bytes of the hash that are kept.
const LENGTH: usize = 16;

/// Whether all documents were one input: files are then known by places only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Each document is judged on its own.
    Documents,
    /// All documents are judged at once.
    Combined,
}

/// Gives every finding its fingerprint; findings are in the report's order, which tells equal ones apart.
pub fn add(findings: &mut [Finding], rules: &[Rule], checkout: &Checkout, inputs: Inputs) {
    let mut ordinals: HashMap<[u8; LENGTH], u32> = HashMap::new();
    // Findings of one file follow each other.
    let mut known: Option<(Arc<str>, String)> = None;
    for finding in findings {
        let rule = rules.get(finding.rule);
        let id = rule.map_or("", |rule| &*rule.id);
        let file = &finding.location.file;
        let file = match (inputs, &mut known) {
            (Inputs::Combined, _) => COMBINED,
            (Inputs::Documents, Some((name, from_base))) if name == file => &*from_base,
            (Inputs::Documents, known) => {
                let from_base = checkout.from_base(file);
                &known.insert((Arc::clone(file), from_base)).1
            }
        };
        let identity = identity(finding);
        let key = key(finding, rule);
        let parts = [id, file, &identity, &key];
        let first = hash(&parts, 0);
        let ordinal = ordinals.entry(first).or_default();
        let hash = match *ordinal {
            0 => first,
            ordinal => hash(&parts, ordinal),
        };
        *ordinal += 1;
        finding.fingerprint = format!("{VERSION}{}", data_encoding::HEXLOWER.encode(&hash));
    }
}

/// Whether a text looks like a fingerprint that this version gives.
#[must_use]
pub fn is_fingerprint(text: &str) -> bool {
    text.strip_prefix(VERSION).is_some_and(|hash| {
        hash.len() == 2 * LENGTH && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The resource without the version of its API, else the document's number.
fn identity(finding: &Finding) -> String {
    match finding.resource.as_deref() {
        Some(Resource {
            api_version,
            kind,
            namespace,
            name,
        }) if !name.is_empty() => {
            let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
            format!("{group}/{kind}/{namespace}/{name}")
        }
        Some(_) | None => format!("#{} {}", finding.document, finding.item),
    }
}

/// What the rule says; for schemas, whose messages may become better, the field.
fn key(finding: &Finding, rule: Option<&Rule>) -> String {
    match rule {
        Some(rule) if rule.kind == RuleKind::Schema => {
            let path = finding.details.get("key").and_then(|key| key.as_str());
            let path = path.map_or_else(|| without_indices(&finding.location.path), str::to_owned);
            format!("{} {path}", rule.name)
        }
        Some(_) | None => finding.message.clone(),
    }
}

fn without_indices(path: &str) -> String {
    let mut kept = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find('[') {
        let (before, after) = rest.split_at(start + 1);
        kept.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    kept.push_str(rest);
    kept
}

fn hash(parts: &[&str], ordinal: u32) -> [u8; LENGTH] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(ordinal.to_le_bytes());
    let mut short = [0; LENGTH];
    short.copy_from_slice(&hasher.finalize()[..LENGTH]);
    short
}

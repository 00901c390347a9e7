//! What is said about the rules of a set: titles and links from annotations, and a digest of all files.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::finding::Rule;
use crate::rego::annotations::{Annotation, Scope};
use crate::rego::prepare::Policies;
use crate::rego::rules::PolicyRule;
use crate::rego::set::Source;
use crate::rego::syntax::ast::join_path;
use crate::source::SourceFile;

/// A rule with what its author says about it.
pub(in crate::rego) fn described(
    rule: &PolicyRule,
    sources: &[Source],
    policies: &Policies,
) -> Rule {
    let (first_module, first_rule) = rule.definitions[0];
    let annotation = annotation_of(rule, sources, policies);
    let package = join_path(&rule.package);
    let span = policies.units[first_module].module.rules[first_rule]
        .head
        .span;
    let place = sources[first_module].location(span);
    Rule {
        id: format!("{package}.{}", rule.name).into(),
        package,
        name: rule.name.to_string(),
        kind: rule.kind,
        severity: annotation.severity,
        title: annotation.title,
        description: annotation.description,
        url: annotation.url,
        location: Some(place),
    }
}

/// From the most special to the most general: rule, document, package, packages above.
fn annotation_of(rule: &PolicyRule, sources: &[Source], policies: &Policies) -> Annotation {
    let mut ranked: Vec<(usize, &Annotation)> = Vec::new();
    for (module, source) in sources.iter().enumerate() {
        let package = &policies.units[module].module.package;
        let same = *package == rule.package;
        for (scope, annotation) in &source.annotations {
            let rank = match scope {
                Scope::Rule(index) if rule.definitions.contains(&(module, *index)) => 0,
                Scope::Document(name) if same && *name == rule.name => 1,
                Scope::Package if same => 2,
                Scope::Subpackages if rule.package.starts_with(package) => {
                    3 + rule.package.len() - package.len()
                }
                Scope::Rule(_) | Scope::Document(_) | Scope::Package | Scope::Subpackages => {
                    continue;
                }
            };
            ranked.push((rank, annotation));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked
        .into_iter()
        .fold(Annotation::default(), |all, (_, annotation)| {
            all.or(annotation)
        })
}

/// `sha256:…` over the names and contents of all files.
pub(in crate::rego) fn digest<'a>(files: impl Iterator<Item = &'a Arc<SourceFile>>) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        for part in [file.name().as_bytes(), file.text().as_bytes()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher
        .finalize()
        .iter()
        .fold("sha256:".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

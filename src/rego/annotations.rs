//! OPA's `# METADATA` annotations: what a rule's author says about it.

use std::sync::Arc;

use serde::Deserialize;

use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Comment, Module};
use crate::source::{SourceFile, Span};

/// What is said about a rule, a document of rules, or a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::rego) struct Annotation {
    /// `title`.
    pub(in crate::rego) title: Option<String>,
    /// `description`.
    pub(in crate::rego) description: Option<String>,
    /// `custom.severity`.
    pub(in crate::rego) severity: Option<String>,
    /// The first of `related_resources`, else `custom.url`.
    pub(in crate::rego) url: Option<String>,
}

/// What an annotation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Scope {
    /// The definition of a rule that follows it: its index in the module.
    Rule(usize),
    /// All definitions of the rule with this name in the package.
    Document(Arc<str>),
    /// The package.
    Package,
    /// The package and those below it.
    Subpackages,
}

/// The annotations of a module, and what is wrong with those that cannot be read.
pub(in crate::rego) fn annotations(
    file: &SourceFile,
    module: &Module,
) -> (Vec<(Scope, Annotation)>, Vec<SyntaxError>) {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    let mut comments = module.comments.as_slice();
    while let Some(start) = comments.iter().position(|comment| is_start(file, comment)) {
        let first_line = comments[start].line;
        let n_lines = comments[start..]
            .iter()
            .zip(first_line..)
            .take_while(|(comment, line)| comment.line == *line && comment.alone)
            .count();
        let (block, rest) = comments[start..].split_at(n_lines.max(1));
        comments = rest;
        match read(file, module, block) {
            Ok(annotation) => found.push(annotation),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}

fn is_start(file: &SourceFile, comment: &Comment) -> bool {
    comment.alone && text_of(file, comment).trim() == "METADATA"
}

fn text_of<'a>(file: &'a SourceFile, comment: &Comment) -> &'a str {
    file.slice(comment.span)
        .trim_start_matches('#')
        .trim_end_matches('\r')
}

/// The keys that we read; OPA has more, and custom ones are the author's own.
#[derive(Deserialize)]
struct Block {
    scope: Option<String>,
    title: Option<String>,
    description: Option<String>,
    related_resources: Option<Vec<serde_yaml::Value>>,
    custom: Option<serde_yaml::Mapping>,
}

fn read(
    file: &SourceFile,
    module: &Module,
    block: &[Comment],
) -> Result<(Scope, Annotation), SyntaxError> {
    let last = block.last().map_or(0, |comment| comment.span.end);
    let span = Span::new(block[0].span.start, last);
    let mut yaml = String::new();
    for comment in &block[1..] {
        let text = text_of(file, comment);
        yaml.push_str(text.strip_prefix(' ').unwrap_or(text));
        yaml.push('\n');
    }
    let parsed: Block = serde_yaml::from_str(if yaml.trim().is_empty() { "{}" } else { &yaml })
        .map_err(|error| {
            SyntaxError::new(
                span,
                format!("the METADATA annotation is not readable: {error}"),
            )
            .help("It is YAML behind `# `, up to the first line that is no comment.")
        })?;
    let next = module
        .rules
        .iter()
        .position(|rule| rule.span.start >= span.end);
    let before_package = module.package_span.start >= span.end;
    let default_scope = if before_package { "package" } else { "rule" };
    let scope = match (parsed.scope.as_deref().unwrap_or(default_scope), next) {
        ("package", _) => Scope::Package,
        ("subpackages", _) => Scope::Subpackages,
        ("document", Some(rule)) => Scope::Document(Arc::clone(module.rules[rule].name())),
        ("rule", Some(rule)) => Scope::Rule(rule),
        (scope, _) => {
            let message = format!("the METADATA annotation of scope `{scope}` belongs to nothing");
            return Err(SyntaxError::new(span, message).help(
                "Known scopes are `rule`, `document`, `package` and `subpackages`; the first two stand before a rule.",
            ));
        }
    };
    let custom = |key: &str| {
        let value = parsed.custom.as_ref()?.get(key)?;
        value.as_str().map(str::to_owned)
    };
    let annotation = Annotation {
        severity: custom("severity"),
        url: parsed
            .related_resources
            .iter()
            .flatten()
            .find_map(resource_url)
            .or_else(|| custom("url")),
        title: parsed.title,
        description: parsed.description.map(|text| text.trim_end().to_owned()),
    };
    Ok((scope, annotation))
}

fn resource_url(resource: &serde_yaml::Value) -> Option<String> {
    let text = resource
        .as_str()
        .or_else(|| resource.get("ref").and_then(serde_yaml::Value::as_str));
    text.map(str::to_owned)
}

impl Annotation {
    /// This annotation with what it lacks taken from a more general one.
    pub(in crate::rego) fn or(self, general: &Self) -> Self {
        Self {
            title: self.title.or_else(|| general.title.clone()),
            description: self.description.or_else(|| general.description.clone()),
            severity: self.severity.or_else(|| general.severity.clone()),
            url: self.url.or_else(|| general.url.clone()),
        }
    }
}

//! Text → documents: the value that rules see and where each part of it is written, built in one pass.
//!
//! A document that cannot be read is a problem with its place and never hides the documents after it.

mod block;
mod build;
pub mod directive;
pub mod embedded;
mod encoding;
mod expansion;
pub mod field;
pub mod input;
mod json;
mod mapping;
#[cfg(test)]
mod parity_tests;
pub mod path;
pub mod place;
pub mod print;
#[cfg(test)]
mod properties;
mod scalar;
pub mod shape;
mod stream;
mod tags;
mod timestamp;
pub mod value;
mod yaml;

use std::sync::Arc;

pub use encoding::{DecodeError, decode};

use crate::document::directive::Directive;
use crate::document::path::SpanTable;
use crate::document::value::Value;
use crate::finding::{Location, Precision, Problem};
use crate::resource::Resource;
use crate::source::{Position, SourceFile, Span, to_u32};

/// One document of a file.
#[derive(Debug)]
pub struct Document {
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    /// How reports name the file: the file's name, or what a `# Source:` comment says on standard input.
    pub name: Arc<str>,
    /// Index among the documents of the file that are not empty, from 0.
    pub index: u32,
    /// From its marker, or its first token where it has none, to its end.
    pub span: Span,
    /// What rules see.
    pub value: Value,
    /// Where each node is written.
    pub spans: SpanTable,
    /// Its Kubernetes identity, where it has apiVersion and kind.
    pub resource: Option<Arc<Resource>>,
    /// What its comments ask for.
    pub directives: Vec<Directive>,
}

impl Document {
    /// A document named like its file and without directives.
    fn new(file: &Arc<SourceFile>, index: u32, span: Span, value: Value, spans: SpanTable) -> Self {
        Self {
            file: Arc::clone(file),
            name: Arc::clone(file.name()),
            index,
            span,
            resource: resource_of(&value),
            value,
            spans,
            directives: Vec::new(),
        }
    }

    /// The place of `span` in this document's file, with the lines around it.
    #[must_use]
    pub fn location(&self, span: Span, precision: Precision) -> Location {
        Location {
            file: Arc::clone(&self.name),
            ..Location::in_file(&self.file, span, precision)
        }
    }

    /// The span of the first line from `start` on that holds text, without blanks around it.
    #[must_use]
    pub fn first_line(&self, start: u32) -> Span {
        let Position { line, .. } = self.file.position(start);
        let text = self.file.line(line).trim_end();
        let line_start = self.file.offset(Position { line, column: 1 });
        let indent = text.len() - text.trim_start().len();
        let start = start.max(line_start + to_u32(indent));
        Span::new(start, line_start + to_u32(text.len()))
    }
}

/// The Kubernetes identity of a value that has apiVersion and kind.
#[must_use]
pub fn resource_of(value: &Value) -> Option<Arc<Resource>> {
    let version = value.as_object().ok()?.get(&"apiVersion".into())?;
    version.as_string().ok()?;
    named(value)
}

/// What a value with a kind is called in reports, also where it lacks an apiVersion and so is no resource.
#[must_use]
pub fn named(value: &Value) -> Option<Arc<Resource>> {
    let object = value.as_object().ok()?;
    let text = |value: Option<&Value>| {
        value
            .and_then(|value| value.as_string().ok())
            .map(|text| text.to_string())
    };
    let metadata = object
        .get(&"metadata".into())
        .and_then(|metadata| metadata.as_object().ok());
    let of_metadata = |key: &str| metadata.and_then(|metadata| text(metadata.get(&key.into())));
    Some(Arc::new(Resource {
        api_version: text(object.get(&"apiVersion".into())).unwrap_or_default(),
        kind: text(object.get(&"kind".into()))?,
        namespace: of_metadata("namespace").unwrap_or_default(),
        name: of_metadata("name")
            .or_else(|| of_metadata("generateName"))
            .unwrap_or_default(),
    }))
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML as kubectl reads manifests, of which JSON with comments and the like is a part.
    Yaml,
    /// YAML as OPA reads data: of the words for booleans only `true` and `false` are some.
    DataYaml,
    /// Strict JSON.
    Json,
}

impl Syntax {
    /// The syntax that a file name asks for: JSON for `.json`, else YAML.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let is_json = name
            .rsplit_once('.')
            .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"));
        if is_json { Self::Json } else { Self::Yaml }
    }
}

/// What may be in a file; what exceeds it is an error of its document.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Deepest nesting.
    pub depth: usize,
    /// Most nodes a document may have once its aliases are expanded.
    pub nodes: usize,
    /// Most documents a file may have.
    pub documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // serde_json and regorus print JSON to a depth of 127.
            depth: 127,
            nodes: 2_000_000,
            documents: 100_000,
        }
    }
}

/// What a file gave, in the order of its text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The documents that could be read and are not empty.
    pub documents: Vec<Arc<Document>>,
    /// One error for each document that could not be read, and notices.
    pub problems: Vec<ParseProblem>,
    /// Directives that stand in no document.
    pub stray: Vec<Directive>,
}

/// What is wrong with one document of a file.
#[derive(Debug)]
pub struct ParseProblem {
    /// Index the document would have, from 0, counting those that could be read and those that could not.
    pub index: u32,
    /// What is wrong, with its place.
    pub problem: Problem,
}

/// Reads all documents of a file.
#[must_use]
pub fn parse(file: &Arc<SourceFile>, syntax: Syntax, limits: &Limits) -> Parsed {
    match syntax {
        Syntax::Yaml => yaml::parse(file, limits, scalar::Words::Kubectl),
        Syntax::DataYaml => yaml::parse(file, limits, scalar::Words::Opa),
        Syntax::Json => json::parse(file, limits),
    }
}

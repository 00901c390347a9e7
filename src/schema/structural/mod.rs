//! Structural OpenAPI v3 schemas as Kubernetes has them in CustomResourceDefinitions and Gatekeeper in templates.
//!
//! A schema is read from a document with every error at its place; values are validated, given their defaults and searched
//! for unknown fields as the API server does it. Patterns are those of the `regex` crate: RE2's, but for the classes that
//! it names otherwise.

mod defaults;
mod fault;
mod formats;
mod invariants;
mod read;
#[cfg(test)]
mod tests;
mod unknown;
mod validate;

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use crate::document::value::Value;

pub use fault::{Fault, FaultKind, problems};

/// What a schema is the schema of, and which rules it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A version of a CustomResourceDefinition: its root is an object.
    CustomResource,
    /// `spec.parameters` of a constraint.
    Parameters,
    /// The same with `legacySchema: true`: what is not said is anything, and fields that are not known are kept.
    LegacyParameters,
}

/// What null means where a schema does not say `nullable`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// A field that is null is as if left out: what the API server does.
    LeftOut,
    /// It is of the wrong type: what gator does.
    Wrong,
}

/// `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `object`.
    Object,
    /// `array`.
    Array,
    /// `string`.
    String,
    /// `integer`.
    Integer,
    /// `number`.
    Number,
    /// `boolean`.
    Boolean,
}

impl Type {
    const ALL: [Self; 6] = [
        Self::Array,
        Self::Boolean,
        Self::Integer,
        Self::Number,
        Self::Object,
        Self::String,
    ];

    /// The word used in schemas.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

/// `additionalProperties`.
#[derive(Clone, Debug, Default)]
enum Additional {
    /// Not given.
    #[default]
    Absent,
    /// `true`: any value, of which nothing is known.
    Any,
    /// `false`: no other field, not even where unknown ones are kept.
    Nothing,
    /// Every other field has this schema.
    Schema(Box<Schema>),
}

/// `x-kubernetes-list-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ListType {
    #[default]
    Atomic,
    Set,
    Map,
}

#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    regex: Regex,
}

/// `minimum` or `maximum`.
#[derive(Clone, Debug)]
struct Bound {
    value: Value,
    exclusive: bool,
}

/// Limits of a scalar.
#[derive(Clone, Debug, Default)]
struct Limits {
    allowed: Option<Vec<Value>>,
    pattern: Option<Pattern>,
    format: String,
    minimum: Option<Bound>,
    maximum: Option<Bound>,
    multiple_of: Option<f64>,
    min_length: Option<u64>,
    max_length: Option<u64>,
}

/// Limits of a collection.
#[derive(Clone, Debug, Default)]
struct Sizes {
    min_items: Option<u64>,
    max_items: Option<u64>,
    min_properties: Option<u64>,
    max_properties: Option<u64>,
    unique_items: bool,
    list_type: ListType,
    list_map_keys: Vec<Arc<str>>,
}

/// `allOf`, `anyOf`, `oneOf`, `not`.
#[derive(Clone, Debug, Default)]
struct Combined {
    all_of: Vec<Schema>,
    any_of: Vec<Schema>,
    one_of: Vec<Schema>,
    not: Option<Box<Schema>>,
}

/// The schema of a value.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    type_: Option<Type>,
    properties: BTreeMap<Arc<str>, Schema>,
    required: Vec<Arc<str>>,
    additional: Additional,
    items: Option<Box<Schema>>,
    default: Option<Value>,
    nullable: bool,
    preserve_unknown: bool,
    int_or_string: bool,
    embedded_resource: bool,
    limits: Limits,
    sizes: Sizes,
    combined: Combined,
    n_rules: usize,
}

impl Schema {
    /// The schema of anything: legacy templates without a schema have it.
    #[must_use]
    pub fn anything() -> Self {
        Self {
            preserve_unknown: true,
            ..Self::default()
        }
    }

    /// How many `x-kubernetes-validations` it has; they are not evaluated.
    #[must_use]
    pub fn n_rules(&self) -> usize {
        self.n_rules + self.below().map(Self::n_rules).sum::<usize>()
    }

    /// Whether something has a default: without one, values are as they are written.
    #[must_use]
    pub fn has_defaults(&self) -> bool {
        self.default.is_some() || self.below().any(Self::has_defaults)
    }

    /// The schemas of fields and items.
    fn below(&self) -> impl Iterator<Item = &Self> {
        self.properties
            .values()
            .chain(self.items.as_deref())
            .chain(self.additional_schema())
    }

    /// The schema of a field that has one of its own.
    fn property(&self, name: &str) -> Option<&Self> {
        self.properties.get(name)
    }

    /// The schema of a field that has none of its own.
    fn additional_schema(&self) -> Option<&Self> {
        match &self.additional {
            Additional::Schema(schema) => Some(schema),
            Additional::Absent | Additional::Any | Additional::Nothing => None,
        }
    }
}

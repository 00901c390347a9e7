//! A schema from a document; whatever is no structural schema is an error at its place.

use std::sync::Arc;

use regex::Regex;

use crate::document::field::{Field, nearest, type_word};
use crate::document::value::Value;
use crate::finding::{Problem, Severity, Stage};
use crate::schema::structural::{
    Additional, Bound, Dialect, Limits, ListType, Nulls, Pattern, Schema, Type, invariants,
};

/// Deepest nesting of schemas.
const MAX_DEPTH: usize = 100;

/// Keywords that are known and say nothing about values.
const WORDLESS: [&str; 7] = [
    "$schema",
    "description",
    "example",
    "externalDocs",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "title",
];

/// Keywords that the API server refuses.
const REFUSED: [&str; 6] = [
    "$ref",
    "additionalItems",
    "definitions",
    "dependencies",
    "id",
    "patternProperties",
];

/// Keywords that mean something.
const KEYWORDS: [&str; 30] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "uniqueItems",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

impl Schema {
    /// Reads a schema; what is wrong is added to `problems`, and with an error there is none.
    pub fn read(field: &Field<'_>, dialect: Dialect, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader {
            problems: Vec::new(),
        };
        let mut schema = reader.schema(field, 0);
        if dialect == Dialect::LegacyParameters {
            schema.keep_unknown();
        }
        let mut found = reader.problems;
        invariants::check(&schema, field, dialect, &mut found);
        if found.is_empty() {
            check_defaults(&schema, field, &mut found);
        }
        let is_right = !found
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        problems.append(&mut found);
        is_right.then_some(schema)
    }

    /// Gatekeeper's `legacySchema`: unknown fields are kept at every level that is an object or of no type.
    fn keep_unknown(&mut self) {
        match self.type_ {
            None | Some(Type::Object) => self.preserve_unknown = true,
            Some(Type::Array) if self.items.is_none() => {
                self.items = Some(Box::new(Self::anything()));
            }
            Some(Type::Array | Type::String | Type::Integer | Type::Number | Type::Boolean) => {}
        }
        let additional = match &mut self.additional {
            Additional::Schema(schema) => Some(&mut **schema),
            Additional::Absent | Additional::Any | Additional::Nothing => None,
        };
        self.properties
            .values_mut()
            .chain(self.items.as_deref_mut())
            .chain(additional)
            .for_each(Self::keep_unknown);
    }
}

/// A default must itself be what the schema asks for.
fn check_defaults(schema: &Schema, field: &Field<'_>, problems: &mut Vec<Problem>) {
    if let (Some(default), Some(place)) = (&schema.default, field.get("default")) {
        let faults = schema.faults(default, place.path(), Nulls::Wrong);
        problems.extend(super::problems(faults, &place));
    }
    for (name, property) in &schema.properties {
        if let Some(below) = field.find(&["properties", name]) {
            check_defaults(property, &below, problems);
        }
    }
    for (key, below) in [
        ("items", schema.items.as_deref()),
        ("additionalProperties", schema.additional_schema()),
    ] {
        if let (Some(below), Some(place)) = (below, field.get(key)) {
            check_defaults(below, &place, problems);
        }
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn schema(&mut self, field: &Field<'_>, depth: usize) -> Schema {
        let mut schema = Schema::default();
        let Some(entries) = field.entries() else {
            self.wrong_type(field, "a mapping");
            return schema;
        };
        if depth > MAX_DEPTH {
            let problem = field.key_error(format!("schemas nest deeper than {MAX_DEPTH}"));
            self.problems.push(problem);
            return schema;
        }
        for (key, entry) in entries {
            let is_read = self.structure(&mut schema, key, &entry, depth)
                || self.combination(&mut schema, key, &entry, depth)
                || self.limit(&mut schema.limits, key, &entry, field)
                || self.size(&mut schema, key, &entry)
                || WORDLESS.contains(&key);
            if !is_read {
                self.unknown(key, &entry);
            }
        }
        schema
    }

    /// What says which fields and items there are.
    fn structure(
        &mut self,
        schema: &mut Schema,
        key: &str,
        entry: &Field<'_>,
        depth: usize,
    ) -> bool {
        match key {
            "type" => schema.type_ = self.type_word(entry),
            "properties" => match entry.entries() {
                Some(entries) => {
                    for (name, below) in entries {
                        let property = self.schema(&below, depth + 1);
                        schema.properties.insert(name.into(), property);
                    }
                }
                None => self.wrong_type(entry, "a mapping"),
            },
            "items" if entry.items().is_some() => {
                let text = "Forbidden: items must be a schema object and not an array";
                self.error(entry, text);
            }
            "items" => schema.items = Some(Box::new(self.schema(entry, depth + 1))),
            "additionalProperties" => match entry.value() {
                Value::Bool(true) => schema.additional = Additional::Any,
                Value::Bool(false) => schema.additional = Additional::Nothing,
                Value::Null
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Set(_)
                | Value::Object(_)
                | Value::Undefined => {
                    let below = self.schema(entry, depth + 1);
                    schema.additional = Additional::Schema(Box::new(below));
                }
            },
            "required" => schema.required = self.texts(entry),
            "nullable" => schema.nullable = self.flag(entry),
            "default" => schema.default = Some(entry.value().clone()),
            "x-kubernetes-preserve-unknown-fields" => {
                schema.preserve_unknown = self.flag(entry);
                if *entry.value() == Value::Bool(false) {
                    self.error(entry, "Invalid value: false: must be true or undefined");
                }
            }
            "x-kubernetes-int-or-string" => schema.int_or_string = self.flag(entry),
            "x-kubernetes-embedded-resource" => schema.embedded_resource = self.flag(entry),
            "x-kubernetes-map-type" => {}
            "x-kubernetes-validations" => match entry.items() {
                Some(items) => schema.n_rules = items.len(),
                None => self.wrong_type(entry, "a list"),
            },
            _ => return false,
        }
        true
    }

    fn combination(
        &mut self,
        schema: &mut Schema,
        key: &str,
        entry: &Field<'_>,
        depth: usize,
    ) -> bool {
        let list = match key {
            "allOf" => &mut schema.combined.all_of,
            "anyOf" => &mut schema.combined.any_of,
            "oneOf" => &mut schema.combined.one_of,
            "not" => {
                schema.combined.not = Some(Box::new(self.schema(entry, depth + 1)));
                return true;
            }
            _ => return false,
        };
        match entry.items() {
            Some(items) => {
                *list = items
                    .iter()
                    .map(|item| self.schema(item, depth + 1))
                    .collect();
            }
            None => self.wrong_type(entry, "a list"),
        }
        true
    }

    fn limit(
        &mut self,
        limits: &mut Limits,
        key: &str,
        entry: &Field<'_>,
        parent: &Field<'_>,
    ) -> bool {
        match key {
            "enum" => match entry.items() {
                Some(items) => {
                    let values = items.iter().map(|item| item.value().clone());
                    limits.allowed = Some(values.collect());
                }
                None => self.wrong_type(entry, "a list"),
            },
            "format" => limits.format = self.text(entry),
            "pattern" => limits.pattern = self.pattern(entry),
            "minimum" => limits.minimum = self.bound(entry, parent, "exclusiveMinimum"),
            "maximum" => limits.maximum = self.bound(entry, parent, "exclusiveMaximum"),
            "multipleOf" => {
                let number = entry.value().as_f64().ok();
                match number.filter(|number| *number > 0.0) {
                    Some(number) => limits.multiple_of = Some(number),
                    None => self.wrong_type(entry, "a number above 0"),
                }
            }
            "minLength" => limits.min_length = self.count(entry),
            "maxLength" => limits.max_length = self.count(entry),
            _ => return false,
        }
        true
    }

    fn size(&mut self, schema: &mut Schema, key: &str, entry: &Field<'_>) -> bool {
        let sizes = &mut schema.sizes;
        match key {
            "minItems" => sizes.min_items = self.count(entry),
            "maxItems" => sizes.max_items = self.count(entry),
            "minProperties" => sizes.min_properties = self.count(entry),
            "maxProperties" => sizes.max_properties = self.count(entry),
            "uniqueItems" => {
                sizes.unique_items = self.flag(entry);
                if sizes.unique_items {
                    self.error(entry, "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
                }
            }
            "x-kubernetes-list-map-keys" => sizes.list_map_keys = self.texts(entry),
            "x-kubernetes-list-type" => match self.text(entry).as_str() {
                "atomic" => {}
                "set" => sizes.list_type = ListType::Set,
                "map" => sizes.list_type = ListType::Map,
                other => {
                    let message = format!(
                        r#"Unsupported value: {other:?}: supported values: "atomic", "map", "set""#
                    );
                    self.error(entry, &message);
                }
            },
            _ => return false,
        }
        true
    }

    fn unknown(&mut self, key: &str, entry: &Field<'_>) {
        if REFUSED.contains(&key) {
            let message = format!("{}: Forbidden: {key} is not supported", entry.path());
            self.problems.push(entry.key_error(message));
            return;
        }
        if key.starts_with("x-") && !key.starts_with("x-kubernetes-") {
            return;
        }
        let message = format!("unknown keyword {:?} of a schema", entry.path().to_string());
        let known = KEYWORDS.iter().copied().chain(WORDLESS);
        let help = nearest(key, known).map_or_else(
            || "Kubernetes ignores it.".to_owned(),
            |near| {
                format!("Did you mean `{near}`? Kubernetes ignores keywords that it does not know.")
            },
        );
        let problem = Problem::warning(Stage::Load, message).at(entry.key_location());
        self.problems.push(problem.help(help));
    }

    fn type_word(&mut self, entry: &Field<'_>) -> Option<Type> {
        let text = self.text(entry);
        let found = Type::ALL.into_iter().find(|known| known.as_str() == text);
        if found.is_none() && entry.text().is_some() {
            let words = Type::ALL.map(|known| format!("{:?}", known.as_str()));
            let message = match text == "null" {
                true => "Forbidden: type cannot be set to null, use nullable as an alternative"
                    .to_owned(),
                false => format!(
                    "Unsupported value: {text:?}: supported values: {}",
                    words.join(", ")
                ),
            };
            self.error(entry, &message);
        }
        found
    }

    fn pattern(&mut self, entry: &Field<'_>) -> Option<Pattern> {
        let text = self.text(entry);
        match Regex::new(&text) {
            Ok(regex) => Some(Pattern { text, regex }),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or("").trim();
                let message = format!(
                    "Invalid value: {text:?}: must be a valid regular expression, but isn't: {reason}"
                );
                self.error(entry, &message);
                None
            }
        }
    }

    fn bound(&mut self, entry: &Field<'_>, parent: &Field<'_>, exclusive: &str) -> Option<Bound> {
        let exclusive = parent.get(exclusive).is_some_and(|field| self.flag(&field));
        if entry.value().as_number().is_err() {
            self.wrong_type(entry, "a number");
            return None;
        }
        Some(Bound {
            value: entry.value().clone(),
            exclusive,
        })
    }

    fn count(&mut self, entry: &Field<'_>) -> Option<u64> {
        let count = entry.value().as_u64().ok();
        if count.is_none() {
            self.wrong_type(entry, "a whole number from 0");
        }
        count
    }

    fn flag(&mut self, entry: &Field<'_>) -> bool {
        match entry.value().as_bool() {
            Ok(flag) => *flag,
            Err(_) => {
                self.wrong_type(entry, "a boolean");
                false
            }
        }
    }

    fn text(&mut self, entry: &Field<'_>) -> String {
        if entry.text().is_none() {
            self.wrong_type(entry, "a string");
        }
        entry.text().unwrap_or_default().to_owned()
    }

    fn texts(&mut self, entry: &Field<'_>) -> Vec<Arc<str>> {
        let Some(items) = entry.items() else {
            self.wrong_type(entry, "a list");
            return Vec::new();
        };
        items.iter().map(|item| self.text(item).into()).collect()
    }

    fn wrong_type(&mut self, entry: &Field<'_>, wanted: &str) {
        let found = type_word(entry.value());
        self.error(entry, &format!("must be {wanted}, not {found}"));
    }

    fn error(&mut self, entry: &Field<'_>, text: &str) {
        let message = format!("{}: {text}", entry.path());
        self.problems.push(entry.error(message));
    }
}

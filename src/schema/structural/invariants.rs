//! What makes a schema structural: every value has a type, and what restricts values says nothing of their shape.

use crate::document::field::Field;
use crate::finding::{Problem, Stage};
use crate::schema::structural::{Additional, Combined, Dialect, ListType, Schema, Type};

/// Where in a schema a part of it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Property,
    Item,
}

impl Level {
    fn type_text(self) -> &'static str {
        match self {
            Self::Root => "must not be empty at the root",
            Self::Property => "must not be empty for specified object fields",
            Self::Item => "must not be empty for specified array items",
        }
    }
}

/// Adds an error for everything that is not structural.
pub(super) fn check(
    schema: &Schema,
    field: &Field<'_>,
    dialect: Dialect,
    problems: &mut Vec<Problem>,
) {
    let mut check = Check { problems };
    let level = match dialect {
        Dialect::CustomResource => Level::Root,
        Dialect::Parameters | Dialect::LegacyParameters => Level::Property,
    };
    check.schema(schema, field, level);
    if schema.n_rules() > 0 {
        let message = "x-kubernetes-validations (CEL) are not evaluated";
        let problem = Problem::notice(Stage::Load, message).at(field.key_location());
        check.problems.push(problem);
    }
}

struct Check<'p> {
    problems: &'p mut Vec<Problem>,
}

impl Check<'_> {
    fn schema(&mut self, schema: &Schema, field: &Field<'_>, level: Level) {
        self.type_of(schema, field, level);
        self.extensions(schema, field);
        self.list(schema, field);
        let combined = &schema.combined;
        let first = combined.all_of.first();
        // Kubernetes' own way to write int-or-string may name types.
        let any_of_is_free = is_int_or_string(&combined.any_of);
        let first_is_free = first.is_some_and(|first| is_int_or_string(&first.combined.any_of));
        self.combined(combined, field, schema, any_of_is_free, first_is_free);
        for (name, property) in &schema.properties {
            if let Some(below) = field.find(&["properties", name]) {
                self.schema(property, &below, Level::Property);
            }
        }
        if let (Some(items), Some(below)) = (&schema.items, field.get("items")) {
            self.schema(items, &below, Level::Item);
        }
        if let (Some(additional), Some(below)) = (
            schema.additional_schema(),
            field.get("additionalProperties"),
        ) {
            self.schema(additional, &below, Level::Property);
        }
    }

    fn type_of(&mut self, schema: &Schema, field: &Field<'_>, level: Level) {
        let is_free = schema.int_or_string || schema.preserve_unknown;
        match schema.type_ {
            None if schema.embedded_resource => {
                let text =
                    "Required value: must be object if x-kubernetes-embedded-resource is true";
                self.missing(field, "type", text);
            }
            Some(found) if schema.embedded_resource && found != Type::Object => {
                self.error(
                    field,
                    "type",
                    "must be object if x-kubernetes-embedded-resource is true",
                );
            }
            // A type that is there and wrong has its own error.
            None if !is_free && field.get("type").is_none() => {
                let text = format!("Required value: {}", level.type_text());
                self.missing(field, "type", &text);
            }
            Some(found) if level == Level::Root && found != Type::Object => {
                let text = format!(
                    "Invalid value: {:?}: must be object at the root",
                    found.as_str()
                );
                self.error(field, "type", &text);
            }
            Some(Type::Array) if schema.items.is_none() && field.get("items").is_none() => {
                self.missing(field, "items", "Required value: must be specified");
            }
            None | Some(_) => {}
        }
        let is_map = !matches!(schema.additional, Additional::Absent);
        if level == Level::Root && is_map {
            self.error(
                field,
                "additionalProperties",
                "Forbidden: must not be used at the root",
            );
        }
        let is_any = matches!(schema.additional, Additional::Any);
        if is_map && !is_any && !schema.properties.is_empty() {
            let text = "Forbidden: additionalProperties and properties are mutual exclusive";
            self.error(field, "additionalProperties", text);
        }
    }

    fn extensions(&mut self, schema: &Schema, field: &Field<'_>) {
        let text = "Invalid value: true: must be false if x-kubernetes-int-or-string is true";
        let preserve = "x-kubernetes-preserve-unknown-fields";
        if schema.int_or_string && schema.preserve_unknown && field.get(preserve).is_some() {
            self.error(field, preserve, text);
        }
        if schema.int_or_string && schema.embedded_resource {
            self.error(field, "x-kubernetes-embedded-resource", text);
        }
        if schema.embedded_resource && !schema.preserve_unknown && schema.properties.is_empty() {
            let text = "Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
            self.missing(field, "properties", text);
        }
    }

    fn list(&mut self, schema: &Schema, field: &Field<'_>) {
        let sizes = &schema.sizes;
        let list_type = "x-kubernetes-list-type";
        if field.get(list_type).is_some() && schema.type_ != Some(Type::Array) {
            let text = "must be array if x-kubernetes-list-type is specified";
            self.error(field, list_type, text);
        }
        let keys = "x-kubernetes-list-map-keys";
        let is_map = sizes.list_type == ListType::Map;
        if !is_map && !sizes.list_map_keys.is_empty() {
            let text = "must be map if x-kubernetes-list-map-keys is non-empty";
            self.error(field, keys, text);
        }
        if !is_map {
            return;
        }
        if sizes.list_map_keys.is_empty() {
            let text = "Required value: must not be empty if x-kubernetes-list-type is map";
            self.missing(field, keys, text);
        }
        let Some(items) = &schema.items else {
            return;
        };
        if items.type_ != Some(Type::Object) {
            let text = "items must be objects if x-kubernetes-list-type is map";
            self.error(field, list_type, text);
        }
        for key in &sizes.list_map_keys {
            match items.property(key).map(|property| property.type_) {
                None => self.error(field, keys, "entries must all be names of item properties"),
                Some(Some(Type::Object | Type::Array)) => {
                    self.error(
                        field,
                        keys,
                        "entries must all be names of scalar item properties",
                    );
                }
                Some(_) => {}
            }
        }
    }

    fn combined(
        &mut self,
        combined: &Combined,
        field: &Field<'_>,
        structure: &Schema,
        any_of_is_free: bool,
        first_is_free: bool,
    ) {
        for (key, list) in [
            ("allOf", &combined.all_of),
            ("anyOf", &combined.any_of),
            ("oneOf", &combined.one_of),
        ] {
            if key == "anyOf" && any_of_is_free {
                continue;
            }
            let items = field.get(key).and_then(|field| field.items());
            for (index, (below, place)) in list.iter().zip(items.unwrap_or_default()).enumerate() {
                let is_free = key == "allOf" && index == 0 && first_is_free;
                self.nested(below, &place, Some(structure), is_free);
            }
        }
        if let (Some(not), Some(place)) = (&combined.not, field.get("not")) {
            self.nested(not, &place, Some(structure), false);
        }
    }

    /// A schema below `allOf` and the like restricts values whose shape is said elsewhere.
    fn nested(
        &mut self,
        schema: &Schema,
        field: &Field<'_>,
        structure: Option<&Schema>,
        any_of_is_free: bool,
    ) {
        let Some(structure) = structure else {
            let text =
                "must also be specified outside of allOf, anyOf, oneOf and not to be structural";
            self.problems
                .push(field.key_error(format!("{}: Required value: {text}", field.path())));
            return;
        };
        for (key, text) in [
            ("type", "must be empty to be structural"),
            ("additionalProperties", "must be undefined to be structural"),
            ("default", "must be undefined to be structural"),
            ("title", "must be empty to be structural"),
            ("description", "must be empty to be structural"),
            ("nullable", "must be false to be structural"),
            (
                "x-kubernetes-preserve-unknown-fields",
                "must be false to be structural",
            ),
            (
                "x-kubernetes-embedded-resource",
                "must be false to be structural",
            ),
            (
                "x-kubernetes-int-or-string",
                "must be false to be structural",
            ),
            (
                "x-kubernetes-list-map-keys",
                "must be empty to be structural",
            ),
            (
                "x-kubernetes-list-type",
                "must be undefined to be structural",
            ),
        ] {
            if field.get(key).is_some() {
                self.error(field, key, &format!("Forbidden: {text}"));
            }
        }
        self.combined(&schema.combined, field, structure, any_of_is_free, false);
        for (name, property) in &schema.properties {
            if let Some(below) = field.find(&["properties", name]) {
                self.nested(property, &below, structure.property(name), false);
            }
        }
        if let (Some(items), Some(below)) = (&schema.items, field.get("items")) {
            self.nested(items, &below, structure.items.as_deref(), false);
        }
    }

    fn error(&mut self, field: &Field<'_>, key: &str, text: &str) {
        let place = field.get(key).unwrap_or_else(|| field.clone());
        let message = format!("{}: {text}", field.path().child(key));
        self.problems.push(place.error(message));
    }

    fn missing(&mut self, field: &Field<'_>, key: &str, text: &str) {
        let message = format!("{}: {text}", field.path().child(key));
        self.problems.push(field.key_error(message));
    }
}

fn is_int_or_string(any_of: &[Schema]) -> bool {
    let types: Vec<Option<Type>> = any_of.iter().map(|schema| schema.type_).collect();
    types == [Some(Type::Integer), Some(Type::String)]
}

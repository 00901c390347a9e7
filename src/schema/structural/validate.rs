//! A value against a schema, with the API server's texts.

use crate::document::path::{Path, Segment};
use crate::document::value::{Array, Object, Value};
use crate::schema::structural::fault::{Fault, FaultKind};
use crate::schema::structural::formats::is_in_format;
use crate::schema::structural::{ListType, Nulls, Schema, Type};

impl Schema {
    /// What is wrong with a value that stands at `at`; unknown fields are another question
    /// ([`Schema::unknown_fields`]).
    #[must_use]
    pub fn faults(&self, value: &Value, at: &Path, nulls: Nulls) -> Vec<Fault> {
        let mut validation = Validation {
            nulls,
            path: at.clone(),
            faults: Vec::new(),
        };
        validation.value(self, value);
        validation.faults
    }

    /// What is wrong with a part of an object, unknown fields too; below a value of the wrong type nothing more is said.
    #[must_use]
    pub fn all_faults(&self, value: &Value, at: &Path, nulls: Nulls) -> Vec<Fault> {
        let mut faults = self.faults(value, at, nulls);
        let unknown = self.unknown_fields(value, at);
        let is_below_wrong_type = |fault: &Fault| {
            faults.iter().any(|wrong| {
                wrong.kind == FaultKind::Type && fault.path.0.starts_with(&wrong.path.0)
            })
        };
        let unknown: Vec<Fault> = unknown
            .into_iter()
            .filter(|fault| !is_below_wrong_type(fault))
            .collect();
        faults.extend(unknown);
        faults
    }
}

/// The type that JSON has for a value; none for what is no JSON.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Undefined => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_integer() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) | Value::Set(_) => "array",
        Value::Object(_) => "object",
    }
}

fn json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

struct Validation {
    nulls: Nulls,
    path: Path,
    faults: Vec<Fault>,
}

impl Validation {
    fn value(&mut self, schema: &Schema, value: &Value) {
        if *value == Value::Null && schema.nullable {
            return;
        }
        if !self.has_type(schema, value) {
            return;
        }
        self.scalar(schema, value);
        match value {
            Value::Object(object) => self.object(schema, object),
            Value::Array(items) => self.array(schema, items),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Set(_)
            | Value::Undefined => {}
        }
        self.combined(schema, value);
    }

    fn has_type(&mut self, schema: &Schema, value: &Value) -> bool {
        let found = type_of(value);
        let is_right = match schema.type_ {
            None if schema.int_or_string => matches!(found, "integer" | "string"),
            None => true,
            Some(Type::Number) => matches!(found, "number" | "integer"),
            Some(wanted) => found == wanted.as_str(),
        };
        if !is_right {
            let wanted = schema.type_.map_or("integer,string", Type::as_str);
            let text = format!(
                "Invalid value: {found:?}: {} in body must be of type {wanted}: {found:?}",
                self.path
            );
            let help = match (wanted, found) {
                ("string", "integer" | "number" | "boolean") => "Put it in quotes.",
                ("integer" | "number" | "boolean", "string") => "Remove the quotes.",
                ("array", _) => "A list is needed: start the line with `- `.",
                _ => "",
            };
            let fault = Fault::new(FaultKind::Type, &self.path, text);
            self.faults.push(fault.help(help));
        }
        is_right
    }

    fn scalar(&mut self, schema: &Schema, value: &Value) {
        let limits = &schema.limits;
        if let Some(allowed) = &limits.allowed
            && !allowed.contains(value)
        {
            let words: Vec<String> = allowed
                .iter()
                .map(|value| match value {
                    Value::String(text) => format!("{text:?}"),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Set(_)
                    | Value::Object(_)
                    | Value::Undefined => format!("{:?}", json(value)),
                })
                .collect();
            let text = format!(
                "Unsupported value: {}: supported values: {}",
                json(value),
                words.join(", ")
            );
            self.fault(FaultKind::Enum, text);
        }
        match value {
            Value::String(text) => self.string(schema, text, value),
            Value::Number(_) => self.number(schema, value),
            Value::Null
            | Value::Bool(_)
            | Value::Array(_)
            | Value::Set(_)
            | Value::Object(_)
            | Value::Undefined => {}
        }
    }

    fn string(&mut self, schema: &Schema, text: &str, value: &Value) {
        let limits = &schema.limits;
        let length = text.chars().count() as u64;
        if let Some(most) = limits.max_length.filter(|most| length > *most) {
            let unit = if most == 1 { "byte" } else { "bytes" };
            self.fault(
                FaultKind::Size,
                format!("Too long: may not be more than {most} {unit}"),
            );
        } else if let Some(least) = limits.min_length.filter(|least| length < *least) {
            let text = format!("should be at least {least} chars long");
            self.invalid(FaultKind::Size, value, &text);
        }
        // The server stops at the length; both have to be mended.
        if let Some(pattern) = &limits.pattern
            && !pattern.regex.is_match(text)
        {
            let text = format!("should match '{}'", pattern.text);
            self.invalid(FaultKind::Pattern, value, &text);
        }
        let is_text = matches!(schema.type_, None | Some(Type::String)) && !schema.int_or_string;
        if is_text && !is_in_format(&limits.format, text) {
            let text = format!("must be of type {}: {}", limits.format, json(value));
            self.invalid(FaultKind::Format, value, &text);
        }
    }

    fn number(&mut self, schema: &Schema, value: &Value) {
        let limits = &schema.limits;
        let is_integer = schema.type_ == Some(Type::Integer);
        let in_range = match limits.format.as_str() {
            "int32" if is_integer => value.as_i32().is_ok(),
            _ if is_integer => value.as_i64().is_ok(),
            _ => true,
        };
        if !in_range {
            let wanted = match limits.format.as_str() {
                "int32" => "int32",
                _ => "int64",
            };
            let text = format!("must be of type {wanted}: {}", json(value));
            self.invalid(FaultKind::Format, value, &text);
        }
        if let Some(bound) = &limits.maximum
            && (*value > bound.value || bound.exclusive && *value == bound.value)
        {
            let words = match bound.exclusive {
                true => "less than",
                false => "less than or equal to",
            };
            let text = format!("should be {words} {}", json(&bound.value));
            self.invalid(FaultKind::Range, value, &text);
        }
        if let Some(bound) = &limits.minimum
            && (*value < bound.value || bound.exclusive && *value == bound.value)
        {
            let words = match bound.exclusive {
                true => "greater than",
                false => "greater than or equal to",
            };
            let text = format!("should be {words} {}", json(&bound.value));
            self.invalid(FaultKind::Range, value, &text);
        }
        if let (Some(step), Ok(number)) = (limits.multiple_of, value.as_f64())
            && (number / step).fract() != 0.0
        {
            let text = format!("should be a multiple of {step}");
            self.invalid(FaultKind::Range, value, &text);
        }
    }

    fn object(&mut self, schema: &Schema, object: &Object) {
        let is_left_out = |found: &Value, below: Option<&Schema>| {
            *found == Value::Null
                && self.nulls == Nulls::LeftOut
                && below.is_some_and(|below| !below.nullable)
        };
        let is_missing = |name: &str| {
            object
                .get(&name.into())
                .is_none_or(|found| is_left_out(found, schema.property(name)))
        };
        let meta = ["apiVersion", "kind"];
        let embedded = meta.iter().filter(|_| schema.embedded_resource);
        let missing: Vec<&str> = schema
            .required
            .iter()
            .map(|name| &**name)
            .chain(embedded.copied())
            .filter(|name| is_missing(name))
            .collect();
        let fields: Vec<(&Value, &Value, &Schema)> = object
            .iter_sorted()
            .filter_map(|(key, found)| {
                let name = key.as_string().ok()?;
                let below = schema.property(name).or(schema.additional_schema())?;
                (!is_left_out(found, Some(below))).then_some((key, found, below))
            })
            .collect();
        for name in missing {
            let path = self.path.child(name);
            self.faults
                .push(Fault::new(FaultKind::Required, &path, "Required value"));
        }
        self.count(
            "properties",
            object.len(),
            schema.sizes.min_properties,
            schema.sizes.max_properties,
        );
        for (key, found, below) in fields {
            if let Ok(name) = key.as_string() {
                self.below(Segment::Key(name.clone()), below, found);
            }
        }
    }

    fn array(&mut self, schema: &Schema, items: &Array) {
        let sizes = &schema.sizes;
        self.count(
            "items",
            items.iter().count(),
            sizes.min_items,
            sizes.max_items,
        );
        if let Some(below) = &schema.items {
            for (item, index) in items.iter().zip(0_u32..) {
                self.below(Segment::Index(index), below, item);
            }
        }
        if sizes.list_type != ListType::Atomic {
            self.duplicates(schema, items);
        }
    }

    fn duplicates(&mut self, schema: &Schema, items: &Array) {
        let identity = |item: &Value| -> Option<Value> {
            match schema.sizes.list_type {
                ListType::Atomic => None,
                ListType::Set => Some(item.clone()),
                ListType::Map => {
                    let object = item.as_object().ok()?;
                    let below = schema.items.as_deref()?;
                    let keys = schema.sizes.list_map_keys.iter();
                    let entries = keys.map(|key| {
                        let name = Value::String(key.clone());
                        let default = below.property(key).and_then(|p| p.default.as_ref());
                        let found = object.get(&name).or(default)?;
                        Some((name, found.clone()))
                    });
                    Some(Value::from(entries.collect::<Option<Object>>()?))
                }
            }
        };
        let mut seen: Vec<Value> = Vec::new();
        for (item, index) in items.iter().zip(0_u32..) {
            let Some(identity) = identity(item) else {
                continue;
            };
            match seen.binary_search(&identity) {
                Ok(_) => {
                    let text = format!("Duplicate value: {}", json(&identity));
                    let path = self.path.child(index);
                    self.faults
                        .push(Fault::new(FaultKind::Duplicate, &path, text));
                }
                Err(place) => seen.insert(place, identity),
            }
        }
    }

    fn count(&mut self, unit: &str, found: usize, least: Option<u64>, most: Option<u64>) {
        let found = found as u64;
        if let Some(most) = most.filter(|most| found > *most) {
            let unit = if most == 1 { "item" } else { "items" };
            let text = format!("Too many: {found}: must have at most {most} {unit}");
            self.fault(FaultKind::Size, text);
        }
        if let Some(least) = least.filter(|least| found < *least) {
            let text = format!(
                "Invalid value: {found}: {} in body should have at least {least} {unit}",
                self.path
            );
            self.fault(FaultKind::Size, text);
        }
    }

    fn combined(&mut self, schema: &Schema, value: &Value) {
        let combined = &schema.combined;
        if !combined.any_of.is_empty() {
            let (n_right, best) = self.alternatives(&combined.any_of, value);
            if n_right == 0 {
                let text = "must validate at least one schema (anyOf)";
                self.combination(text);
                self.faults.extend(best);
            }
        }
        if !combined.one_of.is_empty() {
            let (n_right, best) = self.alternatives(&combined.one_of, value);
            match n_right {
                0 => {
                    self.combination("must validate one and only one schema (oneOf). Found none valid");
                    self.faults.extend(best);
                }
                1 => {}
                _ => self.combination(&format!(
                    "must validate one and only one schema (oneOf). Found {n_right} valid alternatives"
                )),
            }
        }
        let mut n_wrong = 0;
        for below in &combined.all_of {
            let faults = below.faults(value, &self.path, self.nulls);
            n_wrong += usize::from(!faults.is_empty());
            self.faults.extend(faults);
        }
        if n_wrong > 0 {
            let none = match n_wrong == combined.all_of.len() {
                true => ". None validated",
                false => "",
            };
            self.combination(&format!("must validate all the schemas (allOf){none}"));
        }
        if let Some(not) = &combined.not
            && not.faults(value, &self.path, self.nulls).is_empty()
        {
            self.combination("must not validate the schema (not)");
        }
    }

    /// How many alternatives hold, and the faults of the one with the fewest.
    fn alternatives(&self, schemas: &[Schema], value: &Value) -> (usize, Vec<Fault>) {
        let faults: Vec<Vec<Fault>> = schemas
            .iter()
            .map(|schema| schema.faults(value, &self.path, self.nulls))
            .collect();
        let n_right = faults.iter().filter(|faults| faults.is_empty()).count();
        let best = faults.into_iter().min_by_key(Vec::len);
        (n_right, best.unwrap_or_default())
    }

    fn combination(&mut self, text: &str) {
        let text = format!("Invalid value: \"\": {:?} {text}", self.path.to_string());
        self.fault(FaultKind::Combination, text);
    }

    fn below(&mut self, segment: Segment, schema: &Schema, value: &Value) {
        self.path.0.push(segment);
        self.value(schema, value);
        self.path.0.pop();
    }

    fn invalid(&mut self, kind: FaultKind, value: &Value, text: &str) {
        let text = format!(
            "Invalid value: {}: {} in body {text}",
            json(value),
            self.path
        );
        self.fault(kind, text);
    }

    fn fault(&mut self, kind: FaultKind, text: String) {
        self.faults.push(Fault::new(kind, &self.path, text));
    }
}

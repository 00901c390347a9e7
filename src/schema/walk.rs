//! A value against the definition of a built-in kind, in one version: fields, types, enums, formats, duplicates.
//!
//! Both a mapping's keys and a definition's properties are sorted, so that one pass over both tells what is missing and
//! what is unknown. Places are looked up only for what is wrong.

use crate::document::value::{Array, Object, Value};
use crate::finding::Problem;
use crate::schema::catalog::{Catalog, DefinitionId, Items, Property, Type, TypeId};
use crate::schema::fault::{At, Faults, Side};
use crate::schema::forms;
use crate::schema::rules::Id;
use crate::schema::tree::{go_kind, text_key};

/// One walk over one document in one version.
pub(in crate::schema) struct Walk<'a> {
    pub(in crate::schema) catalog: &'a Catalog,
    pub(in crate::schema) minor: u8,
    pub(in crate::schema) faults: Faults,
    /// What could not be checked.
    pub(in crate::schema) problems: Vec<Problem>,
    /// The definitions that the walk is in, from the root on.
    pub(in crate::schema) chain: Vec<DefinitionId>,
}

impl<'a> Walk<'a> {
    pub(in crate::schema) fn new(catalog: &'a Catalog, minor: u8) -> Self {
        Self {
            catalog,
            minor,
            faults: Faults::default(),
            problems: Vec::new(),
            chain: Vec::new(),
        }
    }

    /// An object against a definition.
    pub(in crate::schema) fn object(&mut self, id: DefinitionId, object: &Object, at: &At<'_>) {
        let catalog = self.catalog;
        let properties = catalog.properties(id);
        self.chain.push(id);
        let mut index = 0;
        for (key, value) in object.iter_sorted() {
            let Some(key) = text_key(key) else { continue };
            let mut known = false;
            while let Some(property) = properties.get(index) {
                if property.name > key {
                    break;
                }
                index += 1;
                if !property.minors.has(self.minor) {
                    continue;
                }
                if property.name == key {
                    known = true;
                    self.property(property, value, at);
                } else if property.required {
                    self.faults.required(&at.key(property.name), "");
                }
            }
            if !known {
                self.unknown(id, key, at);
            }
        }
        for property in &properties[index..] {
            if property.required && property.minors.has(self.minor) {
                self.faults.required(&at.key(property.name), "");
            }
        }
        if let Some(semantic) = catalog.definition(id).semantic {
            semantic(self, object, at);
        }
        self.chain.pop();
    }

    fn property(&mut self, property: &Property, value: &Value, at: &At<'_>) {
        let at = at.key(property.name);
        if matches!(value, Value::Null) {
            if property.required {
                self.faults.required(&at, "");
            }
            return;
        }
        if property.required
            && matches!(property.name, "name" | "key" | "mountPath")
            && value.as_string().is_ok_and(|text| text.is_empty())
        {
            self.faults.required(&at, "");
            return;
        }
        self.value(property.kind, value, &at);
    }

    /// A value that is not null against a type.
    fn value(&mut self, kind: TypeId, value: &Value, at: &At<'_>) {
        match (self.catalog.kind_of(kind), value) {
            (Type::Any, _)
            | (Type::Free, Value::Object(_))
            | (Type::Text | Type::OneOf(_), Value::String(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Number, Value::Number(_)) => self.scalar(kind, value, at),
            (Type::Definition(id) | Type::AnyOr(id), Value::Object(object)) => {
                self.object(*id, object, at);
            }
            (Type::AnyOr(_), _) => {}
            (Type::Map(kind), Value::Object(object)) => {
                for (key, value) in object.iter_sorted() {
                    if let Some(key) = text_key(key)
                        && !matches!(value, Value::Null)
                    {
                        self.value(*kind, value, &at.key(key));
                    }
                }
            }
            (Type::List(kind, items), Value::Array(array)) => self.list(*kind, items, array, at),
            (
                Type::Int32 | Type::Int64 | Type::Int | Type::IntOrString | Type::Quantity,
                Value::Number(_),
            )
            | (
                Type::IntOrString | Type::Quantity | Type::Base64 | Type::Time | Type::MicroTime,
                Value::String(_),
            ) => self.scalar(kind, value, at),
            _ => self.wrong_type(kind, value, at),
        }
    }

    fn list(&mut self, kind: TypeId, items: &Items, array: &Array, at: &At<'_>) {
        let of_items = self.catalog.kind_of(kind);
        for (index, value) in array.iter().enumerate() {
            let at = at.index(index);
            match (of_items, value) {
                // The server reads null as an object without fields.
                (Type::Definition(id), Value::Null) => self.object(*id, &Object::default(), &at),
                (_, Value::Null) => {}
                _ => self.value(kind, value, &at),
            }
        }
        match items {
            Items::Any => {}
            Items::Set => self.duplicates(array, at, |value| match value {
                Value::Object(_) | Value::Array(_) | Value::Null => None,
                _ => Some(vec![value.to_string()]),
            }),
            Items::Map(keys) => self.duplicates(array, at, |value| {
                let object = value.as_object().ok()?;
                keys.iter()
                    .map(
                        |(key, default)| match crate::schema::tree::get(object, key) {
                            Some(Value::Null) | None => {
                                default.map(|text| Value::from(text).to_string())
                            }
                            Some(Value::Object(_) | Value::Array(_)) => None,
                            Some(value) => Some(value.to_string()),
                        },
                    )
                    .collect()
            }),
        }
    }

    fn duplicates(
        &mut self,
        array: &Array,
        at: &At<'_>,
        key_of: impl Fn(&Value) -> Option<Vec<String>>,
    ) {
        if array.len() < 2 {
            return;
        }
        let mut seen: Vec<Vec<String>> = Vec::with_capacity(array.len());
        for (index, value) in array.iter().enumerate() {
            let Some(key) = key_of(value) else { continue };
            if seen.contains(&key) {
                self.duplicate(&key, value, &at.index(index));
            } else {
                seen.push(key);
            }
        }
    }

    fn duplicate(&mut self, key: &[String], value: &Value, at: &At<'_>) {
        let owner = self.owner();
        let list = at.last_key();
        let text = key.join(", ");
        let is_env = list == "env";
        let hides = is_env
            || matches!(
                list,
                "ports" | "hostAliases" | "imagePullSecrets" | "secrets" | "volumeDevices"
            );
        let is_set = !matches!(value, Value::Object(_));
        let is_warning = is_set || hides && owner != "ServiceSpec";
        if is_warning {
            let message = format!(
                "{}: hides previous definition of {text}, which may be dropped when using apply",
                at.path()
            );
            self.faults
                .push(Id::Duplicate, at, Side::Value, message)
                .warning();
        } else {
            let message = format!("{}: Duplicate value: {text}", at.path());
            self.faults.push(Id::Duplicate, at, Side::Value, message);
        }
    }

    /// Whether the walk is in an object of the definition of this name.
    pub(in crate::schema) fn is_within(&self, name: &str) -> bool {
        let mut chain = self.chain.iter();
        chain.any(|id| self.catalog.definition(*id).name == name)
    }

    /// The last part of the name of the definition that the walk is in.
    pub(in crate::schema) fn owner(&self) -> &'static str {
        self.chain.last().map_or("", |id| {
            let name = self.catalog.definition(*id).name;
            name.rsplit_once('.').map_or(name, |(_, last)| last)
        })
    }

    fn scalar(&mut self, kind: TypeId, value: &Value, at: &At<'_>) {
        match (self.catalog.kind_of(kind), value) {
            (Type::OneOf(allowed), Value::String(text)) => self.one_of(allowed, text, at),
            (Type::Int32, Value::Number(_)) => self.integer(value, 32, kind, at),
            (Type::Int64 | Type::Int, Value::Number(_)) => self.integer(value, 64, kind, at),
            (Type::IntOrString, Value::Number(_)) => self.integer(value, 32, kind, at),
            (Type::Quantity, Value::String(text)) => self.quantity(text, at),
            (Type::Base64, Value::String(text)) => {
                if let Some(byte) = forms::base64_error(text) {
                    let fault = self.faults.value(
                        Id::Format,
                        at,
                        &format!("illegal base64 data at input byte {byte}"),
                    );
                    fault.detail("expected", "base64");
                }
            }
            (Type::Time, Value::String(text)) => self.time(text, None, at),
            (Type::MicroTime, Value::String(text)) => self.time(text, Some(6), at),
            _ => {}
        }
    }

    fn one_of(&mut self, allowed: &[&'static str], text: &str, at: &At<'_>) {
        if text.is_empty() || allowed.contains(&text) {
            return;
        }
        unsupported(&mut self.faults, allowed, text, at);
    }

    fn integer(&mut self, value: &Value, bits: u32, kind: TypeId, at: &At<'_>) {
        let Ok(number) = value.as_number() else {
            return;
        };
        if !number.is_integer() {
            self.wrong_type(kind, value, at);
            return;
        }
        let fits = match bits {
            32 => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            _ => number.as_i64().is_some(),
        };
        if !fits {
            let field = self.go_field(at);
            let message = format!(
                "{}: cannot unmarshal number {value} into Go struct field {field} of type int{bits}",
                at.path()
            );
            let fault = self.faults.push(Id::Format, at, Side::Value, message);
            fault
                .detail("expected", format!("int{bits}"))
                .detail("actual", value.to_string());
        }
    }

    fn quantity(&mut self, text: &str, at: &At<'_>) {
        if let Err(wrong) = forms::quantity(text) {
            let mut message = wrong.message.to_owned();
            if let Some(meant) = &wrong.meant {
                message.push_str(&format!(": did you mean `{meant}`?"));
            }
            let fault = self.faults.value(Id::Format, at, &message);
            fault.detail("expected", "quantity").detail("actual", text);
            if let Some(meant) = wrong.meant {
                fault.detail("nearest", meant);
            }
        }
    }

    fn time(&mut self, text: &str, fraction_digits: Option<usize>, at: &At<'_>) {
        if !forms::is_time(text, fraction_digits) {
            let form = match fraction_digits {
                None => "2006-01-02T15:04:05Z07:00",
                Some(_) => "2006-01-02T15:04:05.000000Z07:00",
            };
            let fault = self.faults.value(
                Id::Format,
                at,
                &format!("parsing time {text:?} as \"{form}\": cannot parse it"),
            );
            fault
                .detail("expected", "RFC 3339 time")
                .detail("actual", text);
        }
    }

    /// `DeploymentSpec.spec.replicas`, as Go's JSON reader names a field.
    fn go_field(&self, at: &At<'_>) -> String {
        format!("{}.{}", self.owner(), at.go_path())
    }

    fn wrong_type(&mut self, kind: TypeId, value: &Value, at: &At<'_>) {
        let wanted = self.catalog.kind_of(kind);
        let side = match value {
            Value::Object(_) | Value::Array(_) => Side::Key,
            _ => Side::Value,
        };
        let fix = fix(wanted, value);
        let colon = if fix.is_empty() { "" } else { ": " };
        let expected = self.go_type(kind);
        let actual = go_kind(value);
        let shown = match value {
            Value::Number(_) => format!("{actual} {value}"),
            _ => actual.to_owned(),
        };
        let message = format!(
            "{}: cannot unmarshal {shown} into Go struct field {} of type {expected}{colon}{fix}",
            at.path(),
            self.go_field(at)
        );
        let fault = self.faults.push(Id::Type, at, side, message);
        fault.detail("expected", expected).detail("actual", actual);
    }

    fn go_type(&self, kind: TypeId) -> String {
        match self.catalog.kind_of(kind) {
            Type::Text | Type::OneOf(_) => "string".to_owned(),
            Type::Base64 => "[]uint8".to_owned(),
            Type::Int32 => "int32".to_owned(),
            Type::Int64 | Type::Int => "int64".to_owned(),
            Type::Number => "float64".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::IntOrString => "intstr.IntOrString".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::MicroTime => "v1.MicroTime".to_owned(),
            Type::Free => "map[string]interface {}".to_owned(),
            Type::Any => "interface {}".to_owned(),
            Type::AnyOr(id) | Type::Definition(id) => {
                let name = self.catalog.definition(*id).name;
                let start = name.find('.').map_or(0, |dot| dot + 1);
                name[start..].to_owned()
            }
            Type::Map(kind) => format!("map[string]{}", self.go_type(*kind)),
            Type::List(kind, _) => format!("[]{}", self.go_type(*kind)),
        }
    }
}

/// A text that is none of those that are allowed.
pub(in crate::schema) fn unsupported(
    faults: &mut Faults,
    allowed: &[&str],
    text: &str,
    at: &At<'_>,
) {
    let shown: Vec<String> = allowed
        .iter()
        .filter(|value| !value.is_empty())
        .map(|value| format!("{value:?}"))
        .collect();
    let nearest = crate::document::field::nearest(
        text,
        allowed.iter().copied().filter(|value| !value.is_empty()),
    );
    let mut message = format!(
        "Unsupported value: {text:?}: supported values: {}",
        shown.join(", ")
    );
    if let Some(nearest) = nearest {
        message.push_str(&format!(": did you mean {nearest:?}?"));
    }
    let fault = faults.value(Id::Enum, at, &message);
    fault
        .detail("expected", shown.join(", "))
        .detail("actual", text);
    if let Some(nearest) = nearest {
        fault.detail("nearest", nearest);
    }
}

/// What to do about a value of the wrong type.
fn fix(wanted: &Type, value: &Value) -> &'static str {
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    if matches!(value, Value::String(text) if text.contains("{{")) {
        return "looks like an unrendered template";
    }
    match (wanted, value) {
        (
            Type::Int32 | Type::Int64 | Type::Int | Type::Number | Type::IntOrString,
            Value::String(text),
        ) if is_number(text) => "remove the quotes",
        (Type::Bool, Value::String(text)) if matches!(&**text, "true" | "false") => {
            "remove the quotes"
        }
        (
            Type::Text
            | Type::OneOf(_)
            | Type::Base64
            | Type::Time
            | Type::MicroTime
            | Type::Quantity,
            Value::Number(_) | Value::Bool(_),
        ) => "put it in quotes",
        (Type::Int32 | Type::Int64 | Type::Int | Type::IntOrString, Value::Number(_)) => {
            "an integer is needed"
        }
        (Type::List(..), Value::Object(_)) => "a list is needed: start the line with `- `",
        (Type::List(..), _) => "a list is needed",
        (Type::Definition(_) | Type::Map(_) | Type::Free, Value::Array(_)) => {
            "a mapping is needed: remove the `- `"
        }
        (Type::Definition(_) | Type::Map(_) | Type::Free, _) => "a mapping is needed",
        _ => "",
    }
}

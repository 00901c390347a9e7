//! Defaults as Kubernetes fills them in: a default fills a field only where its parent exists.

use crate::document::value::{Array, Object, Value};
use crate::schema::structural::Schema;

impl Schema {
    /// The value with every default that applies.
    #[must_use]
    pub fn with_defaults(&self, value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let mut filled = Object::default();
                for (key, found) in object.iter() {
                    let below = key
                        .as_string()
                        .ok()
                        .and_then(|name| self.property(name).or(self.additional_schema()));
                    filled.insert(key.clone(), with_defaults_of(below, found));
                }
                for (name, property) in &self.properties {
                    let key = Value::String(name.clone());
                    let is_missing = object
                        .get(&key)
                        .is_none_or(|found| *found == Value::Null && !property.nullable);
                    if let Some(default) = property.default.as_ref().filter(|_| is_missing) {
                        filled.insert(key, property.with_defaults(default));
                    }
                }
                Value::from(filled)
            }
            Value::Array(items) => Value::from(
                items
                    .iter()
                    .map(|item| with_defaults_of(self.items.as_deref(), item))
                    .collect::<Array>(),
            ),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Set(_)
            | Value::Undefined => value.clone(),
        }
    }

    /// The default of the whole value, with the defaults within it.
    #[must_use]
    pub fn default_value(&self) -> Option<Value> {
        Some(self.with_defaults(self.default.as_ref()?))
    }
}

fn with_defaults_of(schema: Option<&Schema>, value: &Value) -> Value {
    let Some(schema) = schema else {
        return value.clone();
    };
    match (value, &schema.default) {
        (Value::Null, Some(default)) if !schema.nullable => schema.with_defaults(default),
        _ => schema.with_defaults(value),
    }
}

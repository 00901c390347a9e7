//! Fields that a schema does not have: what an API server prunes.

use crate::document::field::nearest;
use crate::document::path::{Path, Segment};
use crate::document::value::Value;
use crate::schema::structural::fault::{Fault, FaultKind};
use crate::schema::structural::{Additional, Schema};

/// Fields of every object, which no schema needs to name.
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

impl Schema {
    /// The fields that this schema, of the whole object whose root is at `at`, does not have.
    #[must_use]
    pub fn unknown_fields_of_object(&self, value: &Value, at: &Path) -> Vec<Fault> {
        self.search(value, at, true)
    }

    /// The fields of a part of an object that this schema does not have.
    #[must_use]
    pub fn unknown_fields(&self, value: &Value, at: &Path) -> Vec<Fault> {
        self.search(value, at, false)
    }

    fn search(&self, value: &Value, at: &Path, is_object: bool) -> Vec<Fault> {
        let mut search = Search {
            path: at.clone(),
            faults: Vec::new(),
        };
        let is_object = is_object || self.embedded_resource;
        search.value(value, Some(self), is_object, Keep::AsSaid);
        search.faults
    }
}

/// Whether fields that are not known are kept whatever the schema says: the items of a list that keeps them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    AsSaid,
    All,
}

struct Search {
    path: Path,
    faults: Vec<Fault>,
}

impl Search {
    fn value(&mut self, value: &Value, schema: Option<&Schema>, is_object: bool, keep: Keep) {
        let is_kept = keep == Keep::All || schema.is_some_and(|schema| schema.preserve_unknown);
        match value {
            Value::Object(fields) => {
                for (key, found) in fields.iter_sorted() {
                    let Ok(name) = key.as_string() else {
                        continue;
                    };
                    if is_object && META.contains(&&**name) {
                        continue;
                    }
                    self.path.0.push(Segment::Key(name.clone()));
                    self.field(name, found, schema, is_kept);
                    self.path.0.pop();
                }
            }
            Value::Array(items) => {
                for (item, index) in items.iter().zip(0_u32..) {
                    self.path.0.push(Segment::Index(index));
                    let below = schema.and_then(|schema| schema.items.as_deref());
                    // What is kept in a list without a schema of its items is kept whole.
                    if below.is_some() || !is_kept {
                        let keep = if is_kept { Keep::All } else { Keep::AsSaid };
                        self.part(item, below, keep);
                    }
                    self.path.0.pop();
                }
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Set(_)
            | Value::Undefined => {}
        }
    }

    fn part(&mut self, value: &Value, schema: Option<&Schema>, keep: Keep) {
        let is_object = schema.is_some_and(|schema| schema.embedded_resource);
        self.value(value, schema, is_object, keep);
    }

    fn field(&mut self, name: &str, value: &Value, schema: Option<&Schema>, is_kept: bool) {
        let Some(schema) = schema else {
            self.fault(name, None);
            return;
        };
        match (schema.property(name), &schema.additional) {
            (Some(property), _) => self.part(value, Some(property), Keep::AsSaid),
            (None, Additional::Schema(below)) => self.part(value, Some(below), Keep::AsSaid),
            (None, Additional::Any) => self.part(value, None, Keep::AsSaid),
            (None, Additional::Nothing) => self.fault(name, Some(schema)),
            (None, Additional::Absent) if is_kept => {}
            (None, Additional::Absent) => self.fault(name, Some(schema)),
        }
    }

    fn fault(&mut self, name: &str, schema: Option<&Schema>) {
        let known: Vec<&str> = schema
            .iter()
            .flat_map(|schema| schema.properties.keys())
            .map(|name| &**name)
            .collect();
        let help = match (nearest(name, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => format!("Did you mean `{near}`?"),
            (None, true) => "No field is known here.".to_owned(),
            (None, false) => format!("Known here: {}.", known.join(", ")),
        };
        self.faults.push(Fault {
            kind: FaultKind::UnknownField,
            path: self.path.clone(),
            message: format!("unknown field {:?}", self.path.to_string()),
            help,
        });
    }
}

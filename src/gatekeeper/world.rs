//! What constraints know beside the document under review: all other objects (`data.inventory`) and the Namespaces.
//!
//! It is built once and shared by all workers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::Document;
use crate::document::input::{Input, Lists};
use crate::document::value::{Object, Value};
use crate::gatekeeper::matching::{Labels, NamespaceObject};
use crate::gatekeeper::object::{get, mapping, set};
use crate::resource::Resource;

/// A label that the user gives a Namespace: the Namespace's name, key and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceLabel {
    /// Name of the Namespace.
    pub namespace: String,
    /// The label's key.
    pub key: String,
    /// The label's value.
    pub value: String,
}

/// Everything that is known of the cluster.
#[derive(Debug)]
pub struct World {
    /// `data.inventory`.
    pub inventory: Value,
    /// The Namespaces that are known, by their names.
    namespaces: BTreeMap<String, Value>,
}

/// Nested mappings that are being filled; later objects replace earlier ones.
#[derive(Default)]
struct Tree {
    cluster: Level<Level<Level<Value>>>,
    namespace: Level<Level<Level<Level<Value>>>>,
}

type Level<T> = BTreeMap<String, T>;

impl World {
    /// The world of the given documents, later ones over earlier ones, and of labels given by hand.
    #[must_use]
    pub fn new<'a>(
        documents: impl Iterator<Item = &'a Arc<Document>>,
        labels: &[NamespaceLabel],
        inventory: Inventory,
    ) -> Self {
        let mut tree = Tree::default();
        let mut namespaces = BTreeMap::new();
        for document in documents {
            for input in Input::of_document(document, Lists::Items) {
                let Some(resource) = input.subject.resource.as_deref() else {
                    continue;
                };
                if is_namespace(resource) {
                    namespaces.insert(resource.name.clone(), input.value.clone());
                }
                if inventory == Inventory::Kept {
                    tree.insert(resource, &input.value);
                }
            }
        }
        for label in labels {
            let namespace = namespaces
                .entry(label.namespace.clone())
                .or_insert_with(|| namespace_object(&label.namespace));
            if let Ok(namespace) = namespace.as_object_mut() {
                let path = ["metadata", "labels", &label.key];
                set(namespace, &path, Value::from(label.value.as_str()));
            }
        }
        Self {
            inventory: tree.into_value(),
            namespaces,
        }
    }

    /// A Namespace that is known, whole.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Value> {
        self.namespaces.get(name)
    }

    /// A Namespace that is known, as `spec.match` sees it; not one whose labels are no texts (`x: yes`), which no cluster
    /// takes: nobody can say what it would be selected by.
    #[must_use]
    pub fn namespace_object<'a>(&'a self, name: &'a str) -> Option<NamespaceObject<'a>> {
        let metadata = get(self.namespaces.get(name)?, "metadata");
        let labels = metadata.and_then(|metadata| get(metadata, "labels"));
        Labels::are_texts(labels).then(|| NamespaceObject {
            name,
            labels: Labels::of(labels),
        })
    }
}

/// Whether it is a Namespace, whose labels others are selected by.
pub(super) fn is_namespace(resource: &Resource) -> bool {
    resource.kind == "Namespace" && resource.api_version == "v1"
}

/// Whether all objects are kept for `data.inventory`, or Namespaces only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inventory {
    /// Some template reads it.
    Kept,
    /// None does.
    Left,
}

impl Tree {
    fn insert(&mut self, resource: &Resource, value: &Value) {
        let Resource {
            api_version,
            kind,
            namespace,
            name,
        } = resource;
        let versions = match namespace.is_empty() {
            true => &mut self.cluster,
            false => self.namespace.entry(namespace.clone()).or_default(),
        };
        versions
            .entry(api_version.clone())
            .or_default()
            .entry(kind.clone())
            .or_default()
            .insert(name.clone(), value.clone());
    }

    fn into_value(self) -> Value {
        let kinds = |kinds: Level<Level<Value>>| of_level(kinds, |names| of_level(names, |v| v));
        let versions = |versions| of_level(versions, kinds);
        let mut inventory = Level::new();
        if !self.cluster.is_empty() {
            inventory.insert("cluster".to_owned(), versions(self.cluster));
        }
        if !self.namespace.is_empty() {
            inventory.insert("namespace".to_owned(), of_level(self.namespace, versions));
        }
        of_level(inventory, |value| value)
    }
}

fn of_level<T>(level: Level<T>, make: impl Fn(T) -> Value) -> Value {
    let entries = level.into_iter();
    Value::from(
        entries
            .map(|(key, value)| (Value::from(key), make(value)))
            .collect::<Object>(),
    )
}

fn namespace_object(name: &str) -> Value {
    mapping([
        ("apiVersion", Value::from("v1")),
        ("kind", Value::from("Namespace")),
        ("metadata", mapping([("name", Value::from(name))])),
    ])
}

//! An object as `spec.match` sees it: kind, names, labels, its Namespace if known, and whether it was generated.

use crate::document::value::{Object, Value};

/// Where an object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A document.
    Original,
    /// An ExpansionTemplate or a built-in expansion.
    Generated,
}

impl Source {
    /// The word used in `spec.match.source`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Original => "Original",
            Self::Generated => "Generated",
        }
    }
}

/// The labels of an object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a>(Option<&'a Object>);

impl<'a> Labels<'a> {
    /// The labels that a mapping gives. As in Kubernetes' own reading, null is the empty text, and a mapping with any
    /// other value than text gives no labels at all.
    #[must_use]
    pub fn of(value: Option<&'a Value>) -> Self {
        let object = value.and_then(|value| value.as_object().ok());
        Self(object.filter(|_| Self::are_texts(value)))
    }

    /// Whether labels are what they may be: none, null or a mapping of texts and nulls.
    #[must_use]
    pub fn are_texts(value: Option<&Value>) -> bool {
        let is_text = |value: &Value| matches!(value, Value::String(_) | Value::Null);
        match value {
            None | Some(Value::Null) => true,
            Some(value) => value
                .as_object()
                .is_ok_and(|object| object.values().all(is_text)),
        }
    }

    /// The value of a label.
    #[must_use]
    pub fn get(&self, key: &Value) -> Option<&'a str> {
        let value = self.0?.get(key)?;
        Some(value.as_string().map_or("", |text| text))
    }

    /// `key=value, …`, sorted.
    pub(super) fn to_text(self) -> String {
        let entries: Vec<String> = self
            .0
            .iter()
            .flat_map(|object| object.iter_sorted())
            .filter_map(|(key, value)| {
                let value = value.as_string().map_or("", |text| text);
                Some(format!("{}={value}", key.as_string().ok()?))
            })
            .collect();
        match entries.is_empty() {
            true => "no labels".to_owned(),
            false => entries.join(", "),
        }
    }
}

/// A Namespace whose labels are known.
#[derive(Clone, Copy, Debug)]
pub struct NamespaceObject<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its labels.
    pub labels: Labels<'a>,
}

/// An object as `spec.match` sees it. Absent texts are empty.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// API group, empty for the core group.
    pub group: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// `metadata.name`.
    pub name: &'a str,
    /// `metadata.generateName`.
    pub generate_name: &'a str,
    /// `metadata.namespace`.
    pub namespace: &'a str,
    /// `metadata.labels`.
    pub labels: Labels<'a>,
    /// Its Namespace, where that is known.
    pub namespace_object: Option<NamespaceObject<'a>>,
    /// Whether it was generated; none where nobody says (an audit from the cache).
    pub source: Option<Source>,
}

impl<'a> Candidate<'a> {
    /// What the object itself says; its Namespace is not known and it is no generated one.
    #[must_use]
    pub fn of(object: &'a Value) -> Self {
        let get = |value: Option<&'a Value>, key: &str| -> Option<&'a Value> {
            value?.as_object().ok()?.get(&key.into())
        };
        let text = |value: Option<&'a Value>| -> &'a str {
            value
                .and_then(|value| value.as_string().ok())
                .map_or("", |text| text)
        };
        let metadata = get(Some(object), "metadata");
        let api_version = text(get(Some(object), "apiVersion"));
        Self {
            group: api_version.split_once('/').map_or("", |(group, _)| group),
            kind: text(get(Some(object), "kind")),
            name: text(get(metadata, "name")),
            generate_name: text(get(metadata, "generateName")),
            namespace: text(get(metadata, "namespace")),
            labels: Labels::of(get(metadata, "labels")),
            namespace_object: None,
            source: Some(Source::Original),
        }
    }

    /// The same object in a Namespace that is known, or not.
    #[must_use]
    pub fn in_namespace(self, namespace_object: Option<NamespaceObject<'a>>) -> Self {
        Self {
            namespace_object,
            ..self
        }
    }

    /// The same object from another source.
    #[must_use]
    pub fn from_source(self, source: Option<Source>) -> Self {
        Self { source, ..self }
    }

    /// Whether it is a core Namespace.
    #[must_use]
    pub fn is_namespace(&self) -> bool {
        self.kind == "Namespace" && self.group.is_empty()
    }

    pub(super) fn has_namespace(&self) -> bool {
        !self.namespace.is_empty() || self.namespace_object.is_some()
    }

    /// The name that `namespaces` and `excludedNamespaces` are compared with; none for cluster-scoped objects.
    pub(super) fn compared_namespace(&self) -> Option<&'a str> {
        match &self.namespace_object {
            _ if self.is_namespace() => Some(self.name),
            Some(namespace) => Some(namespace.name),
            None => Some(self.namespace).filter(|name| !name.is_empty()),
        }
    }
}

//! A document as constraints see it: `input.review` as Gatekeeper fills it, and the objects that `spec.match` looks at.
//!
//! An AdmissionReview is unwrapped; every other object with apiVersion and kind is reviewed as `gator verify` does it.

use std::sync::Arc;

use crate::document::input::{Input, Origin};
use crate::document::path::{Path, Segment};
use crate::document::resource_of;
use crate::document::value::{Object, Value};
use crate::finding::{Problem, Stage, Subject};
use crate::gatekeeper::matching::{Candidate, Source};
use crate::gatekeeper::object::{get, mapping, set, text};

/// A document as constraints see it.
#[derive(Clone, Debug)]
pub struct Review {
    /// `input.review`.
    pub value: Value,
    /// The object, or the old one where there is no other.
    pub object: Value,
    /// The object before an update, where there is one.
    pub old_object: Option<Value>,
    /// Where it was read.
    pub origins: Vec<Origin>,
    /// How reports name it.
    pub subject: Subject,
    /// Whether it was generated.
    pub source: Source,
}

/// Kinds of Kubernetes itself that are in no namespace.
const CLUSTER_KINDS: [&str; 27] = [
    "APIService",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CSIDriver",
    "CSINode",
    "CustomResourceDefinition",
    "FlowSchema",
    "IngressClass",
    "IPAddress",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// The fields of an AdmissionRequest.
const REQUEST: [&str; 16] = [
    "dryRun",
    "kind",
    "name",
    "namespace",
    "object",
    "oldObject",
    "operation",
    "options",
    "requestKind",
    "requestResource",
    "requestSubResource",
    "resource",
    "subResource",
    "uid",
    "userInfo",
    "namespaceObject",
];

impl Review {
    /// The review of a document; none where it has no apiVersion or kind, or why it cannot be reviewed.
    pub fn of(input: &Input, default_namespace: Option<&str>) -> Result<Option<Self>, Problem> {
        let Some(resource) = input.subject.resource.as_deref() else {
            return Ok(None);
        };
        let is_review = resource.kind == "AdmissionReview"
            && resource.api_version.starts_with("admission.k8s.io/");
        match get(&input.value, "request") {
            Some(request) if is_review && request.as_object().is_ok() => {
                Self::of_request(input, request).map(Some)
            }
            Some(_) | None => Ok(Some(Self::of_object(input, default_namespace))),
        }
    }

    fn of_object(input: &Input, default_namespace: Option<&str>) -> Self {
        let mut object = input.value.clone();
        if let Some(namespace) = default_namespace
            && text(&object, &["metadata", "namespace"]).is_empty()
            && !CLUSTER_KINDS.contains(&text(&object, &["kind"]))
            && let Ok(object) = object.as_object_mut()
        {
            set(object, &["metadata", "namespace"], Value::from(namespace));
        }
        Self {
            value: review_of(&object),
            origins: below_object(&input.origins),
            subject: Subject {
                resource: resource_of(&object),
                ..input.subject.clone()
            },
            object,
            old_object: None,
            source: Source::Original,
        }
    }

    /// The review of an object that was made of another, which is the subject.
    #[must_use]
    pub fn of_generated(input: &Input) -> Self {
        Self {
            value: review_of(&input.value),
            origins: below_object(&input.origins),
            subject: input.subject.clone(),
            object: input.value.clone(),
            old_object: None,
            source: Source::Generated,
        }
    }

    /// The object alone.
    #[must_use]
    pub fn object_input(&self) -> Input {
        let prefix = object_prefix();
        let origins = self.origins.iter().filter_map(|origin| {
            let below = origin.prefix.0.strip_prefix(&*prefix.0)?;
            Some(Origin {
                prefix: Path(below.to_vec()),
                ..origin.clone()
            })
        });
        Input {
            value: self.object.clone(),
            origins: origins.collect(),
            subject: self.subject.clone(),
        }
    }

    fn of_request(input: &Input, request: &Value) -> Result<Self, Problem> {
        let given = |key: &str| get(request, key).filter(|value| **value != Value::Null);
        let old_object = given("oldObject").cloned();
        let is_delete = text(request, &["operation"]) == "DELETE";
        let object = match is_delete {
            true => old_object.clone(),
            false => given("object").or(given("oldObject")).cloned(),
        };
        let Some(object) = object else {
            let field = if is_delete { "oldObject" } else { "object" };
            let message = format!("the AdmissionReview has no `request.{field}`");
            return Err(Problem::error(Stage::Evaluate, message)
                .at(input.location())
                .help("Constraints judge it; without it nothing can be judged."));
        };
        let mut review = defaults();
        for key in REQUEST {
            let Some(value) = given(key) else { continue };
            let is_empty = matches!(key, "name" | "namespace")
                && value.as_string().is_ok_and(|text| text.is_empty());
            if !is_empty {
                review.insert(key.into(), completed(review.get(&key.into()), value));
            }
        }
        if is_delete {
            review.insert("object".into(), object.clone());
        }
        Ok(Self {
            value: Value::from(review),
            origins: request_origins(input, is_delete),
            subject: Subject {
                resource: resource_of(&object).or_else(|| input.subject.resource.clone()),
                ..input.subject.clone()
            },
            object,
            old_object: old_object.filter(|_| !is_delete && given("object").is_some()),
            source: Source::Original,
        })
    }

    /// `input` of a constraint's rule.
    #[must_use]
    pub fn input(&self, parameters: &Value) -> Input {
        Input {
            value: mapping([
                ("review", self.value.clone()),
                ("parameters", parameters.clone()),
            ]),
            origins: self.origins.clone(),
            subject: self.subject.clone(),
        }
    }

    /// The namespace of the object, empty where it has none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        text(&self.object, &["metadata", "namespace"])
    }

    /// The same with the Namespace that it is in, as the webhook gives it.
    #[must_use]
    pub fn with_namespace_object(mut self, namespace: &Value) -> Self {
        if let Ok(review) = self.value.as_object_mut() {
            review.insert("namespaceObject".into(), namespace.clone());
        }
        self
    }

    /// The objects that `spec.match` looks at.
    #[must_use]
    pub fn candidates(&self) -> Vec<Candidate<'_>> {
        std::iter::once(&self.object)
            .chain(&self.old_object)
            .map(|object| Candidate::of(object).from_source(Some(self.source)))
            .collect()
    }
}

/// What is there in every review.
fn defaults() -> Object {
    let empty = || Value::from("");
    let of_texts = |keys: [&'static str; 3]| mapping(keys.map(|key| (key, Value::from(""))));
    let entries = [
        ("uid", empty()),
        ("kind", of_texts(["group", "version", "kind"])),
        ("resource", of_texts(["group", "version", "resource"])),
        ("operation", empty()),
        ("userInfo", Value::new_object()),
        ("object", Value::Null),
        ("oldObject", Value::Null),
        ("options", Value::Null),
        ("namespaceObject", Value::new_object()),
    ];
    let entries = entries.into_iter();
    entries
        .map(|(key, value)| (Value::from(key), value))
        .collect()
}

/// A given value with what its default has beyond it.
fn completed(default: Option<&Value>, given: &Value) -> Value {
    match (default, given) {
        (Some(Value::Object(default)), Value::Object(given)) => {
            let mut all: Object = (**default).clone();
            for (key, value) in given.iter() {
                all.insert(key.clone(), value.clone());
            }
            Value::from(all)
        }
        _ => given.clone(),
    }
}

fn review_of(object: &Value) -> Value {
    let api_version = text(object, &["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let mut review = defaults();
    let kind = [
        ("group", group),
        ("version", version),
        ("kind", text(object, &["kind"])),
    ];
    let kind = mapping(kind.map(|(key, text)| (key, Value::from(text))));
    review.insert("kind".into(), kind);
    for key in ["name", "namespace"] {
        let text = text(object, &["metadata", key]);
        if !text.is_empty() {
            review.insert(key.into(), Value::from(text));
        }
    }
    review.insert("object".into(), object.clone());
    Value::from(review)
}

/// Where the object stands in `input`.
fn object_prefix() -> Path {
    Path::root().child("review").child("object")
}

/// Where the parts of an object are written, once it stands in `input`.
fn below_object(origins: &[Origin]) -> Vec<Origin> {
    let prefix = object_prefix();
    let below = |origin: &Origin| Origin {
        prefix: Path(prefix.0.iter().chain(&origin.prefix.0).cloned().collect()),
        ..origin.clone()
    };
    origins.iter().map(below).collect()
}

/// Where the parts of an AdmissionReview's request are written; the object first, as findings are about it.
fn request_origins(input: &Input, is_delete: bool) -> Vec<Origin> {
    let Some(origin) = input.origins.first() else {
        return Vec::new();
    };
    let review = Path::root().child("review");
    let part = |key: &str, written: &str| {
        let path = [Segment::from("request"), written.into()];
        let node = origin.document.spans.find(origin.node, &path)?;
        let mut whole = origin.path.clone();
        whole.0.extend_from_slice(&path);
        Some(Origin {
            prefix: review.child(key),
            document: Arc::clone(&origin.document),
            node,
            path: whole,
        })
    };
    let object = if is_delete { "oldObject" } else { "object" };
    part("object", object)
        .into_iter()
        .chain(part("oldObject", "oldObject"))
        .collect()
}

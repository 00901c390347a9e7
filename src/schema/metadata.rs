//! The metadata of resources: names, namespaces, labels, annotations.

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Side};
use crate::schema::names;
use crate::schema::rules::Id;
use crate::schema::tree::{filled, get, object, text, text_key};
use crate::schema::walk::Walk;

/// Most bytes that keys and values of annotations may have together.
const MAX_ANNOTATIONS: usize = 262_144;

/// What a name may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Form {
    Subdomain,
    /// A subdomain with a shorter greatest length.
    AtMost(usize),
    Label,
    /// A label that does not start with a digit.
    Service,
    /// Whatever can stand in a path.
    Path,
}

impl Form {
    /// What the name of a built-in kind may be.
    pub(in crate::schema) fn of_kind(group: &str, kind: &str, minor: u8) -> Self {
        match (group, kind) {
            ("core", "Namespace") => Self::Label,
            ("core", "Service") if minor < 36 => Self::Service,
            ("core", "Service") => Self::Label,
            ("apps", "StatefulSet") if minor >= 27 => Self::Label,
            ("batch", "CronJob") => Self::AtMost(52),
            ("batch", "Job") => Self::AtMost(63),
            ("rbac.authorization.k8s.io", _)
            | ("policy", "PodDisruptionBudget")
            | ("apiregistration.k8s.io", "APIService")
            | ("certificates.k8s.io", "CertificateSigningRequest" | "ClusterTrustBundle")
            | ("networking.k8s.io", "IPAddress") => Self::Path,
            _ => Self::Subdomain,
        }
    }

    fn wrong(self, name: &str) -> Option<String> {
        match self {
            Self::Subdomain => names::dns_subdomain(name).err(),
            Self::AtMost(most) if name.len() > most => {
                Some(format!("must be no more than {most} characters"))
            }
            Self::AtMost(_) => names::dns_subdomain(name).err(),
            Self::Label => names::dns_label(name).err(),
            Self::Service if name.starts_with(|c: char| c.is_ascii_digit()) => Some(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character".to_owned(),
            ),
            Self::Service => names::dns_label(name).err(),
            Self::Path if matches!(name, "." | "..") => Some(format!("may not be '{name}'")),
            Self::Path => {
                let wrong = ["/", "%"].into_iter().find(|text| name.contains(text))?;
                Some(format!("may not contain '{wrong}'"))
            }
        }
    }
}

/// The names in the metadata of a resource.
pub(in crate::schema) fn names(walk: &mut Walk<'_>, root: &Object, form: Form) {
    let at = At::Root;
    let at = at.key("metadata");
    let metadata = match filled(root, "metadata") {
        None => None,
        Some(Value::Object(metadata)) => Some(metadata),
        Some(_) => return,
    };
    let given = |key| metadata.and_then(|metadata| filled(metadata, key));
    let is_empty = |value: &Value| value.as_string().is_ok_and(|text| text.is_empty());
    let name = given("name").filter(|value| !is_empty(value));
    let generated = given("generateName").filter(|value| !is_empty(value));
    match (name, generated) {
        (None, None) => {
            let message = "metadata.name: Required value: name or generateName is required";
            let path = at.key("name");
            let at = if given("name").is_some() { &path } else { &at };
            walk.faults.push(Id::Required, at, Side::Key, message);
        }
        (Some(Value::String(name)), _) => {
            if let Some(wrong) = form.wrong(name) {
                invalid(walk, name, &wrong, &at.key("name"));
            }
        }
        (None, Some(Value::String(prefix))) => {
            let whole = match prefix.strip_suffix('-') {
                Some(prefix) => format!("{prefix}a"),
                None => prefix.to_string(),
            };
            if let Some(wrong) = form.wrong(&whole) {
                invalid(walk, prefix, &wrong, &at.key("generateName"));
            }
        }
        _ => {}
    }
}

fn invalid(walk: &mut Walk<'_>, text: &str, wrong: &str, at: &At<'_>) {
    let wrong = match text.contains("{{") {
        true => format!("{wrong}: looks like an unrendered template"),
        false => wrong.to_owned(),
    };
    let fault = walk
        .faults
        .value(Id::Name, at, &format!("Invalid value: {text:?}: {wrong}"));
    fault.detail("actual", text);
}

/// Namespace, labels and annotations of any metadata.
pub(in crate::schema) fn labels(walk: &mut Walk<'_>, metadata: &Object, at: &At<'_>) {
    if let Some(namespace) = text(metadata, "namespace").filter(|text| !text.is_empty())
        && let Err(wrong) = names::dns_label(namespace)
    {
        invalid(walk, namespace, &wrong, &at.key("namespace"));
    }
    let at_labels = at.key("labels");
    for (key, value) in object(metadata, "labels")
        .into_iter()
        .flat_map(Object::iter_sorted)
    {
        let Some(key) = text_key(key) else { continue };
        let at = at_labels.key(key);
        if let Err(wrong) = names::label_key(key) {
            invalid_key(walk, key, &wrong, &at);
        }
        if let Value::String(text) = value
            && let Err(wrong) = names::label_value(text)
        {
            invalid(walk, text, &wrong, &at);
        }
    }
    let at_annotations = at.key("annotations");
    let Some(annotations) = object(metadata, "annotations") else {
        return;
    };
    let mut n_bytes = 0;
    for (key, value) in annotations.iter_sorted() {
        let Some(key) = text_key(key) else { continue };
        if let Err(wrong) = names::label_key(&key.to_lowercase()) {
            invalid_key(walk, key, &wrong, &at_annotations.key(key));
        }
        n_bytes += key.len() + value.as_string().map_or(0, |text| text.len());
    }
    if n_bytes > MAX_ANNOTATIONS && get(metadata, "annotations").is_some() {
        let message = format!(
            "{}: Too long: may not be more than {MAX_ANNOTATIONS} bytes",
            at_annotations.path()
        );
        walk.faults
            .push(Id::Name, &at_annotations, Side::Key, message);
    }
}

fn invalid_key(walk: &mut Walk<'_>, key: &str, wrong: &str, at: &At<'_>) {
    let message = format!("{}: Invalid value: {key:?}: {wrong}", at.path());
    walk.faults.push(Id::Name, at, Side::Key, message);
}

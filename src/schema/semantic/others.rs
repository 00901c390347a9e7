//! RBAC, claims, budgets, ConfigMaps, Secrets.

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Side};
use crate::schema::forms;
use crate::schema::rules::Id;
use crate::schema::semantic::{at_most_one, pod, pods_or_percent};
use crate::schema::tree::{array, filled, get, object, objects, text, text_key};
use crate::schema::walk::{Walk, unsupported};

fn is_filled(object: &Object, key: &str) -> bool {
    match get(object, key) {
        None | Some(Value::Null) => false,
        Some(Value::Array(array)) => !array.is_empty(),
        Some(_) => true,
    }
}

/// What a role allows.
pub(super) fn policy_rule(walk: &mut Walk<'_>, rule: &Object, at: &At<'_>) {
    if array(rule, "verbs").is_some_and(|verbs| verbs.is_empty()) {
        walk.faults
            .required(&at.key("verbs"), "verbs must contain at least one value");
    }
    if is_filled(rule, "nonResourceURLs") {
        return;
    }
    if !is_filled(rule, "apiGroups") {
        walk.faults.required(
            &at.key("apiGroups"),
            "resource rules must supply at least one api group",
        );
    }
    if !is_filled(rule, "resources") {
        walk.faults.required(
            &at.key("resources"),
            "resource rules must supply at least one resource",
        );
    }
}

/// A subject of a binding.
pub(super) fn subject(walk: &mut Walk<'_>, subject: &Object, at: &At<'_>) {
    const KINDS: [&str; 3] = ["ServiceAccount", "User", "Group"];
    if let Some(kind) = text(subject, "kind").filter(|kind| !KINDS.contains(kind)) {
        unsupported(&mut walk.faults, &KINDS, kind, &at.key("kind"));
    }
}

/// A RoleBinding.
pub(super) fn role_binding(walk: &mut Walk<'_>, binding: &Object, at: &At<'_>) {
    role_ref(walk, binding, &["Role", "ClusterRole"], at);
}

/// The role that a binding gives.
fn role_ref(walk: &mut Walk<'_>, binding: &Object, kinds: &[&str], at: &At<'_>) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    let Some(role) = object(binding, "roleRef") else {
        return;
    };
    let at = at.key("roleRef");
    if let Some(group) = text(role, "apiGroup").filter(|group| !matches!(*group, "" | GROUP)) {
        unsupported(&mut walk.faults, &[GROUP], group, &at.key("apiGroup"));
    }
    if let Some(kind) = text(role, "kind").filter(|kind| !kinds.contains(kind)) {
        unsupported(&mut walk.faults, kinds, kind, &at.key("kind"));
    }
}

/// A ClusterRoleBinding.
pub(super) fn cluster_role_binding(walk: &mut Walk<'_>, binding: &Object, at: &At<'_>) {
    role_ref(walk, binding, &["ClusterRole"], at);
    let at_subjects = at.key("subjects");
    for (index, subject) in objects(binding, "subjects") {
        let has_namespace = match filled(subject, "namespace") {
            Some(Value::String(namespace)) => !namespace.is_empty(),
            Some(_) => true,
            None => false,
        };
        if text(subject, "kind") == Some("ServiceAccount") && !has_namespace {
            let at_subject = at_subjects.index(index);
            walk.faults.required(&at_subject.key("namespace"), "");
        }
    }
}

/// A claim of a volume.
pub(super) fn claim(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    if !is_filled(spec, "accessModes") {
        walk.faults
            .required(&at.key("accessModes"), "at least 1 access mode is required");
    }
    let at_resources = at.key("resources");
    let at_requests = at_resources.key("requests");
    let at_storage = at_requests.key("storage");
    let storage = object(spec, "resources")
        .and_then(|resources| object(resources, "requests"))
        .and_then(|requests| filled(requests, "storage"));
    let is_readable = match get(spec, "resources") {
        None | Some(Value::Null) => true,
        Some(Value::Object(resources)) => matches!(
            get(resources, "requests"),
            None | Some(Value::Null | Value::Object(_))
        ),
        Some(_) => false,
    };
    match storage {
        None if is_readable => {
            walk.faults.required(&at_storage, "");
        }
        Some(value) => {
            if let Some(amount) = pod::amount(value) {
                pod::amounts(&mut walk.faults, "storage", (value, amount), &at_storage);
            }
        }
        None => {}
    }
}

/// A PodDisruptionBudget's spec.
pub(super) fn disruption_budget(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let keys = ["maxUnavailable", "minAvailable"];
    at_most_one(
        &mut walk.faults,
        spec,
        &keys,
        "minAvailable and maxUnavailable cannot be both set",
        at,
    );
    pods_or_percent(&mut walk.faults, spec, &keys, at);
}

/// A ConfigMap: its keys.
pub(super) fn config_map(walk: &mut Walk<'_>, map: &Object, at: &At<'_>) {
    data_keys(walk, map, &["data", "binaryData"], at);
    let (Some(data), Some(binary)) = (object(map, "data"), object(map, "binaryData")) else {
        return;
    };
    let at_binary = at.key("binaryData");
    for (key, _) in binary.iter_sorted() {
        if let Some(name) = text_key(key).filter(|_| data.contains_key(key)) {
            let at = at_binary.key(name);
            let message = format!(
                "{}: Invalid value: {name:?}: duplicate of key present in data",
                at.path()
            );
            walk.faults.push(Id::Name, &at, Side::Key, message);
        }
    }
}

fn data_keys(walk: &mut Walk<'_>, map: &Object, lists: &[&str], at: &At<'_>) {
    for list in lists {
        let at_list = at.key(list);
        for (key, _) in object(map, list).into_iter().flat_map(Object::iter_sorted) {
            let Some(key) = text_key(key) else { continue };
            if let Some(wrong) = forms::data_key(key) {
                let at = at_list.key(key);
                let message = format!("{}: Invalid value: {key:?}: {wrong}", at.path());
                walk.faults.push(Id::Name, &at, Side::Key, message);
            }
        }
    }
}

/// A Secret: its keys, and those that its type asks for.
pub(super) fn secret(walk: &mut Walk<'_>, secret: &Object, at: &At<'_>) {
    data_keys(walk, secret, &["data", "stringData"], at);
    let wanted: &[&str] = match text(secret, "type") {
        Some("kubernetes.io/tls") => &["tls.crt", "tls.key"],
        Some("kubernetes.io/dockerconfigjson") => &[".dockerconfigjson"],
        Some("kubernetes.io/dockercfg") => &[".dockercfg"],
        Some("kubernetes.io/ssh-auth") => &["ssh-privatekey"],
        Some(_) | None => return,
    };
    let at_data = at.key("data");
    for key in wanted {
        let given = ["data", "stringData"]
            .iter()
            .any(|list| object(secret, list).is_some_and(|data| get(data, key).is_some()));
        if !given {
            walk.faults.required(&at_data.key(key), "");
        }
    }
}

//! Pods, wherever they stand: containers, ports, probes, volumes, resources.

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Faults, Side};
use crate::schema::forms;
use crate::schema::names;
use crate::schema::rules::Id;
use crate::schema::semantic::{at_most_one, not_negative, port, port_number, scheduling, within};
use crate::schema::tree::{array, filled, get, integer, object, objects, text, text_key};
use crate::schema::walk::Walk;

const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// A Pod's spec.
pub(super) fn pod(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let faults = &mut walk.faults;
    if array(spec, "containers").is_some_and(|containers| containers.is_empty()) {
        faults.required(&at.key("containers"), "");
    }
    let mut seen: Vec<&str> = objects(spec, CONTAINERS[0])
        .filter_map(|(_, container)| text(container, "name"))
        .collect();
    for key in &CONTAINERS[1..] {
        for (index, container) in objects(spec, key) {
            let Some(name) = text(container, "name") else {
                continue;
            };
            if seen.contains(&name) {
                let (at_list, key) = (at.key(key), "name");
                let at_item = at_list.index(index);
                let message = format!("{}: Duplicate value: {name:?}", at_item.key(key).path());
                faults.push(Id::Duplicate, &at_item, Side::Value, message);
            }
        }
        seen.extend(objects(spec, key).filter_map(|(_, container)| text(container, "name")));
    }
    not_negative(faults, spec, &["terminationGracePeriodSeconds"], at);
    let (bounds, wrong) = (
        (1, i64::from(i32::MAX)),
        "must be between 1 and 2147483647, inclusive",
    );
    within(faults, spec, "activeDeadlineSeconds", bounds, wrong, at);
    scheduling::host_ports(faults, spec, at);
    if !walk.is_within("apps.v1.StatefulSetSpec") {
        mounts(&mut walk.faults, spec, &[], at);
    }
}

/// Mounts whose volume there is not; `claims` are volumes too.
pub(super) fn mounts(faults: &mut Faults, spec: &Object, claims: &[&str], at: &At<'_>) {
    let volumes: Vec<&str> = objects(spec, "volumes")
        .filter_map(|(_, volume)| text(volume, "name"))
        .chain(claims.iter().copied())
        .collect();
    let is_readable = match get(spec, "volumes") {
        None | Some(Value::Null | Value::Array(_)) => true,
        Some(_) => false,
    };
    if !is_readable {
        return;
    }
    for list in CONTAINERS {
        for (index, container) in objects(spec, list) {
            for key in ["volumeMounts", "volumeDevices"] {
                for (mount, of_mount) in objects(container, key) {
                    let Some(name) = text(of_mount, "name") else {
                        continue;
                    };
                    if name.is_empty() || volumes.contains(&name) {
                        continue;
                    }
                    let (at_list, at_mount) = (at.key(list), key);
                    let at_container = at_list.index(index);
                    let at_mounts = at_container.key(at_mount);
                    let at_mount = at_mounts.index(mount);
                    not_found(faults, name, &volumes, &at_mount.key("name"));
                }
            }
        }
    }
}

fn not_found(faults: &mut Faults, name: &str, volumes: &[&str], at: &At<'_>) {
    let nearest = crate::document::field::nearest(name, volumes.iter().copied());
    let meant = nearest.map_or(String::new(), |name| format!(": did you mean {name:?}?"));
    let fault = faults.value(Id::Mismatch, at, &format!("Not found: {name:?}{meant}"));
    if let Some(nearest) = nearest {
        fault.detail("nearest", nearest);
    }
}

/// A container of any sort.
pub(super) fn container(walk: &mut Walk<'_>, container: &Object, at: &At<'_>) {
    let faults = &mut walk.faults;
    match get(container, "image") {
        None | Some(Value::Null) => {
            faults.required(&at.key("image"), "");
        }
        Some(Value::String(image)) if image.trim().is_empty() => {
            faults.required(&at.key("image"), "");
        }
        Some(Value::String(image)) if image.trim().len() != image.len() => {
            faults.value(
                Id::Mismatch,
                &at.key("image"),
                &format!("Invalid value: {image:?}: must not have leading or trailing whitespace"),
            );
        }
        Some(_) => {}
    }
    label(faults, container, "name", at);
    let mut seen: Vec<&str> = Vec::new();
    for (index, of_port) in objects(container, "ports") {
        let Some(name) = text(of_port, "name").filter(|name| !name.is_empty()) else {
            continue;
        };
        if seen.contains(&name) {
            let at_ports = at.key("ports");
            let at_port = at_ports.index(index);
            let message = format!("{}: Duplicate value: {name:?}", at_port.key("name").path());
            faults.push(Id::Duplicate, &at_port, Side::Value, message);
        }
        seen.push(name);
    }
    for key in ["livenessProbe", "startupProbe"] {
        let Some(probe) = object(container, key) else {
            continue;
        };
        // Zero is the default; what is below it has its own finding.
        let bounds = (i64::MIN, 1);
        within(
            faults,
            probe,
            "successThreshold",
            bounds,
            "must be 1",
            &at.key(key),
        );
    }
    if let Some(of_container) = object(container, "resources") {
        resources(faults, of_container, &at.key("resources"));
    }
}

/// A name that has to be a DNS label.
pub(super) fn label(faults: &mut Faults, object: &Object, key: &str, at: &At<'_>) {
    if let Some(name) = text(object, key).filter(|name| !name.is_empty())
        && let Err(wrong) = names::dns_label(name)
    {
        faults.value(
            Id::Name,
            &at.key(key),
            &format!("Invalid value: {name:?}: {wrong}"),
        );
    }
}

fn resources(faults: &mut Faults, resources: &Object, at: &At<'_>) {
    let limits = object(resources, "limits");
    for list in ["requests", "limits"] {
        let Some(of_list) = object(resources, list) else {
            continue;
        };
        let at_list = at.key(list);
        for (key, value) in of_list.iter_sorted() {
            let Some(key) = text_key(key) else { continue };
            let at = at_list.key(key);
            if !is_standard(key) {
                let message = format!(
                    "{}: Invalid value: {key:?}: must be a standard resource for containers",
                    at_list.path()
                );
                let known = ["cpu", "memory", "ephemeral-storage"];
                let nearest = crate::document::field::nearest(key, known);
                let meant =
                    nearest.map_or(String::new(), |name| format!(": did you mean {name:?}?"));
                faults.push(Id::Mismatch, &at, Side::Key, message + &meant);
                continue;
            }
            let Some(amount) = amount(value) else {
                continue;
            };
            amounts(faults, key, (value, amount), &at);
            let limit = limits
                .filter(|_| list == "requests")
                .and_then(|limits| get(limits, key));
            if let Some(limit) = limit
                && self::amount(limit).is_some_and(|limit| limit < amount)
            {
                let message = format!(
                    "{}: Invalid value: {}: must be less than or equal to {key} limit of {}",
                    at_list.path(),
                    quoted(value),
                    plain(limit)
                );
                faults.push(Id::Mismatch, &at, Side::Value, message);
            }
        }
    }
}

/// What is wrong with the amount of one resource.
pub(super) fn amounts(faults: &mut Faults, key: &str, amount: (&Value, i128), at: &At<'_>) {
    let (value, amount) = amount;
    if amount < 0 {
        faults.value(
            Id::Range,
            at,
            &format!(
                "Invalid value: {}: must be greater than or equal to 0",
                quoted(value)
            ),
        );
    }
    if matches!(key, "memory" | "ephemeral-storage" | "storage") && forms::is_fractional(amount) {
        let meant = match plain(value).strip_suffix('m') {
            Some(digits) => format!(": did you mean `{digits}Mi`?"),
            None => String::new(),
        };
        let message = format!(
            "{}: fractional byte value {} is invalid, must be an integer{meant}",
            at.path(),
            quoted(value)
        );
        faults.push(Id::Format, at, Side::Value, message).warning();
    }
}

fn is_standard(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory" | "ephemeral-storage")
        || resource.starts_with("hugepages-")
        || resource.contains('/')
}

/// A quantity in billionths, where it is one that can be compared.
pub(super) fn amount(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => forms::quantity(text).ok()?,
        Value::Number(_) => forms::quantity(&value.to_string()).ok()?,
        _ => None,
    }
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}

fn quoted(value: &Value) -> String {
    format!("{:?}", plain(value))
}

/// A container's port.
pub(super) fn container_port(walk: &mut Walk<'_>, of_port: &Object, at: &At<'_>) {
    let faults = &mut walk.faults;
    port_number(faults, of_port, "containerPort", at);
    if integer(of_port, "hostPort") != Some(0) {
        port_number(faults, of_port, "hostPort", at);
    }
    if let Some(name) = text(of_port, "name").filter(|name| !name.is_empty())
        && let Some(wrong) = forms::port_name(name)
    {
        faults.value(
            Id::Name,
            &at.key("name"),
            &format!("Invalid value: {name:?}: {wrong}"),
        );
    }
}

/// The port of what a probe or hook calls.
pub(super) fn action_port(walk: &mut Walk<'_>, action: &Object, at: &At<'_>) {
    port(&mut walk.faults, action, "port", at);
}

/// A probe: exactly one handler, and its numbers.
pub(super) fn probe(walk: &mut Walk<'_>, probe: &Object, at: &At<'_>) {
    handlers(
        &mut walk.faults,
        probe,
        &["exec", "grpc", "httpGet", "tcpSocket"],
        at,
    );
    let seconds = [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ];
    not_negative(&mut walk.faults, probe, &seconds, at);
}

/// What is run after the start or before the end of a container.
pub(super) fn handler(walk: &mut Walk<'_>, handler: &Object, at: &At<'_>) {
    handlers(
        &mut walk.faults,
        handler,
        &["exec", "httpGet", "sleep", "tcpSocket"],
        at,
    );
}

fn handlers(faults: &mut Faults, object: &Object, keys: &[&str], at: &At<'_>) {
    let n_handlers = at_most_one(
        faults,
        object,
        keys,
        "may not specify more than 1 handler type",
        at,
    );
    if n_handlers == 0 {
        let message = format!("{}: Required value: must specify a handler type", at.path());
        faults.push(Id::Required, at, Side::Key, message);
    }
}

/// A variable: a value, or where it comes from.
pub(super) fn env(walk: &mut Walk<'_>, variable: &Object, at: &At<'_>) {
    let has_value = text(variable, "value").is_some_and(|value| !value.is_empty());
    if has_value && filled(variable, "valueFrom").is_some() {
        let at = at.key("valueFrom");
        let message = format!(
            "{}: Invalid value: \"\": may not be specified when `value` is not empty",
            at.path()
        );
        walk.faults.push(Id::Mismatch, &at, Side::Key, message);
    }
    if let Some(name) = text(variable, "name")
        && let Some(wrong) = forms::env_name(name, walk.minor)
    {
        let text = format!("Invalid value: {name:?}: {wrong}");
        walk.faults.value(Id::Name, &at.key("name"), &text);
    }
}

/// A volume: at most one source.
pub(super) fn volume(walk: &mut Walk<'_>, volume: &Object, at: &At<'_>) {
    let sources: Vec<&str> = volume
        .iter_sorted()
        .filter_map(|(key, _)| text_key(key))
        .filter(|key| *key != "name")
        .collect();
    at_most_one(
        &mut walk.faults,
        volume,
        &sources,
        "may not specify more than 1 volume type",
        at,
    );
    label(&mut walk.faults, volume, "name", at);
}

/// File modes.
pub(super) fn modes(walk: &mut Walk<'_>, object: &Object, at: &At<'_>) {
    for key in ["defaultMode", "mode"] {
        let Some(mode) = integer(object, key) else {
            continue;
        };
        if (0..=0o777).contains(&mode) {
            continue;
        }
        let octal = i64::from_str_radix(&mode.to_string(), 8);
        let hint = match octal {
            Ok(octal) if (0..=0o777).contains(&octal) => {
                format!(": `{mode}` is decimal, write `0{mode}`")
            }
            Ok(_) | Err(_) => String::new(),
        };
        walk.faults.value(
            Id::Range,
            &at.key(key),
            &format!(
                "Invalid value: {mode}: must be a number between 0 and 0777 (octal), both inclusive{hint}"
            ),
        );
    }
}

/// Users and groups.
pub(super) fn security(walk: &mut Walk<'_>, context: &Object, at: &At<'_>) {
    not_negative(
        &mut walk.faults,
        context,
        &["fsGroup", "runAsGroup", "runAsUser"],
        at,
    );
}

//! Where Pods may run: weights, spreading, tolerations, ports of the node.

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Faults, Side};
use crate::schema::rules::Id;
use crate::schema::semantic::within;
use crate::schema::tree::{filled, integer, objects, text};
use crate::schema::walk::Walk;

/// How much a preference counts.
pub(super) fn weight(walk: &mut Walk<'_>, term: &Object, at: &At<'_>) {
    let wrong = "must be in the range 1-100";
    within(&mut walk.faults, term, "weight", (1, 100), wrong, at);
}

/// How evenly Pods are spread.
pub(super) fn spread(walk: &mut Walk<'_>, spread: &Object, at: &At<'_>) {
    let wrong = "must be greater than 0";
    within(
        &mut walk.faults,
        spread,
        "maxSkew",
        (1, i64::MAX),
        wrong,
        at,
    );
}

/// A taint that a Pod stands.
pub(super) fn toleration(walk: &mut Walk<'_>, toleration: &Object, at: &At<'_>) {
    let is_empty = |key| match filled(toleration, key) {
        None => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    let exists = text(toleration, "operator") == Some("Exists");
    if exists && !is_empty("value") {
        let value = text(toleration, "value").unwrap_or_default();
        let wrong = "value must be empty when `operator` is 'Exists'";
        let message = format!("Invalid value: {value:?}: {wrong}");
        walk.faults.value(Id::Mismatch, &at.key("value"), &message);
    }
    if !exists && is_empty("key") {
        let at = at.key("operator");
        let message = format!(
            "{}: Invalid value: operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            at.path()
        );
        walk.faults.push(Id::Mismatch, &at, Side::Key, message);
    }
}

/// Ports of the node that two containers of a Pod ask for.
pub(super) fn host_ports(faults: &mut Faults, spec: &Object, at: &At<'_>) {
    let at_containers = at.key("containers");
    let mut seen: Vec<(&str, &str, i64)> = Vec::new();
    for (container, of_container) in objects(spec, "containers") {
        for (index, port) in objects(of_container, "ports") {
            let Some(number) = integer(port, "hostPort").filter(|number| *number != 0) else {
                continue;
            };
            let protocol = text(port, "protocol").filter(|protocol| !protocol.is_empty());
            let address = text(port, "hostIP").unwrap_or_default();
            let key = (protocol.unwrap_or("TCP"), address, number);
            if seen.contains(&key) {
                let at_container = at_containers.index(container);
                let at_ports = at_container.key("ports");
                let at_port = at_ports.index(index);
                let shown = format!("{}/{}/{}", key.0, key.1, key.2);
                faults.value(
                    Id::Duplicate,
                    &at_port.key("hostPort"),
                    &format!("Duplicate value: {shown:?}"),
                );
            }
            seen.push(key);
        }
    }
}

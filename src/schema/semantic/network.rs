//! Services, Ingresses, NetworkPolicies.

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Side};
use crate::schema::names;
use crate::schema::rules::Id;
use crate::schema::semantic::{at_most_one, pod, port, port_number};
use crate::schema::tree::{array, filled, get, integer, objects, text};
use crate::schema::walk::Walk;

/// A Service's spec.
pub(super) fn service(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let faults = &mut walk.faults;
    let kind = text(spec, "type")
        .filter(|kind| !kind.is_empty())
        .unwrap_or("ClusterIP");
    let at_ports = at.key("ports");
    let ports: Vec<(usize, &Object)> = objects(spec, "ports").collect();
    let n_ports = array(spec, "ports").map_or(0, |ports| ports.len());
    let mut seen: Vec<&str> = Vec::new();
    for (index, of_port) in &ports {
        let at_port = at_ports.index(*index);
        match filled(of_port, "name") {
            None if n_ports > 1 => {
                faults.required(&at_port.key("name"), "");
            }
            Some(Value::String(name)) if name.is_empty() && n_ports > 1 => {
                faults.required(&at_port.key("name"), "");
            }
            Some(Value::String(name)) if !name.is_empty() => {
                if seen.contains(&&**name) {
                    let message =
                        format!("{}: Duplicate value: {name:?}", at_port.key("name").path());
                    faults.push(Id::Duplicate, &at_port, Side::Value, message);
                }
                seen.push(name);
            }
            Some(_) | None => {}
        }
        if kind == "ClusterIP" && integer(of_port, "nodePort").is_some_and(|port| port != 0) {
            let at = at_port.key("nodePort");
            let message = format!(
                "{}: Forbidden: may not be used when `type` is 'ClusterIP'",
                at.path()
            );
            faults.push(Id::Mismatch, &at, Side::Value, message);
        }
    }
    cluster_ip(walk, spec, kind, at);
    let faults = &mut walk.faults;
    let is_headless = kind == "ClusterIP" && text(spec, "clusterIP") == Some("None");
    let has_ports = match get(spec, "ports") {
        None | Some(Value::Null) => false,
        Some(Value::Array(ports)) => !ports.is_empty(),
        Some(_) => true,
    };
    if kind == "ExternalName" {
        if text(spec, "externalName").is_none_or(str::is_empty) {
            faults.required(&at.key("externalName"), "");
        }
    } else if !has_ports && !is_headless {
        faults.required(&at_ports, "");
    }
}

/// A Service's port.
pub(super) fn service_port(walk: &mut Walk<'_>, of_port: &Object, at: &At<'_>) {
    port_number(&mut walk.faults, of_port, "port", at);
    port(&mut walk.faults, of_port, "targetPort", at);
    if integer(of_port, "nodePort") != Some(0) {
        port_number(&mut walk.faults, of_port, "nodePort", at);
    }
    pod::label(&mut walk.faults, of_port, "name", at);
}

/// A rule of an Ingress: its host.
pub(super) fn ingress_rule(walk: &mut Walk<'_>, rule: &Object, at: &At<'_>) {
    let Some(host) = text(rule, "host").filter(|host| !host.is_empty()) else {
        return;
    };
    let wrong = if host.parse::<std::net::IpAddr>().is_ok() {
        Some("must be a DNS name, not an IP address".to_owned())
    } else {
        names::dns_subdomain(host.strip_prefix("*.").unwrap_or(host)).err()
    };
    if let Some(wrong) = wrong {
        walk.faults.value(
            Id::Mismatch,
            &at.key("host"),
            &format!("Invalid value: {host:?}: {wrong}"),
        );
    }
}

/// A path of an Ingress.
pub(super) fn ingress_path(walk: &mut Walk<'_>, path: &Object, at: &At<'_>) {
    if !matches!(text(path, "pathType"), Some("Exact" | "Prefix")) {
        return;
    }
    let given = match filled(path, "path") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return,
    };
    if !given.starts_with('/') {
        walk.faults.value(
            Id::Mismatch,
            &at.key("path"),
            &format!("Invalid value: {given:?}: must be an absolute path"),
        );
    }
}

/// The backend of an Ingress.
pub(super) fn ingress_backend(walk: &mut Walk<'_>, backend: &Object, at: &At<'_>) {
    let n_given = at_most_one(
        &mut walk.faults,
        backend,
        &["resource", "service"],
        "cannot set both resource and service backends",
        at,
    );
    if n_given == 0 {
        walk.faults
            .required(at, "resource or service backend is required");
    }
}

/// The Service of an Ingress' backend.
pub(super) fn ingress_service(walk: &mut Walk<'_>, service: &Object, at: &At<'_>) {
    let at_port = at.key("port");
    let Some(of_port) = get(service, "port") else {
        walk.faults
            .required(&at_port, "port name or number is required");
        return;
    };
    let Ok(of_port) = of_port.as_object() else {
        return;
    };
    let n_given = at_most_one(
        &mut walk.faults,
        of_port,
        &["name", "number"],
        "cannot set both port name & port number",
        &at_port,
    );
    if n_given == 0 {
        walk.faults
            .required(&at_port, "port name or number is required");
    }
    port_number(&mut walk.faults, of_port, "number", &at_port);
}

/// A port or a range of ports of a NetworkPolicy.
pub(super) fn policy_port(walk: &mut Walk<'_>, of_port: &Object, at: &At<'_>) {
    port(&mut walk.faults, of_port, "port", at);
    port_number(&mut walk.faults, of_port, "endPort", at);
    let Some(end) = integer(of_port, "endPort") else {
        return;
    };
    let wrong = match filled(of_port, "port") {
        None => "may not be specified when `port` is not specified",
        Some(Value::String(_)) => "may not be specified when `port` is non-numeric",
        Some(_) if integer(of_port, "port").is_some_and(|port| end < port) => {
            "must be greater than or equal to `port`"
        }
        Some(_) => return,
    };
    let text = format!("Invalid value: {end}: {wrong}");
    walk.faults.value(Id::Mismatch, &at.key("endPort"), &text);
}

/// Whom a NetworkPolicy lets through.
pub(super) fn policy_peer(walk: &mut Walk<'_>, peer: &Object, at: &At<'_>) {
    let is_given = |key| filled(peer, key).is_some();
    let has_selector = is_given("podSelector") || is_given("namespaceSelector");
    if is_given("ipBlock") && has_selector {
        let message = format!(
            "{}: Forbidden: may not specify both ipBlock and another peer",
            at.path()
        );
        let at = at.key("ipBlock");
        walk.faults.push(Id::Mismatch, &at, Side::Key, message);
    } else if !is_given("ipBlock") && !has_selector {
        walk.faults.required(at, "must specify a peer");
    }
}

/// The address of a Service.
fn cluster_ip(walk: &mut Walk<'_>, spec: &Object, kind: &str, at: &At<'_>) {
    let Some(address) = text(spec, "clusterIP").filter(|address| !address.is_empty()) else {
        return;
    };
    let at = at.key("clusterIP");
    match (address, kind) {
        ("None", "LoadBalancer" | "NodePort") => {
            let text =
                format!("Invalid value: {address:?}: may not be set to 'None' for {kind} services");
            walk.faults.value(Id::Mismatch, &at, &text);
        }
        ("None", _) | (_, "ExternalName") => {}
        _ if !is_address(address) => {
            let meant = match address.eq_ignore_ascii_case("None") {
                true => ": did you mean \"None\"?",
                false => "",
            };
            let text = format!(
                "Invalid value: {address:?}: must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff){meant}"
            );
            walk.faults.value(Id::Format, &at, &text);
        }
        _ => {}
    }
}

/// Whether it is an address; the server still takes leading zeros here.
fn is_address(text: &str) -> bool {
    let bare = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let parts: Vec<String> = text.split('.').map(bare).collect();
    text.parse::<std::net::IpAddr>().is_ok()
        || parts.join(".").parse::<std::net::Ipv4Addr>().is_ok()
}

/// An address range of a NetworkPolicy.
pub(super) fn ip_block(walk: &mut Walk<'_>, block: &Object, at: &At<'_>) {
    if let Some(cidr) = text(block, "cidr").filter(|cidr| !is_cidr(cidr)) {
        walk.faults.value(
            Id::Mismatch,
            &at.key("cidr"),
            &format!(
                "Invalid value: {cidr:?}: must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
            ),
        );
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

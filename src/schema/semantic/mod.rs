//! What the API server refuses beyond types: cheap and certain checks of single objects, one table.
//!
//! They were recorded on the newest version; their texts stand in the oldest one's sources as well, so they are applied to
//! all. What has the wrong type is passed over here: that has its own finding.

mod cluster;
mod network;
mod others;
mod pod;
mod scheduling;
mod workload;

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Faults};
use crate::schema::forms;
use crate::schema::metadata;
use crate::schema::rules::Id;
use crate::schema::tree::{filled, get, integer};
use crate::schema::walk::Walk;

/// A check of an object whose definition it belongs to.
pub(in crate::schema) type Semantic = fn(&mut Walk<'_>, &Object, &At<'_>);

const TABLE: [(&str, Semantic); 73] = [
    ("admissionregistration.v1.MutatingWebhook", cluster::webhook),
    (
        "admissionregistration.v1.ValidatingWebhook",
        cluster::webhook,
    ),
    ("apps.v1.DaemonSet", with_spec),
    ("apps.v1.DaemonSetSpec", workload::daemon_set),
    ("apps.v1.Deployment", with_spec),
    ("apps.v1.DeploymentSpec", workload::deployment),
    ("apps.v1.ReplicaSet", with_spec),
    ("apps.v1.ReplicaSetSpec", workload::replica_set),
    ("apps.v1.StatefulSet", with_spec),
    ("apps.v1.StatefulSetSpec", workload::stateful_set),
    ("autoscaling.v1.HorizontalPodAutoscaler", with_spec),
    (
        "autoscaling.v1.HorizontalPodAutoscalerSpec",
        workload::autoscaler,
    ),
    ("autoscaling.v2.HorizontalPodAutoscaler", with_spec),
    (
        "autoscaling.v2.HorizontalPodAutoscalerSpec",
        workload::autoscaler,
    ),
    ("autoscaling.v2.MetricSpec", workload::metric),
    (
        "autoscaling.v2beta2.HorizontalPodAutoscalerSpec",
        workload::autoscaler,
    ),
    ("autoscaling.v2beta2.MetricSpec", workload::metric),
    ("batch.v1.CronJob", with_spec),
    ("batch.v1.CronJobSpec", workload::cron_job),
    ("batch.v1.Job", with_spec),
    ("batch.v1.JobSpec", workload::job),
    ("batch.v1.JobTemplateSpec", with_spec),
    ("core.v1.ConfigMap", others::config_map),
    ("core.v1.ConfigMapProjection", pod::modes),
    ("core.v1.ConfigMapVolumeSource", pod::modes),
    ("core.v1.Container", pod::container),
    ("core.v1.ContainerPort", pod::container_port),
    ("core.v1.DownwardAPIVolumeFile", pod::modes),
    ("core.v1.DownwardAPIVolumeSource", pod::modes),
    ("core.v1.EnvVar", pod::env),
    ("core.v1.EphemeralContainer", pod::container),
    ("core.v1.GRPCAction", pod::action_port),
    ("core.v1.HTTPGetAction", pod::action_port),
    ("core.v1.KeyToPath", pod::modes),
    ("core.v1.LifecycleHandler", pod::handler),
    ("core.v1.LimitRangeItem", cluster::limit_range),
    ("core.v1.PersistentVolume", with_spec),
    ("core.v1.PersistentVolumeClaim", with_spec),
    ("core.v1.PersistentVolumeClaimSpec", others::claim),
    ("core.v1.PersistentVolumeSpec", cluster::volume),
    ("core.v1.Pod", with_spec),
    ("core.v1.PodSecurityContext", pod::security),
    ("core.v1.PodSpec", pod::pod),
    ("core.v1.PodTemplateSpec", with_spec),
    ("core.v1.PreferredSchedulingTerm", scheduling::weight),
    ("core.v1.Probe", pod::probe),
    ("core.v1.ProjectedVolumeSource", pod::modes),
    (
        "core.v1.ReplicationControllerSpec",
        workload::replication_controller,
    ),
    ("core.v1.Secret", others::secret),
    ("core.v1.SecretVolumeSource", pod::modes),
    ("core.v1.SecurityContext", pod::security),
    ("core.v1.Service", with_spec),
    ("core.v1.ServicePort", network::service_port),
    ("core.v1.ServiceSpec", network::service),
    ("core.v1.TCPSocketAction", pod::action_port),
    ("core.v1.Toleration", scheduling::toleration),
    ("core.v1.TopologySpreadConstraint", scheduling::spread),
    ("core.v1.Volume", pod::volume),
    ("core.v1.WeightedPodAffinityTerm", scheduling::weight),
    ("meta.v1.ObjectMeta", metadata::labels),
    ("networking.v1.HTTPIngressPath", network::ingress_path),
    ("networking.v1.IPBlock", network::ip_block),
    ("networking.v1.Ingress", with_spec),
    ("networking.v1.IngressBackend", network::ingress_backend),
    ("networking.v1.IngressRule", network::ingress_rule),
    (
        "networking.v1.IngressServiceBackend",
        network::ingress_service,
    ),
    ("networking.v1.NetworkPolicyPeer", network::policy_peer),
    ("networking.v1.NetworkPolicyPort", network::policy_port),
    (
        "policy.v1.PodDisruptionBudgetSpec",
        others::disruption_budget,
    ),
    ("rbac.v1.ClusterRoleBinding", others::cluster_role_binding),
    ("rbac.v1.PolicyRule", others::policy_rule),
    ("rbac.v1.RoleBinding", others::role_binding),
    ("rbac.v1.Subject", others::subject),
];

/// What is checked of objects of the definition of this name.
pub(in crate::schema) fn of_definition(name: &str) -> Option<Semantic> {
    let index = TABLE
        .binary_search_by(|(known, _)| (*known).cmp(name))
        .ok()?;
    Some(TABLE[index].1)
}

/// A spec must be there where the server asks for something in it, though the schema does not say so.
fn with_spec(walk: &mut Walk<'_>, object: &Object, at: &At<'_>) {
    if filled(object, "spec").is_none() && !walk.faults.has_required(at, "spec") {
        walk.faults.required(&at.key("spec"), "");
    }
}

/// An integer that must not be below zero.
fn not_negative(faults: &mut Faults, object: &Object, keys: &[&str], at: &At<'_>) {
    for key in keys {
        if let Some(number) = integer(object, key)
            && number < 0
        {
            faults.value(
                Id::Range,
                &at.key(key),
                &format!("Invalid value: {number}: must be greater than or equal to 0"),
            );
        }
    }
}

/// An integer that must be between two others, both allowed.
fn within(
    faults: &mut Faults,
    object: &Object,
    key: &str,
    (least, most): (i64, i64),
    wrong: &str,
    at: &At<'_>,
) {
    if let Some(number) = integer(object, key)
        && !(least..=most).contains(&number)
    {
        let text = format!("Invalid value: {number}: {wrong}");
        faults.value(Id::Range, &at.key(key), &text);
    }
}

/// A port's number.
fn port_number(faults: &mut Faults, object: &Object, key: &str, at: &At<'_>) {
    if let Some(number) = integer(object, key)
        && !(1..=65_535).contains(&number)
    {
        faults
            .value(
                Id::Range,
                &at.key(key),
                &format!("Invalid value: {number}: must be between 1 and 65535, inclusive"),
            )
            .detail("expected", "1-65535");
    }
}

/// A port's number, or the name of a container's port.
fn port(faults: &mut Faults, object: &Object, key: &str, at: &At<'_>) {
    port_number(faults, object, key, at);
    if let Some(Value::String(text)) = get(object, key)
        && let Some(wrong) = forms::port_name(text)
    {
        let quotes = match text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            true => ": remove the quotes",
            false => "",
        };
        faults.value(
            Id::Format,
            &at.key(key),
            &format!("Invalid value: {text:?}: {wrong}{quotes}"),
        );
    }
}

/// A number of Pods or a percentage of them.
fn pods_or_percent(faults: &mut Faults, object: &Object, keys: &[&str], at: &At<'_>) {
    not_negative(faults, object, keys, at);
    for key in keys {
        let Some(Value::String(text)) = get(object, key) else {
            continue;
        };
        let wrong = match forms::percent(text) {
            None => {
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            }
            Some(percent) if percent > 100 && matches!(*key, "maxUnavailable" | "minAvailable") => {
                "must not be greater than 100%"
            }
            Some(_) => continue,
        };
        faults.value(
            Id::Format,
            &at.key(key),
            &format!("Invalid value: {text:?}: {wrong}"),
        );
    }
}

/// Whether a number of Pods or a percentage is given and zero.
fn is_zero(object: &Object, key: &str) -> Option<bool> {
    match filled(object, key)? {
        Value::String(text) => Some(forms::percent(text) == Some(0)),
        value => Some(value.as_i64().is_ok_and(|number| number == 0)),
    }
}

/// More than one of several fields that exclude each other: said at the one that stands last.
fn at_most_one(
    faults: &mut Faults,
    object: &Object,
    keys: &[&str],
    message: &str,
    at: &At<'_>,
) -> usize {
    let given: Vec<&str> = keys
        .iter()
        .copied()
        .filter(|key| filled(object, key).is_some())
        .collect();
    if let [first, rest @ ..] = &given[..]
        && !rest.is_empty()
    {
        let text = format!("{}: Forbidden: {message}", at.path());
        let others = rest.iter().map(|key| at.key(key).path()).collect();
        faults
            .push(
                Id::Mismatch,
                &at.key(first),
                crate::schema::fault::Side::Key,
                text,
            )
            .others = others;
    }
    given.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by(|left, right| left.0 < right.0));
    }
}

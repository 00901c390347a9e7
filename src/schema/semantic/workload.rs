//! Kinds that make Pods: selectors, strategies, numbers, schedules.

use crate::document::value::{Object, Value};
use crate::schema::fault::{At, Side};
use crate::schema::forms;
use crate::schema::rules::Id;
use crate::schema::semantic::{is_zero, not_negative, pod, pods_or_percent};
use crate::schema::tree::{filled, get, integer, object, objects, text, text_key};
use crate::schema::walk::{Walk, unsupported};

/// A Deployment's spec.
pub(super) fn deployment(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    always_running(walk, spec, at);
    let Some(strategy) = object(spec, "strategy") else {
        return;
    };
    let at_strategy = at.key("strategy");
    let at = at_strategy.key("rollingUpdate");
    let Some(update) = object(strategy, "rollingUpdate") else {
        return;
    };
    if text(strategy, "type") == Some("Recreate") {
        let message = format!(
            "{}: Forbidden: may not be specified when strategy `type` is 'Recreate'",
            at.path()
        );
        walk.faults.push(Id::Mismatch, &at, Side::Key, message);
    }
    pods_or_percent(
        &mut walk.faults,
        update,
        &["maxSurge", "maxUnavailable"],
        &at,
    );
    if is_zero(update, "maxSurge") == Some(true) && is_zero(update, "maxUnavailable") == Some(true)
    {
        not_both_zero(walk, &at);
    }
}

fn not_both_zero(walk: &mut Walk<'_>, at: &At<'_>) {
    walk.faults.value(
        Id::Mismatch,
        &at.key("maxUnavailable"),
        "Invalid value: 0: may not be 0 when `maxSurge` is 0",
    );
}

/// A DaemonSet's spec.
pub(super) fn daemon_set(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    always_running(walk, spec, at);
    let Some(strategy) = object(spec, "updateStrategy") else {
        return;
    };
    let at_strategy = at.key("updateStrategy");
    let at = at_strategy.key("rollingUpdate");
    let Some(update) = object(strategy, "rollingUpdate") else {
        return;
    };
    pods_or_percent(
        &mut walk.faults,
        update,
        &["maxSurge", "maxUnavailable"],
        &at,
    );
    // Without it, maxSurge is 0 here.
    if is_zero(update, "maxSurge") != Some(false) && is_zero(update, "maxUnavailable") == Some(true)
    {
        not_both_zero(walk, &at);
    }
}

/// A ReplicaSet's spec.
pub(super) fn replica_set(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    always_running(walk, spec, at);
}

/// A StatefulSet's spec.
pub(super) fn stateful_set(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    always_running(walk, spec, at);
    let claims: Vec<&str> = objects(spec, "volumeClaimTemplates")
        .filter_map(|(_, claim)| text(object(claim, "metadata")?, "name"))
        .collect();
    if let Some(of_pod) = object(spec, "template").and_then(|template| object(template, "spec")) {
        let at = at.key("template");
        pod::mounts(&mut walk.faults, of_pod, &claims, &at.key("spec"));
    }
}

/// A ReplicationController's spec.
pub(super) fn replication_controller(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    not_negative(&mut walk.faults, spec, &["replicas", "minReadySeconds"], at);
}

/// What holds for all kinds of the group apps.
fn always_running(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let numbers = [
        "replicas",
        "minReadySeconds",
        "revisionHistoryLimit",
        "progressDeadlineSeconds",
    ];
    not_negative(&mut walk.faults, spec, &numbers, at);
    selector(walk, spec, at);
    let Some(of_pod) = object(spec, "template").and_then(|template| object(template, "spec"))
    else {
        return;
    };
    if let Some(policy) = text(of_pod, "restartPolicy")
        && !matches!(policy, "" | "Always")
    {
        let at = at.key("template");
        let at = at.key("spec");
        restart_policy(walk, policy, &["Always"], &at);
    }
}

/// A restart policy that is right for Pods, but not here; one that is wrong for Pods has its finding already.
fn restart_policy(walk: &mut Walk<'_>, policy: &str, allowed: &[&str], at: &At<'_>) {
    if matches!(policy, "Always" | "Never" | "OnFailure") {
        unsupported(&mut walk.faults, allowed, policy, &at.key("restartPolicy"));
    }
}

fn selector(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let Some(selector) = object(spec, "selector") else {
        return;
    };
    let is_empty = |key| match get(selector, key) {
        None | Some(Value::Null) => true,
        Some(Value::Object(object)) => object.is_empty(),
        Some(Value::Array(array)) => array.is_empty(),
        Some(_) => false,
    };
    if is_empty("matchLabels") && is_empty("matchExpressions") {
        let keys_known = selector
            .iter()
            .filter_map(|(key, _)| text_key(key))
            .all(|key| matches!(key, "matchLabels" | "matchExpressions"));
        if keys_known {
            let at = at.key("selector");
            let kind = walk.owner().trim_end_matches("Spec").to_lowercase();
            let message = format!(
                "{}: Invalid value: {{}}: empty selector is invalid for {kind}",
                at.path()
            );
            walk.faults.push(Id::Mismatch, &at, Side::Key, message);
        }
        return;
    }
    let Some(wanted) = object(selector, "matchLabels") else {
        return;
    };
    let Some(template) = object(spec, "template") else {
        return;
    };
    let labels = object(template, "metadata").and_then(|metadata| object(metadata, "labels"));
    let is_readable = match get(template, "metadata") {
        None | Some(Value::Null) => true,
        Some(Value::Object(metadata)) => !matches!(
            get(metadata, "labels"),
            Some(Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_))
        ),
        Some(_) => false,
    };
    let matches = wanted.iter().all(|(key, value)| {
        let given = labels.and_then(|labels| labels.get(key));
        match (value, given) {
            (Value::String(value), Some(Value::String(given))) => value == given,
            (Value::String(_), None) => false,
            // Of the wrong type: said elsewhere.
            _ => true,
        }
    });
    if is_readable && !matches {
        let at = at.key("template");
        let at = at.key("metadata");
        let at = at.key("labels");
        let message = format!(
            "{}: Invalid value: `selector` does not match template `labels`",
            at.path()
        );
        walk.faults.push(Id::Mismatch, &at, Side::Key, message);
    }
}

/// A Job's spec.
pub(super) fn job(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let numbers = [
        "parallelism",
        "completions",
        "backoffLimit",
        "activeDeadlineSeconds",
        "ttlSecondsAfterFinished",
    ];
    not_negative(&mut walk.faults, spec, &numbers, at);
    // Where both are left out they are 1.
    if text(spec, "completionMode") == Some("Indexed")
        && filled(spec, "completions").is_none()
        && filled(spec, "parallelism").is_some()
    {
        let reason = "when completion mode is Indexed";
        walk.faults.required(&at.key("completions"), reason);
    }
    let Some(of_pod) = object(spec, "template").and_then(|template| object(template, "spec"))
    else {
        return;
    };
    let at = at.key("template");
    let at = at.key("spec");
    match filled(of_pod, "restartPolicy") {
        None => {
            let at = at.key("restartPolicy");
            walk.faults
                .required(&at, "valid values: \"OnFailure\", \"Never\"");
        }
        Some(Value::String(policy)) if policy.is_empty() => {
            let at = at.key("restartPolicy");
            walk.faults
                .required(&at, "valid values: \"OnFailure\", \"Never\"");
        }
        Some(Value::String(policy)) if &**policy == "Always" => {
            restart_policy(walk, policy, &["OnFailure", "Never"], &at);
        }
        Some(_) => {}
    }
}

/// A CronJob's spec.
pub(super) fn cron_job(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let numbers = [
        "startingDeadlineSeconds",
        "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit",
    ];
    not_negative(&mut walk.faults, spec, &numbers, at);
    match text(spec, "schedule") {
        Some("") => {
            walk.faults.required(&at.key("schedule"), "");
        }
        Some(schedule) => {
            if let Some(wrong) = forms::schedule(schedule) {
                walk.faults.value(
                    Id::Format,
                    &at.key("schedule"),
                    &format!("Invalid value: {schedule:?}: {wrong}"),
                );
            }
        }
        None => {}
    }
}

/// A metric of a HorizontalPodAutoscaler: its type, and the field of that name.
pub(super) fn metric(walk: &mut Walk<'_>, metric: &Object, at: &At<'_>) {
    const TYPES: [(&str, &str); 5] = [
        ("ContainerResource", "containerResource"),
        ("External", "external"),
        ("Object", "object"),
        ("Pods", "pods"),
        ("Resource", "resource"),
    ];
    let Some(given) = text(metric, "type") else {
        return;
    };
    let Some((_, wanted)) = TYPES.iter().find(|(name, _)| *name == given) else {
        let names = TYPES.map(|(name, _)| name);
        unsupported(&mut walk.faults, &names, given, &at.key("type"));
        return;
    };
    if filled(metric, wanted).is_none() {
        let reason = "must populate information for the given metric source";
        walk.faults.required(&at.key(wanted), reason);
    }
    for (_, key) in TYPES {
        if key != *wanted && filled(metric, key).is_some() {
            let at = at.key(key);
            let message = format!(
                "{}: Forbidden: must populate the given metric source only",
                at.path()
            );
            walk.faults.push(Id::Mismatch, &at, Side::Key, message);
        }
    }
}

/// A HorizontalPodAutoscaler's spec.
pub(super) fn autoscaler(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    let least = integer(spec, "minReplicas");
    let most = integer(spec, "maxReplicas");
    not_negative(&mut walk.faults, spec, &["minReplicas"], at);
    let at = at.key("maxReplicas");
    match (least.unwrap_or(1), most) {
        (_, Some(most)) if most < 1 => {
            walk.faults.value(
                Id::Range,
                &at,
                &format!("Invalid value: {most}: must be greater than 0"),
            );
        }
        (least, Some(most)) if most < least => {
            walk.faults.value(
                Id::Mismatch,
                &at,
                &format!("Invalid value: {most}: must be greater than or equal to `minReplicas`"),
            );
        }
        _ => {}
    }
}

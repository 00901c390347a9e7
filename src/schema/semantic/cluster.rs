//! What a cluster's administrators write: volumes, limits, webhooks.

use crate::document::value::{Object, Value};
use crate::schema::fault::At;
use crate::schema::rules::Id;
use crate::schema::semantic::{pod, within};
use crate::schema::tree::{array, filled, object, text, text_key};
use crate::schema::walk::{Walk, unsupported};

/// Fields of a volume's spec that are no source of it.
const NO_SOURCES: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// A PersistentVolume's spec; within an attachment it has other rules.
pub(super) fn volume(walk: &mut Walk<'_>, spec: &Object, at: &At<'_>) {
    if !walk.is_within("core.v1.PersistentVolume") {
        return;
    }
    for key in ["accessModes", "capacity"] {
        let is_empty = match filled(spec, key) {
            None => true,
            Some(Value::Array(array)) => array.is_empty(),
            Some(Value::Object(object)) => object.is_empty(),
            Some(_) => false,
        };
        if is_empty {
            walk.faults.required(&at.key(key), "");
        }
    }
    let has_source = spec.iter().any(|(key, value)| {
        let key = text_key(key).unwrap_or_default();
        !NO_SOURCES.contains(&key) && !matches!(value, Value::Null)
    });
    if !has_source {
        walk.faults.required(at, "must specify a volume type");
    }
}

/// Two amounts of a LimitRange of which the first must not be greater, with the one that is named.
const ORDER: [[&str; 5]; 6] = [
    ["min", "max", "min value", "max value", "min"],
    [
        "min",
        "defaultRequest",
        "min value",
        "default request value",
        "defaultRequest",
    ],
    [
        "defaultRequest",
        "max",
        "default request value",
        "max value",
        "defaultRequest",
    ],
    [
        "defaultRequest",
        "default",
        "default request value",
        "default limit value",
        "defaultRequest",
    ],
    ["min", "default", "min value", "default value", "default"],
    ["default", "max", "default value", "max value", "default"],
];

/// An item of a LimitRange.
pub(super) fn limit_range(walk: &mut Walk<'_>, limits: &Object, at: &At<'_>) {
    // For Pods there are no defaults.
    let n_pairs = match text(limits, "type") {
        Some("Pod") => 1,
        Some(_) | None => ORDER.len(),
    };
    for [low, high, low_words, high_words, named] in &ORDER[..n_pairs] {
        let (Some(lows), Some(highs)) = (object(limits, low), object(limits, high)) else {
            continue;
        };
        for (key, low) in lows.iter_sorted() {
            let (Some(name), Some(high)) = (text_key(key), highs.get(key)) else {
                continue;
            };
            let (Some(least), Some(most)) = (pod::amount(low), pod::amount(high)) else {
                continue;
            };
            if least > most {
                let at = at.key(named);
                let text = format!(
                    "Invalid value: {low_words} {} is greater than {high_words} {}",
                    pod::plain(low),
                    pod::plain(high)
                );
                walk.faults.value(Id::Mismatch, &at.key(name), &text);
            }
        }
    }
}

/// A webhook of version v1.
pub(super) fn webhook(walk: &mut Walk<'_>, webhook: &Object, at: &At<'_>) {
    if let Some(versions) = array(webhook, "admissionReviewVersions") {
        let at = at.key("admissionReviewVersions");
        let is_known = |version: &Value| matches!(version, Value::String(text) if matches!(&**text, "v1" | "v1beta1"));
        if versions.is_empty() {
            walk.faults.required(&at, "must specify one of v1, v1beta1");
        } else if !versions.iter().any(is_known) {
            let wrong = "Invalid value: must include at least one of v1, v1beta1";
            walk.faults.value(Id::Enum, &at, wrong);
        }
    }
    if let Some(effects) = text(webhook, "sideEffects")
        && matches!(effects, "" | "Some" | "Unknown")
    {
        let allowed = ["None", "NoneOnDryRun"];
        unsupported(&mut walk.faults, &allowed, effects, &at.key("sideEffects"));
    }
    let wrong = "the timeout value must be between 1 and 30 seconds";
    within(
        &mut walk.faults,
        webhook,
        "timeoutSeconds",
        (1, 30),
        wrong,
        at,
    );
}

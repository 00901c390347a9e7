//! Which kind a document is of, and what is said about kinds that are not there (any more).

use crate::document::field::nearest;
use crate::document::value::{Object, Value};
use crate::schema::catalog::{Catalog, DefinitionId, Kind, group_of};
use crate::schema::custom::{Customs, Found};
use crate::schema::fault::{At, Side};
use crate::schema::location::{Locations, Turn};
use crate::schema::metadata::{self, Form};
use crate::schema::rules::Id;
use crate::schema::tree::{get, go_kind};
use crate::schema::walk::Walk;

/// How much of a document was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::schema) enum Coverage {
    /// It is no Kubernetes document.
    Foreign,
    /// All of it.
    Whole,
    /// Only its metadata: nobody says what the kind looks like.
    Metadata,
    /// Only its apiVersion and kind.
    Identity,
}

/// The group, version and kind that a document says, or that the list it is an item of says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) struct Gvk {
    /// As written, `v1` or `apps/v1`.
    pub(in crate::schema) api_version: String,
    pub(in crate::schema) kind: String,
}

impl Gvk {
    /// `apps/v1`, `core/v1`. A group that is written so is another one: there is none.
    pub(in crate::schema) fn group_version(&self) -> String {
        match self.api_version.split_once('/') {
            Some(("core", version)) => format!("(core)/{version}"),
            Some(_) => self.api_version.clone(),
            None => format!("core/{}", self.api_version),
        }
    }
}

/// Keys beside apiVersion or kind that make a mapping a Kubernetes document.
const MARKS: [&str; 6] = ["metadata", "spec", "data", "rules", "subjects", "items"];

/// What a document is, where it says so; what is missing otherwise. None where it is no Kubernetes document.
pub(in crate::schema) fn identify(
    walk: &mut Walk<'_>,
    root: &Object,
    is_item: bool,
) -> Option<Gvk> {
    let given = |key| match get(root, key) {
        None | Some(Value::Null) => None,
        Some(value) => Some(value),
    };
    let (api_version, kind) = (given("apiVersion"), given("kind"));
    let is_marked = MARKS.iter().any(|key| get(root, key).is_some());
    let any = api_version.is_some() || kind.is_some();
    // What an API server asks a webhook; nobody applies it.
    let is_review = kind.is_some_and(|kind| *kind == Value::from("AdmissionReview"));
    if is_review && !is_item {
        return None;
    }
    if !is_item && !(any && (is_marked || api_version.is_some() && kind.is_some())) {
        return None;
    }
    let at = At::Root;
    let mut text = |key: &'static str, value: Option<&Value>| match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text.to_string()),
        None | Some(Value::String(_)) => {
            walk.faults.required(&at.key(key), "");
            None
        }
        Some(value) => {
            let at = at.key(key);
            let message = format!(
                "{key}: cannot unmarshal {} into Go struct field TypeMeta.{key} of type string",
                go_kind(value)
            );
            let side = match value {
                Value::Object(_) | Value::Array(_) => Side::Key,
                _ => Side::Value,
            };
            walk.faults.push(Id::Type, &at, side, message);
            None
        }
    };
    let api_version = text("apiVersion", api_version);
    let kind = text("kind", kind);
    Some(Gvk {
        api_version: api_version.unwrap_or_default(),
        kind: kind.unwrap_or_default(),
    })
}

/// What says how kinds look that are not built in.
pub(in crate::schema) struct Sources<'a> {
    pub(in crate::schema) customs: &'a Customs,
    pub(in crate::schema) locations: &'a Locations,
}

/// Checks a document of this group, version and kind.
pub(in crate::schema) fn document(
    walk: &mut Walk<'_>,
    sources: &Sources<'_>,
    value: &Value,
    gvk: &Gvk,
) -> Coverage {
    let Value::Object(root) = value else {
        return Coverage::Foreign;
    };
    if gvk.api_version.is_empty() || gvk.kind.is_empty() {
        return Coverage::Identity;
    }
    let group_version = gvk.group_version();
    let group = group_of(&group_version);
    if sources
        .locations
        .check(walk, value, gvk, Turn::BeforeBuiltIn)
    {
        metadata_of(walk, root);
        return Coverage::Whole;
    }
    let catalog = walk.catalog;
    let entries = catalog.entries(&group_version, &gvk.kind);
    if let Some(entry) = entries.iter().find(|kind| kind.minors.has(walk.minor))
        && let Some(definition) = entry.definition
    {
        deprecated(walk, entry, gvk);
        built_in(walk, definition, root, group, &gvk.kind);
        return Coverage::Whole;
    }
    if let Some(coverage) = custom(walk, sources.customs, value, gvk) {
        return coverage;
    }
    if !entries.is_empty() {
        gone(walk, entries, gvk);
        return Coverage::Identity;
    }
    // A group of a custom resource is a domain; one without a dot is a built-in one with a slip in it.
    if catalog.has_group(group) || !group.contains('.') || gvk.api_version.matches('/').count() > 1
    {
        unknown(walk, &group_version, gvk);
        return Coverage::Identity;
    }
    let is_described = sources
        .locations
        .check(walk, value, gvk, Turn::AfterBuiltIn);
    foreign_metadata(walk, root, group);
    match is_described {
        true => Coverage::Whole,
        false => Coverage::Metadata,
    }
}

fn custom(walk: &mut Walk<'_>, customs: &Customs, value: &Value, gvk: &Gvk) -> Option<Coverage> {
    let Value::Object(root) = value else {
        return None;
    };
    match customs.find(gvk)? {
        Found::Kind(kind) => {
            if let Some(warning) = &kind.deprecated {
                let at = At::Root;
                let message = match warning {
                    Some(text) => text.clone(),
                    None => format!("{} {} is deprecated", gvk.api_version, gvk.kind),
                };
                let at = at.key("apiVersion");
                walk.faults
                    .push(Id::DeprecatedApi, &at, Side::Value, message)
                    .warning();
            }
            let is_checked = kind.check(walk, value);
            metadata_of(walk, root);
            metadata::names(walk, root, Form::Subdomain);
            Some(if is_checked {
                Coverage::Whole
            } else {
                Coverage::Metadata
            })
        }
        Found::Unknown { is_kind, hint } => {
            no_match(walk, gvk, is_kind, hint);
            Some(Coverage::Identity)
        }
    }
}

fn built_in(walk: &mut Walk<'_>, definition: DefinitionId, root: &Object, group: &str, kind: &str) {
    walk.object(definition, root, &At::Root);
    let of_meta = walk.catalog.named("meta.v1.ObjectMeta");
    let has_names = walk.catalog.properties(definition).iter().any(|property| {
        property.name == "metadata" && walk.catalog.is_definition(property.kind, of_meta)
    });
    if has_names && !kind.ends_with("Review") && kind != "TokenRequest" {
        metadata::names(walk, root, Form::of_kind(group, kind, walk.minor));
    }
}

/// The metadata of a kind that has no schema, unless its group's metadata is none.
fn foreign_metadata(walk: &mut Walk<'_>, root: &Object, group: &str) {
    let is_configuration =
        group.ends_with(".config.k8s.io") || matches!(group, "kind.x-k8s.io" | "kubeadm.k8s.io");
    if !is_configuration && matches!(get(root, "metadata"), Some(Value::Object(_))) {
        metadata_of(walk, root);
        metadata::names(walk, root, Form::Path);
    }
}

/// The metadata of a kind whose schema does not say what metadata are.
fn metadata_of(walk: &mut Walk<'_>, root: &Object) {
    let at = At::Root;
    let at = at.key("metadata");
    match get(root, "metadata") {
        Some(Value::Object(metadata)) => {
            if let Some(definition) = walk.catalog.named("meta.v1.ObjectMeta") {
                walk.object(definition, metadata, &at);
            }
        }
        None | Some(Value::Null) => {}
        Some(value) => {
            let message = format!(
                "metadata: cannot unmarshal {} into Go struct field .metadata of type v1.ObjectMeta: a mapping is needed",
                go_kind(value)
            );
            walk.faults.push(Id::Type, &at, Side::Value, message);
        }
    }
}

fn deprecated(walk: &mut Walk<'_>, entry: &Kind, gvk: &Gvk) {
    let Some(since) = entry.deprecated.filter(|since| *since <= walk.minor) else {
        return;
    };
    let mut message = format!(
        "{} {} is deprecated in v1.{since}+",
        gvk.api_version, gvk.kind
    );
    if let Some(removed) = entry.removed {
        message.push_str(&format!(", unavailable in v1.{removed}+"));
    }
    let better = || {
        elsewhere(walk.catalog, gvk, walk.minor)
            .filter(|better| !better.starts_with(&gvk.api_version))
    };
    let replacement = replacement(entry).or_else(better);
    if let Some(replacement) = &replacement {
        message.push_str(&format!("; use {replacement}"));
    }
    let at = At::Root;
    let at = at.key("apiVersion");
    let fault = walk
        .faults
        .push(Id::DeprecatedApi, &at, Side::Value, message);
    fault.warning().detail("since", format!("1.{since}"));
    if let Some(replacement) = replacement {
        fault.detail("replacement", replacement);
    }
}

/// `networking.k8s.io/v1 Ingress`
fn replacement(entry: &Kind) -> Option<String> {
    let (group_version, kind) = entry.replacement?.rsplit_once('/')?;
    Some(format!("{} {kind}", written(group_version)))
}

/// What to use instead, where this version serves it: a replacement may itself be gone.
fn served_replacement(catalog: &Catalog, entry: &Kind, minor: u8) -> Option<String> {
    let (group_version, kind) = entry.replacement?.rsplit_once('/')?;
    let entries = catalog.entries(group_version, kind);
    let is_served = entries.iter().any(|kind| kind.minors.has(minor));
    is_served.then(|| replacement(entry)).flatten()
}

/// `v1` of `core/v1`.
pub(in crate::schema) fn written(group_version: &str) -> &str {
    group_version.strip_prefix("core/").unwrap_or(group_version)
}

/// A kind that other versions serve.
fn gone(walk: &mut Walk<'_>, entries: &[Kind], gvk: &Gvk) {
    let minor = walk.minor;
    let at = At::Root;
    let at = at.key("apiVersion");
    let earlier = entries
        .iter()
        .filter(|kind| kind.minors.is_empty() || kind.minors.last < minor)
        .max_by_key(|kind| kind.minors);
    let name = format!("{} {}", gvk.api_version, gvk.kind);
    let Some(earlier) = earlier else {
        let since = entries
            .iter()
            .map(|kind| kind.minors.first)
            .min()
            .unwrap_or(minor);
        let message = format!(
            "no matches for kind {:?} in version {:?}: exists since 1.{since}",
            gvk.kind, gvk.api_version
        );
        let fault = walk.faults.push(Id::UnknownKind, &at, Side::Value, message);
        fault.detail("since", format!("1.{since}"));
        return;
    };
    let removed = match earlier.minors.is_empty() {
        true => earlier.removed,
        false => Some(earlier.minors.last + 1),
    };
    let replacement = served_replacement(walk.catalog, earlier, minor)
        .or_else(|| elsewhere(walk.catalog, gvk, minor));
    let mut message = match removed {
        Some(removed) => format!("{name} was removed in 1.{removed}"),
        None => format!("{name} is not served any more"),
    };
    if let Some(replacement) = &replacement {
        message.push_str(&format!("; use {replacement}"));
    }
    let fault = walk.faults.push(Id::RemovedApi, &at, Side::Value, message);
    if let Some(removed) = removed {
        fault.detail("until", format!("1.{}", removed.saturating_sub(1)));
    }
    if let Some(replacement) = replacement {
        fault.detail("replacement", replacement);
    }
}

/// The same kind in another version of the same group, else in another group; the most stable one.
fn elsewhere(catalog: &Catalog, gvk: &Gvk, minor: u8) -> Option<String> {
    let group_version = gvk.group_version();
    let group = group_of(&group_version);
    let served = catalog
        .kinds()
        .iter()
        .filter(|kind| kind.name == gvk.kind && kind.minors.has(minor));
    let stability = |kind: &&Kind| {
        let version = kind.group_version;
        (
            group_of(version) != group,
            version.contains("alpha"),
            version.contains("beta"),
        )
    };
    let found = served.min_by_key(stability)?;
    Some(format!("{} {}", written(found.group_version), found.name))
}

/// A kind that no version serves under this apiVersion.
fn unknown(walk: &mut Walk<'_>, group_version: &str, gvk: &Gvk) {
    let catalog = walk.catalog;
    let minor = walk.minor;
    let served: Vec<&str> = catalog
        .kinds_in(group_version)
        .iter()
        .filter(|kind| kind.minors.has(minor))
        .map(|kind| kind.name)
        .collect();
    let is_known_version = !catalog.kinds_in(group_version).is_empty();
    let other = elsewhere(catalog, gvk, minor);
    if let Some(other) = other {
        let hint = format!("did you mean `{other}`?");
        no_match(walk, gvk, false, Some(hint));
        return;
    }
    if is_known_version {
        let nearest = nearest(&gvk.kind, served);
        no_match(
            walk,
            gvk,
            true,
            nearest.map(|name| format!("did you mean {name:?}?")),
        );
        return;
    }
    let versions: Vec<&str> = catalog
        .kinds()
        .iter()
        .filter(|kind| kind.minors.has(minor))
        .map(|kind| written(kind.group_version))
        .collect();
    let nearest = nearest(&gvk.api_version, versions);
    no_match(
        walk,
        gvk,
        false,
        nearest.map(|name| format!("did you mean {name:?}?")),
    );
}

fn no_match(walk: &mut Walk<'_>, gvk: &Gvk, is_kind: bool, hint: Option<String>) {
    let at = At::Root;
    let at = at.key(if is_kind { "kind" } else { "apiVersion" });
    let mut message = format!(
        "no matches for kind {:?} in version {:?}",
        gvk.kind, gvk.api_version
    );
    if let Some(hint) = hint {
        message.push_str(&format!(": {hint}"));
    }
    walk.faults.push(Id::UnknownKind, &at, Side::Value, message);
}

//! Faults → findings: where the value, the key or the nearest parent of what is missing stands in the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::input::Origin;
use crate::document::path::{NodeId, Path, Segment, SpanTable};
use crate::document::value::Value;
use crate::finding::{Finding, Location, Precision, Related, Status};
use crate::resource::Resource;
use crate::schema::fault::{Fault, Side};
use crate::schema::tree::get;
use crate::source::Span;

/// The finding of a fault of a value, which stands where its origin says.
pub(in crate::schema) fn finding(
    fault: Fault,
    (value, origin): (&Value, &Origin),
    resource: Option<&Arc<Resource>>,
    minors: &[u8],
) -> Finding {
    let (location, used) = locate(&fault, origin);
    let mut details: BTreeMap<String, serde_json::Value> = fault
        .details
        .into_iter()
        .map(|(key, text)| (key.to_owned(), text.into()))
        .collect();
    details.insert("path".to_owned(), fault.path.to_string().into());
    details.insert("key".to_owned(), key(&fault.path, value).into());
    let mut message = fault.message;
    if minors.len() > 1 {
        let versions: Vec<String> = fault
            .minors
            .iter()
            .map(|minor| format!("1.{minor}"))
            .collect();
        if fault.minors.len() < minors.len() {
            message.push_str(&format!(" ({})", spoken(&fault.minors, minors)));
        }
        details.insert("versions".to_owned(), versions.into());
    }
    Finding {
        rule: fault.rule.index(),
        level: fault.level,
        status: Status::Active,
        message,
        location,
        related: used
            .map(|location| Related {
                location,
                message: "used here".to_owned(),
            })
            .into_iter()
            .collect(),
        policy_location: None,
        enforcement_action: String::new(),
        resource: resource.cloned(),
        document: origin.document.index,
        item: origin.path.to_string(),
        details,
        fingerprint: String::new(),
    }
}

/// Fields by which items of lists are known, the best one first.
const ITEM_KEYS: [&str; 9] = [
    "name",
    "mountPath",
    "containerPort",
    "port",
    "key",
    "host",
    "path",
    "topologyKey",
    "ip",
];

/// The path with what items are known by in place of their indices: it does not change when another one is added.
fn key(path: &Path, root: &Value) -> String {
    let mut text = String::new();
    let mut value = Some(root);
    for segment in &path.0 {
        match segment {
            Segment::Key(key) => {
                let dot = if text.is_empty() { "" } else { "." };
                text.push_str(&format!("{dot}{key}"));
                value = value.and_then(|value| get(value.as_object().ok()?, key));
            }
            Segment::Index(index) => {
                value = value.and_then(|value| value.as_array().ok()?.get(*index as usize));
                let known = value
                    .and_then(|value| value.as_object().ok())
                    .and_then(|item| {
                        let mut keys = ITEM_KEYS.iter();
                        keys.find_map(|key| match get(item, key)? {
                            Value::String(text) => Some(text.to_string()),
                            Value::Number(_) => get(item, key).map(ToString::to_string),
                            _ => None,
                        })
                    });
                text.push_str(&format!("[{}]", known.unwrap_or_default()));
            }
        }
    }
    text
}

/// `1.36 and later`, `up to 1.28`, `1.26 to 1.28`, `1.25, 1.27` of those that were asked for.
fn spoken(minors: &[u8], asked: &[u8]) -> String {
    let one = |minor: &u8| format!("1.{minor}");
    let (Some(first), Some(last)) = (minors.first(), minors.last()) else {
        return String::new();
    };
    let between = asked
        .iter()
        .filter(|minor| (first..=last).contains(minor))
        .count();
    if between != minors.len() {
        return minors.iter().map(one).collect::<Vec<_>>().join(", ");
    }
    match (asked.first() == Some(first), asked.last() == Some(last)) {
        (_, true) if first == last => one(first),
        (_, true) => format!("{} and later", one(first)),
        (true, _) if first == last => one(first),
        (true, _) => format!("up to {}", one(last)),
        _ if first == last => one(first),
        _ => format!("{} to {}", one(first), one(last)),
    }
}

/// Where a fault is, and the alias that stands for it.
fn locate(fault: &Fault, origin: &Origin) -> (Location, Option<Location>) {
    let table = &origin.document.spans;
    let start_of = |path: &Path| {
        let (node, _) = table.walk(origin.node, &path.0);
        table.get(node).map_or(0, |node| node.key_span.start)
    };
    let last = fault
        .others
        .iter()
        .max_by_key(|path| start_of(path))
        .filter(|path| start_of(path) > start_of(&fault.path));
    at_path(last.unwrap_or(&fault.path), fault.side, origin)
}

fn at_path(path: &Path, side: Side, origin: &Origin) -> (Location, Option<Location>) {
    let document = &origin.document;
    let (node, reached, alias) = follow(&document.spans, origin.node, &path.0);
    let missing = Path(path.0[reached..].to_vec()).to_string();
    let (span, precision) = match missing.is_empty() {
        true => (span_of(origin, node, side), Precision::Field),
        false => (parent_span(origin, node), Precision::Parent),
    };
    let mut full = origin.path.clone();
    full.0.extend_from_slice(&path.0[..reached]);
    let full = full.to_string();
    let location = Location {
        path: full.clone(),
        missing,
        ..document.location(span, precision)
    };
    let is_inside = alias.start <= span.start && span.end <= alias.end;
    let used = (!alias.is_empty() && !is_inside).then(|| Location {
        path: full,
        ..document.location(alias, Precision::Field)
    });
    (location, used)
}

/// The node that a path leads to as far as it exists, and the last alias on the way.
fn follow(table: &SpanTable, from: NodeId, path: &[Segment]) -> (NodeId, usize, Span) {
    let mut node = from;
    let mut alias = Span::default();
    for (index, segment) in path.iter().enumerate() {
        let Some(child) = table.child(node, segment) else {
            return (node, index, alias);
        };
        node = child;
        if let Some(span) = table.get(node).map(|node| node.alias_span)
            && !span.is_empty()
        {
            alias = span;
        }
    }
    (node, path.len(), alias)
}

fn span_of(origin: &Origin, id: NodeId, side: Side) -> Span {
    let Some(node) = origin.document.spans.get(id) else {
        return origin.document.span;
    };
    match side {
        Side::Value
            if !node.value_span.is_empty() && (node.size <= 1 || node.key_span.is_empty()) =>
        {
            first_line(origin, node.value_span)
        }
        Side::Key | Side::Value if !node.key_span.is_empty() => node.key_span,
        Side::Key | Side::Value => parent_span(origin, id),
    }
}

/// The key of a parent; of an item and of the root their first key.
fn parent_span(origin: &Origin, id: NodeId) -> Span {
    let table = &origin.document.spans;
    let Some(node) = table.get(id) else {
        return origin.document.span;
    };
    if !node.key_span.is_empty() && id != origin.node {
        return node.key_span;
    }
    let first = table.children(id).map(|(_, child)| child.key_span);
    match first.filter(|span| !span.is_empty()).min() {
        Some(span) if node.alias_span.is_empty() => span,
        _ if !node.alias_span.is_empty() => node.alias_span,
        _ if !node.value_span.is_empty() => first_line(origin, node.value_span),
        _ => origin
            .document
            .first_line(node.value_span.start.max(origin.document.span.start)),
    }
}

/// A span of several lines is shown by its first.
fn first_line(origin: &Origin, span: Span) -> Span {
    let line = origin.document.first_line(span.start);
    Span::new(span.start, span.end.min(line.end.max(span.start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_said_in_words() {
        let asked = [25, 26, 27, 30];
        assert_eq!(spoken(&[27, 30], &asked), "1.27 and later");
        assert_eq!(spoken(&[25, 26], &asked), "up to 1.26");
        assert_eq!(spoken(&[30], &asked), "1.30");
        assert_eq!(spoken(&[26, 27], &asked), "1.26 to 1.27");
        assert_eq!(spoken(&[25, 27], &asked), "1.25, 1.27");
    }
}

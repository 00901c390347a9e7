//! The rules of the schemas, with what is said about each.

use crate::finding::{Rule, RuleKind};

/// A rule; its place among [`Id::ALL`] is its index among the check's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::schema) enum Id {
    DeprecatedApi,
    Duplicate,
    Enum,
    Format,
    Mismatch,
    Name,
    Range,
    RejectedKind,
    RemovedApi,
    Required,
    Type,
    UnknownField,
    UnknownKind,
}

const API: &str = "https://kubernetes.io/docs/reference/kubernetes-api/";
const DEPRECATION: &str = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/";
const NAMES: &str = "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/";
const APPLY: &str = "https://kubernetes.io/docs/reference/using-api/server-side-apply/";
const QUANTITY: &str =
    "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/";

impl Id {
    pub(in crate::schema) const ALL: [Self; 13] = [
        Self::DeprecatedApi,
        Self::Duplicate,
        Self::Enum,
        Self::Format,
        Self::Mismatch,
        Self::Name,
        Self::Range,
        Self::RejectedKind,
        Self::RemovedApi,
        Self::Required,
        Self::Type,
        Self::UnknownField,
        Self::UnknownKind,
    ];

    pub(in crate::schema) fn index(self) -> usize {
        self as usize
    }
}

/// For each rule the word behind `schema/`, a title, a description and where to read more.
const TOLD: [[&str; 4]; 13] = [
    [
        "deprecated-api",
        "The version of the API is deprecated",
        "The kind is still served in this version of Kubernetes, but a later one removes it: move to the replacement before you upgrade.",
        DEPRECATION,
    ],
    [
        "duplicate",
        "An item stands in a list twice",
        "Items of this list are told apart by their keys (a container's name, a mount's path). The server refuses two with the same keys, or takes both and merges them wrongly on the next apply (a warning).",
        APPLY,
    ],
    [
        "enum",
        "The value is none of those that are allowed",
        "The field takes one of a few words, written exactly so.",
        API,
    ],
    [
        "format",
        "The value has the wrong form",
        "The type is right, but not the form: a quantity, a time, base64, a percentage, a schedule, or an integer that does not fit.",
        QUANTITY,
    ],
    [
        "mismatch",
        "Two parts of the manifest contradict each other",
        "The server refuses it though each field alone is right: a selector that does not match its template, a request above its limit, a mount without a volume.",
        API,
    ],
    [
        "name",
        "The name, label or key is not one that Kubernetes takes",
        "Names, labels and keys may hold only some characters and have a greatest length, which depends on what they name.",
        NAMES,
    ],
    [
        "range",
        "The number or length is outside of what is allowed",
        "Ports, replicas, modes and the like have a smallest and a greatest value; schemas of custom resources may limit lengths.",
        API,
    ],
    [
        "rejected-kind",
        "The kind must not be used here",
        "It was named with `--schema-reject`.",
        API,
    ],
    [
        "removed-api",
        "The version of the API is not served any more",
        "This version of Kubernetes does not know the kind under this apiVersion; an earlier one did.",
        DEPRECATION,
    ],
    [
        "required",
        "A field that must be there is missing",
        "The field is missing, null or empty, and the server gives it no default.",
        API,
    ],
    [
        "type",
        "The value has the wrong type",
        "Nothing is converted: a number in quotes is a string, a word like `yes` without quotes may be a boolean.",
        API,
    ],
    [
        "unknown-field",
        "There is no such field",
        "The server drops the field in silence or refuses the manifest, so what it was meant to say does not hold.",
        API,
    ],
    [
        "unknown-kind",
        "There is no such kind in this version of the API",
        "The group is known, but not the version or the kind.",
        API,
    ],
];

/// The rules in the order of [`Id::ALL`].
pub(in crate::schema) fn rules() -> Vec<Rule> {
    let rule = |[name, title, description, url]: &[&str; 4]| Rule {
        id: format!("schema/{name}").into(),
        package: String::new(),
        name: (*name).to_owned(),
        kind: RuleKind::Schema,
        severity: None,
        title: Some((*title).to_owned()),
        description: Some((*description).to_owned()),
        url: Some((*url).to_owned()),
        location: None,
    };
    TOLD.iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_place() {
        let rules = rules();
        assert!(rules.is_sorted_by(|left, right| left.id < right.id));
        for (id, rule) in Id::ALL.iter().zip(&rules) {
            assert_eq!(format!("{id:?}").to_lowercase(), rule.name.replace('-', ""));
        }
    }
}

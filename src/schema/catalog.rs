//! Kubernetes' built-in kinds in every minor version, read from the text that is checked in beside this file.
//!
//! Everything borrows that text. A version is a comparison at look-up: several versions cost nothing to hold.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::schema::semantic::{self, Semantic};

const TEXT: &str = include_str!("kubernetes.txt");

/// Minor versions, both inclusive; empty where the first is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::schema) struct Minors {
    pub(in crate::schema) first: u8,
    pub(in crate::schema) last: u8,
}

impl Minors {
    const NONE: Self = Self { first: 1, last: 0 };

    pub(in crate::schema) fn has(self, minor: u8) -> bool {
        self.first <= minor && minor <= self.last
    }

    pub(in crate::schema) fn is_empty(self) -> bool {
        self.first > self.last
    }

    /// `27-`, `-25`, `27-30`, `27`, `none`; `` and `-` are all of `within`.
    fn parse(text: &str, within: Self) -> Option<Self> {
        match text {
            "" | "-" => return Some(within),
            "none" => return Some(Self::NONE),
            _ => {}
        }
        let end = |text: &str, open: u8| match text {
            "" => Some(open),
            _ => text.parse().ok(),
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some(Self {
            first: end(first, within.first)?,
            last: end(last, within.last)?,
        })
    }
}

/// Index of a [`Type`].
pub(in crate::schema) type TypeId = u32;
/// Index of a [`Definition`].
pub(in crate::schema) type DefinitionId = u32;

/// What a value has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Type {
    Text,
    Base64,
    OneOf(Vec<&'static str>),
    Int32,
    Int64,
    Int,
    Number,
    Bool,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    /// An object of any kind.
    Free,
    Any,
    /// A mapping is of this definition; anything else passes.
    AnyOr(DefinitionId),
    Definition(DefinitionId),
    Map(TypeId),
    List(TypeId, Items),
}

/// Which items of a list are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Items {
    Any,
    Set,
    /// Those whose keys are equal, each with the value it has where it is left out.
    Map(Vec<(&'static str, Option<&'static str>)>),
}

/// A field of a definition.
#[derive(Clone, Copy, Debug)]
pub(in crate::schema) struct Property {
    pub(in crate::schema) name: &'static str,
    pub(in crate::schema) kind: TypeId,
    pub(in crate::schema) minors: Minors,
    pub(in crate::schema) required: bool,
}

/// What an object may hold.
#[derive(Debug)]
pub(in crate::schema) struct Definition {
    /// For example `core.v1.Pod`.
    pub(in crate::schema) name: &'static str,
    properties: Range<usize>,
    /// What is checked beyond the types.
    pub(in crate::schema) semantic: Option<Semantic>,
}

/// A kind of a group and version.
#[derive(Debug)]
pub(in crate::schema) struct Kind {
    /// For example `apps/v1`; the core group is `core`.
    pub(in crate::schema) group_version: &'static str,
    pub(in crate::schema) name: &'static str,
    /// None where it was gone before the first version we know.
    pub(in crate::schema) definition: Option<DefinitionId>,
    pub(in crate::schema) minors: Minors,
    /// Minor version since which it is deprecated.
    pub(in crate::schema) deprecated: Option<u8>,
    /// Minor version that does not serve it any more.
    pub(in crate::schema) removed: Option<u8>,
    /// `group/version/Kind` to use instead.
    pub(in crate::schema) replacement: Option<&'static str>,
}

/// All definitions and kinds.
#[derive(Debug)]
pub(in crate::schema) struct Catalog {
    pub(in crate::schema) minors: Minors,
    types: Vec<Type>,
    properties: Vec<Property>,
    definitions: Vec<Definition>,
    names: FxHashMap<&'static str, DefinitionId>,
    /// Sorted by group, version and name.
    kinds: Vec<Kind>,
}

impl Catalog {
    /// The built-in kinds.
    pub(in crate::schema) fn new() -> Self {
        Reader::read(TEXT).expect("a test reads the text that is checked in")
    }

    pub(in crate::schema) fn kind_of(&self, id: TypeId) -> &Type {
        &self.types[id as usize]
    }

    pub(in crate::schema) fn definition(&self, id: DefinitionId) -> &Definition {
        &self.definitions[id as usize]
    }

    /// Whether a type is this definition.
    pub(in crate::schema) fn is_definition(&self, kind: TypeId, id: Option<DefinitionId>) -> bool {
        matches!(self.kind_of(kind), Type::Definition(other) if Some(*other) == id)
    }

    /// The definition of this name, `meta.v1.ObjectMeta` for example.
    pub(in crate::schema) fn named(&self, name: &str) -> Option<DefinitionId> {
        self.names.get(name).copied()
    }

    /// The properties of a definition in every version, sorted by name.
    pub(in crate::schema) fn properties(&self, id: DefinitionId) -> &[Property] {
        &self.properties[self.definition(id).properties.clone()]
    }

    /// The kinds of a group and version, in every minor version, sorted by name.
    pub(in crate::schema) fn kinds_in(&self, group_version: &str) -> &[Kind] {
        let start = self
            .kinds
            .partition_point(|kind| kind.group_version < group_version);
        let rest = &self.kinds[start..];
        let end = rest.partition_point(|kind| kind.group_version == group_version);
        &rest[..end]
    }

    /// All kinds, sorted.
    pub(in crate::schema) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The entries of one kind of a group and version: one for each run of versions.
    pub(in crate::schema) fn entries(&self, group_version: &str, name: &str) -> &[Kind] {
        let kinds = self.kinds_in(group_version);
        let start = kinds.partition_point(|kind| kind.name < name);
        let end = kinds[start..].partition_point(|kind| kind.name == name);
        &kinds[start..start + end]
    }

    /// Whether some kind is of this group (`core`, `apps`).
    pub(in crate::schema) fn has_group(&self, group: &str) -> bool {
        let start = self
            .kinds
            .partition_point(|kind| group_of(kind.group_version) < group);
        self.kinds
            .get(start)
            .is_some_and(|kind| group_of(kind.group_version) == group)
    }
}

/// `apps` of `apps/v1`.
pub(in crate::schema) fn group_of(group_version: &str) -> &str {
    group_version
        .split_once('/')
        .map_or(group_version, |(group, _)| group)
}

struct Reader {
    catalog: Catalog,
    types: FxHashMap<&'static str, TypeId>,
}

impl Reader {
    fn read(text: &'static str) -> Option<Catalog> {
        let head = text.lines().next()?;
        let mut fields = head.strip_prefix("# policy-schema 1\t")?.split("\t1.");
        let minors = Minors {
            first: fields.next()?.strip_prefix("1.")?.parse().ok()?,
            last: fields.next()?.parse().ok()?,
        };
        let n_lines = text.lines().count();
        let mut reader = Self {
            catalog: Catalog {
                minors,
                types: Vec::with_capacity(n_lines / 4),
                properties: Vec::with_capacity(n_lines),
                definitions: Vec::with_capacity(n_lines / 4),
                names: FxHashMap::default(),
                kinds: Vec::with_capacity(n_lines / 10),
            },
            types: FxHashMap::default(),
        };
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("D\t") {
                let name = rest.split('\t').next()?;
                let id = u32::try_from(reader.catalog.names.len()).ok()?;
                reader.catalog.names.insert(name, id);
            }
        }
        let mut within = minors;
        for line in text.lines() {
            if line.starts_with('#') {
            } else if let Some(rest) = line.strip_prefix("D\t") {
                within = reader.definition(rest)?;
            } else if let Some(rest) = line.strip_prefix("K\t") {
                reader.kind(rest)?;
            } else {
                reader.property(line, within)?;
            }
        }
        reader
            .catalog
            .kinds
            .sort_by(|left, right| key(left).cmp(&key(right)));
        Some(reader.catalog)
    }

    fn definition(&mut self, line: &'static str) -> Option<Minors> {
        let (name, range) = line.split_once('\t').unwrap_or((line, ""));
        let start = self.catalog.properties.len();
        self.catalog.definitions.push(Definition {
            name,
            properties: start..start,
            semantic: semantic::of_definition(name),
        });
        Minors::parse(range, self.catalog.minors)
    }

    fn property(&mut self, line: &'static str, within: Minors) -> Option<()> {
        let mut fields = line.split('\t');
        let name = fields.next()?;
        let kind = self.kind_id(fields.next()?)?;
        let minors = Minors::parse(fields.next().unwrap_or(""), within)?;
        let bare = name.strip_suffix('!');
        self.catalog.properties.push(Property {
            name: bare.unwrap_or(name),
            kind,
            minors,
            required: bare.is_some(),
        });
        self.catalog.definitions.last_mut()?.properties.end += 1;
        Some(())
    }

    fn kind(&mut self, line: &'static str) -> Option<()> {
        let fields: Vec<&'static str> = line.split('\t').collect();
        let [
            group_version,
            name,
            definition,
            minors,
            deprecated,
            removed,
            replacement,
        ] = fields[..]
        else {
            return None;
        };
        let minor = |text: &str| text.strip_prefix("1.").and_then(|minor| minor.parse().ok());
        self.catalog.kinds.push(Kind {
            group_version,
            name,
            definition: self.catalog.named(definition),
            minors: Minors::parse(minors, self.catalog.minors)?,
            deprecated: minor(deprecated),
            removed: minor(removed),
            replacement: Some(replacement).filter(|text| *text != "-"),
        });
        Some(())
    }

    fn kind_id(&mut self, text: &'static str) -> Option<TypeId> {
        if let Some(known) = self.types.get(text) {
            return Some(*known);
        }
        let kind = self.parse(text)?;
        let id = u32::try_from(self.catalog.types.len()).ok()?;
        self.catalog.types.push(kind);
        self.types.insert(text, id);
        Some(id)
    }

    fn parse(&mut self, text: &'static str) -> Option<Type> {
        Some(match text {
            "s" => Type::Text,
            "s:byte" => Type::Base64,
            "i32" => Type::Int32,
            "i64" => Type::Int64,
            "i" => Type::Int,
            "n" => Type::Number,
            "b" => Type::Bool,
            "q" => Type::Quantity,
            "x" => Type::IntOrString,
            "t" => Type::Time,
            "u" => Type::MicroTime,
            "r" | "{}" => Type::Free,
            "*" => Type::Any,
            _ => return self.compound(text),
        })
    }

    fn compound(&mut self, text: &'static str) -> Option<Type> {
        if let Some(values) = text.strip_prefix("s=") {
            return Some(Type::OneOf(values.split('|').collect()));
        }
        if let Some(name) = text.strip_prefix("*#") {
            return self.catalog.named(name).map(Type::AnyOr);
        }
        if let Some(name) = text.strip_prefix('#') {
            return self.catalog.named(name).map(Type::Definition);
        }
        if let Some(values) = text.strip_prefix('{') {
            return Some(Type::Map(self.kind_id(values.strip_suffix('}')?)?));
        }
        let list = text.strip_prefix('[')?;
        let (list, items) = if let Some(list) = list.strip_suffix("@set") {
            (list, Items::Set)
        } else if let Some((list, keys)) = list.split_once("@map(") {
            let keys = keys.strip_suffix(')')?.split(',');
            let key = |key: &'static str| match key.split_once('=') {
                Some((key, default)) => (key, Some(default)),
                None => (key, None),
            };
            (list, Items::Map(keys.map(key).collect()))
        } else {
            (list, Items::Any)
        };
        Some(Type::List(self.kind_id(list.strip_suffix(']')?)?, items))
    }
}

fn key(kind: &Kind) -> (&str, &str, &str, Minors) {
    (
        group_of(kind.group_version),
        kind.group_version,
        kind.name,
        kind.minors,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minors_of(catalog: &Catalog, group_version: &str, kind: &str) -> Vec<(u8, u8)> {
        let entries = catalog.entries(group_version, kind).iter();
        entries
            .map(|kind| (kind.minors.first, kind.minors.last))
            .collect()
    }

    fn property(catalog: &Catalog, definition: &str, name: &str, minor: u8) -> Option<Property> {
        let id = catalog.named(definition)?;
        let mut properties = catalog.properties(id).iter();
        properties
            .find(|p| p.name == name && p.minors.has(minor))
            .copied()
    }

    #[test]
    fn the_text_is_sorted_and_every_line_is_read() {
        let catalog = Catalog::new();
        assert_eq!((catalog.minors.first, catalog.minors.last), (25, 37));
        let n = |start: &str| TEXT.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(catalog.definitions.len(), n("D\t"));
        assert_eq!(catalog.names.len(), n("D\t"), "each is there once");
        assert_eq!(catalog.kinds.len(), n("K\t"));
        let n_others = n("D\t") + n("K\t") + n("#");
        assert_eq!(catalog.properties.len(), TEXT.lines().count() - n_others);
        assert!(
            catalog
                .definitions
                .is_sorted_by(|left, right| left.name < right.name)
        );
        for id in 0..u32::try_from(catalog.definitions.len()).expect("few") {
            let properties = catalog.properties(id);
            assert!(properties.is_sorted_by(|left, right| left.name <= right.name));
            for minor in 25..=37 {
                let live = properties.iter().filter(|p| p.minors.has(minor));
                let names: Vec<&str> = live.map(|p| p.name).collect();
                assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
            }
        }
        let is_known = |kind: &Kind| kind.definition.is_some() != kind.minors.is_empty();
        assert!(catalog.kinds.iter().all(is_known));
        assert!(!TEXT.contains('\r') && TEXT.ends_with('\n'));
    }

    #[test]
    fn kinds_come_and_go_with_versions() {
        let catalog = Catalog::new();
        let minors = |group_version, kind| minors_of(&catalog, group_version, kind);
        assert_eq!(minors("apps/v1", "Deployment"), [(25, 37)]);
        assert_eq!(minors("core/v1", "Pod"), [(25, 37)]);
        assert_eq!(
            minors("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
            [(25, 25)]
        );
        assert_eq!(
            minors("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"),
            [(26, 31)]
        );
        assert_eq!(
            minors("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
            [(29, 37)]
        );
        assert_eq!(
            minors(
                "admissionregistration.k8s.io/v1",
                "ValidatingAdmissionPolicy"
            ),
            [(30, 37)]
        );
        assert_eq!(minors("resource.k8s.io/v1", "ResourceClaim"), [(34, 37)]);
        let gone = &catalog.entries("extensions/v1beta1", "Ingress")[0];
        assert!(gone.minors.is_empty() && gone.removed == Some(22));
        assert_eq!(gone.replacement, Some("networking.k8s.io/v1/Ingress"));
        assert!(catalog.has_group("core") && catalog.has_group("rbac.authorization.k8s.io"));
        assert!(!catalog.has_group("argoproj.io") && !catalog.has_group(""));
        assert!(catalog.entries("core/v1", "DeleteOptions").is_empty());
    }

    #[test]
    fn fields_come_and_go_with_versions() {
        let catalog = Catalog::new();
        let since = |definition, name| {
            (25..=37).find(|minor| property(&catalog, definition, name, *minor).is_some())
        };
        assert_eq!(since("core.v1.Container", "image"), Some(25));
        assert_eq!(since("core.v1.Container", "resizePolicy"), Some(27));
        assert_eq!(since("core.v1.Container", "restartPolicy"), Some(28));
        assert_eq!(since("core.v1.PodSpec", "resources"), Some(32));
        assert_eq!(
            since("core.v1.ServiceSpec", "trafficDistribution"),
            Some(30)
        );
        assert_eq!(since("apps.v1.StatefulSetSpec", "ordinals"), Some(26));
        for minor in 25..=37 {
            let of = |definition, name| property(&catalog, definition, name, minor).expect(name);
            let kind = |definition, name| catalog.kind_of(of(definition, name).kind).clone();
            assert!(of("apps.v1.DeploymentSpec", "selector").required);
            assert!(!of("apps.v1.StatefulSetSpec", "serviceName").required);
            assert!(!of("networking.v1.NetworkPolicySpec", "podSelector").required);
            let policies = Type::OneOf(vec!["Always", "IfNotPresent", "Never"]);
            assert_eq!(kind("core.v1.Container", "imagePullPolicy"), policies);
            let Type::List(_, mounts) = kind("core.v1.Container", "volumeMounts") else {
                panic!("a list");
            };
            assert_eq!(mounts, Items::Map(vec![("mountPath", None)]));
            let Type::List(_, ports) = kind("core.v1.Container", "ports") else {
                panic!("a list");
            };
            let keys = vec![("containerPort", None), ("protocol", Some("TCP"))];
            assert_eq!(ports, Items::Map(keys));
        }
    }
}

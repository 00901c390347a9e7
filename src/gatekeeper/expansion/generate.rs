//! A workload → the objects that are made of it, and where their parts are written.

use std::sync::Arc;

use crate::document::input::{Input, Origin};
use crate::document::path::{Path, Segment};
use crate::document::place::Side;
use crate::document::value::{Array, Object, Value};
use crate::finding::{Problem, Stage};
use crate::gatekeeper::expansion::{Expanded, Expansion, Expansions, Generated, Gvk};

/// Deepest chain of objects made of objects.
const MAX_DEPTH: usize = 30;

impl Expansions {
    /// Everything that is made of `input`, whose value is an object. What cannot be made is a warning: the constraints on
    /// it judge nothing.
    #[must_use]
    pub fn expand(&self, input: &Input) -> Expanded {
        let mut expanded = Expanded::default();
        self.expand_into(input, 0, &mut expanded);
        expanded
    }

    fn expand_into(&self, input: &Input, depth: usize, expanded: &mut Expanded) {
        let object = Parent(&input.value);
        let kind = object.text(&["kind"]);
        let api_version = object.text(&["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let applies = |expansion: &&Expansion| {
            let mut names = expansion.apply_to.iter();
            names.any(|entry| entry.names(group, kind)) && {
                let gvk = Gvk {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    kind: kind.to_owned(),
                };
                expansion.apply_to.iter().any(|entry| entry.matches(&gvk))
            }
        };
        for expansion in self.all.iter().filter(applies) {
            if depth >= MAX_DEPTH {
                let message = format!("maximum recursion depth of {MAX_DEPTH} reached");
                let problem = Problem::error(Stage::Evaluate, message).at(input.location());
                expanded.problems.push(problem);
                return;
            }
            match expansion.make(input) {
                Ok(generated) => {
                    let below = generated.input.clone();
                    expanded.generated.push(generated);
                    self.expand_into(&below, depth + 1, expanded);
                }
                Err(problem) => expanded.problems.push(problem),
            }
        }
    }
}

impl Expansion {
    fn make(&self, input: &Input) -> Result<Generated, Problem> {
        let source = self
            .source
            .0
            .iter()
            .try_fold(&input.value, |value, segment| match segment {
                Segment::Key(key) => value.as_object().ok()?.get(&(&**key).into()),
                Segment::Index(_) => None,
            })
            .and_then(|source| source.as_object().ok())
            .ok_or_else(|| self.missing(input))?;
        let input = Input {
            value: self.object(source, &Parent(&input.value)),
            origins: self.origins(input),
            subject: input.subject.clone(),
        };
        Ok(Generated {
            input,
            implied_by: Arc::clone(&self.name),
            enforcement_action: self.enforcement_action.clone(),
        })
    }

    fn missing(&self, input: &Input) -> Problem {
        let parent = Parent(&input.value);
        let message = format!(
            "no {} can be made of {} `{}`: it has no mapping at `{}`",
            self.generated.kind,
            parent.text(&["kind"]),
            parent.text(&["metadata", "name"]),
            self.source,
        );
        let place = input.place(&self.source.0, Side::Value);
        let location = place.map_or_else(|| input.location(), |placed| placed.location);
        let help = match self.location {
            Some(_) => format!(
                "The ExpansionTemplate `{}` asks for it; constraints on {} do not judge this object.",
                self.name, self.generated.kind
            ),
            None => format!(
                "Constraints on {} do not judge this object; `--no-expansion` turns built-in expansion off.",
                self.generated.kind
            ),
        };
        Problem::warning(Stage::Evaluate, message)
            .at(location)
            .help(help)
    }

    fn object(&self, source: &Object, parent: &Parent<'_>) -> Value {
        let gvk = &self.generated;
        let api_version = match gvk.group.is_empty() {
            true => gvk.version.clone(),
            false => format!("{}/{}", gvk.group, gvk.version),
        };
        let mut object = source.clone();
        let metadata = object.get(&"metadata".into());
        let mut metadata = metadata
            .and_then(|metadata| metadata.as_object().ok())
            .cloned()
            .unwrap_or_default();
        let name = format!("{}-{}", parent.text(&["metadata", "name"]), gvk.kind).to_lowercase();
        metadata.insert("name".into(), name.into());
        let namespace = parent.text(&["metadata", "namespace"]);
        if !namespace.is_empty() {
            metadata.insert("namespace".into(), namespace.into());
        }
        let owners = parent.owners(metadata.get(&"ownerReferences".into()));
        if let Some(owners) = owners {
            metadata.insert("ownerReferences".into(), owners);
        }
        object.insert("apiVersion".into(), api_version.into());
        object.insert("kind".into(), gvk.kind.as_str().into());
        object.insert("metadata".into(), metadata.into());
        Value::from(object)
    }

    /// Where the parts of the object are written. The first stands for the whole: the workload that it is made of.
    fn origins(&self, input: &Input) -> Vec<Origin> {
        let metadata = Path::root().child("metadata");
        let whole = input.origins.first().map(|origin| Origin {
            prefix: metadata.child("ownerReferences"),
            ..origin.clone()
        });
        let part = |prefix: Path, path: &[Segment]| {
            let (origin, rest) = input.origin_of(path)?;
            let node = origin.document.spans.find(origin.node, rest)?;
            let mut full = origin.path.clone();
            full.0.extend_from_slice(rest);
            Some(Origin {
                prefix,
                document: Arc::clone(&origin.document),
                node,
                path: full,
            })
        };
        let same = |path: Path| part(path.clone(), &path.0);
        whole
            .into_iter()
            .chain(part(Path::root(), &self.source.0))
            .chain(same(metadata.child("name")))
            .chain(same(metadata.child("namespace")))
            .chain(same(Path::root().child("kind")))
            .chain(same(Path::root().child("apiVersion")))
            .collect()
    }
}

/// An object that others are made of.
struct Parent<'a>(&'a Value);

impl<'a> Parent<'a> {
    /// The text at a path, empty where there is none.
    fn text(&self, path: &[&str]) -> &'a str {
        path.iter()
            .try_fold(self.0, |value, key| {
                value.as_object().ok()?.get(&(*key).into())
            })
            .and_then(|value| value.as_string().ok())
            .map_or("", |text| text)
    }

    /// The owners of an object made of this one; none where nothing is to be added.
    fn owners(&self, existing: Option<&Value>) -> Option<Value> {
        let [api_version, kind, name] = [
            self.text(&["apiVersion"]),
            self.text(&["kind"]),
            self.text(&["metadata", "name"]),
        ];
        if [api_version, kind, name].contains(&"") {
            return None;
        }
        let mut owners: Array = existing
            .and_then(|owners| owners.as_array().ok())
            .cloned()
            .unwrap_or_default();
        let is_there = owners.iter().any(|owner| {
            let owner = Parent(owner);
            owner.text(&["apiVersion"]) == api_version
                && owner.text(&["kind"]) == kind
                && owner.text(&["name"]) == name
        });
        if is_there {
            return None;
        }
        let owner = [
            ("apiVersion", api_version),
            ("kind", kind),
            ("name", name),
            ("uid", ""),
        ];
        let owner: Object = owner
            .into_iter()
            .map(|(key, text)| (Value::from(key), Value::from(text)))
            .collect();
        owners.push(Value::from(owner));
        Some(Value::from(owners))
    }
}

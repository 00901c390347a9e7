//! The check of the schemas: each document against what its kind says, in one or several versions of Kubernetes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::check::{Check, Facts, Judge, Judgement, Needs};
use crate::document::input::{Input, Lists, Origin};
use crate::document::path::{Path, Segment};
use crate::document::value::{Object, Value};
use crate::document::{Document, resource_of};
use crate::finding::{Outcome, Problem, Rule, Stage};
use crate::resource::Resource;
use crate::schema::catalog::{Catalog, group_of};
use crate::schema::custom::{Customs, is_definition};
use crate::schema::fault::{At, Fault, Side};
use crate::schema::kinds::{self, Coverage, Gvk, Sources};
use crate::schema::location::Locations;
use crate::schema::options::{CATALOG, NoSchema, Options};
use crate::schema::place;
use crate::schema::rules::{self, Id};
use crate::schema::tree::{get, text};
use crate::schema::walk::Walk;
use crate::tally::Tally;

/// The schemas of Kubernetes' kinds, as a check.
#[derive(Debug)]
pub struct Schemas {
    catalog: &'static Catalog,
    rules: Vec<Rule>,
    minors: Vec<u8>,
    options: Options,
    customs: Customs,
    locations: Locations,
    /// How many documents had no schema, by their kinds.
    without: Mutex<BTreeMap<String, usize>>,
}

impl Schemas {
    /// The check for what the user chose; `customs` and `locations` say how kinds look that are neither built in nor among the
    /// inputs.
    #[must_use]
    pub fn new(options: Options, customs: Customs, locations: Locations) -> Self {
        let catalog = &*CATALOG;
        let mut minors = options.minors.clone();
        minors.sort_unstable();
        minors.dedup();
        if minors.is_empty() {
            minors.push(catalog.minors.last);
        }
        Self {
            catalog,
            rules: rules::rules(),
            minors,
            options,
            customs,
            locations,
            without: Mutex::default(),
        }
    }

    /// The versions that documents are checked for: `1.36`, `1.37`.
    #[must_use]
    pub fn versions(&self) -> Vec<String> {
        self.minors
            .iter()
            .map(|minor| format!("1.{minor}"))
            .collect()
    }

    /// Whether nothing built in says what the resource looks like: a definition may still come.
    fn is_custom(&self, resource: &Resource) -> bool {
        let group_version = Gvk {
            api_version: resource.api_version.clone(),
            kind: String::new(),
        }
        .group_version();
        !self.catalog.has_group(group_of(&group_version))
    }

    fn any_resource(document: &Arc<Document>, wanted: impl Fn(&Resource) -> bool) -> bool {
        match &document.resource {
            Some(resource) if !resource.kind.ends_with("List") => wanted(resource),
            Some(_) | None => Input::of_document(document, Lists::Items)
                .iter()
                .filter_map(|input| input.subject.resource.as_ref())
                .any(|resource| wanted(resource)),
        }
    }
}

impl Check for Schemas {
    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn needs(&self) -> Needs {
        Needs::OneDocument
    }

    fn collects(&self, document: &Arc<Document>) -> bool {
        Self::any_resource(document, is_definition)
    }

    fn may_collect(&self) -> bool {
        true
    }

    fn waits(&self, document: &Arc<Document>) -> bool {
        Self::any_resource(document, |resource| {
            is_definition(resource) || self.is_custom(resource)
        })
    }

    fn tally(&self) -> Tally {
        let without = self.without.lock().unwrap_or_else(PoisonError::into_inner);
        Tally {
            without_schema: without.clone(),
            ..Tally::default()
        }
    }

    fn judge<'a>(&'a self, facts: &'a Facts) -> Box<dyn Judge + 'a> {
        Box::new(SchemaJudge {
            schemas: self,
            customs: self.customs.with(&facts.documents),
        })
    }
}

struct SchemaJudge<'a> {
    schemas: &'a Schemas,
    customs: Customs,
}

/// A part of an input that is a document of its own.
struct Part<'a> {
    value: &'a Value,
    origin: Origin,
    /// What it has to be where it is an item of a list.
    item: Item,
}

/// Whether a document is an item, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// A document of its own.
    None,
    /// Of a `kind: List`: it says itself what it is.
    OfList,
    /// Of a typed list, which says what it is.
    Of(Gvk),
}

impl Judge for SchemaJudge<'_> {
    fn judge(&mut self, input: &Input) -> Judgement {
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge_input(input)));
        judged.unwrap_or_else(|_| Judgement {
            outcomes: vec![Outcome::Errored; Id::ALL.len()],
            problems: vec![
                Problem::error(
                    Stage::Evaluate,
                    "the schemas ended in a fault on this document",
                )
                .at(input.location())
                .help("This is a mistake of the program: please report the document."),
            ],
            ..Judgement::default()
        })
    }
}

impl SchemaJudge<'_> {
    fn judge_input(&self, input: &Input) -> Judgement {
        let mut judgement = Judgement {
            outcomes: vec![Outcome::Absent; Id::ALL.len()],
            ..Judgement::default()
        };
        for part in parts(input) {
            self.part(&part, &mut judgement);
        }
        judgement
    }

    fn part(&self, part: &Part<'_>, judgement: &mut Judgement) {
        let Value::Object(root) = part.value else {
            return;
        };
        let resource = resource_of(part.value);
        if let Some(resource) = &resource {
            let is_one = |pattern: &crate::schema::options::KindPattern| {
                pattern.matches(&resource.api_version, &resource.kind)
            };
            if self.schemas.options.skip.iter().any(is_one) {
                add(&mut judgement.outcomes, |_| Outcome::Skipped);
                return;
            }
            if is_definition(resource) {
                let inputs = Input::of_document(&part.origin.document, Lists::Items);
                let mut same = inputs
                    .iter()
                    .filter(|input| input.origins.iter().any(|o| o.node == part.origin.node));
                if let Some(input) = same.next() {
                    judgement.problems.extend(self.customs.problems(input));
                }
            }
        }
        let (coverage, faults) =
            self.faults(root, part, resource.as_deref(), &mut judgement.problems);
        let is_counted =
            coverage == Coverage::Metadata && self.schemas.options.no_schema == NoSchema::Skip;
        let gvk = gvk_of(part, resource.as_deref());
        if let Some(gvk) = gvk.as_ref().filter(|_| is_counted) {
            let without = self.schemas.without.lock();
            let mut without = without.unwrap_or_else(PoisonError::into_inner);
            *without.entry(gvk.kind.clone()).or_default() += 1;
        }
        if coverage == Coverage::Metadata && self.schemas.options.no_schema == NoSchema::Error {
            let name = gvk.map_or("this document".to_owned(), |gvk| {
                format!("{} {}", gvk.api_version, gvk.kind)
            });
            judgement.problems.push(
                Problem::error(Stage::Evaluate, format!("no schema for {name}"))
                    .at(part.origin.location())
                    .help("Give its CustomResourceDefinition with `--crds`, or leave out `--strict-schemas`."),
            );
        }
        let strict = self.schemas.options.no_schema;
        add(&mut judgement.outcomes, |id| outcome(id, coverage, strict));
        for fault in faults {
            judgement.outcomes[fault.rule.index()] = Outcome::Found;
            judgement.findings.push(place::finding(
                fault,
                (part.value, &part.origin),
                resource.as_ref(),
                &self.schemas.minors,
            ));
        }
    }

    /// What is wrong in each version, once for all in which it is.
    fn faults(
        &self,
        root: &Object,
        part: &Part<'_>,
        resource: Option<&Resource>,
        problems: &mut Vec<Problem>,
    ) -> (Coverage, Vec<Fault>) {
        let mut all: Vec<Fault> = Vec::new();
        let mut coverage = Coverage::Foreign;
        for minor in &self.schemas.minors {
            let mut walk = Walk::new(self.schemas.catalog, *minor);
            let covered = self.in_version(&mut walk, root, part, resource);
            problems.append(&mut walk.problems);
            coverage = match coverage {
                Coverage::Foreign => covered,
                _ => coverage.min(covered),
            };
            if self.schemas.minors.len() == 1 {
                return (coverage, walk.faults.0);
            }
            for mut fault in walk.faults.0 {
                let same = |other: &&mut Fault| {
                    (other.rule, &other.path, &other.message)
                        == (fault.rule, &fault.path, &fault.message)
                };
                match all.iter_mut().find(same) {
                    Some(other) => {
                        other.minors.push(*minor);
                        other.minors.dedup();
                    }
                    None => {
                        fault.minors.push(*minor);
                        all.push(fault);
                    }
                }
            }
        }
        (coverage, all)
    }

    fn in_version(
        &self,
        walk: &mut Walk<'_>,
        root: &Object,
        part: &Part<'_>,
        resource: Option<&Resource>,
    ) -> Coverage {
        if let Some(resource) = resource
            && self
                .schemas
                .options
                .reject
                .iter()
                .any(|pattern| pattern.matches(&resource.api_version, &resource.kind))
        {
            let at = At::Root;
            let message = format!(
                "{} {} must not be used here (`--schema-reject`)",
                resource.api_version, resource.kind
            );
            walk.faults
                .push(Id::RejectedKind, &at.key("kind"), Side::Value, message);
        }
        let has_neither = get(root, "apiVersion").is_none() && get(root, "kind").is_none();
        let gvk = match &part.item {
            Item::Of(gvk) if has_neither => Some(gvk.clone()),
            Item::None | Item::Of(_) => kinds::identify(walk, root, false),
            Item::OfList => kinds::identify(walk, root, true),
        };
        let sources = Sources {
            customs: &self.customs,
            locations: &self.schemas.locations,
        };
        match gvk {
            None => Coverage::Foreign,
            Some(gvk) => kinds::document(walk, &sources, part.value, &gvk),
        }
    }
}

/// What a part says that it is, or the list that it is an item of.
fn gvk_of(part: &Part<'_>, resource: Option<&Resource>) -> Option<Gvk> {
    match (resource, &part.item) {
        (Some(resource), _) => Some(Gvk {
            api_version: resource.api_version.clone(),
            kind: resource.kind.clone(),
        }),
        (None, Item::Of(gvk)) => Some(gvk.clone()),
        (None, Item::None | Item::OfList) => None,
    }
}

/// What came of a rule that found nothing.
fn outcome(id: Id, coverage: Coverage, no_schema: NoSchema) -> Outcome {
    match coverage {
        Coverage::Foreign => Outcome::Absent,
        Coverage::Whole => Outcome::Passed,
        Coverage::Metadata => match id {
            Id::Name | Id::Required | Id::Type | Id::RejectedKind => Outcome::Passed,
            _ if no_schema == NoSchema::Error => Outcome::Errored,
            _ => Outcome::Skipped,
        },
        Coverage::Identity => match id {
            Id::RemovedApi | Id::UnknownKind | Id::RejectedKind => Outcome::Passed,
            _ => Outcome::Skipped,
        },
    }
}

/// Several documents may be one input: what was found or passed in one holds for the input.
fn add(outcomes: &mut [Outcome], of: impl Fn(Id) -> Outcome) {
    for id in Id::ALL {
        let outcome = &mut outcomes[id.index()];
        let new = of(id);
        *outcome = match (*outcome, new) {
            (Outcome::Absent, new) => new,
            (old, Outcome::Absent) => old,
            (Outcome::Found, _) => Outcome::Found,
            (Outcome::Errored, _) | (_, Outcome::Errored) => Outcome::Errored,
            (Outcome::Passed, _) | (_, Outcome::Passed) => Outcome::Passed,
            (old, _) => old,
        };
    }
}

/// The documents that an input is made of: itself, or those of a combined run, with lists opened.
fn parts(input: &Input) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for origin in &input.origins {
        let Some(value) = value_at(&input.value, &origin.prefix.0) else {
            continue;
        };
        let item = item_of(origin);
        expand(value, origin.clone(), item, &mut parts);
    }
    parts
}

fn value_at<'a>(value: &'a Value, path: &[Segment]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => get(value.as_object().ok()?, key),
        Segment::Index(index) => value.as_array().ok()?.get(*index as usize),
    })
}

/// What the list says that a part is an item of.
fn item_of(origin: &Origin) -> Item {
    let [list @ .., Segment::Key(items), Segment::Index(_)] = &origin.path.0[..] else {
        return Item::None;
    };
    if &**items != "items" {
        return Item::None;
    }
    let list = value_at(&origin.document.value, list).and_then(|list| list.as_object().ok());
    list.map_or(Item::None, item_of_list)
}

fn item_of_list(list: &Object) -> Item {
    let (Some(api_version), Some(kind)) = (text(list, "apiVersion"), text(list, "kind")) else {
        return Item::None;
    };
    match kind.strip_suffix("List") {
        Some("") => Item::OfList,
        Some(kind) => Item::Of(Gvk {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        }),
        None => Item::None,
    }
}

/// A `kind: List` that was kept whole is opened here.
fn expand<'a>(value: &'a Value, origin: Origin, item: Item, parts: &mut Vec<Part<'a>>) {
    /// Lists within lists are opened this deep.
    const DEEPEST: usize = 24;
    let list = value
        .as_object()
        .ok()
        .filter(|_| origin.path.0.len() < DEEPEST);
    let items = list
        .filter(|list| item_of_list(list) == Item::OfList)
        .and_then(|list| get(list, "items")?.as_array().ok());
    let Some(items) = items else {
        parts.push(Part {
            value,
            origin,
            item,
        });
        return;
    };
    let key = Segment::from("items");
    let Some(of_items) = origin.document.spans.child(origin.node, &key) else {
        return;
    };
    let nodes: Vec<u32> = origin
        .document
        .spans
        .children(of_items)
        .map(|(id, _)| id)
        .collect();
    for ((value, node), index) in items.iter().zip(nodes).zip(0_u32..) {
        let mut path = origin.path.clone();
        path.0.extend([key.clone(), Segment::from(index)]);
        let origin = Origin {
            prefix: Path::root(),
            document: Arc::clone(&origin.document),
            node,
            path,
        };
        expand(value, origin, Item::OfList, parts);
    }
}

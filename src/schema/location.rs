//! JSON schemas in folders, found by kubeconform's templates: for kinds that nothing built in describes.
//!
//! Nothing is fetched, and references lead nowhere outside of the folder. A schema that cannot be read is an error, never
//! a kind without a schema.

use std::collections::HashMap;
use std::path::{Component, Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use jsonschema::{Retrieve, Uri, ValidationError, Validator};

use crate::document::path::{Path, Segment};
use crate::document::value::Value;
use crate::finding::{Level, Location, Problem, Stage};
use crate::schema::fault::{Fault, Side};
use crate::schema::kinds::Gvk;
use crate::schema::rules::Id;
use crate::schema::walk::Walk;

/// Where schemas are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `default`: what is built in.
    BuiltIn,
    /// Files whose names a template gives.
    Files(String),
}

/// What stands between braces in a template.
const NAMES: [&str; 6] = [
    "Group",
    "KindSuffix",
    "NormalizedKubernetesVersion",
    "ResourceAPIVersion",
    "ResourceKind",
    "StrictSuffix",
];
/// What is added to a template that does not name a file.
const STANDARD: &str = "/{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json";

impl Source {
    /// The folder that all its files are below.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        let Self::Files(template) = self else {
            return None;
        };
        let fixed = template.split("{{").next().unwrap_or_default();
        Some(PathBuf::from(match fixed.rsplit_once('/') {
            Some(("", _)) => "/",
            Some((folder, _)) => folder,
            None => ".",
        }))
    }

    /// kubeconform's `-schema-location`.
    ///
    /// # Errors
    /// It is an address, or names something that there is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "default" {
            return Ok(Self::BuiltIn);
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return Err("nothing is fetched over the network: the built-in kinds need no location, give definitions of custom resources with `--crds`".to_owned());
        }
        for name in names(text)? {
            if !NAMES.contains(&name) {
                return Err(format!(
                    "`{name}` is no name of a template; there are {}",
                    NAMES.map(|name| format!(".{name}")).join(", ")
                ));
            }
        }
        let is_file = FilePath::new(text)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        Ok(Self::Files(match is_file {
            true => text.to_owned(),
            false => format!("{}{STANDARD}", text.trim_end_matches('/')),
        }))
    }
}

/// The names between the braces of a template.
fn names(text: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((inner, after)) = after.split_once("}}") else {
            return Err("`}}` is missing after `{{`".to_owned());
        };
        let inner = inner.trim();
        let Some(name) = inner.strip_prefix('.') else {
            return Err(format!(
                "`{{{{{inner}}}}}` is more than a name of a template"
            ));
        };
        names.push(name);
        rest = after;
    }
    Ok(names)
}

/// The places where schemas are looked for, with what was read there.
#[derive(Debug, Default)]
pub struct Locations {
    /// Those that come before what is built in.
    before: Vec<String>,
    after: Vec<String>,
    read: Mutex<HashMap<PathBuf, Option<Arc<Read>>>>,
}

/// A file with a schema.
#[derive(Debug)]
enum Read {
    Schema(Box<Validator>),
    Wrong(Box<Problem>),
}

/// Whether a location may say what built-in kinds look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Turn {
    BeforeBuiltIn,
    AfterBuiltIn,
}

impl Locations {
    /// The locations in their order; those that stand before `default` override what is built in.
    #[must_use]
    pub fn new(sources: &[Source]) -> (Self, Vec<Problem>) {
        let mut locations = Self::default();
        let mut problems = Vec::new();
        let built_in = sources.iter().position(|source| *source == Source::BuiltIn);
        for (index, source) in sources.iter().enumerate() {
            let Source::Files(template) = source else {
                continue;
            };
            if !root(template).exists() {
                let name = root(template).display().to_string().replace('\\', "/");
                problems.push(
                    Problem::error(
                        Stage::Load,
                        format!("--schema-location: `{name}` is not there"),
                    )
                    .help("Name a folder with JSON schemas, or a template of their names."),
                );
            }
            match built_in {
                Some(position) if index < position => locations.before.push(template.clone()),
                Some(_) | None => locations.after.push(template.clone()),
            }
        }
        (locations, problems)
    }

    /// Checks a document by the first schema there is for its kind; whether there is one.
    pub(in crate::schema) fn check(
        &self,
        walk: &mut Walk<'_>,
        value: &Value,
        gvk: &Gvk,
        turn: Turn,
    ) -> bool {
        let templates = match turn {
            Turn::BeforeBuiltIn => &self.before,
            Turn::AfterBuiltIn => &self.after,
        };
        let files = templates.iter().flat_map(|template| {
            let names = file_names(template, gvk, walk.minor);
            names.into_iter().map(move |name| (template, name))
        });
        for (template, file) in files {
            match self.read(template, &file).as_deref() {
                None => {}
                Some(Read::Wrong(problem)) => {
                    walk.problems.push((**problem).clone());
                    return true;
                }
                Some(Read::Schema(schema)) => {
                    match serde_json::to_value(value) {
                        Ok(json) => {
                            let errors = schema.iter_errors(&json);
                            walk.faults
                                .0
                                .extend(errors.flat_map(|error| faults(&error)));
                        }
                        Err(error) => walk.problems.push(Problem::error(
                            Stage::Evaluate,
                            format!("the document cannot be given to its JSON schema: {error}"),
                        )),
                    }
                    return true;
                }
            }
        }
        false
    }

    fn read(&self, template: &str, file: &FilePath) -> Option<Arc<Read>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(file) {
            return known.clone();
        }
        let schema = file.is_file().then(|| {
            Arc::new(match load(file, &root(template)) {
                Ok(schema) => Read::Schema(Box::new(schema)),
                Err(error) => {
                    let name = file.display().to_string().replace('\\', "/");
                    let problem = Problem::error(
                        Stage::Load,
                        format!("the JSON schema cannot be used: {error}"),
                    );
                    Read::Wrong(Box::new(
                        problem
                            .at(Location::whole_file(name))
                            .help("Documents of its kind were checked by their metadata only."),
                    ))
                }
            })
        });
        read.insert(file.to_owned(), schema.clone());
        schema
    }
}

/// The folder that all files of a template lie in, or the file where it is one.
fn root(template: &str) -> PathBuf {
    match template.split_once("{{") {
        None => PathBuf::from(template),
        Some((before, _)) => match before.rsplit_once('/') {
            Some(("", _)) => PathBuf::from("/"),
            Some((folder, _)) => PathBuf::from(folder),
            None => PathBuf::from("."),
        },
    }
}

/// The names that the file of a kind may have, the strictest first.
fn file_names(template: &str, gvk: &Gvk, minor: u8) -> Vec<PathBuf> {
    let (group, version) = match gvk.api_version.split_once('/') {
        Some((group, version)) => (group, version),
        None => (gvk.api_version.as_str(), gvk.api_version.as_str()),
    };
    // What a manifest says becomes a part of a path: nothing that could lead out of the folder.
    let is_plain = |text: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        !text.is_empty() && text.bytes().all(is_inner) && !text.contains("..")
    };
    if ![group, version, &gvk.kind].into_iter().all(is_plain) {
        return Vec::new();
    }
    let suffix = match gvk.api_version.contains('/') {
        true => format!("-{}-{version}", group.split('.').next().unwrap_or(group)),
        false => format!("-{version}"),
    };
    let kind = gvk.kind.to_lowercase();
    let mut files = Vec::new();
    for kubernetes in [format!("v1.{minor}.0"), "master".to_owned()] {
        for strict in ["-strict", ""] {
            let mut name = String::new();
            let mut rest = template;
            while let Some((before, after)) = rest.split_once("{{") {
                let (inner, after) = after.split_once("}}").unwrap_or((after, ""));
                name.push_str(before);
                name.push_str(match inner.trim().trim_start_matches('.') {
                    "Group" => group,
                    "KindSuffix" => &suffix,
                    "NormalizedKubernetesVersion" => &kubernetes,
                    "ResourceAPIVersion" => version,
                    "ResourceKind" => &kind,
                    _ => strict,
                });
                rest = after;
            }
            name.push_str(rest);
            let file = PathBuf::from(name);
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    files
}

/// The scheme of the addresses that files of a folder have for each other.
const SCHEME: &str = "schemas";

fn load(file: &FilePath, root: &FilePath) -> Result<Validator, String> {
    let schema = parse(file)?;
    let inside = file.strip_prefix(root).unwrap_or(file);
    let parts = inside.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    let address = format!("{SCHEME}:///{}", parts.collect::<Vec<_>>().join("/"));
    jsonschema::options()
        .with_base_uri(address)
        .with_retriever(Folder {
            root: root.to_owned(),
        })
        .should_validate_formats(true)
        // Kubernetes' durations are Go's, not ISO 8601's.
        .with_format("duration", |_: &str| true)
        .build(&schema)
        .map_err(|error| error.to_string())
}

fn parse(file: &FilePath) -> Result<serde_json::Value, String> {
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// Reads what schemas refer to, below one folder.
struct Folder {
    root: PathBuf,
}

impl Retrieve for Folder {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        let path = uri.path().as_str().trim_start_matches('/');
        let file = self.root.join(path);
        let is_inside = || {
            let (root, file) = (self.root.canonicalize().ok()?, file.canonicalize().ok()?);
            Some(file.starts_with(root))
        };
        if uri.scheme().as_str() != SCHEME || is_inside() != Some(true) {
            return Err(format!("`{uri}` is not below the folder of the schemas").into());
        }
        Ok(parse(&file)?)
    }
}

/// An error of a JSON schema as faults of ours: one for each unknown field.
fn faults(error: &ValidationError<'_>) -> Vec<Fault> {
    let mut path = Path::root();
    for segment in error.instance_path() {
        path.0.push(match segment {
            LocationSegment::Property(key) => Segment::from(&*key),
            LocationSegment::Index(index) => {
                Segment::from(u32::try_from(index).unwrap_or(u32::MAX))
            }
        });
    }
    let fault = |rule: Id, path: Path, side: Side, message: String| Fault {
        rule,
        level: Level::Failure,
        path,
        others: Vec::new(),
        side,
        message,
        details: std::collections::BTreeMap::new(),
        minors: Vec::new(),
    };
    let one = |rule: Id| {
        let colon = if path.0.is_empty() { "" } else { ": " };
        let message = format!("{path}{colon}{error}");
        vec![fault(rule, path.clone(), Side::Value, message)]
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|key| {
                let path = path.child(key.as_str());
                let message = format!("unknown field \"{path}\"");
                fault(Id::UnknownField, path, Side::Key, message)
            })
            .collect(),
        ValidationErrorKind::Required { property } => {
            let path = path.child(property.as_str().unwrap_or_default());
            let message = format!("{path}: Required value");
            vec![fault(Id::Required, path, Side::Key, message)]
        }
        ValidationErrorKind::Type { .. } => one(Id::Type),
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => one(Id::Enum),
        ValidationErrorKind::Pattern { .. }
        | ValidationErrorKind::Format { .. }
        | ValidationErrorKind::ContentEncoding { .. }
        | ValidationErrorKind::ContentMediaType { .. } => one(Id::Format),
        ValidationErrorKind::UniqueItems => one(Id::Duplicate),
        ValidationErrorKind::Minimum { .. }
        | ValidationErrorKind::Maximum { .. }
        | ValidationErrorKind::ExclusiveMinimum { .. }
        | ValidationErrorKind::ExclusiveMaximum { .. }
        | ValidationErrorKind::MultipleOf { .. }
        | ValidationErrorKind::MinLength { .. }
        | ValidationErrorKind::MaxLength { .. }
        | ValidationErrorKind::MinItems { .. }
        | ValidationErrorKind::MaxItems { .. }
        | ValidationErrorKind::MinProperties { .. }
        | ValidationErrorKind::MaxProperties { .. } => one(Id::Range),
        _ => one(Id::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gvk(api_version: &str, kind: &str) -> Gvk {
        Gvk {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    #[test]
    fn templates_are_kubeconforms() {
        let first = |text: &str, api_version, kind| match Source::parse(text) {
            Ok(Source::Files(template)) => {
                let files = file_names(&template, &gvk(api_version, kind), 33);
                files.first().map(|file| file.display().to_string())
            }
            Ok(Source::BuiltIn) | Err(_) => None,
        };
        assert_eq!(
            first("schemas/", "apps/v1", "Deployment").as_deref(),
            Some("schemas/v1.33.0-standalone-strict/deployment-apps-v1.json")
        );
        assert_eq!(
            first("s", "v1", "Pod").as_deref(),
            Some("s/v1.33.0-standalone-strict/pod-v1.json")
        );
        let catalogue = "c/{{.Group}}/{{ .ResourceKind }}_{{.ResourceAPIVersion}}.json";
        assert_eq!(
            first(catalogue, "a.b.io/v1", "Gate").as_deref(),
            Some("c/a.b.io/gate_v1.json")
        );
        assert_eq!(first(catalogue, "../x/v1", "Gate"), None);
        assert_eq!(Source::parse("default"), Ok(Source::BuiltIn));
        for text in [
            "http://a",
            "a/{{.Foo}}.json",
            "a/{{ .Group",
            "{{if .Group}}",
        ] {
            assert!(Source::parse(text).is_err(), "{text}");
        }
    }
}

//! ConstraintTemplates: what Gatekeeper checks of them when they are added, each error at its place.

use std::sync::Arc;

use crate::document::embedded::EmbeddedText;
use crate::document::field::{Field, nearest};
use crate::document::input::Input;
use crate::document::value::Value;
use crate::finding::{Location, Problem, Stage};
use crate::gatekeeper::cel::CelProgram;
use crate::gatekeeper::matching::read::{known_fields, strings};
use crate::gatekeeper::matching::selector::wrong_type;
use crate::rego::hosted::{Host, Hosted, HostedModule, Role, Sketch};
use crate::rego::load::{Options, Version};
use crate::schema::structural::{Dialect, Schema};

/// What a template's modules must have and may see.
pub const HOST: Host = Host {
    rule: "violation",
    data: "inventory",
    libraries: "lib",
};

/// The only target there is.
const TARGET: &str = "admission.k8s.gatekeeper.sh";
/// The versions that Gatekeeper reads, and whether parameters without a schema are anything in them.
const VERSIONS: [(&str, bool); 3] = [("v1", false), ("v1beta1", true), ("v1alpha1", true)];

/// What a template's rules are written in.
#[derive(Debug)]
pub enum Engine {
    /// Rego.
    Rego(Box<Hosted>),
    /// CEL only.
    Cel(CelProgram),
}

/// What a template's rules are made of.
enum Source {
    Rego(Vec<HostedModule>),
    Cel(CelProgram),
}

/// A template that can be evaluated.
#[derive(Debug)]
pub struct Template {
    /// The kind of its constraints.
    pub kind: Arc<str>,
    /// What `spec.parameters` of its constraints may be; without a schema they have none.
    pub parameters: Option<Schema>,
    /// Its rules.
    pub engine: Engine,
    /// Annotation `metadata.gatekeeper.sh/title`.
    pub title: Option<String>,
    /// Annotation `description`.
    pub description: Option<String>,
    /// Annotation `metadata.gatekeeper.sh/url`.
    pub url: Option<String>,
    /// Where it is.
    pub location: Location,
    /// Where its rule stands, where that has one definition.
    pub rule_location: Option<Arc<Location>>,
    /// Whether its rules may look at the Namespace of an object.
    pub reads_namespace: bool,
}

/// The kind that a template is for, also where it cannot be evaluated.
#[must_use]
pub fn kind_of(input: &Input) -> Option<&str> {
    Field::root(input)
        .find(&["spec", "crd", "spec", "names", "kind"])?
        .text()
}

/// What the modules of a template are known by that cannot be evaluated.
#[must_use]
pub fn sketch_of(input: &Input) -> Option<Sketch> {
    // What is wrong with it was told when it was read.
    match source(&Field::root(input), &mut Vec::new())? {
        Source::Rego(modules) => Sketch::of_entry(&modules),
        Source::Cel(_) => None,
    }
}

impl Template {
    /// Reads a template; what is wrong is added to `problems`.
    pub fn read(input: &Input, options: &Options, problems: &mut Vec<Problem>) -> Option<Self> {
        let n_before = problems.len();
        let root = Field::root(input);
        let is_legacy = version(&root, problems);
        unknown_fields(&root, problems);
        let kind = kind(&root, problems);
        let parameters = parameters(&root, is_legacy, problems);
        let engine = match source(&root, problems)? {
            Source::Cel(program) => Engine::Cel(program),
            Source::Rego(modules) => match Hosted::load(modules, HOST, options) {
                Ok(hosted) => {
                    problems.extend_from_slice(hosted.warnings());
                    Engine::Rego(Box::new(hosted))
                }
                Err(mut errors) => {
                    problems.append(&mut errors);
                    return None;
                }
            },
        };
        let is_right = problems[n_before..]
            .iter()
            .all(|problem| problem.severity != crate::finding::Severity::Error);
        let annotation = |key: &str| {
            let field = root.find(&["metadata", "annotations", key])?;
            field.text().map(str::trim).map(str::to_owned)
        };
        let template = Self {
            kind: kind?.into(),
            parameters,
            title: annotation("metadata.gatekeeper.sh/title"),
            description: annotation("description"),
            url: annotation("metadata.gatekeeper.sh/url"),
            rule_location: match &engine {
                Engine::Rego(hosted) => hosted.location().map(Arc::new),
                Engine::Cel(_) => None,
            },
            location: input.location().without_excerpt(),
            reads_namespace: input.origins.iter().any(|origin| {
                let text = origin.document.file.slice(origin.document.span);
                text.contains("namespaceObject")
            }),
            engine,
        };
        is_right.then_some(template)
    }

    /// Its modules, where it is written in Rego.
    #[must_use]
    pub fn hosted(&self) -> Option<&Hosted> {
        match &self.engine {
            Engine::Rego(hosted) => Some(hosted),
            Engine::Cel(_) => None,
        }
    }
}

/// Whether the version is one where parameters without a schema are anything.
fn version(root: &Field<'_>, problems: &mut Vec<Problem>) -> bool {
    let text = root.get("apiVersion").and_then(|field| field.text());
    let version = text.and_then(|text| text.split_once('/')).map(|(_, v)| v);
    let known = VERSIONS.iter().find(|(known, _)| Some(*known) == version);
    if known.is_none() {
        let field = root.get("apiVersion").unwrap_or_else(|| root.clone());
        let message = format!(
            "there is no version `{}` of ConstraintTemplate",
            version.unwrap_or_default()
        );
        problems.push(
            field
                .error(message)
                .help("Known are v1, v1beta1 and v1alpha1."),
        );
    }
    if let Some(kind) = root.get("kind")
        && kind.text() != Some("ConstraintTemplate")
    {
        let message = format!(
            "there is no kind `{}` of templates",
            kind.text().unwrap_or("")
        );
        problems.push(kind.error(message).help("Write `ConstraintTemplate`."));
    }
    known.is_some_and(|(_, is_legacy)| *is_legacy)
}

/// Fields that Gatekeeper would pass over in silence.
fn unknown_fields(root: &Field<'_>, problems: &mut Vec<Problem>) {
    known_fields(
        root,
        &["apiVersion", "kind", "metadata", "spec", "status"],
        problems,
    );
    let mut check = |path: &[&str], known: &[&str]| {
        if let Some(field) = root.find(path) {
            known_fields(&field, known, problems);
        }
    };
    check(&["spec"], &["crd", "targets"]);
    check(&["spec", "crd"], &["spec"]);
    check(&["spec", "crd", "spec"], &["names", "validation"]);
    check(
        &["spec", "crd", "spec", "names"],
        // The last three are of CustomResourceDefinitions; old templates have them, and nothing reads them.
        &["kind", "shortNames", "listKind", "plural", "singular"],
    );
    check(
        &["spec", "crd", "spec", "validation"],
        &["openAPIV3Schema", "legacySchema"],
    );
}

/// The schema of `spec.parameters`.
fn parameters(root: &Field<'_>, is_legacy: bool, problems: &mut Vec<Problem>) -> Option<Schema> {
    let validation = root.find(&["spec", "crd", "spec", "validation"]);
    let part = |key: &str| {
        validation
            .as_ref()
            .and_then(|validation| validation.get(key))
    };
    let is_legacy = match part("legacySchema") {
        Some(legacy) => match legacy.value().as_bool() {
            Ok(flag) => *flag,
            Err(_) => {
                problems.push(wrong_type(&legacy, "a boolean"));
                is_legacy
            }
        },
        None => is_legacy,
    };
    let dialect = match is_legacy {
        true => Dialect::LegacyParameters,
        false => Dialect::Parameters,
    };
    match part("openAPIV3Schema").filter(|schema| *schema.value() != Value::Null) {
        Some(schema) => Schema::read(&schema, dialect, problems),
        None => is_legacy.then(Schema::anything),
    }
}

fn kind(root: &Field<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let Some(kind) = root.find(&["spec", "crd", "spec", "names", "kind"]) else {
        let spec = root.find(&["spec"]).unwrap_or_else(|| root.clone());
        let message = "the template does not say which kind its constraints have";
        problems.push(spec.error(message).help("Set `spec.crd.spec.names.kind`."));
        return None;
    };
    let Some(text) = kind.text().filter(|text| !text.is_empty()) else {
        problems.push(wrong_type(&kind, "a string"));
        return None;
    };
    let name = root.find(&["metadata", "name"]);
    let found = name.as_ref().and_then(Field::text).unwrap_or_default();
    if found != text.to_lowercase() {
        let message = format!(
            "the ConstraintTemplate's name `{found}` is not equal to the lowercase of its kind: `{}`",
            text.to_lowercase()
        );
        problems.push(name.unwrap_or_else(|| root.clone()).error(message));
        return None;
    }
    Some(text.to_owned())
}

/// The rules of the only target.
fn source(root: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Source> {
    let Some(targets) = root.find(&["spec", "targets"]) else {
        let message = "the template has no target";
        let help = format!("Give it `spec.targets` with `target: {TARGET}` and `rego`.");
        problems.push(root.error(message).help(help));
        return None;
    };
    let items = targets.items().unwrap_or_default();
    let [target] = items.as_slice() else {
        let message = format!("a template has one target, not {}", items.len());
        problems.push(targets.error(message));
        return None;
    };
    known_fields(
        target,
        &["target", "rego", "libs", "code", "operations"],
        problems,
    );
    let name = target.get("target");
    if name.as_ref().and_then(Field::text) != Some(TARGET) {
        let found = name.as_ref().and_then(Field::text).unwrap_or_default();
        let message = format!("the target `{found}` is not known");
        let place = name.unwrap_or_else(|| target.clone());
        problems.push(place.error(message).help(format!("Write `{TARGET}`.")));
    }
    if has_text(target, "rego") {
        return rego(target, problems).map(Source::Rego);
    }
    let Some(code) = target.get("code") else {
        let message = "the template has no Rego";
        problems.push(target.error(message).help("Give the target `rego`."));
        return None;
    };
    of_code(&code, problems)
}

fn has_text(field: &Field<'_>, key: &str) -> bool {
    field
        .get(key)
        .and_then(|field| field.text())
        .is_some_and(|text| !text.trim().is_empty())
}

/// The entry of `code` whose engine is Rego, else the one in CEL.
fn of_code(code: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Source> {
    const ENGINES: [&str; 2] = ["Rego", "K8sNativeValidation"];
    let Some(items) = code.items() else {
        problems.push(wrong_type(code, "a list"));
        return None;
    };
    let mut found = None;
    let mut cel = None;
    for item in items {
        known_fields(&item, &["engine", "source"], problems);
        let engine = item.get("engine");
        match engine.as_ref().and_then(Field::text) {
            Some("Rego") if found.is_none() => found = item.get("source"),
            Some("Rego") => problems.push(item.error("there are two sources of engine `Rego`")),
            Some("K8sNativeValidation") => cel = item.get("source"),
            other => {
                let name = other.unwrap_or_default();
                let problem = engine
                    .as_ref()
                    .unwrap_or(&item)
                    .error(format!("there is no engine `{name}`"));
                let help = match nearest(name, ENGINES) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => "Known are Rego and K8sNativeValidation.".to_owned(),
                };
                problems.push(problem.help(help));
            }
        }
    }
    let is_cel = found.is_none();
    match found.or(cel) {
        Some(source) if is_cel => CelProgram::read(&source, problems).map(Source::Cel),
        Some(source) => {
            known_fields(&source, &["rego", "libs", "version"], problems);
            if has_text(&source, "rego") {
                rego(&source, problems).map(Source::Rego)
            } else {
                problems.push(source.error("the source has no `rego`"));
                None
            }
        }
        None => {
            problems.push(code.error("the template has no source of engine `Rego`"));
            None
        }
    }
}

/// `rego`, `libs` and `version` of a target or of a source.
fn rego(field: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Vec<HostedModule>> {
    // As Gatekeeper: any other text means v0.
    let version = match field.get("version").as_ref().and_then(Field::text) {
        Some("v1") => Version::V1,
        Some(_) | None => Version::V0,
    };
    let entry = field.get("rego")?;
    let mut modules = vec![module(&entry, version, Role::Entry)?];
    if let Some(libs) = field.get("libs") {
        strings(&libs, problems)?;
        for lib in libs.items()? {
            modules.push(module(&lib, version, Role::Library)?);
        }
    }
    Some(modules)
}

fn module(field: &Field<'_>, version: Version, role: Role) -> Option<HostedModule> {
    let (origin, rest) = field.input().origin_of(&field.path().0)?;
    let node = origin.document.spans.find(origin.node, rest)?;
    Some(HostedModule {
        text: EmbeddedText::new(&origin.document, node, field.text()?),
        version,
        role,
    })
}

/// An error for each template whose kind another one has too.
pub fn duplicates(inputs: &[Input]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: Vec<(&str, &Input)> = Vec::new();
    for input in inputs {
        let Some(kind) = kind_of(input) else { continue };
        match seen.iter().find(|(other, _)| *other == kind) {
            Some((_, first)) => problems.push(
                Problem::error(
                    Stage::Load,
                    format!("there are two templates of kind `{kind}`"),
                )
                .at(input.location())
                .related(first.location(), "the first one")
                .help("Take one of them away; the first one is used."),
            ),
            None => seen.push((kind, input)),
        }
    }
    problems
}

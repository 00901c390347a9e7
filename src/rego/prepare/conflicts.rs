//! Definitions that OPA's compiler does not let stand beside each other: of a rule that is a set here and one value
//! there, of a function with other numbers of arguments, of rules within the value of another, a second default.
//!
//! The engine would take them, and give what is left of one of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rego::prepare::names::package_path;
use crate::rego::prepare::{Policies, PolicyError};
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{ExprKind, Module, Rule, Step, join_path};
use crate::source::Span;

/// A definition that cannot stand beside an earlier one.
#[derive(Debug)]
pub(in crate::rego) struct Conflict {
    /// The definition, and what is wrong.
    pub(in crate::rego) error: PolicyError,
    /// The module of the earlier one.
    pub(in crate::rego) module: usize,
    /// Where the earlier one is.
    pub(in crate::rego) span: Span,
    /// What the earlier one is.
    pub(in crate::rego) what: String,
}

/// A component of a head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name(Arc<str>),
    /// A number, a boolean or null, as it is written.
    Scalar(Arc<str>),
}

/// What a definition gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Value,
    Set,
    /// One value for each key.
    Map,
    /// One set for each key.
    MapOfSets,
    /// Of this many arguments.
    Function(usize),
}

/// A definition.
struct Definition {
    kind: Kind,
    is_default: bool,
    module: usize,
    span: Span,
}

/// All definitions by the constant beginning of their heads.
type Tree = BTreeMap<Vec<Key>, Vec<Definition>>;

/// All conflicts, one for each rule.
pub(super) fn conflicts(policies: &Policies) -> Vec<Conflict> {
    let mut tree = Tree::new();
    let mut packages = BTreeMap::new();
    for (module, unit) in policies.units.iter().enumerate() {
        packages.entry(keys_of(&unit.module)).or_insert(module);
        for rule in &unit.module.rules {
            let (path, definition) = definition(&unit.module, rule, module);
            tree.entry(path).or_default().push(definition);
        }
    }
    let mut conflicts = Vec::new();
    for (path, definitions) in &tree {
        let found = within(&tree, path, definitions)
            .or_else(|| kinds(path, definitions))
            .or_else(|| package(policies, &packages, path, definitions))
            .or_else(|| defaults(path, definitions));
        conflicts.extend(found);
    }
    conflicts
}

fn keys_of(module: &Module) -> Vec<Key> {
    package_path(module).into_iter().map(Key::Name).collect()
}

fn definition(module: &Module, rule: &Rule, index: usize) -> (Vec<Key>, Definition) {
    let mut path = keys_of(module);
    path.push(Key::Name(Arc::clone(rule.name())));
    let steps = match &rule.head.reference.kind {
        ExprKind::Ref(_, steps) => steps.as_slice(),
        _ => &[],
    };
    let n_before = path.len();
    path.extend(steps.iter().map_while(key));
    let is_constant = path.len() - n_before == steps.len();
    let kind = match (&rule.head.args, rule.head.member.is_some(), is_constant) {
        (Some(args), ..) if !args.is_empty() => Kind::Function(args.len()),
        (_, true, true) => Kind::Set,
        (_, true, false) => Kind::MapOfSets,
        (_, false, true) => Kind::Value,
        (_, false, false) => Kind::Map,
    };
    let definition = Definition {
        kind,
        is_default: rule.is_default,
        module: index,
        span: rule.head.span,
    };
    (path, definition)
}

fn key(step: &Step) -> Option<Key> {
    let index = match step {
        Step::Field(name) => return Some(Key::Name(Arc::clone(&name.text))),
        Step::Index(index) => index,
    };
    let scalar = |text: &str| Some(Key::Scalar(text.into()));
    match &index.kind {
        ExprKind::String(text) => Some(Key::Name(Arc::clone(text))),
        ExprKind::Number(text) => scalar(text),
        ExprKind::Bool(true) => scalar("true"),
        ExprKind::Bool(false) => scalar("false"),
        ExprKind::Null => scalar("null"),
        _ => None,
    }
}

/// A rule within the value of another; only maps may have others within, and those no functions.
fn within(tree: &Tree, path: &[Key], definitions: &[Definition]) -> Option<Conflict> {
    let below = tree.range(path.to_vec()..).skip(1);
    let below = below.take_while(|(other, _)| other.starts_with(path));
    let is_open = |kind| matches!(kind, Kind::Map | Kind::MapOfSets);
    let closed = definitions.iter().find(|outer| !is_open(outer.kind));
    let outer = closed.or_else(|| definitions.first())?;
    let is_wrong =
        |inner: &&Definition| closed.is_some() || matches!(inner.kind, Kind::Function(_));
    let mut inner = below.flat_map(|(path, inner)| inner.iter().map(move |inner| (path, inner)));
    let (inner_path, inner) = inner.find(|(_, inner)| is_wrong(inner))?;
    let message = format!(
        "`{}` and `{}` cannot both be there: {} is within {}",
        shown(path),
        shown(inner_path),
        inner.kind.text(),
        outer.kind.text(),
    );
    let help = "Rename one of them.";
    Some(Conflict::of(outer, inner, message, help, "the other one"))
}

fn kinds(path: &[Key], definitions: &[Definition]) -> Option<Conflict> {
    let first = definitions.first()?;
    let other = definitions.iter().find(|other| other.kind != first.kind)?;
    let message = format!(
        "`{}` is {} here and {} in another definition",
        shown(path),
        other.kind.text(),
        first.kind.text(),
    );
    let help = match (first.kind, other.kind) {
        (Kind::Function(_), Kind::Function(_)) => {
            "A function takes the same number of arguments everywhere: rename one of them."
        }
        (Kind::Value, Kind::Set) | (Kind::Set, Kind::Value)
            if first.is_default || other.is_default =>
        {
            "A set needs no default: without members it is empty."
        }
        (Kind::Value, Kind::Set) | (Kind::Set, Kind::Value) => {
            "Let all definitions give members (`name contains x if { … }`, in Rego v0 `name[x] { … }`), or rename one of them."
        }
        _ => "Write all definitions alike, or rename one of them.",
    };
    let what = format!("{} here", first.kind.text());
    Some(Conflict::of(first, other, message, help, &what))
}

/// A rule where a package is.
fn package(
    policies: &Policies,
    packages: &BTreeMap<Vec<Key>, usize>,
    path: &[Key],
    definitions: &[Definition],
) -> Option<Conflict> {
    let first = definitions.first()?;
    if matches!(first.kind, Kind::Map | Kind::MapOfSets) {
        return None;
    }
    let module = *packages.get(path)?;
    let message = format!("`{}` is both a rule and a package", shown(path));
    let error = SyntaxError::new(first.span, message).help("Rename one of them.");
    Some(Conflict {
        error: PolicyError {
            module: first.module,
            error,
        },
        module,
        span: policies.units[module].module.package_span,
        what: "the package".to_owned(),
    })
}

fn defaults(path: &[Key], definitions: &[Definition]) -> Option<Conflict> {
    let mut defaults = definitions.iter().filter(|other| other.is_default);
    let (first, second) = (defaults.next()?, defaults.next()?);
    let message = format!("`{}` has two defaults", shown(path));
    let help = "Take one of them away.";
    Some(Conflict::of(first, second, message, help, "the first one"))
}

impl Conflict {
    /// At the later of two definitions.
    fn of(one: &Definition, other: &Definition, message: String, help: &str, what: &str) -> Self {
        let order = |definition: &Definition| (definition.module, definition.span.start);
        let (first, second) = match order(one) <= order(other) {
            true => (one, other),
            false => (other, one),
        };
        Self {
            error: PolicyError {
                module: second.module,
                error: SyntaxError::new(second.span, message).help(help),
            },
            module: first.module,
            span: first.span,
            what: what.to_owned(),
        }
    }
}

impl Kind {
    fn text(self) -> String {
        match self {
            Self::Value => "one value".to_owned(),
            Self::Set => "a set".to_owned(),
            Self::Map => "a map".to_owned(),
            Self::MapOfSets => "a map of sets".to_owned(),
            Self::Function(1) => "a function of one argument".to_owned(),
            Self::Function(n) => format!("a function of {n} arguments"),
        }
    }
}

/// A path as users write it, without `data`.
fn shown(path: &[Key]) -> String {
    let is_name = |key: &&Key| matches!(key, Key::Name(_));
    let n_names = path.iter().take_while(is_name).count();
    let names = path[1..n_names].iter().filter_map(|key| match key {
        Key::Name(name) => Some(Arc::clone(name)),
        Key::Scalar(_) => None,
    });
    let mut text = join_path(&names.collect::<Vec<_>>());
    for key in &path[n_names..] {
        text.push('[');
        match key {
            Key::Name(name) => text.push_str(&serde_json::Value::from(&**name).to_string()),
            Key::Scalar(scalar) => text.push_str(scalar),
        }
        text.push(']');
    }
    text
}

//! Which rules of a policy set are run, and what is wrong with those that cannot give a result.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of expressions count here"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::RuleKind;
use crate::rego::gaps::Gaps;
use crate::rego::prepare::names::{DataPath, Meaning, Names, rule_path};
use crate::rego::prepare::references::{self, Reference, may_be_meant};
use crate::rego::prepare::{Policies, PolicyError, Unit};
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, ExprKind, Module, Operator, Rule, StatementKind};
use crate::rego::syntax::visit::{Visitor, walk_expr, walk_rule};
use crate::source::Span;

/// A rule that is run on inputs, or that exempts from such.
#[derive(Clone, Debug)]
pub(in crate::rego) struct PolicyRule {
    /// Package without `data`.
    pub(in crate::rego) package: Vec<Arc<str>>,
    /// Its name.
    pub(in crate::rego) name: Arc<str>,
    /// What sort of rule it is.
    pub(in crate::rego) kind: RuleKind,
    /// Its definitions: module and rule of the module.
    pub(in crate::rego) definitions: Vec<(usize, usize)>,
    /// The only values of `input.kind` for which it can give something, where all its definitions start with that.
    pub(in crate::rego) kinds: Option<BTreeSet<Arc<str>>>,
}

/// The rules of a policy set.
#[derive(Debug, Default)]
pub(in crate::rego) struct Inventory {
    /// Rules to run, sorted by package and name.
    pub(in crate::rego) rules: Vec<PolicyRule>,
    /// Packages that have an `exception` rule.
    pub(in crate::rego) exceptions: BTreeSet<Vec<Arc<str>>>,
    /// Rules that cannot give a result.
    pub(in crate::rego) errors: Vec<PolicyError>,
    /// Rules whose name is nearly that of one that is run.
    pub(in crate::rego) warnings: Vec<PolicyError>,
}

/// The kind of a rule by its name, as Conftest: `^(deny|violation|warn)(_[a-zA-Z0-9]+)*$`.
pub(in crate::rego) fn rule_kind(name: &str) -> Option<RuleKind> {
    let mut parts = name.split('_');
    let kind = match parts.next()? {
        "deny" => RuleKind::Deny,
        "violation" => RuleKind::Violation,
        "warn" => RuleKind::Warn,
        _ => return None,
    };
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    parts.all(is_word).then_some(kind)
}

/// Collects the rules of the packages for which `selected` holds.
pub(in crate::rego) fn inventory(
    policies: &Policies,
    selected: &dyn Fn(&str) -> bool,
    gaps: &Gaps,
) -> Inventory {
    let mut inventory = Inventory::default();
    let mut rules: BTreeMap<(Vec<Arc<str>>, Arc<str>), PolicyRule> = BTreeMap::new();
    let references = all_references(policies);
    let referenced: BTreeSet<&DataPath> = references.iter().map(|found| &found.path).collect();
    for (index, unit) in policies.units.iter().enumerate() {
        if !selected(&unit.module.package_name()) {
            continue;
        }
        for (position, (rule, locals)) in unit.rules().enumerate() {
            let name = rule.name();
            if &**name == "exception" && rule.head.args.is_none() {
                inventory.exceptions.insert(unit.module.package.clone());
                continue;
            }
            let path = rule_path(&unit.module, rule);
            let is_used = || {
                referenced.contains(&path)
                    || may_be_meant(&references, &path)
                    || gaps.may_name(name)
            };
            let Some(kind) = rule_kind(name) else {
                if let Some(error) = near_miss(rule)
                    && !is_used()
                {
                    let module = index;
                    inventory.warnings.push(PolicyError { module, error });
                }
                continue;
            };
            if rule.head.args.is_some() {
                if !is_used() {
                    let error = function_named_as_rule(rule);
                    let module = index;
                    inventory.warnings.push(PolicyError { module, error });
                }
                continue;
            }
            if let Some(error) = shape_error(rule) {
                let module = index;
                inventory.errors.push(PolicyError { module, error });
            }
            let key = (unit.module.package.clone(), Arc::clone(name));
            let entry = rules.entry(key).or_insert_with(|| PolicyRule {
                package: unit.module.package.clone(),
                name: Arc::clone(name),
                kind,
                definitions: Vec::new(),
                kinds: Some(BTreeSet::new()),
            });
            entry.definitions.push((index, position));
            let kinds = kinds_of(rule, &unit.names, locals);
            entry.kinds = match (entry.kinds.take(), kinds) {
                (Some(mut all), Some(more)) => {
                    all.extend(more);
                    Some(all)
                }
                _ => None,
            };
        }
    }
    inventory.rules = rules.into_values().collect();
    warn_of_review(policies, &mut inventory);
    inventory
}

/// Warns of modules whose rules are run and read `input.review`.
fn warn_of_review(policies: &Policies, inventory: &mut Inventory) {
    for (module, unit) in policies.units.iter().enumerate() {
        let is_run = inventory
            .rules
            .iter()
            .any(|rule| rule.definitions.iter().any(|(of, _)| *of == module));
        if let Some(error) = reads_review(&unit.module)
            && is_run
        {
            inventory.warnings.push(PolicyError { module, error });
        }
    }
}

/// Gatekeeper's rules read `input.review`, which no manifest has: they would pass everything.
pub(in crate::rego) fn reads_review(module: &Module) -> Option<SyntaxError> {
    struct Review(Option<Span>);
    impl Visitor for Review {
        fn expr(&mut self, expr: &Expr) {
            let path = expr.constant_prefix().map(|(path, _)| path);
            let is_review = path.is_some_and(|path| {
                path.len() > 1 && &*path[0] == "input" && &*path[1] == "review"
            });
            if is_review && self.0.is_none() {
                self.0 = Some(expr.span);
            }
            walk_expr(self, expr);
        }
    }
    let mut review = Review(None);
    for rule in &module.rules {
        walk_rule(&mut review, rule);
    }
    let message = "this policy reads `input.review`, as Gatekeeper's do; a manifest has none, so nothing is found";
    review.0.map(|span| {
        SyntaxError::new(span, message)
            .help("Put it into a ConstraintTemplate, or read the manifest from `input`.")
    })
}

fn all_references(policies: &Policies) -> Vec<Reference> {
    let of_unit = |unit: &Unit| -> Vec<Reference> {
        unit.rules()
            .flat_map(|(rule, locals)| references::all(unit, rule, locals))
            .collect()
    };
    policies.units.iter().flat_map(of_unit).collect()
}

/// What is wrong with a rule that can never give a set of messages.
pub(in crate::rego) fn shape_error(rule: &Rule) -> Option<SyntaxError> {
    let head = &rule.head;
    let name = rule.name();
    let help = format!(
        "Write `{name} contains msg if {{ …; msg := \"what is wrong\" }}` (in Rego v0 `{name}[msg] {{ … }}`)."
    );
    if head.member.is_some() {
        return None;
    }
    if matches!(head.reference.kind, ExprKind::Ref(..)) {
        let message = format!("`{name}` is a map here, which gives no messages");
        return Some(SyntaxError::new(head.span, message).help(help));
    }
    let values =
        std::iter::once(&head.value).chain(rule.otherwise.iter().map(|other| &other.value));
    for value in values {
        let what = match value.as_ref().map(|value| &value.kind) {
            None | Some(ExprKind::Bool(_)) => "a boolean",
            Some(ExprKind::String(_) | ExprKind::Template(_)) => "one string",
            Some(ExprKind::Number(_)) => "a number",
            Some(ExprKind::Null) => "null",
            Some(ExprKind::Object(entries)) if entries.is_empty() => "an empty object",
            Some(ExprKind::Object(_) | ExprKind::ObjectCompr(..)) => "an object",
            Some(
                ExprKind::Var(_)
                | ExprKind::Array(_)
                | ExprKind::Set(_)
                | ExprKind::ArrayCompr(..)
                | ExprKind::SetCompr(..)
                | ExprKind::Ref(..)
                | ExprKind::Call(..)
                | ExprKind::Binary(..)
                | ExprKind::In(..),
            ) => continue,
        };
        let message = format!("`{name}` gives {what}, not a set of messages");
        return Some(SyntaxError::new(head.span, message).help(help));
    }
    None
}

/// The start of a rule's name that people write for `deny`, `violation` or `warn`.
fn near_miss(rule: &Rule) -> Option<SyntaxError> {
    const NEAR: [(&str, &str); 19] = [
        ("denny", "deny"),
        ("deney", "deny"),
        ("dney", "deny"),
        ("dent", "deny"),
        ("denies", "deny"),
        ("dneny", "deny"),
        ("denied", "deny"),
        ("denying", "deny"),
        ("violations", "violation"),
        ("violate", "violation"),
        ("violated", "violation"),
        ("voilation", "violation"),
        ("viloation", "violation"),
        ("violaton", "violation"),
        ("warned", "warn"),
        ("warning", "warn"),
        ("warnings", "warn"),
        ("wran", "warn"),
        ("warm", "warn"),
    ];
    let name: &str = rule.name();
    if rule.head.args.is_some() {
        return None;
    }
    let first = name.split('_').next().unwrap_or(name);
    let lower = first.to_ascii_lowercase();
    let exact = ["deny", "violation", "warn"];
    let meant = exact
        .iter()
        .find(|&&word| {
            lower == word || (lower.len() > 3 && strsim::damerau_levenshtein(&lower, word) == 1)
        })
        .or_else(|| {
            NEAR.iter()
                .find(|(near, _)| lower == *near)
                .map(|(_, word)| word)
        })?;
    let message = format!("rule `{name}` is never run: its name is not that of a policy rule");
    let help = format!(
        "Names of rules that are run are `deny`, `violation`, `warn`, with words behind `_`; did you mean `{meant}{}`?",
        name[first.len()..].trim_end_matches('_')
    );
    Some(SyntaxError::new(rule.head.span, message).help(help))
}

fn function_named_as_rule(rule: &Rule) -> SyntaxError {
    let name = rule.name();
    SyntaxError::new(
        rule.head.span,
        format!("`{name}` is a function here, which is never run as a rule"),
    )
    .help(format!(
        "Write `{name} contains msg if {{ … }}` without arguments."
    ))
}

/// The values of `input.kind` without which the rule's body cannot hold.
fn kinds_of(rule: &Rule, names: &Names, locals: &BTreeSet<Arc<str>>) -> Option<Vec<Arc<str>>> {
    if !rule.otherwise.is_empty() || rule.is_default {
        return None;
    }
    rule.body.as_ref()?.iter().find_map(|statement| {
        let StatementKind::Expr(expr) = &statement.kind else {
            return None;
        };
        if statement.with.is_empty() {
            kinds_in(expr, names, locals)
        } else {
            None
        }
    })
}

fn kinds_in(expr: &Expr, names: &Names, locals: &BTreeSet<Arc<str>>) -> Option<Vec<Arc<str>>> {
    match &expr.kind {
        ExprKind::Binary(Operator::Equal | Operator::Unify, left, right) => {
            let pairs = [(left, right), (right, left)];
            pairs.iter().find_map(|(side, other)| {
                let kind = string(other)?;
                is_kind(side, names, locals).then(|| vec![kind])
            })
        }
        ExprKind::In(None, value, collection) if is_kind(value, names, locals) => {
            match &collection.kind {
                ExprKind::Set(items) | ExprKind::Array(items) => items.iter().map(string).collect(),
                _ => None,
            }
        }
        _ => None,
    }
}

fn string(expr: &Expr) -> Option<Arc<str>> {
    if let ExprKind::String(text) = &expr.kind {
        Some(Arc::clone(text))
    } else {
        None
    }
}

fn is_kind(expr: &Expr, names: &Names, locals: &BTreeSet<Arc<str>>) -> bool {
    let is_path = expr
        .as_path()
        .is_some_and(|path| path.len() == 2 && &*path[0] == "input" && &*path[1] == "kind");
    is_path && names.meaning_of(expr, locals) == Meaning::Input
}

//! What names mean: local variables, rules of the package, imports, builtins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::syntax::ast::{Expr, ExprKind, Module, Operator, Rule, Statement, StatementKind};
use crate::rego::syntax::visit::{Visitor, walk_rule, walk_statement};

/// An absolute path below `data`, its first component being `data`.
pub(in crate::rego) type DataPath = Vec<Arc<str>>;

/// What a module's names can mean.
#[derive(Debug)]
pub(in crate::rego) struct Names {
    package: DataPath,
    /// Rules of the package; whether each is a function.
    rules: BTreeMap<Arc<str>, bool>,
    imports: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// What the head of a reference or call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Meaning {
    /// A path below `data`: as much of it as is constant.
    Data(DataPath),
    /// A path below `input`.
    Input,
    /// Neither: a local variable or a builtin's name.
    Other,
}

impl Names {
    /// The names of `module`, where `rules` are the rules that all modules of its package define, and
    /// whether each is a function.
    pub(in crate::rego) fn new(module: &Module, rules: BTreeMap<Arc<str>, bool>) -> Self {
        let imports = module
            .imports
            .iter()
            .filter(|import| !import.is_keywords())
            .map(|import| (Arc::clone(import.name()), import.path.clone()))
            .collect();
        Self {
            package: package_path(module),
            rules,
            imports,
        }
    }

    /// The package's path.
    pub(in crate::rego) fn package(&self) -> &DataPath {
        &self.package
    }

    /// Whether the package has a function with this name.
    pub(in crate::rego) fn is_function(&self, name: &str) -> bool {
        self.rules.get(name).copied().unwrap_or_default()
    }

    /// What `path`, the constant beginning of a reference, means in a rule that declares the variables of `locals`.
    pub(in crate::rego) fn meaning(
        &self,
        path: &[Arc<str>],
        locals: &BTreeSet<Arc<str>>,
    ) -> Meaning {
        match self.absolute(path, locals) {
            Some(absolute) if &*absolute[0] == "data" => Meaning::Data(absolute),
            Some(_) => Meaning::Input,
            None => Meaning::Other,
        }
    }

    /// `path` from `data` or `input` on; none where it starts with a local variable or is a builtin's name.
    pub(in crate::rego) fn absolute(
        &self,
        path: &[Arc<str>],
        locals: &BTreeSet<Arc<str>>,
    ) -> Option<DataPath> {
        let (head, rest) = path.split_first()?;
        if locals.contains(head) {
            return None;
        }
        if self.rules.contains_key(head) {
            let mut full = self.package.clone();
            full.extend_from_slice(path);
            return Some(full);
        }
        let absolute: DataPath = match self.imports.get(head) {
            Some(target) => target.iter().chain(rest).cloned().collect(),
            None => path.to_vec(),
        };
        matches!(&*absolute[0], "data" | "input").then_some(absolute)
    }

    /// Whether `path` starts with the name of an import.
    pub(in crate::rego) fn is_imported(
        &self,
        path: &[Arc<str>],
        locals: &BTreeSet<Arc<str>>,
    ) -> bool {
        let name = &path[0];
        self.imports.contains_key(name) && !self.rules.contains_key(name) && !locals.contains(name)
    }

    /// What the head of `expr` means, where it is a variable or a reference.
    pub(in crate::rego) fn meaning_of(&self, expr: &Expr, locals: &BTreeSet<Arc<str>>) -> Meaning {
        match expr.constant_prefix() {
            Some((path, _)) => self.meaning(&path, locals),
            None => Meaning::Other,
        }
    }
}

/// `data.` and the package of a module.
pub(in crate::rego) fn package_path(module: &Module) -> DataPath {
    below_data(&module.package)
}

/// `data.` and a path.
pub(in crate::rego) fn below_data(path: &[Arc<str>]) -> DataPath {
    let mut absolute: DataPath = vec!["data".into()];
    absolute.extend(path.iter().cloned());
    absolute
}

/// The absolute path of what a rule defines, as far as it is constant.
pub(in crate::rego) fn rule_path(module: &Module, rule: &Rule) -> DataPath {
    let mut path = package_path(module);
    if let Some((head, _)) = rule.head.reference.constant_prefix() {
        path.extend(head);
    }
    path
}

/// All variables that are declared anywhere in a rule: arguments, `some`, `:=`, `every`.
pub(in crate::rego) fn locals(rule: &Rule) -> BTreeSet<Arc<str>> {
    let mut found = Locals::default();
    for arg in rule.head.args.iter().flatten() {
        pattern_variables(arg, &mut found.names);
    }
    walk_rule(&mut found, rule);
    found.names
}

/// The variables that the statements of `body` declare, not those of bodies within.
pub(in crate::rego) fn declared_by(statement: &Statement, names: &mut BTreeSet<Arc<str>>) {
    match &statement.kind {
        StatementKind::Some(some) => names.extend(some.iter().map(|name| Arc::clone(&name.text))),
        StatementKind::SomeIn { key, value, .. } => {
            for pattern in key.iter().chain(std::iter::once(value)) {
                pattern_variables(pattern, names);
            }
        }
        StatementKind::Expr(expr) => {
            if let ExprKind::Binary(Operator::Assign, left, _) = &expr.kind {
                pattern_variables(left, names);
            }
        }
        StatementKind::Not(_) | StatementKind::Every { .. } => {}
    }
}

/// The variables of a pattern.
pub(in crate::rego) fn pattern_variables(pattern: &Expr, names: &mut BTreeSet<Arc<str>>) {
    match &pattern.kind {
        ExprKind::Var(name) if &**name != "_" => {
            names.insert(Arc::clone(name));
        }
        ExprKind::Array(items) | ExprKind::Set(items) => {
            for item in items {
                pattern_variables(item, names);
            }
        }
        ExprKind::Object(entries) => {
            for (_, value) in entries {
                pattern_variables(value, names);
            }
        }
        _ => {}
    }
}

#[derive(Default)]
struct Locals {
    names: BTreeSet<Arc<str>>,
}

impl Visitor for Locals {
    fn statement(&mut self, statement: &Statement) {
        declared_by(statement, &mut self.names);
        if let StatementKind::Every { key, value, .. } = &statement.kind {
            for name in key.iter().chain(std::iter::once(value)) {
                self.names.insert(Arc::clone(&name.text));
            }
        }
        walk_statement(self, statement);
    }
}

//! What Gatekeeper refuses in the modules of a template, beyond what OPA's compiler refuses.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rego::hosted::{Host, Role};
use crate::rego::prepare::{Policies, PolicyError, Unit};
use crate::rego::rules::shape_error;
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, Import, Module, join_path};
use crate::rego::syntax::visit::{Visitor, walk_expr, walk_rule};

/// Packages of libraries, imports, and the rule that the entry must have.
pub(super) fn packages(modules: &[Module], roles: &[Role], host: Host) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    for (module, (tree, role)) in modules.iter().zip(roles).enumerate() {
        let mut push = |error: SyntaxError| errors.push(PolicyError { module, error });
        match role {
            Role::Entry => entry_errors(tree, host).into_iter().for_each(&mut push),
            Role::Library => {
                let is_below = tree.package.len() > 1 && &*tree.package[0] == host.libraries;
                if !is_below {
                    let message = format!(
                        "the package of a library is `{}.NAME`, not `{}`",
                        host.libraries,
                        tree.package_name()
                    );
                    let help = format!(
                        "Rename it; others import it as `data.{}.NAME`.",
                        host.libraries
                    );
                    push(SyntaxError::new(tree.package_span, message).help(help));
                }
            }
        }
        tree.imports
            .iter()
            .filter_map(|import| import_error(import, host))
            .for_each(push);
    }
    errors
}

fn entry_errors(module: &Module, host: Host) -> Vec<SyntaxError> {
    let rules = module
        .rules
        .iter()
        .filter(|rule| &**rule.name() == host.rule);
    let rules: Vec<_> = rules.collect();
    let help = format!(
        "Write `{}[{{\"msg\": msg}}] {{ … }}` (in Rego v1 `{} contains {{\"msg\": msg}} if {{ … }}`).",
        host.rule, host.rule
    );
    if rules.is_empty() {
        let message = format!("the module has no rule `{}`", host.rule);
        return vec![SyntaxError::new(module.package_span, message).help(help)];
    }
    let shape = |rule: &&crate::rego::syntax::ast::Rule| match &rule.head.args {
        Some(_) => {
            let message = format!("`{}` is a function, not a set", host.rule);
            Some(SyntaxError::new(rule.head.span, message).help(help.clone()))
        }
        None => shape_error(rule),
    };
    rules.iter().filter_map(shape).collect()
}

fn import_error(import: &Import, host: Host) -> Option<SyntaxError> {
    let path: Vec<&str> = import.path.iter().map(|part| &**part).collect();
    let (allowed, help) = match path.as_slice() {
        ["data", first, ..] => (*first == host.libraries, String::new()),
        ["future", "keywords", ..] => (true, String::new()),
        ["rego", "v1"] => (
            false,
            "Give the code's source `version: \"v1\"` instead.".to_owned(),
        ),
        _ => (false, String::new()),
    };
    let message = format!(
        "`import {}` is refused in a template",
        join_path(&import.path)
    );
    let help = match help.is_empty() {
        true => format!(
            "Templates import `data.{}.NAME` and `future.keywords` only.",
            host.libraries
        ),
        false => help,
    };
    (!allowed).then(|| SyntaxError::new(import.span, message).help(help))
}

/// References to data that the host does not give.
pub(super) fn references(policies: &Policies, host: Host) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    for (module, unit) in policies.units.iter().enumerate() {
        for (rule, locals) in unit.rules() {
            let mut references = References {
                unit,
                locals,
                host,
                errors: Vec::new(),
            };
            walk_rule(&mut references, rule);
            let found = references.errors.into_iter();
            errors.extend(found.map(|error| PolicyError { module, error }));
        }
    }
    errors
}

struct References<'a> {
    unit: &'a Unit,
    locals: &'a BTreeSet<Arc<str>>,
    host: Host,
    errors: Vec<SyntaxError>,
}

impl Visitor for References<'_> {
    fn expr(&mut self, expr: &Expr) {
        let Some((path, _)) = expr.constant_prefix() else {
            return walk_expr(self, expr);
        };
        let is_data = &*path[0] == "data"
            && self.unit.names.absolute(&path[..1], self.locals).as_deref() == Some(&path[..1]);
        let Host {
            data, libraries, ..
        } = self.host;
        let is_allowed = path
            .get(1)
            .is_some_and(|first| &**first == data || &**first == libraries);
        if is_data && !is_allowed {
            let message = format!("`{}` is refused in a template", join_path(&path));
            let help = format!("Templates see `data.{data}` and `data.{libraries}` only.");
            self.errors
                .push(SyntaxError::new(expr.span, message).help(help));
        }
        // The head alone is no reference of its own.
        if let crate::rego::syntax::ast::ExprKind::Ref(_, steps) = &expr.kind {
            for step in steps {
                if let crate::rego::syntax::ast::Step::Index(index) = step {
                    self.expr(index);
                }
            }
        }
    }
}

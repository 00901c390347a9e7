//! What OPA's compiler refuses and the engine would evaluate wrongly: unknown functions, wrong numbers of arguments,
//! unbound variables under `not`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::builtins;
use crate::rego::gaps::Gaps;
use crate::rego::prepare::names::{DataPath, Meaning, Names};
use crate::rego::prepare::{Policies, PolicyError, safety};
use crate::rego::syntax::ast::{
    Expr, ExprKind, Module, Rule, Statement, StatementKind, Step, join_path,
};
use crate::rego::syntax::visit::{Visitor, walk_expr, walk_rule, walk_statement};
use crate::rego::syntax::{SyntaxError, Version};
use crate::source::Span;

/// Whether policies may read the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// `opa.runtime()` is a load error.
    #[default]
    Hidden,
    /// `opa.runtime().env` holds it.
    Visible,
}

/// Functions that reach the network, each with one argument.
pub(in crate::rego) const NETWORK: [&str; 2] = ["http.send", "net.lookup_ip_addr"];

/// Whether functions that reach the network may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Network {
    /// They are load errors.
    Refused,
    /// Tests replace them with `with`; otherwise they are undefined.
    Mocked,
}

/// All errors of a set of modules but recursion.
pub(super) fn check(
    policies: &Policies,
    environment: Environment,
    network: Network,
    gaps: &Gaps,
) -> Vec<PolicyError> {
    let functions = functions(policies);
    let mut errors = Vec::new();
    for (index, unit) in policies.units.iter().enumerate() {
        errors.extend(imports(&unit.module).map(|error| PolicyError {
            module: index,
            error,
        }));
        for (rule, locals) in unit.rules() {
            let mut checker = Checker {
                names: &unit.names,
                locals,
                functions: &functions,
                environment,
                network,
                gaps,
                errors: Vec::new(),
            };
            walk_rule(&mut checker, rule);
            let version = unit.module.version;
            let unsafe_variables = safety::errors(rule, version, &unit.names, locals, gaps);
            checker.errors.extend(unsafe_variables);
            for error in checker.errors {
                errors.push(PolicyError {
                    module: index,
                    error,
                });
            }
        }
    }
    errors.extend(overlaps(policies));
    errors
}

/// Imports of v1 that have the name of an earlier one of something else; in v0 the last one counts.
fn imports(module: &Module) -> impl Iterator<Item = SyntaxError> + '_ {
    let mut seen = BTreeMap::new();
    let of_values = module.imports.iter();
    let of_values =
        of_values.filter(|import| module.version == Version::V1 && !import.is_keywords());
    let again = of_values.filter(move |import| {
        let first = seen
            .entry(Arc::clone(import.name()))
            .or_insert(&import.path);
        **first != import.path
    });
    again.map(|import| {
        let message = format!("`{}` is the name of another import already", import.name());
        SyntaxError::new(import.span, message).help("Give it another name with `as`.")
    })
}

/// The module of a rule, the rule, and the steps of its head.
type Head<'a> = (usize, &'a Rule, &'a [Step]);

/// Heads like `p[x].y` and `p.a.z`: the engine would not see in one what the other gives.
fn overlaps(policies: &Policies) -> Vec<PolicyError> {
    let mut heads: BTreeMap<DataPath, Vec<Head<'_>>> = BTreeMap::new();
    for (module, unit) in policies.units.iter().enumerate() {
        for rule in &unit.module.rules {
            if let ExprKind::Ref(_, steps) = &rule.head.reference.kind
                && rule.head.args.is_none()
            {
                let mut path = super::names::package_path(&unit.module);
                path.push(Arc::clone(rule.name()));
                heads.entry(path).or_default().push((module, rule, steps));
            }
        }
    }
    let mut errors = Vec::new();
    for (path, heads) in &heads {
        let mut open: Vec<&[Step]> = Vec::new();
        for (_, rule, steps) in heads {
            let n_fixed = steps.iter().take_while(|step| step.as_key().is_some());
            let n_fixed = n_fixed.count();
            // Where the variable is all, two rules would only give the same value twice.
            if n_fixed + 1 < steps.len() || n_fixed < steps.len() && rule.head.member.is_some() {
                open.push(&steps[..n_fixed]);
            }
        }
        let keys = |steps: &[Step]| steps.iter().map_while(Step::as_key).count();
        for (module, rule, steps) in heads {
            let meets = |open: &&[Step]| {
                keys(steps) > open.len()
                    && open
                        .iter()
                        .zip(*steps)
                        .all(|(a, b)| a.as_key() == b.as_key())
            };
            if open.iter().any(meets) {
                let name = join_path(&path[1..]);
                let message =
                    format!("a rule for any key of `{name}` and this one cannot be told apart");
                let help = "Write this key as a variable, too: `p[key].x := 1 if key := \"a\"`.";
                errors.push(PolicyError {
                    module: *module,
                    error: SyntaxError::new(rule.head.span, message).help(help),
                });
            }
        }
    }
    errors
}

/// How many arguments each function of the policies takes.
fn functions(policies: &Policies) -> BTreeMap<DataPath, BTreeSet<usize>> {
    let mut functions: BTreeMap<DataPath, BTreeSet<usize>> = BTreeMap::new();
    for unit in &policies.units {
        for rule in &unit.module.rules {
            if let Some(args) = &rule.head.args {
                let path = super::names::rule_path(&unit.module, rule);
                functions.entry(path).or_default().insert(args.len());
            }
        }
    }
    functions
}

struct Checker<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    functions: &'a BTreeMap<DataPath, BTreeSet<usize>>,
    environment: Environment,
    network: Network,
    /// What errors may come of.
    gaps: &'a Gaps,
    errors: Vec<SyntaxError>,
}

impl Visitor for Checker<'_> {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Call(function, args) = &expr.kind {
            self.call(function, args.len(), false);
            for arg in args {
                self.expr(arg);
            }
        } else {
            walk_expr(self, expr);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Expr(Expr {
                kind: ExprKind::Call(function, args),
                ..
            }) => {
                // One argument more is the result's, as in OPA; among constants it is one too many.
                let is_scalar = |arg: &Expr| {
                    matches!(
                        arg.kind,
                        ExprKind::Null
                            | ExprKind::Bool(_)
                            | ExprKind::Number(_)
                            | ExprKind::String(_)
                    )
                };
                let may_be_output = !args.iter().all(is_scalar);
                self.call(function, args.len(), may_be_output);
                for arg in args {
                    self.expr(arg);
                }
                for with in &statement.with {
                    self.expr(&with.value);
                }
            }
            StatementKind::Some(_)
            | StatementKind::SomeIn { .. }
            | StatementKind::Every { .. }
            | StatementKind::Not(_)
            | StatementKind::Expr(_) => walk_statement(self, statement),
        }
    }
}

impl Checker<'_> {
    fn call(&mut self, function: &Expr, n_args: usize, is_statement: bool) {
        let Some(path) = function.as_path() else {
            return;
        };
        let fits = |n: usize| n == n_args || (is_statement && n + 1 == n_args);
        let span = function.span;
        match self.names.meaning(&path, self.locals) {
            Meaning::Data(path) => match self.functions.get(&path) {
                Some(arities) if arities.iter().any(|&n| fits(n)) => {}
                Some(arities) => {
                    let wanted = arities.first().copied().unwrap_or(0);
                    self.wrong_arity(span, &join_path(&path[1..]), wanted, n_args);
                }
                None if self.gaps.may_have_rule(&path) => {}
                None => self.errors.push(
                    SyntaxError::new(span, format!("there is no function `{}`", join_path(&path)))
                        .help("Load the file that defines it too: `-p` takes several paths."),
                ),
            },
            Meaning::Input => {
                let message = "`input` holds values, not functions";
                self.errors.push(SyntaxError::new(span, message));
            }
            Meaning::Other => self.builtin(&path, span, n_args, fits),
        }
    }

    fn builtin(
        &mut self,
        path: &[Arc<str>],
        span: Span,
        n_args: usize,
        fits: impl Fn(usize) -> bool,
    ) {
        let name = &*path.join(".");
        let own = [self.names.package(), path].concat();
        let is_mocked = NETWORK.contains(&name) && self.network == Network::Mocked;
        if name == "print" || is_mocked {
            return;
        }
        if let Some((message, help)) = self.refused(name) {
            self.errors.push(SyntaxError::new(span, message).help(help));
            return;
        }
        match builtins::arity(name) {
            Some(n) if fits(n) || (name == "walk" && n_args == 2) => {}
            Some(_) if self.gaps.may_shadow(&own, name) => {}
            Some(n) => self.wrong_arity(span, name, n, n_args),
            None if self.gaps.may_have_rule(&own) => {}
            None => {
                let help = if builtins::known_but_missing(name) {
                    "OPA has this function, policy has not: move what needs it out of this policy set.".to_owned()
                } else {
                    match builtins::nearest(name) {
                        Some(nearest) => format!("Did you mean `{nearest}`?"),
                        None => String::new(),
                    }
                };
                let message = format!("there is no function `{name}`");
                self.errors.push(SyntaxError::new(span, message).help(help));
            }
        }
    }

    /// Functions that policies must not have here.
    fn refused(&self, name: &str) -> Option<(String, &'static str)> {
        match name {
            _ if NETWORK.contains(&name) => Some((
                format!("`{name}` reaches the network, which policies cannot"),
                "Put what it would fetch into a data file and load that with `-d`.",
            )),
            "opa.runtime" if self.environment == Environment::Hidden => Some((
                "`opa.runtime` shows the environment, which policies cannot see".to_owned(),
                "Allow it with `--allow-env`.",
            )),
            _ => None,
        }
    }

    fn wrong_arity(&mut self, span: Span, name: &str, wanted: usize, found: usize) {
        let s = if wanted == 1 { "" } else { "s" };
        let message = format!("`{name}` takes {wanted} argument{s}, not {found}");
        self.errors.push(SyntaxError::new(span, message));
    }
}

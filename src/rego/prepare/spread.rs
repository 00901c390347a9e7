//! Functions whose definitions stand in several modules: the engine reads the arguments of all of them as those of the
//! last module and then gives something wrong or nothing.
//!
//! Each definition becomes a function of its own; a module beside them asks all of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rego::prepare::Policies;
use crate::rego::prepare::names::{DataPath, package_path, rule_path};
use crate::rego::syntax::Version;
use crate::rego::syntax::ast::{Expr, ExprKind, Head, Module, Operator, Rule, Statement, Step};
use crate::source::Span;

/// The numbers of the definitions of a function in each module.
type Definitions = BTreeMap<usize, Vec<usize>>;

/// The functions that are defined in several modules.
fn functions(policies: &Policies) -> BTreeMap<DataPath, Definitions> {
    let mut functions: BTreeMap<DataPath, Definitions> = BTreeMap::new();
    for (module, unit) in policies.units.iter().enumerate() {
        for (position, rule) in unit.module.rules.iter().enumerate() {
            if rule.head.args.is_some() {
                let function = functions.entry(rule_path(&unit.module, rule)).or_default();
                function.entry(module).or_default().push(position);
            }
        }
    }
    functions.retain(|_, definitions| definitions.len() > 1);
    functions
}

/// Gives the definitions of such functions names of their own in `modules`; the modules that ask for all of them, one a
/// package.
pub(super) fn gather(policies: &Policies, modules: &mut [Module]) -> Vec<Module> {
    let mut gathered: BTreeMap<Vec<Arc<str>>, Vec<Rule>> = BTreeMap::new();
    for ((path, definitions), number) in functions(policies).iter().zip(0_usize..) {
        let package = path[1..path.len() - 1].to_vec();
        let rules = gathered.entry(package).or_default();
        for (&index, positions) in definitions {
            for &position in positions {
                let name = format!("part__{number}_{index}_{position}");
                rules.push(part(path, &mut modules[index], position, &name));
            }
        }
    }
    let gathered = gathered.into_iter();
    gathered
        .map(|(package, rules)| module(package, rules))
        .collect()
}

/// Renames a definition; the rule by which the function asks for it. Definitions of one module are asked for one by one,
/// too: of a function that two of them give different values the engine would take another definition's.
fn part(path: &DataPath, module: &mut Module, position: usize, name: &str) -> Rule {
    let package = package_path(module);
    let rule = &mut module.rules[position];
    let span = rule.head.span;
    let reference = Expr::var(span, name);
    let original = std::mem::replace(&mut rule.head.reference, reference);
    if rule.is_default {
        let mut default = rule.clone();
        default.head.reference = Expr::var(original.span, Arc::clone(last(path)));
        return default;
    }
    let n_args = rule.head.args.as_ref().map_or(0, Vec::len);
    ask(path, &package, name, span, n_args)
}

fn last(path: &DataPath) -> &Arc<str> {
    path.last().expect("paths of rules have names")
}

/// `f(argument__0) := value__ if { value__ := data.package.part__0_1(argument__0) }`
fn ask(path: &DataPath, package: &DataPath, name: &str, span: Span, n_args: usize) -> Rule {
    let args: Vec<Expr> = (0..n_args)
        .map(|n| Expr::var(span, format!("argument__{n}")))
        .collect();
    let key = |part: &str| Step::Index(Expr::new(span, ExprKind::String(part.into())));
    let steps = package[1..].iter().map(|part| key(part));
    let steps = steps.chain([key(name)]).collect();
    let head = Box::new(Expr::var(span, "data"));
    let function = Expr::new(span, ExprKind::Ref(head, steps));
    let call = Expr::new(span, ExprKind::Call(Box::new(function), args.clone()));
    let value = Expr::var(span, "value__");
    let statement = Statement::binary(span, Operator::Assign, value.clone(), call);
    Rule {
        span,
        is_default: false,
        head: Head {
            span,
            reference: Expr::var(span, Arc::clone(last(path))),
            args: Some(args),
            member: None,
            value: Some(value),
        },
        body: Some(vec![statement]),
        otherwise: Vec::new(),
    }
}

fn module(package: Vec<Arc<str>>, rules: Vec<Rule>) -> Module {
    Module {
        version: Version::V1,
        package,
        package_span: Span::default(),
        imports: Vec::new(),
        rules,
        comments: Vec::new(),
    }
}

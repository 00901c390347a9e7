//! References that go through packages, `data[p].checks` or `data.rules[name].violations`: the engine would evaluate all rules
//! below their constant beginning, of which some may need the very rule that refers to them, and sees no package at all behind `data[p]`.
//!
//! Each becomes a look-up in what it can mean, `{key: all | some key; all := [{"a": x | x := data.rules.a.violations}, …][_][key]}[name]`:
//! the array is gone through within, so that nothing around the reference is.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::prepare::Unit;
use crate::rego::prepare::names::{DataPath, Meaning, Names, rule_path};
use crate::rego::prepare::references::Reference;
use crate::rego::syntax::ast::{
    Expr, ExprKind, Name, Operator, Rule, Statement, StatementKind, Step,
};
use crate::rego::syntax::visit::{
    Rewriter, Visitor, rewrite_expr, rewrite_rule, walk_rule, walk_statement,
};
use crate::source::Span;

/// The variables of what each key gives, of the keys and of what is looked up in.
const FOUND: &str = "found__";
const KEY: &str = "key__";
const ALL: &str = "all__";

/// What references through packages can mean.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    /// The paths of all rules.
    rules: BTreeSet<DataPath>,
    /// Those of functions.
    functions: BTreeSet<DataPath>,
    /// What `with` replaces below `data`.
    replaced: Vec<DataPath>,
}

impl Dynamic {
    /// Looks for the rules of all modules and for what `with` replaces.
    pub(super) fn new(units: &[Unit]) -> Self {
        let mut dynamic = Self::default();
        for unit in units {
            for (rule, locals) in unit.rules() {
                let path = rule_path(&unit.module, rule);
                if rule.head.args.is_some() {
                    dynamic.functions.insert(path.clone());
                }
                dynamic.rules.insert(path);
                let names = &unit.names;
                let mut replaced = Replaced {
                    names,
                    locals,
                    found: &mut dynamic.replaced,
                };
                walk_rule(&mut replaced, rule);
            }
        }
        dynamic
    }

    /// Whether what a reference with this constant beginning means is known before it is evaluated, but for its first
    /// step behind that: rules are below, none is at it or above it, and no `with` replaces all of it.
    pub(super) fn is_known(&self, path: &[Arc<str>]) -> bool {
        let is_below = |other: &&DataPath| other.len() > path.len() && other.starts_with(path);
        let first = self.rules.range(path.to_vec()..).next();
        let next = first.filter(|rule| is_below(rule));
        next.is_some()
            && !(1..=path.len()).any(|n| self.rules.contains(&path[..n]))
            && !self.replaced.iter().any(|other| path.starts_with(other))
    }

    /// The keys behind this path of which something that the reference means is known.
    fn keys(&self, reference: &Reference, data: &Value) -> BTreeSet<Arc<str>> {
        let path = &reference.path;
        let rules = self.rules.range(path.clone()..);
        let rules = rules.take_while(|rule| rule.starts_with(path));
        let rules = rules.filter(|rule| !self.functions.contains(*rule));
        let rules = rules.filter(|rule| reference.may_mean(&rule[path.len()..]));
        let mut keys: BTreeSet<Arc<str>> = rules
            .filter_map(|rule| rule.get(path.len()).cloned())
            .collect();
        let replaced = self.replaced.iter().filter(|other| other.starts_with(path));
        keys.extend(replaced.filter_map(|other| other.get(path.len()).cloned()));
        let values = crate::rego::data::at(data, path);
        if let Some(object) = values.and_then(|values| values.as_object().ok()) {
            for key in object.keys() {
                keys.extend(key.as_string().ok().map(|key| Arc::from(&**key)));
            }
        }
        keys
    }

    /// Rewrites the references of one rule that declares the variables of `locals`.
    pub(super) fn rewrite(
        &self,
        rule: &mut Rule,
        names: &Names,
        locals: &BTreeSet<Arc<str>>,
        data: &Value,
    ) {
        let mut look_up = LookUp {
            dynamic: self,
            names,
            locals,
            data,
        };
        rewrite_rule(&mut look_up, rule);
    }
}

struct Replaced<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    found: &'a mut Vec<DataPath>,
}

impl Visitor for Replaced<'_> {
    fn statement(&mut self, statement: &Statement) {
        for with in &statement.with {
            if let Meaning::Data(path) = self.names.meaning_of(&with.target, self.locals) {
                self.found.push(path);
            }
        }
        walk_statement(self, statement);
    }
}

struct LookUp<'a> {
    dynamic: &'a Dynamic,
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    data: &'a Value,
}

impl Rewriter for LookUp<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        self.look_up(expr);
        rewrite_expr(self, expr);
    }
}

impl LookUp<'_> {
    fn look_up(&self, expr: &mut Expr) {
        let Meaning::Data(path) = self.names.meaning_of(expr, self.locals) else {
            return;
        };
        let span = expr.span;
        let ExprKind::Ref(_, steps) = &mut expr.kind else {
            return;
        };
        if !self.dynamic.is_known(&path) {
            return;
        }
        let reference = Reference::new(path, steps);
        let Some(first) = steps.iter().position(|step| step.as_key().is_none()) else {
            return;
        };
        let mut rest = steps.split_off(first).into_iter();
        let key = rest.next();
        let rest: Vec<Step> = rest.collect();
        let n_fixed = rest.iter().take_while(|step| step.as_key().is_some());
        let n_fixed = n_fixed.count();
        let keys = self.dynamic.keys(&reference, self.data).into_iter();
        let meant = keys.map(|key| meant(span, &reference.path, &key, &rest[..n_fixed]));
        let all = merged(span, meant.collect());
        let steps = key.into_iter().chain(rest.into_iter().skip(n_fixed));
        expr.kind = ExprKind::Ref(Box::new(all), steps.collect());
    }
}

/// `{"key": found | found := data.path.key.rest}`
fn meant(span: Span, path: &[Arc<str>], key: &Arc<str>, rest: &[Step]) -> Expr {
    let string = |text: &Arc<str>| Expr::new(span, ExprKind::String(Arc::clone(text)));
    let keys = path[1..].iter().chain(std::iter::once(key));
    let field = |text: &Arc<str>| Step::Index(string(text));
    let steps = keys.map(field).chain(rest.iter().cloned()).collect();
    let value = Expr::new(
        span,
        ExprKind::Ref(Box::new(Expr::var(span, Arc::clone(&path[0]))), steps),
    );
    let found = Expr::var(span, FOUND);
    let body = vec![Statement::binary(
        span,
        Operator::Assign,
        found.clone(),
        value,
    )];
    let kind = ExprKind::ObjectCompr(Box::new(string(key)), Box::new(found), body);
    Expr::new(span, kind)
}

/// `{key: all | some key; all := [object, …][_][key]}`
fn merged(span: Span, objects: Vec<Expr>) -> Expr {
    let var = |name: &str| Expr::var(span, name);
    let array = Box::new(Expr::new(span, ExprKind::Array(objects)));
    let steps = vec![Step::Index(var("_")), Step::Index(var(KEY))];
    let each = Expr::new(span, ExprKind::Ref(array, steps));
    let text = KEY.into();
    let some = Statement {
        span,
        kind: StatementKind::Some(vec![Name { text, span }]),
        with: Vec::new(),
    };
    let body = vec![
        some,
        Statement::binary(span, Operator::Assign, var(ALL), each),
    ];
    let kind = ExprKind::ObjectCompr(Box::new(var(KEY)), Box::new(var(ALL)), body);
    Expr::new(span, kind)
}

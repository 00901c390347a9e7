//! The same program with probes: which call of a builtin failed, and whether another body took care of it.
//!
//! Used only where a builtin failed. A probe around a call says which call failed,
//! a probe around a value says which definition gave one, both with the arguments of the function around them.

use std::sync::Arc;

use crate::rego::builtins;
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Module, Operator, Rule, Statement, StatementKind,
};
use crate::rego::syntax::visit::{Rewriter, rewrite_expr, rewrite_statement};
use crate::source::Span;

/// The function around a call: the number of the call, the arguments, the set of what the call gives.
pub(in crate::rego) const CALLED: &str = "policy__.called";
/// The function around a value: the number of the body, the arguments, the value.
pub(in crate::rego) const GAVE: &str = "policy__.gave";

/// A body of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rego) struct BodyId {
    /// The module.
    pub(in crate::rego) module: usize,
    /// The definition in the module.
    pub(in crate::rego) rule: usize,
    /// 0 for the body, then those under `else`.
    pub(in crate::rego) body: usize,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Inside {
    /// In the body itself.
    Body,
    /// Under `not`, which takes care of what is undefined.
    Not,
    /// In a comprehension or `every`, where what is undefined is left out in silence.
    Collection,
}

/// A call of a builtin that can fail.
#[derive(Clone, Debug)]
pub(in crate::rego) struct CallSite {
    /// The body that it stands in.
    pub(in crate::rego) body: BodyId,
    /// Where in the body.
    pub(in crate::rego) inside: Inside,
    /// Where in the source.
    pub(in crate::rego) span: Span,
}

/// Modules with probes, and what their numbers mean.
#[derive(Debug, Default)]
pub(in crate::rego) struct Probed {
    /// The modules.
    pub(in crate::rego) modules: Vec<Module>,
    /// The calls by number.
    pub(in crate::rego) calls: Vec<CallSite>,
    /// The bodies by number.
    pub(in crate::rego) bodies: Vec<BodyId>,
}

/// Puts probes into prepared modules.
pub(in crate::rego) fn probe(modules: &[Module]) -> Probed {
    let mut probed = Probed::default();
    for (module, original) in modules.iter().enumerate() {
        let mut copy = original.clone();
        for (index, rule) in copy.rules.iter_mut().enumerate() {
            if !rule.is_default {
                probed.rule(rule, module, index);
            }
        }
        probed.modules.push(copy);
    }
    probed
}

impl Probed {
    fn rule(&mut self, rule: &mut Rule, module: usize, index: usize) {
        let args = name_arguments(rule);
        let body_id = |body| BodyId {
            module,
            rule: index,
            body,
        };
        if let Some(body) = &mut rule.body {
            self.body(body, body_id(0), &args);
        }
        if rule.head.member.is_none() && !matches!(rule.head.reference.kind, ExprKind::Ref(..)) {
            let span = rule.head.span;
            let value = rule.head.value.take();
            rule.head.value = Some(self.gave(value, span, body_id(0), &args));
        } else {
            let head = &mut rule.head;
            for expr in head.member.iter_mut().chain(&mut head.value) {
                self.probe(body_id(0), &args).expr(expr);
            }
        }
        for (other, number) in rule.otherwise.iter_mut().zip(1..) {
            if let Some(body) = &mut other.body {
                self.body(body, body_id(number), &args);
            }
            let value = other.value.take();
            other.value = Some(self.gave(value, other.span, body_id(number), &args));
        }
    }

    fn body(&mut self, body: &mut Body, id: BodyId, args: &Expr) {
        self.probe(id, args).body(body);
    }

    fn probe<'a>(&'a mut self, id: BodyId, args: &'a Expr) -> Probe<'a> {
        Probe {
            probed: self,
            id,
            args,
            inside: Inside::Body,
        }
    }

    fn gave(&mut self, value: Option<Expr>, span: Span, id: BodyId, args: &Expr) -> Expr {
        let mut value = value.unwrap_or_else(|| Expr::new(span, ExprKind::Bool(true)));
        self.probe(id, args).expr(&mut value);
        self.bodies.push(id);
        let number = number(span, self.bodies.len() - 1);
        Expr::call(span, GAVE, vec![number, args.clone(), value])
    }
}

fn number(span: Span, number: usize) -> Expr {
    Expr::new(span, ExprKind::Number(number.to_string().into()))
}

/// The arguments of a rule as a list; those without a name get one.
fn name_arguments(rule: &mut Rule) -> Expr {
    let span = rule.head.span;
    let mut items = Vec::new();
    for (arg, index) in rule.head.args.iter_mut().flatten().zip(0..) {
        if let ExprKind::Var(name) = &mut arg.kind {
            if &**name == "_" {
                *name = format!("argument__{index}").into();
            }
            items.push(Expr::var(span, Arc::clone(name)));
        }
    }
    Expr::new(span, ExprKind::Array(items))
}

struct Probe<'a> {
    probed: &'a mut Probed,
    id: BodyId,
    args: &'a Expr,
    inside: Inside,
}

impl Probe<'_> {
    fn within(&mut self, inside: Inside, work: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.inside, inside);
        work(self);
        self.inside = outer;
    }

    /// `f(x)` → `policy__.called(n, [arguments], {called__ | called__ := f(x)})`
    fn wrap(&mut self, expr: &mut Expr) {
        let span = expr.span;
        self.probed.calls.push(CallSite {
            body: self.id,
            inside: self.inside,
            span,
        });
        let site = number(span, self.probed.calls.len() - 1);
        let variable = Expr::var(span, format!("called__{}", self.probed.calls.len()));
        let call = std::mem::replace(expr, Expr::new(span, ExprKind::Null));
        let assign = ExprKind::Binary(Operator::Assign, Box::new(variable.clone()), Box::new(call));
        let statement = Statement {
            span,
            kind: StatementKind::Expr(Expr::new(span, assign)),
            with: Vec::new(),
        };
        let values = ExprKind::SetCompr(Box::new(variable), vec![statement]);
        let args = vec![site, self.args.clone(), Expr::new(span, values)];
        *expr = Expr::call(span, CALLED, args);
    }
}

impl Rewriter for Probe<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        let is_collection = matches!(
            expr.kind,
            ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..)
        );
        if is_collection {
            return self.within(Inside::Collection, |probe| rewrite_expr(probe, expr));
        }
        rewrite_expr(self, expr);
        if let ExprKind::Call(function, args) = &expr.kind
            && let Some(path) = function.as_path()
            && builtins::arity(&path.join(".")) == Some(args.len())
            && &*path[0] != "walk"
        {
            self.wrap(expr);
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        match &mut statement.kind {
            StatementKind::Not(_) => {
                self.within(Inside::Not, |probe| rewrite_statement(probe, statement));
            }
            StatementKind::Every { domain, body, .. } => {
                self.expr(domain);
                self.within(Inside::Collection, |probe| probe.body(body));
            }
            StatementKind::Some(_) | StatementKind::SomeIn { .. } | StatementKind::Expr(_) => {
                rewrite_statement(self, statement);
            }
        }
    }
}

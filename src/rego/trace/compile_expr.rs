//! Expressions → nodes of the program.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::builtins;
use crate::rego::prepare::calls::arithmetic;
use crate::rego::prepare::constants;
use crate::rego::prepare::rename::OwnVariables;
use crate::rego::syntax::ast::{self, Expr, ExprKind, Operator, Step, TemplatePart, join_path};
use crate::rego::syntax::visit::Visitor as _;
use crate::rego::trace::compile::Compiler;
use crate::rego::trace::order;
use crate::rego::trace::plan::{
    Body, Branch, Callee, Comprehension, ComprehensionKind, Node, NodeKind, Slot, Statement,
};
use crate::rego::trace::rank;
use crate::source::Span;

impl Compiler<'_> {
    fn nodes<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<Node> {
        exprs.into_iter().map(|expr| self.node(expr)).collect()
    }

    pub(super) fn step(&mut self, step: &Step) -> Node {
        match step {
            Step::Field(name) => node(NodeKind::Constant(Value::from(&*name.text))),
            Step::Index(index) => self.node(index),
        }
    }

    pub(super) fn node(&mut self, expr: &Expr) -> Node {
        let span = expr.span;
        if let Some(value) = constant(expr) {
            return node(NodeKind::Constant(value));
        }
        let kind = match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {
                NodeKind::Constant(constants::value(expr))
            }
            ExprKind::Var(_) | ExprKind::Ref(..) => self.reference(expr),
            ExprKind::Array(items) => NodeKind::Array(self.nodes(items)),
            ExprKind::Set(items) => NodeKind::Set(self.nodes(items)),
            ExprKind::Object(entries) => {
                let entry = |(key, value): &(Expr, Expr)| (self.node(key), self.node(value));
                NodeKind::Object(entries.iter().map(entry).collect())
            }
            ExprKind::ArrayCompr(term, body) => {
                self.comprehension(span, ComprehensionKind::Array, (None, term), body)
            }
            ExprKind::SetCompr(term, body) => {
                self.comprehension(span, ComprehensionKind::Set, (None, term), body)
            }
            ExprKind::ObjectCompr(key, value, body) => {
                self.comprehension(span, ComprehensionKind::Object, (Some(key), value), body)
            }
            ExprKind::Call(function, args) => self.call(function, args),
            ExprKind::Binary(operator, left, right) => {
                let sides = (self.node(left), self.node(right));
                match (operator, arithmetic(*operator)) {
                    (Operator::Assign | Operator::Unify, _) => NodeKind::Unify(Box::new(sides)),
                    (_, Some(name)) => {
                        NodeKind::Call(Callee::Builtin(name.into()), vec![sides.0, sides.1])
                    }
                    (operator, None) => NodeKind::Compare(*operator, Box::new(sides)),
                }
            }
            ExprKind::In(key, value, collection) => {
                let key = key.as_ref().map(|key| Box::new(self.node(key)));
                NodeKind::In(key, Box::new((self.node(value), self.node(collection))))
            }
            ExprKind::Template(parts) => {
                let part = |part: &TemplatePart| match part {
                    TemplatePart::Text(text) => node(NodeKind::Constant(Value::from(&**text))),
                    TemplatePart::Expr(expr) => self.node(expr),
                };
                NodeKind::Template(parts.iter().map(part).collect())
            }
        };
        let mut made = node(kind);
        order::mark(&mut made, &BTreeSet::new());
        made
    }

    fn reference(&mut self, expr: &Expr) -> NodeKind {
        let (head, steps): (&Expr, &[Step]) = match &expr.kind {
            ExprKind::Ref(head, steps) => (head, steps),
            _ => (expr, &[]),
        };
        let absolute = head
            .as_var()
            .and_then(|name| self.names.absolute(&[Arc::clone(name)], self.locals));
        let rest: Vec<Node> = steps.iter().map(|step| self.step(step)).collect();
        match (absolute, head.as_var()) {
            (Some(path), _) => {
                let keys = path[1..]
                    .iter()
                    .map(|key| node(NodeKind::Constant(Value::from(&**key))));
                let steps: Vec<Node> = keys.chain(rest).collect();
                match (&*path[0], steps.is_empty()) {
                    ("input", true) => NodeKind::Input,
                    ("input", false) => NodeKind::Ref(Box::new(node(NodeKind::Input)), steps),
                    _ => NodeKind::Data(steps),
                }
            }
            (None, Some(name)) if rest.is_empty() => NodeKind::Local(self.declare(name)),
            (None, Some(name)) => {
                let slot = self.declare(name);
                NodeKind::Ref(Box::new(node(NodeKind::Local(slot))), rest)
            }
            (None, None) => NodeKind::Ref(Box::new(self.node(head)), rest),
        }
    }

    fn call(&mut self, function: &Expr, args: &[Expr]) -> NodeKind {
        let mut args = self.nodes(args);
        let Some(path) = function.as_path() else {
            self.fault = Some("it calls what is no name");
            return NodeKind::Constant(Value::Undefined);
        };
        let group = self
            .names
            .absolute(&path, self.locals)
            .and_then(|path| self.groups.get(&path));
        if let Some((group, n_args)) = group {
            // As OPA: one argument more is the result's.
            let output = (args.len() == n_args + 1).then(|| args.pop()).flatten();
            let call = NodeKind::Call(Callee::Group(*group), args);
            return match output {
                Some(output) => NodeKind::Unify(Box::new((output, node(call)))),
                None => call,
            };
        }
        let name = join_path(&path);
        if name == "walk" && args.len() <= 2 {
            let pattern = (args.len() == 2).then(|| args.pop()).flatten();
            let walk = NodeKind::Call(Callee::Walk, args);
            return match pattern {
                Some(pattern) => NodeKind::Unify(Box::new((pattern, node(walk)))),
                None => walk,
            };
        }
        // It holds whatever its arguments are, even where they are undefined.
        if name == "print" {
            self.left = Some("it prints");
            return NodeKind::Constant(Value::from(true));
        }
        let output = (builtins::arity(&name) == Some(args.len().wrapping_sub(1)))
            .then(|| args.pop())
            .flatten();
        let call = NodeKind::Call(Callee::Builtin(name.into()), args);
        match output {
            Some(output) => NodeKind::Unify(Box::new((output, node(call)))),
            None => call,
        }
    }

    fn comprehension(
        &mut self,
        span: Span,
        kind: ComprehensionKind,
        (key, value): (Option<&Expr>, &Expr),
        body: &[ast::Statement],
    ) -> NodeKind {
        let mut own = OwnVariables::default();
        for term in key.into_iter().chain([value]) {
            own.expr(term);
        }
        for statement in body {
            own.statement(statement);
        }
        self.push_scope(own.names);
        let statements = self.statements(body);
        let mut key = key.map(|key| self.node(key));
        let mut value = self.node(value);
        let inner = self.pop_scope();
        let terms = key.iter().chain([&value]).flat_map(Node::slots);
        let mut outer: BTreeSet<Slot> = statements.iter().flat_map(Statement::slots).collect();
        outer.extend(terms);
        outer.retain(|slot| !inner.contains(slot));
        let mut bound = outer.clone();
        let statements = self.ordered(statements, &mut bound);
        for node in key.iter_mut().chain([&mut value]) {
            order::mark(node, &bound);
        }
        let heads: Vec<&Node> = key.iter().chain([&value]).collect();
        let ranked = rank::rank(&statements, &heads);
        let branch = Arc::new(Branch {
            module: self.module,
            span,
            body: Body { statements, ranked },
            member: key,
            value: Some(value),
            earlier: None,
        });
        NodeKind::Comprehension(Arc::new(Comprehension {
            kind,
            branch,
            outer,
        }))
    }
}

pub(super) fn node(kind: NodeKind) -> Node {
    Node {
        kind,
        open: false,
        within: false,
    }
}

/// The value of a literal all of whose parts are literals.
fn constant(expr: &Expr) -> Option<Value> {
    let is_constant = match &expr.kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => true,
        ExprKind::Array(items) | ExprKind::Set(items) => {
            items.iter().all(|item| constant(item).is_some())
        }
        ExprKind::Object(entries) => entries
            .iter()
            .all(|(key, value)| constant(key).is_some() && constant(value).is_some()),
        _ => false,
    };
    is_constant.then(|| constants::value(expr))
}

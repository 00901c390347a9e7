//! Modules → a program for the tracer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::builtins;
use crate::rego::prepare::Policies;
use crate::rego::prepare::calls::arithmetic;
use crate::rego::prepare::constants;
use crate::rego::prepare::names::{self, DataPath, Names, pattern_variables, rule_path};
use crate::rego::prepare::rename::OwnVariables;
use crate::rego::syntax::ast::{
    self, Expr, ExprKind, Operator, Rule, Step, TemplatePart, With, join_path,
};
use crate::rego::syntax::visit::Visitor as _;
use crate::rego::trace::order;
use crate::rego::trace::plan::{
    Body, Branch, Callee, Comprehension, ComprehensionKind, DataNode, Definition, Every, Fallback,
    Group, GroupId, GroupKind, Node, NodeKind, Program, Slot, Statement, StatementKind, Target,
};
use crate::rego::trace::rank;
use crate::source::Span;

/// Compiles all modules of a set.
pub(in crate::rego) fn compile(policies: &Policies) -> Program {
    let modules = policies.scoped();
    let mut program = Program::default();
    let mut ids: BTreeMap<DataPath, (GroupId, usize)> = BTreeMap::new();
    for (unit, module) in policies.units.iter().zip(&modules) {
        for rule in &module.rules {
            let path = rule_path(&unit.module, rule);
            let kind = kind_of(rule);
            let n_args = rule.head.args.as_ref().map_or(0, Vec::len);
            let (id, _) = *ids.entry(path.clone()).or_insert_with(|| {
                program.tree.insert(&path[1..], program.groups.len());
                program.groups.push(Group {
                    path,
                    kind: GroupKind::Complete,
                    definitions: Vec::new(),
                    default: None,
                });
                (program.groups.len() - 1, n_args)
            });
            if kind != GroupKind::Complete {
                program.groups[id].kind = kind;
            }
        }
    }
    for (index, (unit, module)) in policies.units.iter().zip(&modules).enumerate() {
        for rule in &module.rules {
            let locals = names::locals(rule);
            let mut compiler = Compiler {
                names: &unit.names,
                locals: &locals,
                groups: &ids,
                module: index,
                scopes: Vec::new(),
                n_slots: 0,
                fault: None,
            };
            let (id, _) = ids[&rule_path(&unit.module, rule)];
            if rule.is_default {
                compiler.push_scope(BTreeSet::new());
                let value = rule.head.value.as_ref().map(|value| compiler.node(value));
                program.groups[id].default = value.map(|value| Fallback {
                    value,
                    n_slots: compiler.n_slots,
                });
            } else {
                let definition = compiler.definition(rule);
                program.groups[id].definitions.push(definition);
            }
        }
    }
    program
}

impl DataNode {
    fn insert(&mut self, path: &[Arc<str>], id: GroupId) {
        match path.split_first() {
            Some((first, rest)) => self
                .children
                .entry(Arc::clone(first))
                .or_default()
                .insert(rest, id),
            None => self.group = Some(id),
        }
    }
}

/// How many steps of the head's reference its constant beginning has.
fn n_constant_steps(rule: &Rule) -> usize {
    rule.head
        .reference
        .constant_prefix()
        .map_or(0, |(_, taken)| taken)
}

fn kind_of(rule: &Rule) -> GroupKind {
    let is_open = match &rule.head.reference.kind {
        ExprKind::Ref(_, steps) => n_constant_steps(rule) < steps.len(),
        _ => false,
    };
    // As OPA: `f() = x` is a rule.
    if rule.head.args.as_ref().is_some_and(|args| !args.is_empty()) {
        GroupKind::Function
    } else if is_open || rule.head.member.is_some() {
        GroupKind::Partial
    } else {
        GroupKind::Complete
    }
}

#[derive(Default)]
struct Scope {
    /// The variables that the body has of its own.
    own: BTreeSet<Arc<str>>,
    slots: BTreeMap<Arc<str>, Slot>,
}

struct Compiler<'a> {
    names: &'a Names,
    locals: &'a BTreeSet<Arc<str>>,
    /// The rules and how many arguments they have.
    groups: &'a BTreeMap<DataPath, (GroupId, usize)>,
    module: usize,
    scopes: Vec<Scope>,
    n_slots: usize,
    fault: Option<&'static str>,
}

impl Compiler<'_> {
    fn definition(&mut self, rule: &Rule) -> Definition {
        let mut own = OwnVariables::default();
        for arg in rule.head.args.iter().flatten() {
            pattern_variables(arg, &mut own.names);
        }
        if let ExprKind::Ref(_, steps) = &rule.head.reference.kind {
            for step in steps {
                if let Step::Index(index) = step {
                    own.expr(index);
                }
            }
        }
        let values = rule
            .otherwise
            .iter()
            .filter_map(|other| other.value.as_ref());
        for term in rule
            .head
            .member
            .iter()
            .chain(&rule.head.value)
            .chain(values)
        {
            own.expr(term);
        }
        for body in rule.bodies() {
            own.body(body);
        }
        self.scopes.push(Scope {
            own: own.names,
            slots: BTreeMap::new(),
        });
        let args: Vec<Node> = rule
            .head
            .args
            .iter()
            .flatten()
            .map(|arg| self.node(arg))
            .collect();
        let bound: BTreeSet<Slot> = args.iter().flat_map(Node::slots).collect();
        let keys: Vec<Node> = match &rule.head.reference.kind {
            ExprKind::Ref(_, steps) => steps[n_constant_steps(rule)..]
                .iter()
                .map(|step| self.step(step))
                .collect(),
            _ => Vec::new(),
        };
        let mut branches = Vec::new();
        let head = &rule.head;
        let body = rule.body.as_deref().unwrap_or_default();
        let terms = (head.member.as_ref(), head.value.as_ref());
        branches.push(self.branch(head.span, body, terms, &keys, &bound));
        for other in &rule.otherwise {
            let body = other.body.as_deref().unwrap_or_default();
            let terms = (None, other.value.as_ref());
            branches.push(self.branch(other.span, body, terms, &keys, &bound));
        }
        Definition {
            n_slots: self.n_slots,
            args,
            keys,
            branches,
            fault: self.fault,
        }
    }

    fn branch(
        &mut self,
        span: Span,
        body: &[ast::Statement],
        (member, value): (Option<&Expr>, Option<&Expr>),
        keys: &[Node],
        bound: &BTreeSet<Slot>,
    ) -> Arc<Branch> {
        let statements = self.statements(body);
        let mut member = member.map(|member| self.node(member));
        let mut value = value.map(|value| self.node(value));
        let mut bound = bound.clone();
        let statements = self.ordered(statements, &mut bound);
        for node in member.iter_mut().chain(&mut value) {
            order::mark(node, &bound);
        }
        let heads: Vec<&Node> = member.iter().chain(&value).chain(keys).collect();
        let ranked = rank::rank(&statements, &heads);
        Arc::new(Branch {
            module: self.module,
            span,
            body: Body { statements, ranked },
            member,
            value,
        })
    }

    fn ordered(
        &mut self,
        statements: Vec<Statement>,
        bound: &mut BTreeSet<Slot>,
    ) -> Vec<Statement> {
        let ordered = order::order(statements, bound);
        if !ordered.complete {
            self.fault = Some("its statements cannot be put in an order");
        }
        ordered.statements
    }

    fn statements(&mut self, body: &[ast::Statement]) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (number, statement) in body.iter().enumerate() {
            if let Some(kind) = self.statement(&statement.kind) {
                let with = statement.with.iter().filter_map(|with| self.with(with));
                statements.push(Statement {
                    span: statement.span,
                    number,
                    kind,
                    with: with.collect(),
                });
            }
        }
        statements
    }

    fn statement(&mut self, kind: &ast::StatementKind) -> Option<StatementKind> {
        Some(match kind {
            ast::StatementKind::Some(_) => return None,
            ast::StatementKind::Expr(expr) => StatementKind::Holds(self.node(expr)),
            ast::StatementKind::Not(expr) => StatementKind::Not(self.node(expr)),
            ast::StatementKind::SomeIn {
                key,
                value,
                collection,
            } => StatementKind::SomeIn(
                key.as_ref().map(|key| self.node(key)),
                self.node(value),
                self.node(collection),
            ),
            ast::StatementKind::Every {
                key,
                value,
                domain,
                body,
            } => {
                let domain = self.node(domain);
                let mut own = OwnVariables::default();
                own.body(body);
                own.names
                    .extend(key.iter().map(|key| Arc::clone(&key.text)));
                own.names.insert(Arc::clone(&value.text));
                self.push_scope(own.names);
                let key = key.as_ref().map(|key| self.declare(&key.text));
                let value = self.declare(&value.text);
                let statements = self.statements(body);
                let inner = self.pop_scope();
                let mut outer: BTreeSet<Slot> =
                    statements.iter().flat_map(Statement::slots).collect();
                outer.retain(|slot| !inner.contains(slot));
                let mut bound: BTreeSet<Slot> = outer.clone();
                bound.extend(key.into_iter().chain([value]));
                let statements = self.ordered(statements, &mut bound);
                let ranked = rank::rank(&statements, &[]);
                StatementKind::Every(Box::new(Every {
                    key,
                    value,
                    domain,
                    body: Body { statements, ranked },
                    outer,
                }))
            }
        })
    }

    /// Opens a scope with those of its variables that none around it has.
    fn push_scope(&mut self, mut own: BTreeSet<Arc<str>>) {
        own.retain(|name| !self.scopes.iter().any(|scope| scope.own.contains(name)));
        self.scopes.push(Scope {
            own,
            slots: BTreeMap::new(),
        });
    }

    fn pop_scope(&mut self) -> BTreeSet<Slot> {
        let scope = self.scopes.pop().unwrap_or_default();
        scope.slots.into_values().collect()
    }

    fn fresh(&mut self) -> Slot {
        self.n_slots += 1;
        self.n_slots - 1
    }

    /// The variable of the innermost body that has the name of its own.
    fn declare(&mut self, name: &Arc<str>) -> Slot {
        if &**name == "_" {
            let slot = self.fresh();
            if let Some(scope) = self.scopes.last_mut() {
                scope.slots.insert(format!("_{slot}").into(), slot);
            }
            return slot;
        }
        let owner = self
            .scopes
            .iter()
            .rposition(|scope| scope.own.contains(name))
            .unwrap_or(self.scopes.len().saturating_sub(1));
        if let Some(slot) = self
            .scopes
            .get(owner)
            .and_then(|scope| scope.slots.get(name))
        {
            return *slot;
        }
        let slot = self.fresh();
        if let Some(scope) = self.scopes.get_mut(owner) {
            scope.slots.insert(Arc::clone(name), slot);
        }
        slot
    }

    fn with(&mut self, with: &With) -> Option<(Target, Node)> {
        let value = self.node(&with.value);
        let path = with.target.as_path()?;
        let absolute = self.names.absolute(&path, self.locals);
        let target = match absolute {
            Some(path) if &*path[0] == "input" => {
                Target::Input(path[1..].iter().map(|key| Value::from(&**key)).collect())
            }
            Some(path) => Target::Data(path),
            None => Target::Builtin(join_path(&path).into()),
        };
        Some((target, value))
    }

    fn nodes<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<Node> {
        exprs.into_iter().map(|expr| self.node(expr)).collect()
    }

    fn step(&mut self, step: &Step) -> Node {
        match step {
            Step::Field(name) => node(name.span, NodeKind::Constant(Value::from(&*name.text))),
            Step::Index(index) => self.node(index),
        }
    }

    fn node(&mut self, expr: &Expr) -> Node {
        let span = expr.span;
        if let Some(value) = constant(expr) {
            return node(span, NodeKind::Constant(value));
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
                    TemplatePart::Text(text) => {
                        node(span, NodeKind::Constant(Value::from(&**text)))
                    }
                    TemplatePart::Expr(expr) => self.node(expr),
                };
                NodeKind::Template(parts.iter().map(part).collect())
            }
        };
        let mut made = node(span, kind);
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
                    .map(|key| node(head.span, NodeKind::Constant(Value::from(&**key))));
                let steps: Vec<Node> = keys.chain(rest).collect();
                match (&*path[0], steps.is_empty()) {
                    ("input", true) => NodeKind::Input,
                    ("input", false) => {
                        NodeKind::Ref(Box::new(node(head.span, NodeKind::Input)), steps)
                    }
                    _ => NodeKind::Data(steps),
                }
            }
            (None, Some(name)) if rest.is_empty() => NodeKind::Local(self.declare(name)),
            (None, Some(name)) => {
                let slot = self.declare(name);
                NodeKind::Ref(Box::new(node(head.span, NodeKind::Local(slot))), rest)
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
                Some(output) => NodeKind::Unify(Box::new((output, node(function.span, call)))),
                None => call,
            };
        }
        let name = join_path(&path);
        if name == "walk" && args.len() <= 2 {
            let pattern = (args.len() == 2).then(|| args.pop()).flatten();
            let walk = NodeKind::Call(Callee::Walk, args);
            return match pattern {
                Some(pattern) => NodeKind::Unify(Box::new((pattern, node(function.span, walk)))),
                None => walk,
            };
        }
        // It holds whatever its arguments are, even where they are undefined.
        if name == "print" {
            return NodeKind::Constant(Value::from(true));
        }
        let output = (builtins::arity(&name) == Some(args.len().wrapping_sub(1)))
            .then(|| args.pop())
            .flatten();
        let call = NodeKind::Call(Callee::Builtin(name.into()), args);
        match output {
            Some(output) => NodeKind::Unify(Box::new((output, node(function.span, call)))),
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
        });
        NodeKind::Comprehension(Arc::new(Comprehension {
            kind,
            branch,
            outer,
        }))
    }
}

fn node(span: Span, kind: NodeKind) -> Node {
    Node {
        span,
        kind,
        open: false,
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

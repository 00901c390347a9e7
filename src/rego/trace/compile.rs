//! Modules → a program for the tracer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::document::value::Value;
use crate::rego::prepare::Policies;
use crate::rego::prepare::names::{self, DataPath, Names, pattern_variables, rule_path};
use crate::rego::prepare::rename::OwnVariables;
use crate::rego::syntax::ast::{self, Expr, ExprKind, Negation, Rule, Step, With, join_path};
use crate::rego::syntax::visit::Visitor as _;
use crate::rego::trace::order;
use crate::rego::trace::plan::{
    Body, Branch, DataNode, Definition, Earlier, Every, Fallback, Group, GroupId, GroupKind, Node,
    NodeKind, Program, Slot, Statement, StatementKind, Target,
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
                    agrees: false,
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
                negation: module.negation(),
                locals: &locals,
                groups: &ids,
                module: index,
                scopes: Vec::new(),
                n_slots: 0,
                fault: None,
                left: None,
            };
            let (id, _) = ids[&rule_path(&unit.module, rule)];
            if rule.is_default {
                compiler.push_scope(BTreeSet::new());
                let value = rule.head.value.as_ref().map(|value| compiler.node(value));
                program.groups[id].default = value.map(|value| Fallback {
                    is_fixed: value.is_plain_pattern() || is_comprehension(&value),
                    value,
                    n_slots: compiler.n_slots,
                });
            } else {
                let definition = compiler.definition(rule);
                program.groups[id].definitions.push(definition);
            }
        }
    }
    for group in &mut program.groups {
        group.agrees = group.agree();
    }
    program
}

fn is_comprehension(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Comprehension(_))
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
pub(super) struct Scope {
    /// The variables that the body has of its own.
    own: BTreeSet<Arc<str>>,
    slots: BTreeMap<Arc<str>, Slot>,
}

pub(super) struct Compiler<'a> {
    pub(super) names: &'a Names,
    negation: Negation,
    pub(super) locals: &'a BTreeSet<Arc<str>>,
    /// The rules and how many arguments they have.
    pub(super) groups: &'a BTreeMap<DataPath, (GroupId, usize)>,
    pub(super) module: usize,
    scopes: Vec<Scope>,
    n_slots: usize,
    pub(super) fault: Option<&'static str>,
    pub(super) left: Option<&'static str>,
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
        if !args.iter().all(Node::is_plain_pattern) {
            self.left = Some("an argument is neither a variable nor a value");
        }
        let bound: BTreeSet<Slot> = args.iter().flat_map(Node::slots).collect();
        let keys: Vec<Node> = match &rule.head.reference.kind {
            ExprKind::Ref(_, steps) => steps[n_constant_steps(rule)..]
                .iter()
                .map(|step| self.step(step))
                .collect(),
            _ => Vec::new(),
        };
        let branches = self.branches(rule, &keys, &bound);
        Definition {
            n_slots: self.n_slots,
            args,
            keys,
            branches,
            names: self.names_of_slots(),
            fault: self.fault,
            left: self.left,
        }
    }

    /// The body of a rule and those under `else`.
    fn branches(&mut self, rule: &Rule, keys: &[Node], bound: &BTreeSet<Slot>) -> Vec<Arc<Branch>> {
        let head = &rule.head;
        let body = rule.body.as_deref().unwrap_or_default();
        let terms = (head.member.as_ref(), head.value.as_ref());
        let mut branches = vec![Arc::new(self.branch(head.span, body, terms, keys, bound))];
        for other in &rule.otherwise {
            let body = other.body.as_deref().unwrap_or_default();
            let terms = (None, other.value.as_ref());
            let branch = self.branch(other.span, body, terms, keys, bound);
            branches.push(Arc::new(Branch {
                earlier: Some(Earlier {
                    branches: branches.clone(),
                    args: bound.clone(),
                }),
                ..branch
            }));
        }
        branches
    }

    /// What the variables of the rule itself are called; not those that only a part of it has.
    fn names_of_slots(&self) -> BTreeMap<Slot, Arc<str>> {
        let scopes = self.scopes.iter();
        let slots = scopes.flat_map(|scope| &scope.slots);
        slots
            .map(|(name, slot)| (*slot, Arc::clone(name)))
            .collect()
    }

    fn branch(
        &mut self,
        span: Span,
        body: &[ast::Statement],
        (member, value): (Option<&Expr>, Option<&Expr>),
        keys: &[Node],
        bound: &BTreeSet<Slot>,
    ) -> Branch {
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
        Branch {
            module: self.module,
            span,
            body: Body { statements, ranked },
            member,
            value,
            earlier: None,
        }
    }

    pub(super) fn ordered(
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

    pub(super) fn statements(&mut self, body: &[ast::Statement]) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (number, statement) in body.iter().enumerate() {
            if let Some(kind) = self.statement(&statement.kind) {
                let with = statement.with.iter().filter_map(|with| self.with(with));
                statements.push(Statement {
                    span: statement.span,
                    number,
                    kind,
                    with: with.collect(),
                    traits: OnceLock::new(),
                });
            }
        }
        statements
    }

    fn statement(&mut self, kind: &ast::StatementKind) -> Option<StatementKind> {
        Some(match kind {
            ast::StatementKind::Some(_) => return None,
            ast::StatementKind::Expr(expr) => StatementKind::Holds(self.node(expr)),
            ast::StatementKind::Not(expr) => {
                let mut node = self.node(expr);
                node.within = self.negation == Negation::Within;
                StatementKind::Not(node)
            }
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
    pub(super) fn push_scope(&mut self, mut own: BTreeSet<Arc<str>>) {
        own.retain(|name| !self.scopes.iter().any(|scope| scope.own.contains(name)));
        self.scopes.push(Scope {
            own,
            slots: BTreeMap::new(),
        });
    }

    pub(super) fn pop_scope(&mut self) -> BTreeSet<Slot> {
        let scope = self.scopes.pop().unwrap_or_default();
        scope.slots.into_values().collect()
    }

    fn fresh(&mut self) -> Slot {
        self.n_slots += 1;
        self.n_slots - 1
    }

    /// The variable of the innermost body that has the name of its own.
    pub(super) fn declare(&mut self, name: &Arc<str>) -> Slot {
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
}

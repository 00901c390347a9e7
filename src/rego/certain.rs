//! Which rules are certain to find nothing, as all their bodies need what this run's `input` has not.
//!
//! Only a plain positive read counts: in a body's own statements, or in a helper that they need. What is read under `not`,
//! in a comprehension, an `every`, a literal or a template, behind `with`, or in a rule with a default or an `else` may be
//! undefined without anything being lost.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of expressions count here"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::prepare::names::{DataPath, rule_path};
use crate::rego::reach::{Definition, DefinitionId, Reach};
use crate::rego::rules::PolicyRule;
use crate::rego::shape::{Shape, element_of};
use crate::rego::syntax::ast::{Expr, ExprKind, Rule, Statement, StatementKind, Step};

/// The most helpers that need helpers: beyond that nothing is certain.
const MAX_DEPTH: usize = 100;

/// Functions that may give something although an argument is undefined, or are asked because it may be.
const LENIENT: [&str; 2] = ["object.get", "print"];

/// What is known of definitions.
pub(in crate::rego) struct Certain<'r, 'a> {
    reach: &'r Reach<'a>,
    shape: Shape,
    /// Whether a definition gives nothing, with those of its arguments that are elements of `input`.
    known: BTreeMap<(DefinitionId, BTreeSet<usize>), bool>,
    depth: usize,
}

impl<'r, 'a> Certain<'r, 'a> {
    /// Nothing is known yet.
    pub(in crate::rego) fn new(reach: &'r Reach<'a>, shape: Shape) -> Self {
        Self {
            reach,
            shape,
            known: BTreeMap::new(),
            depth: 0,
        }
    }

    /// Whether a rule finds nothing, whatever the documents are.
    pub(in crate::rego) fn finds_nothing(&mut self, rule: &PolicyRule) -> bool {
        let none = BTreeSet::new();
        let mut definitions = rule.definitions.iter();
        !rule.definitions.is_empty() && definitions.all(|id| self.gives_nothing(*id, &none))
    }

    fn gives_nothing(&mut self, id: DefinitionId, elements: &BTreeSet<usize>) -> bool {
        let key = (id, elements.clone());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let definition = self.reach.definition(id);
        let rule = definition.rule;
        if rule.is_default || !rule.otherwise.is_empty() || self.depth >= MAX_DEPTH {
            return false;
        }
        // Recursion is an error of its own.
        self.known.insert(key.clone(), false);
        self.depth += 1;
        let gives_nothing = Needs::of(self, definition, elements).rule(rule);
        self.depth -= 1;
        self.known.insert(key, gives_nothing);
        gives_nothing
    }
}

/// What one definition needs.
struct Needs<'c, 'r, 'a> {
    certain: &'c mut Certain<'r, 'a>,
    definition: Definition<'a>,
    /// The variables that are elements of `input`.
    elements: BTreeSet<Arc<str>>,
}

impl<'c, 'r, 'a> Needs<'c, 'r, 'a> {
    fn of(
        certain: &'c mut Certain<'r, 'a>,
        definition: Definition<'a>,
        arguments: &BTreeSet<usize>,
    ) -> Self {
        let args = definition.rule.head.args.iter().flatten().enumerate();
        let given = args.filter(|(index, _)| arguments.contains(index));
        let mut elements: BTreeSet<Arc<str>> =
            given.filter_map(|(_, arg)| arg.as_var().cloned()).collect();
        let statements = definition.rule.body.iter().flatten();
        for statement in statements.filter(|statement| statement.with.is_empty()) {
            elements.extend(element_of(statement, &definition).cloned());
        }
        Self {
            certain,
            definition,
            elements,
        }
    }

    /// Whether the definition lacks something that it needs.
    fn rule(&mut self, rule: &Rule) -> bool {
        let mut statements = rule.body.iter().flatten();
        statements.any(|statement| self.statement(statement))
            || rule.head.member.iter().any(|member| self.expr(member))
            || rule.head.value.iter().any(|value| self.expr(value))
    }

    fn statement(&mut self, statement: &Statement) -> bool {
        if !statement.with.is_empty() {
            return false;
        }
        match &statement.kind {
            StatementKind::Expr(expr) => self.expr(expr),
            StatementKind::SomeIn { collection, .. } => {
                self.expr(collection) || self.is_empty(collection, true)
            }
            StatementKind::Some(_) | StatementKind::Every { .. } | StatementKind::Not(_) => false,
        }
    }

    /// Whether an expression lacks something that it needs.
    fn expr(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Var(_) => self.is_undefined(expr) || self.is_empty(expr, false),
            ExprKind::Ref(head, steps) => {
                self.is_undefined(expr)
                    || self.is_empty(expr, false)
                    || (head.as_var().is_none() && self.expr(head))
                    || steps.iter().any(|step| match step {
                        Step::Index(index) => self.expr(index),
                        Step::Field(_) => false,
                    })
            }
            ExprKind::Call(function, args) => {
                let name = function.as_path().unwrap_or_default().join(".");
                if LENIENT.contains(&&*name) {
                    return false;
                }
                self.call(function, args) || args.iter().any(|arg| self.expr(arg))
            }
            ExprKind::Binary(_, left, right) => self.expr(left) || self.expr(right),
            ExprKind::In(key, value, collection) => {
                key.iter().any(|key| self.expr(key)) || self.expr(value) || self.expr(collection)
            }
            _ => false,
        }
    }

    fn is_undefined(&self, expr: &Expr) -> bool {
        let is_element = |name: &Arc<str>| self.elements.contains(name);
        let shape = self.certain.shape;
        shape.has_not(expr, &self.definition, &is_element)
    }

    /// Whether a reference leads to helpers none of which gives anything; `within` where an element of it is needed.
    fn is_empty(&mut self, expr: &Expr, within: bool) -> bool {
        let Some((path, n_more)) = self.path_of(expr) else {
            return false;
        };
        let n_steps = path.len() + n_more + usize::from(within);
        self.all_give_nothing(&path, &BTreeSet::new(), |definition| {
            is_single(definition.rule) || n_steps > path_of(definition).len()
        })
    }

    fn call(&mut self, function: &Expr, args: &[Expr]) -> bool {
        let Some((path, 0)) = self.path_of(function) else {
            return false;
        };
        let elements = args.iter().enumerate().filter(|(_, arg)| {
            self.definition.is_element_of_input(arg)
                || arg
                    .as_var()
                    .is_some_and(|name| self.elements.contains(name))
        });
        let elements: BTreeSet<usize> = elements.map(|(index, _)| index).collect();
        self.all_give_nothing(&path, &elements, |_| true)
    }

    fn all_give_nothing(
        &mut self,
        path: &DataPath,
        elements: &BTreeSet<usize>,
        is_needed: impl Fn(&Definition<'a>) -> bool,
    ) -> bool {
        let found = self.certain.reach.at(path);
        !found.is_empty()
            && found.into_iter().all(|id| {
                let definition = self.certain.reach.definition(id);
                // What is above a rule is a package or an object, which there is in any case.
                path_of(&definition).len() <= path.len()
                    && is_needed(&definition)
                    && self.certain.gives_nothing(id, elements)
            })
    }

    /// The path below `data` that a reference starts with, and how many steps follow.
    fn path_of(&self, expr: &Expr) -> Option<(DataPath, usize)> {
        let (path, taken) = expr.constant_prefix()?;
        let names = &self.definition.unit.names;
        let absolute = names.absolute(&path, self.definition.locals)?;
        let n_steps = match &expr.kind {
            ExprKind::Ref(_, steps) => steps.len(),
            _ => 0,
        };
        (&*absolute[0] == "data").then_some((absolute, n_steps - taken))
    }
}

fn path_of(definition: &Definition<'_>) -> DataPath {
    rule_path(&definition.unit.module, definition.rule)
}

/// Whether a rule gives one value: a set or an object of which nothing is defined is empty.
fn is_single(rule: &Rule) -> bool {
    rule.head.member.is_none() && rule.head.reference.as_path().is_some()
}

//! Recursion, which OPA's compiler refuses, and chains of calls that would overflow the stack.

use std::collections::{BTreeMap, BTreeSet};

use crate::rego::prepare::names::{DataPath, rule_path};
use crate::rego::prepare::references::{self, Reference};
use crate::rego::prepare::{Policies, PolicyError};
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::join_path;
use crate::source::Span;

/// Longest chain of rules and functions that call each other.
const MAX_CALL_DEPTH: usize = 1_000;

/// Recursion, and chains that are too long.
pub(super) fn errors(policies: &Policies) -> Vec<PolicyError> {
    Graph::new(policies).errors()
}

/// Who refers to whom.
struct Graph {
    /// Each rule's path, with the module and span of its first definition.
    nodes: Vec<(DataPath, usize, Span)>,
    /// For each node those that it refers to.
    edges: Vec<BTreeSet<usize>>,
}

impl Graph {
    fn new(policies: &Policies) -> Self {
        let mut index_of: BTreeMap<DataPath, usize> = BTreeMap::new();
        let mut nodes = Vec::new();
        for (module, unit) in policies.units.iter().enumerate() {
            for (rule, _) in unit.rules() {
                let path = rule_path(&unit.module, rule);
                index_of.entry(path.clone()).or_insert_with(|| {
                    nodes.push((path, module, rule.head.span));
                    nodes.len() - 1
                });
            }
        }
        let mut edges = vec![BTreeSet::new(); nodes.len()];
        for unit in &policies.units {
            for (rule, locals) in unit.rules() {
                let from = index_of[&rule_path(&unit.module, rule)];
                for mut reference in references::all(unit, rule, locals) {
                    if !policies.dynamic.is_known(&reference.path) {
                        reference.forget_rest();
                    }
                    edges[from].extend(targets(&index_of, &reference));
                }
            }
        }
        Self { nodes, edges }
    }

    fn errors(&self) -> Vec<PolicyError> {
        let mut errors = Vec::new();
        let mut state = vec![Visit::New; self.nodes.len()];
        let mut depth = vec![0_usize; self.nodes.len()];
        for start in 0..self.nodes.len() {
            if state[start] == Visit::New
                && let Some(error) = self.search(start, &mut state, &mut depth)
            {
                errors.push(error);
            }
        }
        errors
    }

    /// Depth first without recursion, as chains may be long.
    fn search(
        &self,
        start: usize,
        state: &mut [Visit],
        depth: &mut [usize],
    ) -> Option<PolicyError> {
        let mut found = None;
        let mut stack = vec![(start, self.edges[start].iter())];
        state[start] = Visit::Open;
        while let Some((node, targets)) = stack.last_mut() {
            let node = *node;
            match targets.next() {
                Some(&target) if state[target] == Visit::Open => {
                    let cycle = stack.iter().map(|&(node, _)| node);
                    let cycle: Vec<usize> = cycle.skip_while(|&node| node != target).collect();
                    found = found.or_else(|| Some(self.recursion(&cycle)));
                }
                Some(&target) if state[target] == Visit::New => {
                    state[target] = Visit::Open;
                    stack.push((target, self.edges[target].iter()));
                }
                Some(_) => {}
                None => {
                    let deepest = self.edges[node].iter().map(|&target| depth[target]).max();
                    depth[node] = deepest.map_or(0, |deepest| deepest + 1);
                    state[node] = Visit::Done;
                    stack.pop();
                    if depth[node] == MAX_CALL_DEPTH {
                        found = found.or_else(|| Some(self.too_deep(node)));
                    }
                }
            }
        }
        found
    }

    fn name(&self, node: usize) -> String {
        join_path(&self.nodes[node].0[1..])
    }

    fn error(&self, node: usize, message: String, help: &str) -> PolicyError {
        let (_, module, span) = self.nodes[node];
        PolicyError {
            module,
            error: SyntaxError::new(span, message).help(help),
        }
    }

    fn recursion(&self, cycle: &[usize]) -> PolicyError {
        let first = cycle[0];
        let mut names: Vec<String> = cycle.iter().map(|&node| self.name(node)).collect();
        names.push(self.name(first));
        let message = format!("rule `{}` is recursive: {}", names[0], names.join(" -> "));
        self.error(
            first,
            message,
            "Rego has no recursion; `walk` and `graph.reachable` go through nested values.",
        )
    }

    fn too_deep(&self, node: usize) -> PolicyError {
        let message = format!(
            "`{}` needs a chain of more than {MAX_CALL_DEPTH} rules and functions",
            self.name(node)
        );
        self.error(node, message, "Shorten the chain.")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    New,
    Open,
    Done,
}

/// The rules that a reference can mean: those at it, below it and above it.
fn targets<'a>(
    index_of: &'a BTreeMap<DataPath, usize>,
    reference: &'a Reference,
) -> impl Iterator<Item = usize> + 'a {
    let path = &reference.path;
    let below = index_of
        .range(path.clone()..)
        .take_while(move |(rule, _)| rule.starts_with(path))
        .filter(move |(rule, _)| reference.may_mean(&rule[path.len()..]))
        .map(|(_, &index)| index);
    let above = (1..path.len()).filter_map(|n| index_of.get(&path[..n]).copied());
    below.chain(above)
}

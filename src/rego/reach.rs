//! What a rule uses: its own definitions and those of all rules that these refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::prepare::names::{DataPath, rule_path};
use crate::rego::prepare::references::references;
use crate::rego::prepare::{Policies, Unit};
use crate::rego::syntax::ast::Rule;

/// A definition: its module and its number there.
pub(in crate::rego) type DefinitionId = (usize, usize);

/// A definition with what its names mean.
pub(in crate::rego) struct Definition<'a> {
    /// The numbers of its module and in that.
    pub(in crate::rego) id: DefinitionId,
    /// The module.
    pub(in crate::rego) unit: &'a Unit,
    /// The definition.
    pub(in crate::rego) rule: &'a Rule,
    /// Its local variables.
    pub(in crate::rego) locals: &'a BTreeSet<Arc<str>>,
}

/// All definitions of a policy set by their paths.
pub(in crate::rego) struct Reach<'a> {
    policies: &'a Policies,
    /// The definitions at each path.
    all: BTreeMap<DataPath, Vec<DefinitionId>>,
    /// For each module and definition those that it refers to.
    uses: Vec<Vec<Vec<DefinitionId>>>,
}

impl<'a> Reach<'a> {
    /// Looks up where everything is defined.
    pub(in crate::rego) fn new(policies: &'a Policies) -> Self {
        let mut all: BTreeMap<DataPath, Vec<DefinitionId>> = BTreeMap::new();
        for (module, unit) in policies.units.iter().enumerate() {
            for (index, rule) in unit.module.rules.iter().enumerate() {
                let path = rule_path(&unit.module, rule);
                all.entry(path).or_default().push((module, index));
            }
        }
        let of_rule = |unit: &Unit, (rule, locals): (&Rule, &BTreeSet<Arc<str>>)| {
            let mut used: Vec<DefinitionId> = Vec::new();
            for path in references(unit, rule, locals) {
                used.extend(at(&all, &path));
            }
            used
        };
        let of_unit = |unit: &Unit| unit.rules().map(|rule| of_rule(unit, rule)).collect();
        let uses = policies.units.iter().map(of_unit).collect();
        Self {
            policies,
            all,
            uses,
        }
    }

    /// The definitions `from` and all that they use, each once; those nearer to `from` first.
    pub(in crate::rego) fn from(&self, from: &[DefinitionId]) -> Vec<Definition<'a>> {
        let mut seen: BTreeSet<DefinitionId> = from.iter().copied().collect();
        let mut waiting: Vec<DefinitionId> = from.to_vec();
        let mut found = Vec::new();
        while found.len() < waiting.len() {
            let (module, index) = waiting[found.len()];
            let used = self.uses[module][index].iter().copied();
            waiting.extend(used.filter(|definition| seen.insert(*definition)));
            found.push(self.definition((module, index)));
        }
        found
    }

    /// The definition with these numbers.
    pub(in crate::rego) fn definition(&self, id: DefinitionId) -> Definition<'a> {
        let unit = &self.policies.units[id.0];
        let (rule, locals) = unit.rule(id.1);
        Definition {
            id,
            unit,
            rule,
            locals,
        }
    }

    /// The definitions that a path can mean: those at it, below it and above it.
    pub(in crate::rego) fn at(&self, path: &DataPath) -> Vec<DefinitionId> {
        at(&self.all, path).collect()
    }
}

/// The definitions that a path can mean: those at it, below it and above it.
fn at(
    all: &BTreeMap<DataPath, Vec<DefinitionId>>,
    path: &DataPath,
) -> impl Iterator<Item = DefinitionId> {
    let below = all
        .range(path.clone()..)
        .take_while(move |(known, _)| known.starts_with(path))
        .map(|(_, definitions)| definitions);
    let above = (1..path.len()).filter_map(|n| all.get(&path[..n]));
    below.chain(above).flatten().copied()
}

//! What a rule uses: its own definitions and those of all rules that these refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rego::prepare::check::references;
use crate::rego::prepare::names::{DataPath, rule_path};
use crate::rego::prepare::{Policies, Unit};
use crate::rego::syntax::ast::Rule;

/// A definition: its module and its number there.
pub(in crate::rego) type DefinitionId = (usize, usize);

/// A definition with what its names mean.
pub(in crate::rego) struct Definition<'a> {
    /// The module's number.
    pub(in crate::rego) module: usize,
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
    all: BTreeMap<DataPath, Vec<DefinitionId>>,
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
        Self { policies, all }
    }

    /// The definitions `from` and all that they use, each once; those nearer to `from` first.
    pub(in crate::rego) fn from(&self, from: &[DefinitionId]) -> Vec<Definition<'a>> {
        let mut seen: BTreeSet<DefinitionId> = from.iter().copied().collect();
        let mut waiting: Vec<DefinitionId> = from.to_vec();
        let mut found = Vec::new();
        while found.len() < waiting.len() {
            let (module, index) = waiting[found.len()];
            let unit = &self.policies.units[module];
            let (rule, locals) = unit.rule(index);
            for path in references(unit, rule, locals) {
                let used = self.at(&path).copied();
                waiting.extend(used.filter(|definition| seen.insert(*definition)));
            }
            found.push(Definition {
                module,
                unit,
                rule,
                locals,
            });
        }
        found
    }

    /// The definitions that a path can mean: those at it, below it and above it.
    pub(in crate::rego) fn at<'b>(
        &'b self,
        path: &'b DataPath,
    ) -> impl Iterator<Item = &'b DefinitionId> {
        let below = self
            .all
            .range(path.clone()..)
            .take_while(|(known, _)| known.starts_with(path))
            .map(|(_, definitions)| definitions);
        let above = (1..path.len()).filter_map(|n| self.all.get(&path[..n]));
        below.chain(above).flatten()
    }
}

//! Modules as users write them → modules as the engine evaluates them faithfully.
//!
//! What the engine would evaluate otherwise than OPA is rewritten here, what cannot be is refused with its place.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each pass looks at a few kinds of nodes and walks all others"
)]

pub(in crate::rego) mod calls;
mod chains;
pub(in crate::rego) mod check;
pub(in crate::rego) mod conflicts;
pub(in crate::rego) mod constants;
mod declared;
pub(in crate::rego) mod diagnose;
mod dynamic;
mod every;
mod hoist;
mod iterated;
pub(in crate::rego) mod names;
mod patterns;
pub(in crate::rego) mod references;
pub(in crate::rego) mod rename;
mod safety;
mod shadow;
mod spread;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::value::Value;
use crate::rego::gaps::Gaps;
use crate::rego::prepare::calls::ConftestFile;
use crate::rego::prepare::check::{Environment, Network};
use crate::rego::prepare::conflicts::Conflict;
use crate::rego::prepare::dynamic::Dynamic;
use crate::rego::prepare::names::{DataPath, Names};
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, Import, Module, Rule};
use crate::rego::syntax::print::{self, Printed};

/// The modules of a policy set, as their authors wrote them.
#[derive(Debug)]
pub(in crate::rego) struct Policies {
    /// One unit a module.
    pub(in crate::rego) units: Vec<Unit>,
    /// What references through packages can mean.
    dynamic: Dynamic,
    /// What rules see as `data`, apart from packages.
    data: Value,
}

/// A module and what its names mean.
#[derive(Debug)]
pub(in crate::rego) struct Unit {
    /// The module.
    pub(in crate::rego) module: Module,
    /// What its names mean.
    pub(in crate::rego) names: Names,
    /// The local variables of each rule.
    locals: Vec<BTreeSet<Arc<str>>>,
}

/// What is wrong with a module of a set.
#[derive(Clone, Debug)]
pub(in crate::rego) struct PolicyError {
    /// Index of the module.
    pub(in crate::rego) module: usize,
    /// What is wrong.
    pub(in crate::rego) error: SyntaxError,
}

impl Unit {
    /// The rules with their local variables.
    pub(in crate::rego) fn rules(&self) -> impl Iterator<Item = (&Rule, &BTreeSet<Arc<str>>)> {
        self.module.rules.iter().zip(&self.locals)
    }

    /// The rule with this number, with its local variables.
    pub(in crate::rego) fn rule(&self, index: usize) -> (&Rule, &BTreeSet<Arc<str>>) {
        (&self.module.rules[index], &self.locals[index])
    }
}

impl Policies {
    /// Finds out what the names of all modules mean.
    pub(in crate::rego) fn new(modules: Vec<Module>) -> Self {
        let mut rules: BTreeMap<DataPath, BTreeMap<Arc<str>, bool>> = BTreeMap::new();
        for module in &modules {
            let of_package = rules.entry(names::package_path(module)).or_default();
            for rule in &module.rules {
                let is_function = of_package.entry(Arc::clone(rule.name())).or_default();
                *is_function |= rule.head.args.is_some();
            }
        }
        let units = modules
            .into_iter()
            .map(|module| {
                let of_package = rules[&names::package_path(&module)].clone();
                Unit {
                    names: Names::new(&module, of_package),
                    locals: module.rules.iter().map(names::locals).collect(),
                    module,
                }
            })
            .collect();
        let units: Vec<Unit> = units;
        Self {
            dynamic: Dynamic::new(&units),
            data: Value::new_object(),
            units,
        }
    }

    /// The same policies beside this data.
    pub(in crate::rego) fn beside(self, data: &Value) -> Self {
        Self {
            data: data.clone(),
            ..self
        }
    }

    /// What of each rule and of its like cannot be evaluated faithfully, save what may come of `gaps`.
    pub(in crate::rego) fn check(
        &self,
        environment: Environment,
        network: Network,
        gaps: &Gaps,
    ) -> Vec<PolicyError> {
        check::check(self, environment, network, gaps)
    }

    /// Definitions that cannot stand beside each other.
    pub(in crate::rego) fn conflicts(&self) -> Vec<Conflict> {
        conflicts::conflicts(self)
    }

    /// Rules that need themselves or too many others.
    pub(in crate::rego) fn check_chains(&self) -> Vec<PolicyError> {
        chains::errors(self)
    }

    /// All modules, each local variable with a name that hides nothing.
    pub(in crate::rego) fn scoped(&self) -> Vec<Module> {
        let scoped = |unit: &Unit| {
            let mut module = unit.module.clone();
            for (rule, locals) in module.rules.iter_mut().zip(&unit.locals) {
                self.dynamic.rewrite(rule, &unit.names, locals, &self.data);
                shadow::rename(rule, &unit.names, locals);
                rename::rename(rule);
                iterated::move_out(rule);
            }
            module
        };
        self.units.iter().map(scoped).collect()
    }

    /// All modules as the engine evaluates them faithfully.
    pub(in crate::rego) fn prepare(&self, conftest_file: ConftestFile) -> Prepared {
        let mut constants = Vec::new();
        let units = self.units.iter();
        let modules = units.map(|unit| self.prepared(unit, conftest_file, &mut constants));
        let mut modules: Vec<Module> = modules.collect();
        Prepared {
            gathered: spread::gather(self, &mut modules),
            modules,
            constants,
        }
    }

    /// The module as the engine evaluates it faithfully.
    fn prepared(
        &self,
        unit: &Unit,
        conftest_file: ConftestFile,
        constants: &mut Vec<Expr>,
    ) -> Module {
        let mut module = unit.module.clone();
        let negation = module.negation();
        for (rule, locals) in module.rules.iter_mut().zip(&unit.locals) {
            self.dynamic.rewrite(rule, &unit.names, locals, &self.data);
            shadow::rename(rule, &unit.names, locals);
            let locals = &names::locals(rule);
            rename::rename(rule);
            iterated::move_out(rule);
            values::move_into_bodies(rule);
            patterns::rewrite(rule);
            calls::rewrite(rule, &unit.names, locals, conftest_file);
            hoist::hoist(rule, &unit.names, locals, negation);
            every::bind(rule);
            declared::drop(rule);
            constants::extract(rule, constants);
        }
        // All others are written out.
        module.imports.retain(Import::is_keywords);
        module
    }
}

/// Modules as the engine evaluates them faithfully.
#[derive(Debug)]
pub(in crate::rego) struct Prepared {
    /// The modules, in the order of the units.
    pub(in crate::rego) modules: Vec<Module>,
    /// Modules of functions that several of these define.
    gathered: Vec<Module>,
    /// Constant collections, which the modules name by their number.
    pub(in crate::rego) constants: Vec<Expr>,
}

impl Prepared {
    /// The text of each module.
    pub(in crate::rego) fn print(&self) -> Vec<Printed> {
        self.modules.iter().map(print::module).collect()
    }

    /// The texts of the modules beside these.
    pub(in crate::rego) fn print_gathered(&self) -> Vec<String> {
        let gathered = self.gathered.iter();
        gathered.map(|module| print::module(module).text).collect()
    }

    /// What the engine's parser would take too long for.
    pub(in crate::rego) fn errors(&self) -> Vec<PolicyError> {
        let of_module = |(module, prepared): (usize, &Module)| {
            let errors = constants::too_deep(prepared);
            errors
                .into_iter()
                .map(move |error| PolicyError { module, error })
        };
        self.modules
            .iter()
            .enumerate()
            .flat_map(of_module)
            .collect()
    }
}

//! Configuration → checks: the one file of the library that knows every kind of check.

use crate::check::Check;
use crate::finding::Problem;
use crate::gatekeeper::{self, Constraints, read};
use crate::rego;
use crate::rego::set::PolicySet;

/// What to load and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Policy paths, data, and how Rego is evaluated.
    pub rego: rego::load::Options,
    /// How constraints are evaluated.
    pub gatekeeper: gatekeeper::Options,
}

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The policies of Rego files.
    pub rego: Option<PolicySet>,
    /// The constraints.
    pub constraints: Option<Constraints>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `sha256:…` over the names and contents of all policies and data.
    pub digest: String,
    /// How many YAML files below policy paths are no policies.
    pub n_other_files: usize,
}

impl Loaded {
    /// All checks.
    #[must_use]
    pub fn checks(&self) -> Vec<&dyn Check> {
        let rego = self.rego.iter().map(|set| set as &dyn Check);
        let constraints = self.constraints.iter().map(|check| check as &dyn Check);
        rego.chain(constraints).collect()
    }
}

/// Loads all policies; what is wrong with one kind never stops the other.
#[must_use]
pub fn load(options: Options) -> Loaded {
    let Options {
        mut rego,
        gatekeeper,
    } = options;
    let documents = read::read_policies(&rego.policies);
    let mut loaded = gatekeeper::load(&documents, &gatekeeper, &rego);
    rego.templates = loaded.sketches;
    rego.elsewhere = documents.files;
    let mut problems = documents.problems;
    problems.append(&mut loaded.problems);
    let modules = rego::load::load(&rego);
    problems.extend(modules.problems);
    let digest = match (&modules.set, documents.sources.is_empty()) {
        (Some(set), true) => set.digest().to_owned(),
        (set, _) => rego::digest(set.as_ref(), &documents.sources),
    };
    Loaded {
        rego: modules.set,
        constraints: loaded.constraints,
        problems,
        digest,
        n_other_files: documents.n_other_files,
    }
}

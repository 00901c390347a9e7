//! Rego policies, evaluated as Conftest and OPA evaluate them.
//!
//! The only room that names the engine; nothing outside sees more of it than its value.

mod annotations;
mod blame;
mod builtins;
mod certain;
mod combined;
mod data;
mod describe;
mod engine;
pub mod eval;
mod functions;
mod gaps;
pub mod hosted;
mod judge;
#[cfg(test)]
mod language_tests;
pub mod load;
mod members;
mod messages;
mod modules;
mod packages;
mod prepare;
mod reach;
mod rules;
mod seed;
pub mod set;
mod shape;
mod syntax;
pub mod tests;
mod trace;
mod undefined;

/// `sha256:…` over a policy set and further files.
#[must_use]
pub fn digest(
    set: Option<&set::PolicySet>,
    files: &[std::sync::Arc<crate::source::SourceFile>],
) -> String {
    let of_set = set.map_or("", |set| set.digest());
    let of_set = std::sync::Arc::new(crate::source::SourceFile::new("", of_set.to_owned()));
    describe::digest(std::iter::once(&of_set).chain(files))
}

/// Sets the most memory, in bytes, that evaluations may bring the process to.
pub fn set_memory_limit(bytes: u64) {
    regorus::set_global_memory_limit(Some(bytes));
}

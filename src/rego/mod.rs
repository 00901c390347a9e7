//! Rego policies, evaluated as Conftest and OPA evaluate them.
//!
//! The only room that names the engine; nothing outside sees more of it than its value.

mod annotations;
mod blame;
mod builtins;
mod data;
mod describe;
mod engine;
pub mod eval;
mod functions;
pub mod hosted;
#[cfg(test)]
mod language_tests;
pub mod load;
mod members;
mod messages;
mod packages;
mod prepare;
mod rules;
pub mod set;
mod syntax;
pub mod tests;
mod trace;

/// Sets the most memory, in bytes, that evaluations may bring the process to.
pub fn set_memory_limit(bytes: u64) {
    regorus::set_global_memory_limit(Some(bytes));
}

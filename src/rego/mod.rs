//! Rego policies: the only room that names the engine.
pub mod builtins;

//! Gatekeeper: constraints that match documents, and what is generated from workloads for them.
//!
//! Nothing here reads files or prints; whatever cannot be read or decided is a problem with its place.

pub mod expansion;
pub mod matching;

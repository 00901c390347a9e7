//! `policy` checks Kubernetes manifests against Rego policies.
//!
//! Data goes one way: arguments and configuration → files ([`walk`]) → documents and problems ([`document`]) →
//! checks ([`check`], [`rego`]) → evaluations ([`scan`]) → [`report`] → formats ([`output`]), and the report's
//! verdict → exit code. The library never sees the command line, the environment, the clock or a terminal.

pub mod check;
pub mod checkout;
pub mod config;
pub mod document;
pub mod explain;
pub mod finding;
pub mod gatekeeper;
pub mod load;
pub mod merge;
pub mod output;
pub mod rego;
pub mod report;
pub mod resource;
pub mod scan;
pub mod schema;
pub mod settle;
pub mod source;
pub mod suppress;
pub mod tally;
pub mod walk;

/// Sets the most memory, in bytes, that evaluations may bring the process to; what goes beyond is their document's error.
pub fn set_memory_limit(bytes: u64) {
    rego::set_memory_limit(bytes);
}

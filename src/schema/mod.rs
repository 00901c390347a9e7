//! Kubernetes' rules for the shape of objects: names, labels, structural schemas, and the schemas of all kinds.
//!
//! What is wrong is said with the API server's own words, so that people recognise it. [`check::Schemas`] is the check; the
//! data of the built-in kinds are in `kubernetes.txt`, which `tools/kubernetes-schema.py` writes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "types and values are matched in pairs; what is no pair that fits is one case"
)]

mod catalog;
pub mod check;
pub mod custom;
mod fault;
mod forms;
mod kinds;
pub mod location;
mod metadata;
pub mod names;
mod nearest;
pub mod options;
mod place;
mod rules;
mod semantic;
pub mod structural;
mod tree;
mod unknown;
mod walk;

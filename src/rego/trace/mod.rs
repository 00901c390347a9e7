//! Where a finding comes from: evaluates the rule that found something once more, on values that know where they come
//! from, and ranks what was read.
//!
//! The engine decides; what this finds is used only where it is the same.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of nodes and values count at each place"
)]

mod collections;
mod compare;
mod compile;
mod compile_expr;
mod duplicates;
mod elements;
mod explain;
mod expr;
mod failure;
mod functions;
mod machine;
mod matching;
mod meter;
mod missing;
mod narrate;
mod order;
mod partial;
pub(in crate::rego) mod places;
mod plan;
mod rank;
mod reads;
mod remains;
mod rules;
mod term;
#[cfg(test)]
mod tests;
mod weigh;

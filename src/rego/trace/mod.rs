//! Evaluates rules on values that know where they come from, and ranks what was read to say where a finding is.
//!
//! Strict, it judges, and gives up where only the engine knows; otherwise it follows what the engine found, and what it
//! finds is used only where it is the same.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of nodes and values count at each place"
)]

mod collections;
mod compare;
mod compile;
mod compile_expr;
mod data;
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
mod negation;
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
mod traits;
mod weigh;

//! The value a document has, and what the tree needs to build one.
//!
//! It is the engine's own value, so that nothing is converted before rules are run.
//! No other file outside `rego/` names the engine.

pub use regorus::Value;
pub use regorus::value::{Array, Object, Set};

//! Kubernetes' rules for the shape of objects: names, labels, structural schemas.
//!
//! What is wrong is said with the API server's own words, so that people recognise it.

pub mod names;
pub mod structural;

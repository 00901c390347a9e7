//! Strict JSON with positions.
use super::{Limits, Parsed};
use crate::source::SourceFile;
use std::sync::Arc;
pub(super) fn parse(_file: &Arc<SourceFile>, _limits: &Limits) -> Parsed {
    Parsed::default()
}

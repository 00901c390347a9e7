//! What is wrong with a value, and where.

use crate::document::field::Field;
use crate::document::path::Path;
use crate::document::place::Side;
use crate::finding::{Location, Problem, Stage};

/// What sort of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A field that the schema does not have.
    UnknownField,
    /// A field that is missing.
    Required,
    /// A value of another type.
    Type,
    /// None of the values allowed.
    Enum,
    /// Not in the format asked for, or out of its range.
    Format,
    /// Does not match the pattern.
    Pattern,
    /// Too small, too large or no multiple.
    Range,
    /// Too long, too short, too many or too few.
    Size,
    /// An item that is there already.
    Duplicate,
    /// `allOf`, `anyOf`, `oneOf` or `not` does not hold.
    Combination,
}

/// A fault of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What sort of fault it is.
    pub kind: FaultKind,
    /// The field, from the root of the document.
    pub path: Path,
    /// The API server's text, with the path.
    pub message: String,
    /// What to do about it; empty where nothing can be said.
    pub help: String,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, path: &Path, text: impl AsRef<str>) -> Self {
        Self {
            kind,
            path: path.clone(),
            message: format!("{path}: {}", text.as_ref()),
            help: String::new(),
        }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: help.into(),
            ..self
        }
    }

    /// Where it is: the key of an unknown field, the nearest parent of a missing one, else the value.
    #[must_use]
    pub fn location(&self, root: &Field<'_>) -> Location {
        let side = match self.kind {
            FaultKind::UnknownField => Side::Key,
            FaultKind::Required
            | FaultKind::Type
            | FaultKind::Enum
            | FaultKind::Format
            | FaultKind::Pattern
            | FaultKind::Range
            | FaultKind::Size
            | FaultKind::Duplicate
            | FaultKind::Combination => Side::Value,
        };
        let input = root.input();
        input
            .place(&self.path.0, side)
            .map_or_else(|| input.location(), |placed| placed.location)
    }
}

/// Faults as load errors, in the order of the document.
#[must_use]
pub fn problems(faults: Vec<Fault>, root: &Field<'_>) -> Vec<Problem> {
    let mut placed: Vec<_> = faults
        .into_iter()
        .map(|fault| (fault.location(root), fault))
        .collect();
    placed.sort_by_key(|(location, _)| location.start);
    placed
        .into_iter()
        .map(|(location, fault)| {
            Problem::error(Stage::Load, fault.message)
                .at(location)
                .help(fault.help)
        })
        .collect()
}

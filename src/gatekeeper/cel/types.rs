//! The types that expressions are known to have before they are evaluated, as far as Kubernetes' compiler refuses by them.

/// A type; what is only known from a document is `Any`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Any,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Null,
    Kind,
    Optional,
    List(Box<Type>),
    Mapping(Box<Type>),
}

impl Type {
    /// Whether a value of one may be compared with a value of the other.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::List(one), Self::List(other)) | (Self::Mapping(one), Self::Mapping(other)) => {
                one.agrees(other)
            }
            (one, other) => one == other,
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    /// The type where two that agree meet.
    pub(super) fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.join(other))),
            (Self::Mapping(one), Self::Mapping(other)) => Self::Mapping(Box::new(one.join(other))),
            (one, other) if one == other => one.clone(),
            _ => Self::Any,
        }
    }

    /// The word of Kubernetes' compiler.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Any => "dyn",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Null => "null_type",
            Self::Kind => "type",
            Self::Optional => "optional_type",
            Self::List(_) => "list",
            Self::Mapping(_) => "map",
        }
    }

    pub(super) fn list_of(item: Self) -> Self {
        Self::List(Box::new(item))
    }
}

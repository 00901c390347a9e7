//! The Kubernetes identity of a document: apiVersion, kind, namespace, name.

use std::fmt;

/// What a manifest says it is. Texts are as written; absent ones are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// `apiVersion`, for example `apps/v1`.
    pub api_version: String,
    /// `kind`, for example `Deployment`.
    pub kind: String,
    /// `metadata.namespace`, empty where it is not given.
    pub namespace: String,
    /// `metadata.name`, else `metadata.generateName`, empty where neither is given.
    pub name: String,
}

impl fmt::Display for Resource {
    /// `Deployment shop/web`, `Namespace shop`; a resource without a name is only its kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        match (self.namespace.is_empty(), self.name.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, " {}", self.name),
            (false, false) => write!(f, " {}/{}", self.namespace, self.name),
        }
    }
}

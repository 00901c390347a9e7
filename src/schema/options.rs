//! What a user chooses: versions of Kubernetes, kinds that are passed over or must not be used.

use std::sync::LazyLock;

use crate::schema::catalog::{Catalog, Minors};

/// The built-in kinds, read once.
pub(in crate::schema) static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::new);

/// What is done with documents whose kind nobody describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoSchema {
    /// Only their metadata are checked; the summary counts them.
    #[default]
    Skip,
    /// Each is an error.
    Error,
}

/// What is checked and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Minor versions of Kubernetes, sorted; the newest one where none is given.
    pub minors: Vec<u8>,
    /// Kinds that are not checked.
    pub skip: Vec<KindPattern>,
    /// Kinds that must not be used.
    pub reject: Vec<KindPattern>,
    /// What is done with documents whose kind nobody describes.
    pub no_schema: NoSchema,
}

/// A kind, or a kind of one group and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPattern {
    api_version: Option<String>,
    kind: String,
}

impl KindPattern {
    /// `Kind`, `version/Kind` or `group/version/Kind`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (api_version, kind) = match text.rsplit_once('/') {
            Some((api_version, kind)) => (Some(api_version.to_owned()), kind),
            None => (None, text),
        };
        let n_slashes = text.matches('/').count();
        if kind.is_empty() || n_slashes > 2 || api_version.as_deref() == Some("") {
            return Err(
                "write `Kind` or `group/version/Kind`, for example `apps/v1/Deployment`".to_owned(),
            );
        }
        Ok(Self {
            api_version,
            kind: kind.to_owned(),
        })
    }

    pub(in crate::schema) fn matches(&self, api_version: &str, kind: &str) -> bool {
        self.kind == kind
            && self
                .api_version
                .as_deref()
                .is_none_or(|wanted| wanted == api_version)
    }
}

/// The minor versions that a text asks for: `1.33`, `v1.33`, `1.33.4`, `latest`, `all`.
///
/// # Errors
/// There is no such version, or we do not know it.
pub fn minors(text: &str) -> Result<Vec<u8>, String> {
    let Minors { first, last } = CATALOG.minors;
    match text {
        "latest" | "master" => return Ok(vec![last]),
        "all" => return Ok((first..=last).collect()),
        _ => {}
    }
    let bare = text.strip_prefix('v').unwrap_or(text);
    let parts: Vec<Option<u8>> = bare.split('.').map(|part| part.parse().ok()).collect();
    match parts[..] {
        [Some(1), Some(minor)] | [Some(1), Some(minor), Some(_)]
            if (first..=last).contains(&minor) =>
        {
            Ok(vec![minor])
        }
        _ => Err(format!(
            "Kubernetes `{text}` is not known; there are 1.{first} to 1.{last}, `latest` and `all`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_in_many_ways() {
        for text in ["1.33", "v1.33", "1.33.4", "v1.33.0"] {
            assert_eq!(minors(text), Ok(vec![33]), "{text}");
        }
        assert_eq!(minors("latest"), Ok(vec![37]));
        assert_eq!(minors("all").map(|all| all.len()), Ok(13));
        for text in ["1.24", "1.38", "2.0", "1", "", "1.33.x", "1.33.1.1", "new"] {
            let error = minors(text).expect_err(text);
            assert!(error.contains("1.25 to 1.37"), "{error}");
        }
    }

    #[test]
    fn patterns_name_a_kind_or_one_of_a_version() {
        let matches = |pattern, api, kind| {
            KindPattern::parse(pattern).map(|pattern| pattern.matches(api, kind))
        };
        assert_eq!(matches("Pod", "v1", "Pod"), Ok(true));
        assert_eq!(matches("v1/Pod", "v1", "Pod"), Ok(true));
        assert_eq!(
            matches("apps/v1/Deployment", "apps/v1beta1", "Deployment"),
            Ok(false)
        );
        for text in ["", "a/b/c/d", "/Pod", "apps/v1/"] {
            assert!(KindPattern::parse(text).is_err(), "{text}");
        }
    }
}

//! What a user chooses: versions of Kubernetes, kinds that are passed over or must not be used.

use std::sync::LazyLock;

use crate::finding::{Problem, Stage};
use crate::schema::catalog::{Catalog, Minors, group_of};
use crate::schema::custom::Customs;
use crate::schema::kinds::{Gvk, written};
use crate::schema::nearest;

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

impl Options {
    /// Patterns that match no kind that is built in (in any version: gone ones may be rejected) or defined in `customs`.
    #[must_use]
    pub fn unmatched(&self, customs: &Customs) -> Vec<Problem> {
        let of = |flag, patterns: &[KindPattern]| -> Vec<Problem> {
            let patterns = patterns.iter();
            patterns
                .filter_map(|pattern| pattern.unmatched(flag, customs))
                .collect()
        };
        let mut problems = of("--schema-skip", &self.skip);
        problems.extend(of("--schema-reject", &self.reject));
        problems
    }
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

    /// What is said where nothing that is known matches: a warning where a slip is likely, else a notice, since
    /// definitions may be among the manifests.
    fn unmatched(&self, flag: &str, customs: &Customs) -> Option<Problem> {
        let built_in = CATALOG.kinds().iter();
        let built_in = built_in.map(|kind| (written(kind.group_version), kind.name));
        let known: Vec<(&str, &str)> = built_in.chain(customs.names()).collect();
        if known
            .iter()
            .any(|(version, kind)| self.matches(version, kind))
        {
            return None;
        }
        let is_known_group = self.api_version.clone().is_none_or(|api_version| {
            let kind = String::new();
            CATALOG.has_group(group_of(&Gvk { api_version, kind }.group_version()))
        });
        let near = self.nearest(&known, is_known_group);
        let written = match &self.api_version {
            Some(api_version) => format!("{api_version}/{}", self.kind),
            None => self.kind.clone(),
        };
        let mut message = format!("`{flag} {written}`: no such kind is known");
        if let Some(near) = &near {
            message.push_str(&format!(": did you mean `{near}`?"));
        }
        let problem = match near.is_some() || self.api_version.is_some() && is_known_group {
            true => Problem::warning(Stage::Load, message),
            false => Problem::notice(Stage::Load, message),
        };
        Some(problem.help(
            "Kinds are written as in manifests. Kinds that are built in and those of `--crds` are known here; those that manifests define match all the same.",
        ))
    }

    /// The kind that was meant: of the same group and version, else of another.
    fn nearest(&self, known: &[(&str, &str)], is_known_group: bool) -> Option<String> {
        let near = |known: &[(&str, &str)]| {
            let names = || known.iter().map(|(_, name)| *name);
            let name = nearest::equal_but_for_case(&self.kind, names())
                .or_else(|| nearest::few_letters_apart(&self.kind, names()))?;
            let (version, name) = known.iter().find(|(_, kind)| *kind == name)?;
            Some(match self.api_version {
                Some(_) => format!("{version}/{name}"),
                None => (*name).to_owned(),
            })
        };
        let is_same = |version: &str| self.api_version.as_deref().is_none_or(|own| own == version);
        let same: Vec<(&str, &str)> = known
            .iter()
            .copied()
            .filter(|(version, _)| is_same(version))
            .collect();
        near(&same).or_else(|| near(known).filter(|_| is_known_group))
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

//! What files that could not be read may define: an error that may come of that alone is not told.
//!
//! A file is taken to define less than all only where its text shows that: by its `package` line, and as a name that does not
//! stand in it cannot be defined by it.

use std::sync::Arc;

use crate::rego::prepare::names::DataPath;
use crate::source::SourceFile;

/// A file that could not be read.
#[derive(Debug, Default)]
pub(in crate::rego) struct Gap {
    /// The path below which it defines something; none where that is not known.
    pub(in crate::rego) at: Option<DataPath>,
    /// Its text; none where not even that is known.
    pub(in crate::rego) text: Option<Arc<SourceFile>>,
}

/// The files that could not be read.
#[derive(Debug, Default)]
pub(in crate::rego) struct Gaps {
    /// Policies.
    pub(in crate::rego) policies: Vec<Gap>,
    /// Data.
    pub(in crate::rego) data: Vec<Gap>,
}

impl Gaps {
    /// The packages of the policies, as far as they are known, each below `data`.
    pub(in crate::rego) fn packages(&self) -> impl Iterator<Item = &DataPath> {
        self.policies.iter().filter_map(|gap| gap.at.as_ref())
    }

    /// Whether a rule or package may be at this path below `data`.
    pub(in crate::rego) fn may_have_rule(&self, path: &[Arc<str>]) -> bool {
        self.policies.iter().any(|gap| gap.may_define(path))
    }

    /// Whether anything may be at this path below `data`, of which there is nothing from its beginning `missing` on.
    pub(in crate::rego) fn may_have(&self, path: &[Arc<str>], missing: &[Arc<str>]) -> bool {
        let may_define = |gap: &Gap| match gap.at {
            Some(_) => gap.may_define(path),
            None => gap.may_define(missing),
        };
        self.policies.iter().any(may_define) || self.data.iter().any(|gap| gap.may_hold(path))
    }

    /// Whether a function may be at this path that has the name of a builtin one.
    pub(in crate::rego) fn may_shadow(&self, path: &[Arc<str>], builtin: &str) -> bool {
        let begins = |line: &str| {
            let rest = line.strip_prefix(builtin);
            rest.is_some_and(|rest| rest.starts_with('('))
        };
        let defines = |text: &Arc<SourceFile>| text.text().lines().any(begins);
        let mut gaps = self.policies.iter();
        gaps.any(|gap| gap.may_define(path) && gap.text.as_ref().is_some_and(defines))
    }

    /// Whether a policy may use this name.
    pub(in crate::rego) fn may_name(&self, name: &str) -> bool {
        self.policies.iter().any(|gap| gap.has(name))
    }
}

impl Gap {
    fn may_define(&self, path: &[Arc<str>]) -> bool {
        let Some(at) = &self.at else {
            return path[1..].iter().all(|part| self.has(part));
        };
        match path.strip_prefix(at.as_slice()) {
            Some(below) => below.first().is_none_or(|name| self.has(name)),
            None => at.starts_with(path),
        }
    }

    /// Whether a value may be at this path: all its keys stand in the text.
    fn may_hold(&self, path: &[Arc<str>]) -> bool {
        let n_known = self.at.as_ref().map_or(1, Vec::len);
        let begins = self.at.as_ref().is_none_or(|at| path.starts_with(at));
        let mut keys = path.iter().skip(n_known);
        begins && keys.all(|key| self.has(key))
            || self.at.as_ref().is_some_and(|at| at.starts_with(path))
    }

    fn has(&self, name: &str) -> bool {
        self.text.as_ref().is_none_or(|text| text.has_word(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> DataPath {
        text.split('.').map(Arc::from).collect()
    }

    fn gap(at: Option<&str>, text: Option<&str>) -> Gaps {
        let text = text.map(|text| Arc::new(SourceFile::new("a", text.to_owned())));
        let policies = vec![Gap {
            at: at.map(path),
            text,
        }];
        Gaps {
            policies,
            data: Vec::new(),
        }
    }

    #[test]
    fn a_file_may_define_what_stands_in_it_below_its_package() {
        let gaps = gap(Some("data.lib.k8s"), Some("is_pod(x) if {\n  count(x"));
        let may_have = |text: &str| gaps.may_have_rule(&path(text));
        assert!(may_have("data.lib.k8s.is_pod"));
        assert!(may_have("data.lib.k8s.is_pod.x"));
        assert!(may_have("data.lib.k8s"));
        assert!(may_have("data.lib"));
        assert!(!may_have("data.lib.k8s.pod"));
        assert!(!may_have("data.lib.k8s.is_po"));
        assert!(!may_have("data.lib.other.is_pod"));
        assert!(!may_have("data.other"));
        assert!(gaps.may_shadow(&path("data.lib.k8s.is_pod"), "is_pod"));
        assert!(!gaps.may_shadow(&path("data.lib.k8s.count"), "count"));
    }

    #[test]
    fn less_is_known_of_a_file_without_a_package_and_nothing_of_one_without_a_text() {
        let gaps = gap(None, Some("packge lib.k8s\nf(x) := 1\n"));
        assert!(gaps.may_have_rule(&path("data.lib.k8s.f")));
        assert!(!gaps.may_have_rule(&path("data.lib.other.f")));
        let gaps = gap(None, None);
        assert!(gaps.may_have_rule(&path("data.lib.other.f")));
        assert!(gaps.may_name("anything"));
    }
}

//! Which packages are run: all, or those that `--namespace` names.

use crate::finding::{Problem, Stage};

/// The packages asked for.
pub(in crate::rego) struct Packages {
    globs: Vec<(String, globset::GlobMatcher)>,
}

impl Packages {
    /// Reads the patterns.
    pub(in crate::rego) fn new(texts: &[String]) -> Result<Self, Problem> {
        let mut globs = Vec::new();
        for text in texts {
            let glob = globset::GlobBuilder::new(text)
                .literal_separator(false)
                .build()
                .map_err(|error| {
                    let message = format!("`{text}` is not a pattern for packages: {error}");
                    Problem::error(Stage::Load, message)
                        .help("Known are `*`, `?` and `[…]`; `*` also crosses dots.")
                })?;
            globs.push((text.clone(), glob.compile_matcher()));
        }
        Ok(Self { globs })
    }

    /// Whether a package is run.
    pub(in crate::rego) fn selects(&self, package: &str) -> bool {
        self.globs.is_empty() || self.globs.iter().any(|(_, glob)| glob.is_match(package))
    }

    /// An error for each pattern that no package fits.
    pub(in crate::rego) fn unmatched(&self, known: &[&str]) -> Vec<Problem> {
        let unmatched = self
            .globs
            .iter()
            .filter(|(_, glob)| !known.iter().any(|package| glob.is_match(package)));
        unmatched
            .map(|(text, _)| {
                let nearest = known
                    .iter()
                    .min_by_key(|package| strsim::damerau_levenshtein(package, text));
                let help = match nearest {
                    Some(nearest) => {
                        format!("Did you mean `{nearest}`? There are: {}.", list(known))
                    }
                    None => String::new(),
                };
                Problem::error(Stage::Load, format!("no policy has the package `{text}`"))
                    .help(help)
            })
            .collect()
    }
}

/// Names in backquotes, with commas between them.
pub(in crate::rego) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let quoted: Vec<String> = items
        .iter()
        .map(|item| format!("`{}`", item.as_ref()))
        .collect();
    quoted.join(", ")
}

//! The name that was meant by one that there is not, in two steps: other causes may lie between them.

/// The one that is equal but for case, `_` and `-`.
pub(in crate::schema) fn equal_but_for_case<'a>(
    name: &str,
    mut names: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let bare = bare(name);
    names.find(|other| self::bare(other) == bare)
}

fn bare(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The one that is the fewest letters apart: at most one, or a third of the name.
pub(in crate::schema) fn few_letters_apart<'a>(
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    /// Longer names are data, not slips.
    const LONGEST: usize = 60;
    let length = name.chars().count();
    if length > LONGEST {
        return None;
    }
    let most = (length / 3).max(1);
    let lower = name.to_lowercase();
    names
        .map(|other| {
            (
                strsim::damerau_levenshtein(&lower, &other.to_lowercase()),
                other,
            )
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_lead_to_the_name_that_was_meant() {
        let names = ["replicas", "selector", "strategy", "template"];
        let of = |name| {
            let names = names.iter().copied();
            equal_but_for_case(name, names.clone()).or_else(|| few_letters_apart(name, names))
        };
        assert_eq!(of("Replicas"), Some("replicas"));
        assert_eq!(of("replica"), Some("replicas"));
        assert_eq!(of("selektor"), Some("selector"));
        assert_eq!(of("tempalte"), Some("template"));
        assert_eq!(of("containers"), None);
    }
}

//! How much of a document comes of aliases: go-yaml refuses one in which it is nearly all.

use crate::document::path::Node;

/// Counts keys, values and aliases as go-yaml decodes them.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    n_read: usize,
    /// How many of them stand behind an alias.
    n_repeated: usize,
}

/// Up to here 99 of 100 may be repeated …
const FEW: usize = 400_000;

/// … and from here on 10 of 100; between the two in proportion.
const MANY: usize = 4_000_000;

impl Expansion {
    /// Counts what is written.
    pub(super) fn read(&mut self, n: usize) {
        self.n_read += n;
    }

    /// Counts what an alias stands for; whether that is still accepted.
    pub(super) fn repeat(&mut self, n: usize) -> bool {
        self.n_read = self.n_read.saturating_add(n);
        self.n_repeated = self.n_repeated.saturating_add(n);
        if self.n_repeated <= 100 || self.n_read <= 1_000 {
            return true;
        }
        let beyond = self.n_read.clamp(FEW, MANY) - FEW;
        let allowed = 99 * (MANY - FEW) - 89 * beyond;
        let repeated = self.n_repeated as u128 * 100 * (MANY - FEW) as u128;
        repeated <= self.n_read as u128 * allowed as u128
    }
}

/// How many keys, values and aliases a node comes to, without a key of its own.
pub(super) fn n_read(nodes: &[Node]) -> usize {
    let n_aliases = nodes
        .iter()
        .filter(|node| !node.alias_span.is_empty())
        .count();
    let n_keys = nodes
        .iter()
        .skip(1)
        .filter(|node| node.key.is_some())
        .count();
    nodes.len() + n_aliases + n_keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_a_document_the_less_of_it_may_come_of_aliases() {
        for (n_written, n_repeated, expected) in [
            (1, 100, true),
            (1, 900, true),
            (10, 990, true),
            (9, 992, false),
            (1_000, 99_000, true),
            (999, 99_001, false),
            (3_600_000, 400_000, true),
            (3_599_000, 401_000, false),
        ] {
            let mut expansion = Expansion::default();
            expansion.read(n_written);
            assert_eq!(expansion.repeat(n_repeated), expected, "{n_repeated}");
        }
    }
}

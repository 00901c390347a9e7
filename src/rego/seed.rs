//! What random numbers depend on: the same in each run and on every platform.

use crate::finding::Subject;

/// FNV-1a of the input's name.
pub(in crate::rego) fn seed_of(subject: &Subject) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let document = subject.document.to_le_bytes();
    // No text has this byte: it ends the file's name.
    let parts = [
        subject.file.as_bytes(),
        &[0xff],
        &document,
        subject.item.as_bytes(),
    ];
    let bytes = parts.into_iter().flatten();
    bytes.fold(START, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_the_same_everywhere() {
        let subject = |file: &str, document, item: &str| Subject {
            file: file.into(),
            document,
            item: item.to_owned(),
            ..Subject::default()
        };
        assert_eq!(seed_of(&subject("a.yaml", 0, "")), 0x9351_a87a_96bb_8e8e);
        assert_ne!(
            seed_of(&subject("a.yaml", 1, "")),
            seed_of(&subject("a.yaml", 0, ""))
        );
        assert_ne!(
            seed_of(&subject("a", 0, "b")),
            seed_of(&subject("ab", 0, ""))
        );
    }
}

//! The outcomes of one evaluation as text: run-length coded, one letter a rule in the order of the rules.
//!
//! `12PF3S` is twelve passes, a finding and three skips; the number is left out where it is one.

use std::fmt::Write as _;

use crate::finding::Outcome;

const LETTERS: [(Outcome, char); 6] = [
    (Outcome::Passed, 'P'),
    (Outcome::Found, 'F'),
    (Outcome::Excepted, 'E'),
    (Outcome::Skipped, 'S'),
    (Outcome::Errored, 'X'),
    (Outcome::Absent, 'A'),
];

/// The text for these outcomes.
pub(super) fn encode(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for run in outcomes.chunk_by(|left, right| left == right) {
        if run.len() > 1 {
            let _ = write!(text, "{}", run.len());
        }
        text.push(letter(run[0]));
    }
    text
}

/// The outcomes of the text, none where it is not the text for `n_rules` outcomes.
pub(super) fn decode(text: &str, n_rules: usize) -> Option<Box<[Outcome]>> {
    let mut outcomes = Vec::with_capacity(n_rules);
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let (digits, after) = rest.split_at(end);
        let count: usize = if digits.is_empty() {
            1
        } else {
            digits.parse().ok()?
        };
        let found = after.chars().next()?;
        let (outcome, _) = LETTERS.iter().find(|(_, letter)| *letter == found)?;
        if count == 0 || count > n_rules - outcomes.len() {
            return None;
        }
        outcomes.resize(outcomes.len() + count, *outcome);
        rest = &after[found.len_utf8()..];
    }
    (outcomes.len() == n_rules).then(|| outcomes.into())
}

fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Passed => 'P',
        Outcome::Found => 'F',
        Outcome::Excepted => 'E',
        Outcome::Skipped => 'S',
        Outcome::Errored => 'X',
        Outcome::Absent => 'A',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_back() {
        let all = LETTERS.map(|(outcome, _)| outcome);
        let mut outcomes = vec![Outcome::Passed; 12];
        outcomes.extend(all);
        outcomes.extend([Outcome::Skipped; 3]);
        let text = encode(&outcomes);
        assert_eq!(text, "13PFESXA3S");
        assert_eq!(decode(&text, outcomes.len()).as_deref(), Some(&*outcomes));
        assert_eq!(decode("", 0).as_deref(), Some(&[][..]));
    }

    #[test]
    fn what_is_no_outcome_for_each_rule_is_refused() {
        for text in [
            "",
            "P",
            "3P",
            "2Q",
            "2",
            "0P2P",
            "99999999999999999999999P",
            "-2P",
            "1P1",
        ] {
            assert_eq!(decode(text, 2), None, "{text}");
        }
    }
}

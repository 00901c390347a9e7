//! Whether a text is a timestamp, as go-yaml reads what has the tag `!!timestamp`.

/// Whether a text is a date, or a date and a time: `2001-1-2`, `2001-01-02T3:4:5.6Z`, `2001-01-02 03:04:05`.
pub(super) fn is_timestamp(text: &str) -> bool {
    date(text).is_some_and(|rest| rest.is_empty() || is_time(rest))
}

/// What follows a date; none where there is none.
fn date(text: &str) -> Option<&str> {
    let (year, rest) = text.split_at_checked(4)?;
    let is_year = year.bytes().all(|byte| byte.is_ascii_digit());
    let (month, rest) = number(rest.strip_prefix('-').filter(|_| is_year)?)?;
    let (day, rest) = number(rest.strip_prefix('-')?)?;
    let year: u32 = year.parse().ok()?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let n_days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=n_days).contains(&day).then_some(rest)
}

/// Whether a time follows a date: after `T` with a zone, after blanks without.
fn is_time(text: &str) -> bool {
    let clock = text.trim_start_matches(' ');
    match text.strip_prefix(['T', 't']) {
        Some(rest) => time(rest).is_some_and(is_zone),
        None => clock.len() < text.len() && time(clock) == Some(""),
    }
}

/// What follows hours, minutes and seconds; none where there are none.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    let is_time = hour < 24 && minute < 60 && second < 60;
    let is_digit = |c: char| c.is_ascii_digit();
    let fraction = rest
        .strip_prefix(['.', ','])
        .filter(|rest| rest.starts_with(is_digit));
    let rest = fraction.map_or(rest, |fraction| fraction.trim_start_matches(is_digit));
    is_time.then_some(rest)
}

/// `Z`, or hours and minutes behind a sign.
fn is_zone(text: &str) -> bool {
    let bytes = text.as_bytes();
    let two = |at: usize| {
        let digits = text.get(at..at + 2)?;
        digits
            .parse::<u32>()
            .ok()
            .filter(|_| bytes[at].is_ascii_digit())
    };
    let is_offset = text.len() == 6 && matches!(bytes[0], b'+' | b'-') && bytes[3] == b':';
    text == "Z" || is_offset && two(1).is_some_and(|n| n <= 24) && two(4).is_some_and(|n| n <= 60)
}

/// A number of one or two digits, and what follows.
fn number(text: &str) -> Option<(u32, &str)> {
    let n_digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(n_digits);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_a_timestamp() {
        for text in [
            "2001-01-01",
            "2001-1-1",
            "2000-02-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14T1:2:3Z",
            "2001-12-14 21:59:43",
            "2001-12-14  21:59:43.1",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "2001",
            "2001-13-01",
            "2001-02-29",
            "20010101",
            "2001-12-14 21:59:43 -5",
            "2001-12-14T21:59:43",
            "2001-12-14t24:00:00Z",
            "2001-12-14x",
            "2001-12-14T21:59:43+5:00",
            "é001-01-01",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}

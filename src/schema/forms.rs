//! The forms of scalars: quantities, times, base64, percentages, port names, schedules. Each says what is wrong as the API server does.

/// Why a text is no quantity, and what may have been meant.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::schema) struct NoQuantity {
    pub(in crate::schema) message: &'static str,
    pub(in crate::schema) meant: Option<String>,
}

const NO_MATCH: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NO_SUFFIX: &str = "unable to parse quantity's suffix";

/// A quantity in billionths; none where it is too large to be compared.
pub(in crate::schema) fn quantity(text: &str) -> Result<Option<i128>, NoQuantity> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = unsigned
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (digits, suffix) = unsigned.split_at(number);
    let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
    if !has_digit || digits.bytes().filter(|byte| *byte == b'.').count() > 1 {
        return Err(NoQuantity {
            message: NO_MATCH,
            meant: None,
        });
    }
    let Some(scale) = scale(suffix) else {
        let is_suffix = suffix
            .bytes()
            .all(|byte| b"eEinumkKMGTP+-0123456789".contains(&byte));
        return Err(NoQuantity {
            message: if is_suffix { NO_SUFFIX } else { NO_MATCH },
            meant: meant(text, digits, suffix),
        });
    };
    let is_negative = text.starts_with('-');
    let value = scaled(digits, scale);
    Ok(value.map(|value| if is_negative { -value } else { value }))
}

#[derive(Clone, Copy)]
enum Scale {
    Decimal(i32),
    Binary(u32),
}

fn scale(suffix: &str) -> Option<Scale> {
    Some(match suffix {
        "" => Scale::Decimal(0),
        "n" => Scale::Decimal(-9),
        "u" => Scale::Decimal(-6),
        "m" => Scale::Decimal(-3),
        "k" => Scale::Decimal(3),
        "M" => Scale::Decimal(6),
        "G" => Scale::Decimal(9),
        "T" => Scale::Decimal(12),
        "P" => Scale::Decimal(15),
        "E" => Scale::Decimal(18),
        "Ki" => Scale::Binary(10),
        "Mi" => Scale::Binary(20),
        "Gi" => Scale::Binary(30),
        "Ti" => Scale::Binary(40),
        "Pi" => Scale::Binary(50),
        "Ei" => Scale::Binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Scale::Decimal(exponent.parse().ok()?)
        }
    })
}

/// Digits with at most one dot, times the scale, in billionths, rounded up.
fn scaled(digits: &str, scale: Scale) -> Option<i128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let places = i32::try_from(fraction.len()).ok()?;
    let (exponent, factor) = match scale {
        Scale::Decimal(exponent) => (exponent.checked_add(9)?.checked_sub(places)?, 1),
        Scale::Binary(bits) => (9 - places, 1_i128.checked_shl(bits)?),
    };
    let value = all.checked_mul(factor)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    if exponent >= 0 {
        return value.checked_mul(power?);
    }
    Some(match power {
        Some(power) => value / power + i128::from(value % power != 0),
        None => i128::from(value != 0),
    })
}

/// What may have been meant by a suffix that there is not.
fn meant(text: &str, digits: &str, suffix: &str) -> Option<String> {
    let sign = &text[..text.len() - digits.len() - suffix.len()];
    let bare: String = suffix
        .chars()
        .filter(|c| c.is_ascii_alphabetic())
        .collect::<String>()
        .to_ascii_lowercase();
    let suffix = match bare.as_str() {
        "" if suffix.trim().is_empty() => "",
        "k" | "kb" => "k",
        "mb" => "M",
        "g" | "gb" => "G",
        "t" | "tb" => "T",
        "pb" => "P",
        "ki" | "kib" => "Ki",
        "mi" | "mib" => "Mi",
        "gi" | "gib" => "Gi",
        "ti" | "tib" => "Ti",
        "pi" | "pib" => "Pi",
        "b" | "bytes" => "",
        "cores" | "core" | "cpu" => "",
        _ => return None,
    };
    Some(format!("{sign}{digits}{suffix}"))
}

/// Whether a quantity is a whole number of billionths times a billion.
pub(in crate::schema) fn is_fractional(quantity: i128) -> bool {
    quantity % 1_000_000_000 != 0
}

/// The byte at which a text stops being base64 (standard alphabet, padded; line breaks are ignored).
pub(in crate::schema) fn base64_error(text: &str) -> Option<usize> {
    let mut n_digits = 0_usize;
    let mut n_padding = 0_usize;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' | b'\n' => {}
            b'=' if n_digits % 4 >= 2 && n_padding < 4 - n_digits % 4 => {
                n_padding += 1;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if n_padding == 0 => {
                n_digits += 1;
            }
            _ => return Some(index),
        }
    }
    (!(n_digits + n_padding).is_multiple_of(4)).then_some(text.len())
}

/// Whether a text is a time as RFC 3339 writes it and Go reads it.
pub(in crate::schema) fn is_time(text: &str, fraction_digits: Option<usize>) -> bool {
    let number = |text: Option<&str>| {
        text.and_then(|text| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse::<u32>().ok())?
        })
    };
    let bytes = text.as_bytes();
    let punctuation = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if bytes.len() < 20
        || punctuation
            .iter()
            .any(|(index, byte)| bytes[*index] != *byte)
    {
        return false;
    }
    let parts = [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)];
    let parts = parts.map(|(start, end)| number(text.get(start..end)));
    let [
        Some(year),
        Some(month),
        Some(day),
        Some(hour),
        Some(minute),
        Some(second),
    ] = parts
    else {
        return false;
    };
    if day == 0 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 59 {
        return false;
    }
    let rest = &text[19..];
    let digits = rest
        .strip_prefix(['.', ','])
        .map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if digits == Some(0) || fraction_digits.is_some_and(|wanted| digits != Some(wanted)) {
        return false;
    }
    let zone = &rest[digits.map_or(0, |digits| digits + 1)..];
    if zone == "Z" {
        return true;
    }
    let offset = zone
        .strip_prefix(['+', '-'])
        .and_then(|zone| zone.split_once(':'));
    offset.is_some_and(|(hours, minutes)| {
        let two = |text: &str, most: u32| {
            text.len() == 2 && number(Some(text)).is_some_and(|n| n <= most)
        };
        two(hours, 24) && two(minutes, 60)
    })
}

/// Days of a month; 0 where there is no such month.
pub(in crate::schema) fn days_in(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// The number of a percentage (`25%`).
pub(in crate::schema) fn percent(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('%')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// What is wrong with the name of a container's port.
pub(in crate::schema) fn port_name(text: &str) -> Option<&'static str> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > 15 {
        Some("must be no more than 15 characters")
    } else if !text.bytes().all(is_inner) {
        Some("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    } else if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Some("must contain at least one letter (a-z)")
    } else if text.contains("--") {
        Some("must not contain consecutive hyphens")
    } else if text.starts_with('-') || text.ends_with('-') {
        Some("must not begin or end with a hyphen")
    } else {
        None
    }
}

/// What is wrong with the name of a variable, in every version: newer ones take nearly anything.
pub(in crate::schema) fn env_name(text: &str, minor: u8) -> Option<&'static str> {
    /// Since then a feature gate may allow more.
    const RELAXED: u8 = 30;
    let is_printed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    let is_strict = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let starts_with_digit = text.starts_with(|first: char| first.is_ascii_digit());
    if !text.bytes().all(is_printed) {
        Some(
            "a valid environment variable name must consist only of printable ASCII characters other than '='",
        )
    } else if minor < RELAXED && (starts_with_digit || !text.bytes().all(is_strict)) {
        Some(
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
        )
    } else {
        None
    }
}

/// What is wrong with a key of a ConfigMap or Secret.
pub(in crate::schema) fn data_key(text: &str) -> Option<&'static str> {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if text.len() > 253 {
        Some("must be no more than 253 characters")
    } else if text.is_empty() || !text.bytes().all(is_inner) {
        Some("a valid config key must consist of alphanumeric characters, '-', '_' or '.'")
    } else if text == "." || text == ".." || text.starts_with("..") {
        Some("must not be '.', '..' or start with '..'")
    } else {
        None
    }
}

/// What is wrong with the schedule of a CronJob.
pub(in crate::schema) fn schedule(text: &str) -> Option<String> {
    const WORDS: [&str; 7] = [
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    ];
    if text.starts_with('@') {
        let known = WORDS.contains(&text) || text.starts_with("@every ");
        return (!known).then(|| format!("unrecognized descriptor: {text}"));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields
        .first()
        .is_some_and(|field| field.starts_with("TZ=") || field.starts_with("CRON_TZ="))
    {
        return None;
    }
    if fields.len() != 5 {
        return Some(format!(
            "expected exactly 5 fields, found {}: [{text}]",
            fields.len()
        ));
    }
    const BOUNDS: [(&str, u32, u32, &[&str]); 5] = [
        ("minute", 0, 59, &[]),
        ("hour", 0, 23, &[]),
        ("day of month", 1, 31, &[]),
        (
            "month",
            1,
            12,
            &[
                "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
            ],
        ),
        (
            "day of week",
            0,
            6,
            &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        ),
    ];
    let wrong = |(field, (name, least, most, words)): (&&str, &(&str, u32, u32, &[&str]))| {
        let known = field
            .split(',')
            .all(|part| is_cron_part(part, *least, *most, words));
        (!known).then(|| format!("`{field}` is no {name} ({least}-{most})"))
    };
    fields.iter().zip(&BOUNDS).find_map(wrong)
}

/// `*`, `5`, `1-5`, `*/10`, `mon-fri/2`.
fn is_cron_part(part: &str, least: u32, most: u32, words: &[&str]) -> bool {
    let number = |text: &str| {
        let word = words
            .iter()
            .position(|word| word.eq_ignore_ascii_case(text));
        match word {
            Some(index) => u32::try_from(index).ok().map(|index| index + least),
            None => text
                .parse::<u32>()
                .ok()
                .filter(|number| (least..=most).contains(number)),
        }
    };
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, step.parse::<u32>().is_ok_and(|step| step > 0)),
        None => (part, true),
    };
    let range = match range.split_once('-') {
        _ if range == "*" || range == "?" => true,
        Some((from, to)) => match (number(from), number(to)) {
            (Some(from), Some(to)) => from <= to,
            _ => false,
        },
        None => number(range).is_some(),
    };
    range && step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_that_the_server_reads() {
        for (text, value) in [
            ("1", 1_000_000_000),
            ("500m", 500_000_000),
            (".5", 500_000_000),
            ("1.", 1_000_000_000),
            ("+1Ki", 1_024_000_000_000),
            ("1e3", 1_000_000_000_000),
            ("1E-3", 1_000_000),
            ("1.5Gi", 1_610_612_736_000_000_000),
            ("-2", -2_000_000_000),
            ("1n", 1),
            ("0.1n", 1),
        ] {
            assert_eq!(quantity(text), Ok(Some(value)), "{text}");
        }
        assert_eq!(quantity("1E"), quantity("1000P"));
        assert_eq!(quantity("1e99"), Ok(None));
        for text in [
            "", "Gi", "1 Gi", "1gi", "128MB", "1.2.3", "1e", "--1", "1Kib", ".", "1K",
        ] {
            assert!(quantity(text).is_err(), "{text}");
        }
        let meant = |text| quantity(text).err().and_then(|error| error.meant);
        assert_eq!(meant("128MB").as_deref(), Some("128M"));
        assert_eq!(meant("1 Gi").as_deref(), Some("1Gi"));
        assert_eq!(meant("1gi").as_deref(), Some("1Gi"));
    }

    #[test]
    fn base64_has_the_standard_alphabet_and_padding() {
        for text in ["", "YQ==", "YWI=", "YWJj", "YW\nJj\r\n", "YWJjZA=="] {
            assert_eq!(base64_error(text), None, "{text}");
        }
        for (text, place) in [
            ("YQ", 2),
            ("YQ=", 3),
            ("Y-J_", 1),
            ("YQ==YQ==", 4),
            ("a b=", 1),
            ("====", 0),
            ("Y===", 1),
            ("YWJj====", 4),
        ] {
            assert_eq!(base64_error(text), Some(place), "{text}");
        }
    }

    #[test]
    fn times_are_rfc_3339() {
        for text in [
            "2026-11-25T01:02:03Z",
            "2024-02-29T23:59:59.5+01:00",
            "2026-11-25T01:02:03,123-07:30",
        ] {
            assert!(is_time(text, None), "{text}");
        }
        for text in [
            "2026-11-25t01:02:03Z",
            "2026-11-25 01:02:03Z",
            "2026-11-25",
            "2026-02-29T00:00:00Z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T01:02:03",
            "yesterday",
            "2026-11-25T01:02:03.Z",
            "ääääääääääää",
        ] {
            assert!(!is_time(text, None), "{text}");
        }
        assert!(is_time("2026-11-25T01:02:03.123456Z", Some(6)));
        assert!(!is_time("2026-11-25T01:02:03Z", Some(6)));
    }

    #[test]
    fn schedules_have_five_fields() {
        for text in [
            "0 0 * * *",
            "*/5 1-3,7 1 jan-mar MON",
            "@hourly",
            "0 0 ? * 0",
        ] {
            assert_eq!(schedule(text), None, "{text}");
        }
        for text in [
            "0 0 0 * * *",
            "every day",
            "@dayly",
            "60 0 * * *",
            "0 0 * * 7-",
            "*/0 * * * *",
            "",
        ] {
            assert!(schedule(text).is_some(), "{text}");
        }
    }

    #[test]
    fn names_of_variables_depend_on_the_version() {
        for name in ["A", "_a.b-c", "A1"] {
            assert_eq!(env_name(name, 25), None, "{name}");
        }
        for name in ["1A", "A B", "A/B"] {
            assert!(env_name(name, 29).is_some(), "{name}");
            assert_eq!(env_name(name, 30), None, "{name}");
        }
        for name in ["A=B", "ä", "A\nB"] {
            assert!(env_name(name, 37).is_some(), "{name}");
        }
    }

    #[test]
    fn port_names_have_a_letter() {
        assert_eq!(port_name("http-1"), None);
        for name in ["80", "HTTP", "a-very-long-port-name", "-a", "a--b", ""] {
            assert!(port_name(name).is_some(), "{name}");
        }
    }
}

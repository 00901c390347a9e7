//! The formats of strings that the API server checks; those that it does not know say nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use data_encoding::{BASE64, Encoding};
use jiff::civil::Date;
use regex::Regex;

/// Whether a string is in a format.
pub(super) fn is_in_format(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "byte" => is_base64(text),
        "cidr" => is_cidr(text),
        "date" => is_date(text),
        "datetime" => is_date_time(text),
        "duration" => is_duration(text),
        "email" => is_email(text),
        "hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "mac" => is_mac(text),
        "uri" => is_uri(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        _ => true,
    }
}

/// Standard alphabet, padded; line breaks do not count, nor what the last bits are.
fn is_base64(text: &str) -> bool {
    static ALPHABET: LazyLock<Encoding> = LazyLock::new(|| {
        let mut alphabet = BASE64.specification();
        alphabet.check_trailing_bits = false;
        alphabet.encoding().expect("a right specification")
    });
    let plain: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    ALPHABET.decode(&plain).is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let is_plain = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u8>()) else {
        return false;
    };
    is_plain && length <= if address.is_ipv4() { 32 } else { 128 }
}

fn is_date(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("^[0-9]{4}-[0-9]{2}-[0-9]{2}$").expect("a right pattern"));
    SHAPE.is_match(text) && text.parse::<Date>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$")
            .expect("a right pattern")
    });
    let lower = text.to_ascii_lowercase();
    let Some((date, time)) = lower.split_once('t') else {
        return false;
    };
    let Some(parts) = TIME.captures(time) else {
        return false;
    };
    is_date(date) && parts[1] <= *"23" && parts[2] <= *"59" && parts[3] <= *"59"
}

/// Go's durations (`1h30m`, `-1.5s`, `0`), or numbers with the names of units (`5 days`).
fn is_duration(text: &str) -> bool {
    static GO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$")
            .expect("a right pattern")
    });
    static NAMED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9]+\s*([A-Za-zµ]+)").expect("a right pattern"));
    const WHOLE: [&str; 16] = [
        "ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk", "nano", "micro", "milli",
        "sec", "min",
    ];
    const STARTS: [&str; 8] = [
        "nano", "micro", "milli", "sec", "min", "hour", "day", "week",
    ];
    GO.is_match(text)
        || NAMED.captures_iter(text).any(|parts| {
            let unit = parts[1].to_lowercase();
            WHOLE.contains(&unit.as_str()) || STARTS.iter().any(|word| unit.starts_with(word))
        })
}

/// An address, or a name with one in angle brackets.
fn is_email(text: &str) -> bool {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^("[^"\\]+"|[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|\[[^\]]+\])$"#)
            .expect("a right pattern")
    });
    let text = text.trim();
    let address = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((_, address)) => address,
        None => text,
    };
    ADDRESS.is_match(address)
}

fn is_hostname(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$")
            .expect("a right pattern")
    });
    text.len() <= 255 && text.split('.').all(|label| label.len() <= 63) && SHAPE.is_match(text)
}

/// Six, eight or twenty bytes in pairs with `:` or `-`, or in fours with `.`.
fn is_mac(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        let pairs = |sign: &str| format!("([0-9a-f]{{2}}{sign})+[0-9a-f]{{2}}");
        let fours = r"([0-9a-f]{4}\.)+[0-9a-f]{4}";
        let all = format!("(?i)^({}|{}|{fours})$", pairs(":"), pairs("-"));
        Regex::new(&all).expect("a right pattern")
    });
    let n_digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    matches!(n_digits, 12 | 16 | 40) && SHAPE.is_match(text)
}

/// An absolute URI or an absolute path, as Go's `ParseRequestURI` takes it.
fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return false;
    }
    let rest = match text.split_once(':') {
        _ if text.starts_with('/') => text,
        Some((scheme, rest)) => {
            let is_scheme = scheme.bytes().enumerate().all(|(index, byte)| {
                byte.is_ascii_alphabetic()
                    || index > 0 && (byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))
            });
            if scheme.is_empty() || !is_scheme {
                return false;
            }
            rest
        }
        None => return false,
    };
    let host = rest
        .strip_prefix("//")
        .map_or("", |rest| rest.split(['/', '?']).next().unwrap_or(""));
    let has_bad_escape = rest.split('%').skip(1).any(|escape| {
        let mut digits = escape.bytes();
        !(digits.next().is_some_and(|byte| byte.is_ascii_hexdigit())
            && digits.next().is_some_and(|byte| byte.is_ascii_hexdigit()))
    });
    !has_bad_escape && !host.contains([' ', '<', '>', '"'])
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$")
            .expect("a right pattern")
    });
    let has_variant = || {
        digits
            .chars()
            .nth(16)
            .is_some_and(|c| matches!(c, '8' | '9' | 'a' | 'b' | 'A' | 'B'))
    };
    SHAPE.is_match(text)
        && match version {
            None => true,
            Some(version) => {
                digits.chars().nth(12) == Some(version) && (version == '3' || has_variant())
            }
        }
}

//! Arguments of the engine's functions, put so that these answer as OPA's, or refused.
use anyhow::{Result, bail};
use regorus::Value;

use super::{MAX_BYTES, MAX_DIGITS, is_writable, too_large};

/// The most bits a number is shifted by.
const MAX_SHIFT: u64 = 64 * 1024 * 8;

/// An exponent of more digits than this is no amount of anything.
const MAX_EXPONENT_DIGITS: usize = 4;

/// Go's named layouts that name the zone.
const LAYOUTS: &[(&str, &str)] = &[
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
];

/// Rewrites the arguments of an engine's function where need be, or refuses them.
pub(super) fn prepared(name: &str, values: Vec<Value>) -> Result<Vec<Value>> {
    match name {
        "time.format" => Ok(format_arguments(&values).unwrap_or(values)),
        "time.parse_rfc3339_ns" => match values.first().map(Value::as_string) {
            Some(Ok(text)) if !is_rfc3339(text) => bail!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?}"
            ),
            Some(_) | None => Ok(values),
        },
        "bits.lsh" => match values.get(1).and_then(|v| v.as_u64().ok()) {
            Some(bits) if bits > MAX_SHIFT => Err(too_large()),
            Some(_) | None => Ok(values),
        },
        "units.parse" | "units.parse_bytes" => match values.first().map(Value::as_string) {
            Some(Ok(text)) => unit_of(text).map(|()| values),
            Some(Err(_)) | None => Ok(values),
        },
        "time.parse_duration_ns" => match values.first().map(Value::as_string) {
            Some(Ok(text)) => Ok(vec![Value::from(in_hours(text))]),
            Some(Err(_)) | None => Ok(values),
        },
        // As Go's library: two characters around it are passed over, whatever they are.
        "uuid.parse" => match values.first().map(Value::as_string) {
            Some(Ok(text)) => Ok(vec![Value::from(
                text.get(1..37)
                    .filter(|_| text.len() == 38)
                    .unwrap_or(text.as_ref()),
            )]),
            Some(Err(_)) | None => Ok(values),
        },
        // As in Go, line breaks within are passed over.
        "base64.decode" | "base64.is_valid" => match values.first().map(Value::as_string) {
            Some(Ok(text)) => Ok(vec![Value::from(text.replace(['\r', '\n'], ""))]),
            Some(Err(_)) | None => Ok(values),
        },
        "concat" if joined(&values) > MAX_BYTES => Err(too_large()),
        "yaml.marshal" | "json.marshal_with_options" | "urlquery.encode_object"
            if !values.iter().all(is_writable) =>
        {
            Err(too_large())
        }
        _ => Ok(values),
    }
}

/// Refuses numbers whose digits the engine would write out one by one, for hours.
fn unit_of(text: &str) -> Result<()> {
    let exponent = text.split_once(['e', 'E']).map_or("", |(_, rest)| rest);
    let digits = exponent.trim_start_matches('+').trim_start_matches('0');
    let n_digits = digits.bytes().take_while(u8::is_ascii_digit).count();
    if n_digits > MAX_EXPONENT_DIGITS || text.len() > MAX_DIGITS {
        bail!("exponent too large");
    }
    Ok(())
}

/// As OPA: days, weeks and years of 365 days are written in hours.
fn in_hours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || c == '.') {
        let number = &rest[start..];
        let end = number
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(number.len());
        let (digits, after) = number.split_at(end);
        let hours = match after.chars().next() {
            Some('d') => 24.0,
            Some('w') => 24.0 * 7.0,
            Some('y') => 24.0 * 365.0,
            Some(_) | None => 0.0,
        };
        out.push_str(&rest[..start]);
        rest = match digits.parse::<f64>() {
            Ok(count) if hours > 0.0 => {
                out.push_str(&format!("{}h", count * hours));
                &after[1..]
            }
            Ok(_) | Err(_) => {
                out.push_str(digits);
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// The length of texts with a mark between them.
fn joined(values: &[Value]) -> usize {
    let lengths = |items: &mut dyn Iterator<Item = &Value>| {
        items.fold((0_usize, 0_usize), |(bytes, count), item| {
            let own = item.as_string().map_or(0, |text| text.len());
            (bytes.saturating_add(own), count + 1)
        })
    };
    let (bytes, count) = match values.get(1) {
        Some(Value::Array(items)) => lengths(&mut items.iter()),
        Some(Value::Set(items)) => lengths(&mut items.iter()),
        Some(_) | None => (0, 0),
    };
    let mark = values.first().and_then(|mark| mark.as_string().ok());
    bytes.saturating_add(mark.map_or(0, |mark| mark.len()).saturating_mul(count))
}

/// The name of the zone is written out for UTC; the engine writes its distance. No layout means RFC 3339.
fn format_arguments(values: &[Value]) -> Option<Vec<Value>> {
    let parts: Vec<&Value> = values.first()?.as_array().ok()?.iter().collect();
    let (zone, layout) = (parts.get(1)?.as_string().ok()?, parts.get(2)?);
    let layout = layout.as_string().ok()?;
    let start: Vec<Value> = parts.iter().take(2).copied().cloned().collect();
    if layout.is_empty() {
        return Some(vec![Value::from(start)]);
    }
    let named = LAYOUTS.iter().find(|l| l.0 == layout.as_ref());
    let layout = named.map_or(layout.as_ref(), |l| l.1);
    if !matches!(zone.as_ref(), "" | "UTC") || !layout.contains("MST") {
        return None;
    }
    let mut all = start;
    all.push(Value::from(layout.replace("MST", "UTC")));
    Some(vec![Value::from(all)])
}

/// The form that Go accepts: a capital T between, seconds below 60.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.get(10) == Some(&b'T')
        && !text.ends_with('z')
        && bytes.get(17).is_some_and(|b| (b'0'..=b'5').contains(b))
}

//! Floats as Go's `strconv.FormatFloat` writes them.

/// The digits of a float: 0.DIGITS times ten to the power of `point`.
struct Digits {
    text: String,
    point: i32,
}

/// Writes `value` with one of Go's verbs `e E f g G x X b`; no precision means the shortest exact text.
pub(super) fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-Inf" } else { "+Inf" }.into();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let magnitude = value.abs();
    let body = match verb {
        'e' | 'E' => exponent(magnitude, verb, precision),
        'f' => match precision {
            Some(places) => format!("{magnitude:.places$}"),
            None => format!("{magnitude}"),
        },
        'x' | 'X' => hexadecimal(magnitude, verb == 'X', precision),
        'b' => binary(magnitude),
        _ => general(magnitude, verb, precision),
    };
    format!("{sign}{body}")
}

fn exponent(value: f64, verb: char, precision: Option<usize>) -> String {
    let text = match precision {
        Some(places) => format!("{value:.places$e}"),
        None => format!("{value:e}"),
    };
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    with_power(mantissa, verb, power)
}

/// Go writes at least two digits of the power and always its sign.
fn with_power(mantissa: &str, verb: char, power: i32) -> String {
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}{verb}{sign}{:02}", power.unsigned_abs())
}

fn digits(value: f64, precision: Option<usize>) -> Digits {
    let text = match precision {
        Some(count) => format!("{value:.*e}", count.saturating_sub(1)),
        None => format!("{value:e}"),
    };
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let kept = all.trim_end_matches('0');
    let power: i32 = power.parse().unwrap_or(0);
    Digits {
        text: kept.to_owned(),
        point: if kept.is_empty() { 0 } else { power + 1 },
    }
}

fn general(value: f64, verb: char, precision: Option<usize>) -> String {
    let precision = precision.map(|p| p.max(1));
    let found = digits(value, precision);
    let count = i32::try_from(found.text.len()).unwrap_or(i32::MAX);
    let mut limit = precision.map_or(6, |p| i32::try_from(p).unwrap_or(i32::MAX));
    if limit > count && count >= found.point {
        limit = count;
    }
    if precision.is_none() {
        limit = 6;
    }
    let power = found.point - 1;
    if power < -4 || power >= limit {
        let (first, rest) = found.text.split_at(found.text.len().min(1));
        let first = if first.is_empty() { "0" } else { first };
        let mantissa = if rest.is_empty() {
            first.to_owned()
        } else {
            format!("{first}.{rest}")
        };
        return with_power(&mantissa, if verb == 'G' { 'E' } else { 'e' }, power);
    }
    plain(&found)
}

fn plain(found: &Digits) -> String {
    let text = &found.text;
    let Ok(point) = usize::try_from(found.point) else {
        let zeros = usize::try_from(-found.point).unwrap_or(0);
        return format!("0.{}{text}", "0".repeat(zeros));
    };
    if text.is_empty() {
        return "0".into();
    }
    if point == 0 {
        return format!("0.{text}");
    }
    if point >= text.len() {
        return format!("{text}{}", "0".repeat(point - text.len()));
    }
    let (whole, fraction) = text.split_at(point);
    format!("{whole}.{fraction}")
}

/// Mantissa and exponent to the base of two.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    if exponent == 0 {
        (fraction, -1022)
    } else {
        (fraction | (1 << 52), exponent - 1023)
    }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    let exponent = exponent - 52;
    format!("{mantissa}p{exponent:+}")
}

fn hexadecimal(value: f64, upper: bool, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    }
    mantissa <<= 8;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(places) = precision.filter(|p| *p < 15) {
        let shift = places * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut text = format!("0x{}", (mantissa >> 60) & 1);
    mantissa <<= 4;
    let mut places = match precision {
        Some(places) => places,
        None => usize::try_from((67 - mantissa.trailing_zeros().min(64)) / 4).unwrap_or(0),
    };
    if places > 0 && (precision.is_some() || mantissa != 0) {
        text.push('.');
        while places > 0 {
            let digit = u32::try_from(mantissa >> 60).unwrap_or(0);
            text.push(char::from_digit(digit, 16).unwrap_or('0'));
            mantissa <<= 4;
            places -= 1;
        }
    }
    let text = with_power(&text, 'p', exponent);
    if upper {
        text.to_ascii_uppercase()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::format_float;

    #[test]
    fn go_texts() {
        for (value, verb, precision, text) in [
            (1.5, 'x', None, "0x1.8p+00"),
            (0.1, 'x', None, "0x1.999999999999ap-04"),
            (1.5, 'b', None, "6755399441055744p-52"),
            (1e6, 'g', None, "1e+06"),
            (123_456_789.0, 'g', None, "1.23456789e+08"),
            (100_000.0, 'g', None, "100000"),
            (0.0001, 'g', None, "0.0001"),
            (0.000_01, 'g', None, "1e-05"),
            (1234.5678, 'g', Some(3), "1.23e+03"),
            (0.0, 'e', None, "0e+00"),
            (0.0, 'g', None, "0"),
            (3.0, 'x', Some(3), "0x1.800p+01"),
        ] {
            assert_eq!(format_float(value, verb, precision), text);
        }
    }
}

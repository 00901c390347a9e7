//! Functions on times, where the engine's calendar differs from Go's.
use anyhow::{Result, anyhow, bail};
use regorus::Value;

use super::args::{self, Entry};

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;
/// The longest distance that can stay within the times of 64 bits.
const MAX_DISTANCE: i64 = 1_000_000;

/// Days since 1970 of the first of a month, whose number may be any.
fn first_of_month(year: i64, month: i64) -> i64 {
    let months = year * 12 + month - 1;
    // Years that start in March have their odd day at the end.
    let (year, month) = ((months - 2).div_euclid(12), (months - 2).rem_euclid(12));
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * month + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719_468
}

/// Year, month and day of a day since 1970.
fn date(day: i64) -> (i64, i64, i64) {
    // No year is shorter: the right one is this or one of a few before.
    let guess = 1971 + day.div_euclid(365);
    let year = (0..)
        .map(|back| guess - back)
        .find(|&year| first_of_month(year, 1) <= day)
        .unwrap_or(guess);
    let month = (1..=12)
        .rev()
        .find(|&month| first_of_month(year, month) <= day)
        .unwrap_or(1);
    (year, month, day - first_of_month(year, month) + 1)
}

/// As Go: the 31st of a month with 30 days is the first of the next.
fn add_date(values: &[Value]) -> Result<Value> {
    let given = args::any(values, 0)?;
    let ns = match given.as_array() {
        Ok(parts) => match (parts.get(0), parts.get(1).map(Value::as_string)) {
            (Some(ns), Some(Ok(zone))) if matches!(&**zone, "" | "UTC") => ns,
            _ => bail!("operand 1: times of other zones than UTC are not known here"),
        },
        Err(_) => given,
    };
    let ns = args::integer(std::slice::from_ref(ns), 0)?;
    let mut distance = [0_i64; 3];
    for (at, part) in distance.iter_mut().enumerate() {
        *part = args::integer(values, at + 1)?;
        if part.abs() > MAX_DISTANCE {
            bail!("time outside of valid range");
        }
    }
    let [years, months, days] = distance;
    let (year, month, day) = date(ns.div_euclid(DAY));
    let moved = first_of_month(year + years, month + months) + day - 1 + days;
    moved
        .checked_mul(DAY)
        .and_then(|start| start.checked_add(ns.rem_euclid(DAY)))
        .map(Value::from)
        .ok_or_else(|| anyhow!("time outside of valid range"))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[("time.add_date", 4, add_date)];

#[cfg(test)]
mod tests {
    use super::{date, first_of_month};

    #[test]
    fn days_and_dates_lead_to_each_other() {
        for day in (-120_000..120_000).step_by(7) {
            let (year, month, of_month) = date(day);
            assert!((1..=12).contains(&month) && (1..=31).contains(&of_month));
            assert_eq!(first_of_month(year, month) + of_month - 1, day);
        }
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(19_782), (2024, 2, 29));
        assert_eq!(date(-1), (1969, 12, 31));
    }
}

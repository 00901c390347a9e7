//! Numbers with a mantissa of 64 bits, as OPA computes with whatever is not an integer.
use num_bigint::BigInt;
use num_traits::{One as _, Pow as _, Signed as _, Zero as _};

/// The bits of the mantissa.
const BITS: u64 = 64;

/// A number: mantissa times two to the power of `exponent`.
#[derive(Clone, Debug)]
pub(super) struct BigFloat {
    mantissa: BigInt,
    exponent: i64,
}

fn shifted(value: &BigInt, bits: i64) -> BigInt {
    match usize::try_from(bits) {
        Ok(bits) => value << bits,
        Err(_) => value.clone(),
    }
}

/// The quotient rounded to the nearest integer, halves to even.
fn nearest(num: &BigInt, den: &BigInt) -> BigInt {
    let quotient = num / den;
    let rest: BigInt = (num - &quotient * den) * 2u8;
    let up = rest > *den || (rest == *den && quotient.bit(0));
    if up { quotient + 1u8 } else { quotient }
}

impl BigFloat {
    /// A quotient of two integers, rounded.
    pub(super) fn ratio(num: &BigInt, den: &BigInt) -> Self {
        let negative = num.is_negative() != den.is_negative();
        let (num, den) = (num.abs(), den.abs());
        if num.is_zero() || den.is_zero() {
            return Self {
                mantissa: BigInt::zero(),
                exponent: 0,
            };
        }
        let bits = |b: &BigInt| i64::try_from(b.bits()).unwrap_or(i64::MAX / 4);
        let mut exponent = bits(&num) - bits(&den) - 64;
        let scaled = |exponent: i64| nearest(&shifted(&num, -exponent), &shifted(&den, exponent));
        let mut mantissa = scaled(exponent);
        if mantissa.bits() > BITS {
            exponent += 1;
            mantissa = scaled(exponent);
        }
        if negative {
            mantissa = -mantissa;
        }
        Self { mantissa, exponent }
    }

    /// The number that a decimal text stands for.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (num, den) = decimal(text)?;
        Some(Self::ratio(&num, &den))
    }

    fn fraction(&self) -> (BigInt, BigInt) {
        (
            shifted(&self.mantissa, self.exponent),
            shifted(&BigInt::one(), -self.exponent),
        )
    }

    /// The sum.
    pub(super) fn add(&self, other: &Self) -> Self {
        let ((a, b), (c, d)) = (self.fraction(), other.fraction());
        Self::ratio(&(a * &d + c * &b), &(b * d))
    }

    /// The difference.
    pub(super) fn sub(&self, other: &Self) -> Self {
        let minus = Self {
            mantissa: -&other.mantissa,
            exponent: other.exponent,
        };
        self.add(&minus)
    }

    /// The product.
    pub(super) fn mul(&self, other: &Self) -> Self {
        let ((a, b), (c, d)) = (self.fraction(), other.fraction());
        Self::ratio(&(a * c), &(b * d))
    }

    /// The quotient; the divisor is not zero.
    pub(super) fn div(&self, other: &Self) -> Self {
        let ((a, b), (c, d)) = (self.fraction(), other.fraction());
        Self::ratio(&(a * d), &(b * c))
    }

    /// The value without what is behind the decimal point.
    pub(super) fn truncated(&self) -> BigInt {
        let (num, den) = self.fraction();
        num / den
    }

    /// Whether it is an integer.
    pub(super) fn is_integer(&self) -> bool {
        let (num, den) = self.fraction();
        (num % den).is_zero()
    }

    /// Whether it is zero.
    pub(super) fn is_zero(&self) -> bool {
        self.mantissa.is_zero()
    }

    /// Whether it is below zero.
    pub(super) fn is_negative(&self) -> bool {
        self.mantissa.is_negative()
    }

    /// The absolute value.
    pub(super) fn abs(&self) -> Self {
        Self {
            mantissa: self.mantissa.abs(),
            exponent: self.exponent,
        }
    }

    /// The shortest decimal digits and power of ten that stand for this number and no other.
    pub(super) fn shortest(&self) -> (BigInt, i64) {
        let (num, den) = self.abs().fraction();
        if num.is_zero() {
            return (BigInt::zero(), 0);
        }
        let one = Self {
            mantissa: BigInt::one(),
            exponent: self.exponent - 1,
        };
        let (half_num, half_den) = one.fraction();
        let size = |b: &BigInt| i64::try_from(b.to_string().len()).unwrap_or(0);
        let top = size(&num) - size(&den);
        for digits in 1..=22 {
            let power = top + 1 - digits;
            let up = ten(power);
            let down = ten(-power);
            let candidate = nearest(&(&num * &down), &(&den * &up));
            // |candidate * 10^power - num/den| <= half a step
            let error = (&candidate * &up * &den - &num * &down).abs();
            if error * &half_den < &half_num * &den * &down {
                let sign = if self.is_negative() { -1 } else { 1 };
                return (candidate * sign, power);
            }
        }
        (self.truncated(), 0)
    }
}

/// Ten to a power; one for powers below zero.
pub(super) fn ten(power: i64) -> BigInt {
    match u32::try_from(power) {
        Ok(power) => BigInt::from(10u8).pow(power),
        Err(_) => BigInt::one(),
    }
}

/// A decimal text as an exact fraction.
pub(super) fn decimal(text: &str) -> Option<(BigInt, BigInt)> {
    let (mantissa, power) = match text.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, behind) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{behind}").parse().ok()?;
    let power = power - i64::try_from(behind.len()).ok()?;
    if power.abs() > 100_000 {
        return None;
    }
    Some((digits * ten(power), ten(-power)))
}

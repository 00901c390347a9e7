//! The output side of Go's `fmt`: flags, width and precision applied to one value.
use num_bigint::BigInt;

use super::gofloat::format_float;
use super::goquote::{can_backquote, is_print, quote, quote_char};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) sharp: bool,
    pub(super) zero: bool,
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) space: bool,
    /// `%+v` and `%#v`, where the plain flag is taken back.
    pub(super) plus_v: bool,
    pub(super) sharp_v: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

/// A text under construction and the flags in force.
#[derive(Default)]
pub(super) struct Printer {
    pub(super) out: String,
    pub(super) flags: Flags,
}

impl Printer {
    fn padding(&mut self, count: usize) {
        let c = if self.flags.zero && !self.flags.minus {
            '0'
        } else {
            ' '
        };
        self.out.extend(std::iter::repeat_n(c, count));
    }

    /// Writes `text`, padded to the width.
    pub(super) fn pad(&mut self, text: &str) {
        let missing = match self.flags.width {
            Some(width) => width.saturating_sub(text.chars().count()),
            None => 0,
        };
        if !self.flags.minus {
            self.padding(missing);
        }
        self.out.push_str(text);
        if self.flags.minus {
            self.padding(missing);
        }
    }

    fn pad_with_spaces(&mut self, text: &str) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn sign(&self, negative: bool) -> &'static str {
        if negative {
            "-"
        } else if self.flags.plus {
            "+"
        } else if self.flags.space {
            " "
        } else {
            ""
        }
    }

    /// An integer to one of the bases 2, 8, 10 and 16.
    pub(super) fn integer(&mut self, value: i64, verb: char) {
        let magnitude = value.unsigned_abs();
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && value == 0 {
                self.pad_with_spaces("");
                return;
            }
        } else if let (true, false, Some(width)) = (flags.zero, flags.minus, flags.width) {
            let signed = value < 0 || flags.plus || flags.space;
            least = width.saturating_sub(usize::from(signed));
        }
        let mut digits = match verb {
            'b' => format!("{magnitude:0least$b}"),
            'o' | 'O' => format!("{magnitude:0least$o}"),
            'x' => format!("{magnitude:0least$x}"),
            'X' => format!("{magnitude:0least$X}"),
            _ => format!("{magnitude:0least$}"),
        };
        if flags.sharp {
            let prefix = match verb {
                'b' => "0b",
                'o' | 'O' if !digits.starts_with('0') => "0",
                'x' => "0x",
                'X' => "0X",
                _ => "",
            };
            digits.insert_str(0, prefix);
        }
        if verb == 'O' {
            digits.insert_str(0, "0o");
        }
        digits.insert_str(0, self.sign(value < 0));
        self.pad_with_spaces(&digits);
    }

    /// An integer as the character of that code point.
    pub(super) fn character(&mut self, value: i64) {
        self.pad(char_of(value).encode_utf8(&mut [0; 4]));
    }

    /// An integer as a quoted character.
    pub(super) fn quoted_character(&mut self, value: i64) {
        self.pad(&quote_char(char_of(value), self.flags.plus));
    }

    /// An integer as `U+0078`.
    pub(super) fn unicode(&mut self, value: i64) {
        let least = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{value:0least$X}");
        let c = u32::try_from(value).ok().and_then(char::from_u32);
        if let Some(c) = c.filter(|c| self.flags.sharp && is_print(*c)) {
            text.push_str(&format!(" '{c}'"));
        }
        self.pad_with_spaces(&text);
    }

    /// A float; `verb` is one that `format_float` knows.
    pub(super) fn float(&mut self, value: f64, verb: char, precision: Option<usize>) {
        let precision = self.flags.precision.or(precision);
        let text = format_float(value, verb, precision);
        let (negative, body) = match text.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let mut body = body.to_owned();
        if self.flags.sharp && verb != 'b' {
            body = keep_zeros(&body, verb, precision);
        }
        let sign = self.sign(negative);
        if !value.is_finite() {
            self.pad_with_spaces(&format!("{sign}{body}"));
            return;
        }
        let flags = self.flags;
        let length = sign.len() + body.len();
        match flags.width {
            Some(width) if flags.zero && !flags.minus && width > length => {
                self.out.push_str(sign);
                self.padding(width - length);
                self.out.push_str(&body);
            }
            Some(_) | None => self.pad(&format!("{sign}{body}")),
        }
    }

    fn truncated<'a>(&self, text: &'a str) -> &'a str {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        match text.char_indices().nth(precision) {
            Some((end, _)) => &text[..end],
            None => text,
        }
    }

    /// A string as it is.
    pub(super) fn string(&mut self, text: &str) {
        self.pad(self.truncated(text).to_owned().as_str());
    }

    /// A string in quotes.
    pub(super) fn quoted(&mut self, text: &str) {
        let text = self.truncated(text);
        if self.flags.sharp && can_backquote(text) {
            self.pad(&format!("`{text}`"));
            return;
        }
        self.pad(&quote(text, self.flags.plus));
    }

    /// The bytes of a string as hexadecimal digits.
    pub(super) fn hex_string(&mut self, text: &str, upper: bool) {
        let bytes = text.as_bytes();
        let count = self
            .flags
            .precision
            .map_or(bytes.len(), |p| p.min(bytes.len()));
        let prefix = match (self.flags.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut hex = String::new();
        for (i, byte) in bytes[..count].iter().enumerate() {
            if i > 0 && self.flags.space {
                hex.push(' ');
            }
            if i == 0 || self.flags.space {
                hex.push_str(prefix);
            }
            hex.push_str(&if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            });
        }
        self.pad(&hex);
    }

    /// An integer beyond 64 bits, as `big.Int` formats itself.
    pub(super) fn big(&mut self, value: &BigInt, verb: char) {
        let flags = self.flags;
        let base = match verb {
            'b' => 2,
            'o' | 'O' => 8,
            'd' | 's' | 'v' => 10,
            'x' | 'X' => 16,
            _ => {
                self.out.push_str(&format!("%!{verb}(big.Int={value})"));
                return;
            }
        };
        let sign = if value.sign() == num_bigint::Sign::Minus {
            "-"
        } else if flags.plus || flags.plus_v {
            "+"
        } else if flags.space {
            " "
        } else {
            ""
        };
        let sharp = flags.sharp || flags.sharp_v;
        let prefix = match verb {
            'b' if sharp => "0b",
            'o' if sharp => "0",
            'x' if sharp => "0x",
            'X' if sharp => "0X",
            'O' => "0o",
            _ => "",
        };
        let mut digits = value.magnitude().to_str_radix(base);
        if verb == 'X' {
            digits.make_ascii_uppercase();
        }
        let mut zeros = flags.precision.unwrap_or(0).saturating_sub(digits.len());
        let length = sign.len() + prefix.len() + zeros + digits.len();
        let missing = flags.width.unwrap_or(0).saturating_sub(length);
        let (mut left, mut right) = (0, 0);
        if flags.minus {
            right = missing;
        } else if flags.zero && flags.precision.is_none() {
            zeros = missing;
        } else {
            left = missing;
        }
        let spaces = |count| " ".repeat(count);
        let zeros = "0".repeat(zeros);
        let (left, right) = (spaces(left), spaces(right));
        self.out
            .push_str(&format!("{left}{sign}{prefix}{zeros}{digits}{right}"));
    }
}

fn char_of(value: i64) -> char {
    u32::try_from(value)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The flag `#` keeps the decimal point and the zeros behind it.
fn keep_zeros(body: &str, verb: char, precision: Option<usize>) -> String {
    let hex = matches!(verb, 'x' | 'X');
    let end = body
        .find(|c| matches!(c, 'p' | 'P') || (!hex && matches!(c, 'e' | 'E')))
        .unwrap_or(body.len());
    let (number, tail) = body.split_at(end);
    let mut digits = match verb {
        'g' | 'G' | 'x' => precision.map_or(6, |p| i64::try_from(p).unwrap_or(i64::MAX)),
        _ => 0,
    };
    let mut seen = false;
    for c in number.chars().filter(|c| *c != '.') {
        seen |= c != '0';
        digits -= i64::from(seen);
    }
    let mut number = number.to_owned();
    if !number.contains('.') {
        digits -= i64::from(number == "0");
        number.push('.');
    }
    let zeros = usize::try_from(digits).unwrap_or(0);
    number.push_str(&"0".repeat(zeros));
    number + tail
}

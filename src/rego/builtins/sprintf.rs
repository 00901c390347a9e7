//! `sprintf` as Go's `fmt.Sprintf` behind OPA: the format string and its arguments.
use anyhow::Result;
use num_bigint::BigInt;
use regorus::Value;

use super::gofmt::{Flags, Printer};
use super::numbers::{Num, number_of};
use super::text::{fits, value_text};
use super::{MAX_BYTES, args, too_large};

/// An argument, as OPA hands it to Go.
enum Arg {
    Int(i64),
    Big(BigInt),
    Float(f64),
    Text(String),
}

impl Arg {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int64",
            Self::Big(_) => "*big.Int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }
}

fn arg_of(value: &Value) -> Arg {
    match number_of(value) {
        Some(Num::Small(i)) => return Arg::Int(i),
        Some(Num::Big(i)) => return Arg::Big(i),
        Some(Num::Float(f)) => return Arg::Float(f),
        None => {}
    }
    match value.as_string() {
        Ok(text) => Arg::Text(text.as_ref().into()),
        Err(_) => Arg::Text(value_text(value)),
    }
}

/// `sprintf(format, values)`.
pub(super) fn sprintf(values: &[Value]) -> Result<Value> {
    let format = args::string(values, 0)?;
    let given = args::array(values, 1)?;
    let mut left = MAX_BYTES;
    if !given.iter().all(|item| fits(item, &mut left)) {
        return Err(too_large());
    }
    let items: Vec<Arg> = given.iter().map(arg_of).collect();
    let mut run = Run {
        format,
        at: 0,
        args: &items,
        next: 0,
        reordered: false,
        good_index: true,
        printer: Printer::default(),
    };
    run.all()?;
    Ok(Value::from(run.printer.out))
}

/// The state of one call.
struct Run<'a> {
    format: &'a str,
    at: usize,
    args: &'a [Arg],
    next: usize,
    reordered: bool,
    good_index: bool,
    printer: Printer,
}

impl Run<'_> {
    fn byte(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    fn push(&mut self, text: &str) {
        self.printer.out.push_str(text);
    }

    fn all(&mut self) -> Result<()> {
        while self.at < self.format.len() {
            let rest = &self.format[self.at..];
            let plain = rest.find('%').unwrap_or(rest.len());
            let text = &rest[..plain];
            self.printer.out.push_str(text);
            self.at += plain;
            if self.at < self.format.len() {
                self.at += 1;
                self.one();
            }
            if self.printer.out.len() > MAX_BYTES {
                return Err(too_large());
            }
        }
        self.extra();
        Ok(())
    }

    /// One directive, after its `%`.
    fn one(&mut self) {
        self.good_index = true;
        self.printer.flags = Flags::default();
        self.plain_flags();
        let mut after_index = self.index();
        self.width(&mut after_index);
        self.precision(&mut after_index);
        if !after_index {
            self.index();
        }
        let Some(verb) = self.format.get(self.at..).and_then(|t| t.chars().next()) else {
            self.push("%!(NOVERB)");
            return;
        };
        self.at += verb.len_utf8();
        if verb == '%' {
            self.push("%");
        } else if !self.good_index {
            self.push(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(arg) = self.args.get(self.next) {
            if matches!(verb, 'v' | 'w') {
                let flags = &mut self.printer.flags;
                flags.sharp_v = std::mem::take(&mut flags.sharp);
                flags.plus_v = std::mem::take(&mut flags.plus);
            }
            print_arg(&mut self.printer, arg, verb);
            self.next += 1;
        } else {
            self.push(&format!("%!{verb}(MISSING)"));
        }
    }

    fn plain_flags(&mut self) {
        while let Some(byte) = self.byte() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
    }

    /// An explicit `[n]`; whether a number was found.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(close) = rest.find(']').filter(|_| rest.len() >= 3) else {
            self.good_index = false;
            self.at += 1;
            return false;
        };
        let digits = &rest[1..close];
        self.at += close + 1;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits
            .parse::<usize>()
            .ok()
            .filter(|n| plain && *n <= 1_000_000);
        match number {
            Some(n) if n >= 1 && n <= self.args.len() => self.next = n - 1,
            Some(_) | None => self.good_index = false,
        }
        number.is_some()
    }

    fn width(&mut self, after_index: &mut bool) {
        if self.byte() == Some(b'*') {
            self.at += 1;
            match self.star() {
                Some(width) => {
                    let flags = &mut self.printer.flags;
                    flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => self.push("%!(BADWIDTH)"),
            }
            *after_index = false;
            return;
        }
        self.printer.flags.width = self.digits();
        if *after_index && self.printer.flags.width.is_some() {
            self.good_index = false;
        }
    }

    fn precision(&mut self, after_index: &mut bool) {
        if self.byte() != Some(b'.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if *after_index {
            self.good_index = false;
        }
        *after_index = self.index();
        if self.byte() == Some(b'*') {
            self.at += 1;
            let precision = self.star().and_then(|p| usize::try_from(p).ok());
            if precision.is_none() {
                self.push("%!(BADPREC)");
            }
            self.printer.flags.precision = precision;
            *after_index = false;
        } else {
            self.printer.flags.precision = Some(self.digits().unwrap_or(0));
        }
    }

    /// A width or precision from the arguments.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Arg::Int(i) if (-1_000_000..=1_000_000).contains(i) => Some(*i),
            Arg::Int(_) | Arg::Big(_) | Arg::Float(_) | Arg::Text(_) => None,
        }
    }

    /// A width or precision from the format; one that is too large ends the format.
    fn digits(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(byte) = self.byte().filter(u8::is_ascii_digit) {
            let n = number.unwrap_or(0);
            if n > 1_000_000 {
                self.at = self.format.len();
                return None;
            }
            number = Some(n * 10 + usize::from(byte - b'0'));
            self.at += 1;
        }
        number
    }

    fn extra(&mut self) {
        if self.reordered || self.next >= self.args.len() {
            return;
        }
        self.printer.flags = Flags::default();
        self.push("%!(EXTRA ");
        for (i, arg) in self.args[self.next..].iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.push(arg.type_name());
            self.push("=");
            print_arg(&mut self.printer, arg, 'v');
        }
        self.push(")");
    }
}

fn print_arg(p: &mut Printer, arg: &Arg, verb: char) {
    if verb == 'T' {
        p.string(arg.type_name());
        return;
    }
    match arg {
        Arg::Int(i) => match verb {
            'v' | 'd' | 'b' | 'o' | 'O' | 'x' | 'X' => p.integer(*i, verb),
            'c' => p.character(*i),
            'q' => p.quoted_character(*i),
            'U' => p.unicode(*i),
            _ => bad_verb(p, arg, verb),
        },
        Arg::Float(f) => match verb {
            'v' => p.float(*f, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => p.float(*f, verb, None),
            'f' | 'e' | 'E' => p.float(*f, verb, Some(6)),
            'F' => p.float(*f, 'f', Some(6)),
            _ => bad_verb(p, arg, verb),
        },
        Arg::Text(s) => match verb {
            'v' if p.flags.sharp_v => p.quoted(s),
            'v' | 's' => p.string(s),
            'x' | 'X' => p.hex_string(s, verb == 'X'),
            'q' => p.quoted(s),
            _ => bad_verb(p, arg, verb),
        },
        Arg::Big(i) => match verb {
            'w' => big_bad_verb(p, i, verb),
            _ => p.big(i, verb),
        },
    }
}

fn bad_verb(p: &mut Printer, arg: &Arg, verb: char) {
    p.out.push_str(&format!("%!{verb}({}=", arg.type_name()));
    print_arg(p, arg, 'v');
    p.out.push(')');
}

/// Go shows the inside of a big number here.
fn big_bad_verb(p: &mut Printer, value: &BigInt, verb: char) {
    let words: Vec<String> = value.iter_u64_digits().map(|w| w.to_string()).collect();
    let negative = value.sign() == num_bigint::Sign::Minus;
    let words = words.join(" ");
    p.out
        .push_str(&format!("%!{verb}(*big.Int=&{{{negative} [{words}]}})"));
}

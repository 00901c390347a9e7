//! Patterns of RE2, rewritten for the crate `regex`, which knows more and takes classes as Unicode.
use std::iter::Peekable;
use std::str::CharIndices;

/// The most repeats RE2 allows.
const MAX_REPEAT: u32 = 1000;

/// The named classes.
const CLASSES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Rewrites a pattern, or says what RE2 has against it.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut run = Translator {
        pattern,
        chars: pattern.char_indices().peekable(),
        out: String::with_capacity(pattern.len() + 8),
        repeated: false,
    };
    run.all()?;
    Ok(run.out)
}

struct Translator<'a> {
    pattern: &'a str,
    chars: Peekable<CharIndices<'a>>,
    out: String,
    /// Whether the last thing was a repetition, so that another may not follow.
    repeated: bool,
}

impl Translator<'_> {
    fn rest(&mut self) -> &str {
        match self.chars.peek() {
            Some((at, _)) => &self.pattern[*at..],
            None => "",
        }
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.chars.next();
        }
    }

    fn error<T>(&self, what: &str, part: &str) -> Result<T, String> {
        Err(format!("{what}: `{part}`"))
    }

    fn all(&mut self) -> Result<(), String> {
        while let Some((at, c)) = self.chars.next() {
            match c {
                '\\' => {
                    self.repeated = false;
                    self.escape(false)?;
                }
                '[' => {
                    self.repeated = false;
                    self.class(at)?;
                }
                '(' => {
                    self.repeated = false;
                    self.group()?;
                }
                '*' | '+' | '?' => self.repeat(&c.to_string())?,
                '{' => self.braces(at)?,
                _ => {
                    self.repeated = false;
                    self.out.push(c);
                }
            }
        }
        Ok(())
    }

    fn repeat(&mut self, operator: &str) -> Result<(), String> {
        if self.repeated {
            return self.error("invalid nested repetition operator", operator);
        }
        self.out.push_str(operator);
        if self.rest().starts_with('?') {
            self.skip(1);
            self.out.push('?');
        }
        self.repeated = true;
        Ok(())
    }

    /// `{2}`, `{2,}` and `{2,3}` repeat, all else is literal.
    fn braces(&mut self, at: usize) -> Result<(), String> {
        let text = &self.pattern[at + 1..];
        let inner = text.split_once('}').map(|(inner, _)| inner);
        let number = |t: &str| {
            let plain = !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
            let zeros = t.len() > 1 && t.starts_with('0');
            (plain && !zeros).then(|| t.parse::<u32>().unwrap_or(u32::MAX))
        };
        let bounds = inner.and_then(|inner| match inner.split_once(',') {
            None => number(inner).map(|n| (n, n)),
            Some((low, "")) => number(low).map(|n| (n, n)),
            Some((low, high)) => Some((number(low)?, number(high)?)),
        });
        let (Some(inner), Some((low, high))) = (inner, bounds) else {
            self.repeated = false;
            self.out.push_str("\\{");
            return Ok(());
        };
        let operator = format!("{{{inner}}}");
        if low > MAX_REPEAT || high > MAX_REPEAT || low > high {
            return self.error("invalid repeat count", &operator);
        }
        self.skip(inner.chars().count() + 1);
        self.repeat(&operator)
    }

    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        let rest = self.rest().to_owned();
        let Some(flags) = rest.strip_prefix('?') else {
            return Ok(());
        };
        if flags.starts_with("P<") || flags.starts_with('<') {
            self.skip(if flags.starts_with('P') { 3 } else { 2 });
            self.out.push_str("?P<");
            if flags.starts_with("<=") || flags.starts_with("<!") {
                return self.error("invalid or unsupported Perl syntax", "(?<");
            }
            let name = flags.split_once('<').map_or("", |t| t.1);
            let name = name.split_once('>').map_or("", |t| t.0);
            let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if name.is_empty() || !name.bytes().all(word) {
                return self.error("invalid named capture", &format!("(?{flags}"));
            }
            if name.starts_with(|c: char| c.is_ascii_digit()) {
                self.out.push('_');
            }
            return Ok(());
        }
        let end = flags.find([':', ')']).unwrap_or(flags.len());
        let ok = flags[..end].chars().all(|c| "imsU-".contains(c));
        if !ok || end == flags.len() || flags[..end].ends_with('-') {
            return self.error("invalid or unsupported Perl syntax", "(?");
        }
        self.skip(end + 2);
        if flags.starts_with(')') {
            // `(?)` changes nothing.
            self.out.push(')');
            return Ok(());
        }
        self.out.push('?');
        self.out.push_str(&flags[..=end]);
        Ok(())
    }

    /// What follows a backslash.
    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some((_, c)) = self.chars.next() else {
            return self.error("trailing backslash at end of expression", "");
        };
        let set = |inside: &str, negated: bool| match (in_class, negated) {
            (true, false) => inside.to_owned(),
            (_, true) => format!("[^{inside}]"),
            (false, false) => format!("[{inside}]"),
        };
        let text = match c {
            'd' | 'D' => set("0-9", c == 'D'),
            's' | 'S' => set(r"\t\n\f\r ", c == 'S'),
            'w' | 'W' => set("0-9A-Za-z_", c == 'W'),
            'b' if !in_class => r"(?-u:\b)".into(),
            'A' | 'z' | 'B' if !in_class => format!("\\{c}"),
            'Q' if !in_class => return self.quoted(),
            'a' | 'f' | 't' | 'n' | 'r' | 'v' => format!("\\{c}"),
            'p' | 'P' | 'x' => format!("\\{c}"),
            '0'..='7' => return self.octal(c),
            '<' | '>' => c.to_string(),
            _ if c.is_ascii_punctuation() => format!("\\{c}"),
            _ => return self.error("invalid escape sequence", &format!("\\{c}")),
        };
        self.out.push_str(&text);
        if matches!(c, 'p' | 'P' | 'x') {
            // `{...}` belongs to the escape.
            if self.rest().starts_with('{') {
                let inner = self.rest().split_inclusive('}').next().unwrap_or("");
                let mut inner = inner.to_owned();
                let count = inner.chars().count();
                self.skip(count);
                self.property(c, &mut inner)?;
                self.out.push_str(&inner);
            } else if let Some((_, name)) = self.chars.next() {
                self.out.push(name);
            }
        }
        Ok(())
    }

    /// Only scripts and general categories by their plain names; `^` turns them round.
    fn property(&mut self, c: char, inner: &mut String) -> Result<(), String> {
        if c == 'x' {
            return Ok(());
        }
        let plain = |c: char| c.is_ascii_alphabetic() || "_^{}".contains(c);
        let emoji = inner.contains("Emoji") || inner.contains("Extended_Pict");
        if emoji || !inner.chars().all(plain) {
            let part = format!("\\{c}{inner}");
            return self.error("invalid character class range", &part);
        }
        if inner.starts_with("{^") {
            inner.remove(1);
            let other = if c == 'p' { 'P' } else { 'p' };
            self.out.pop();
            self.out.push(other);
        }
        Ok(())
    }

    fn octal(&mut self, first: char) -> Result<(), String> {
        let more: String = self
            .rest()
            .chars()
            .take(2)
            .take_while(|c| ('0'..='7').contains(c))
            .collect();
        if first != '0' && more.is_empty() {
            return self.error("invalid escape sequence", &format!("\\{first}"));
        }
        self.skip(more.len());
        let code = u32::from_str_radix(&format!("{first}{more}"), 8).unwrap_or(0);
        self.out.push_str(&format!("\\x{{{code:x}}}"));
        Ok(())
    }

    /// `\Q...\E` is literal.
    fn quoted(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let (text, length) = match rest.find("\\E") {
            Some(end) => (rest[..end].to_owned(), end + 2),
            None => (rest.to_owned(), rest.len()),
        };
        let count = self.rest()[..length].chars().count();
        self.skip(count);
        self.out.push_str(&regex::escape(&text));
        Ok(())
    }

    /// A class in brackets, where the crate gives a meaning to `[`, `&&`, `--` and `~~`.
    fn class(&mut self, start: usize) -> Result<(), String> {
        self.out.push('[');
        if self.rest().starts_with('^') {
            self.skip(1);
            self.out.push('^');
        }
        let mut first = true;
        while let Some((at, c)) = self.chars.next() {
            match c {
                ']' if first => self.out.push_str("\\]"),
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.rest().starts_with(':') && self.rest().contains(":]") => {
                    let name = &self.pattern[at..];
                    let end = name.find(":]").map_or(name.len(), |e| e + 2);
                    let word = name[2..end - 2].trim_start_matches('^');
                    if !CLASSES.contains(&word) {
                        return self.error("invalid character class range", &name[..end]);
                    }
                    self.out.push_str(&name[..end]);
                    self.skip(name[..end].chars().count().saturating_sub(1));
                }
                '\\' => self.escape(true)?,
                '-' if first || self.rest().starts_with(']') => self.out.push_str("\\-"),
                '-' if self.rest().starts_with('-') => {
                    self.skip(1);
                    self.out.push_str("-\\-");
                }
                '[' | '&' | '~' => {
                    self.out.push('\\');
                    self.out.push(c);
                }
                _ => self.out.push(c),
            }
            first = false;
        }
        self.error("missing closing ]", &self.pattern[start..])
    }
}

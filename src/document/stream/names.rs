//! Tokens of names: anchors and aliases, tags, directives.

use crate::document::build::BuildError;
use crate::document::stream::scanner::{Kind, Scanner};
use crate::document::stream::{Scanned, error};

/// What may stand in a tag besides letters, digits, `-` and `_`.
const URI: &[u8] = b";/?:@&=+$,.!~*'()[]%";

impl<'a> Scanner<'a> {
    /// `&name` or `*name`
    pub(super) fn anchor_name(&mut self) -> Scanned<()> {
        let start = self.cursor.mark.at;
        let is_alias = self.cursor.peek(0) == b'*';
        self.cursor.skip();
        let name = self.cursor.word();
        let follows = matches!(
            self.cursor.peek(0),
            b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
        );
        if name.is_empty() || !follows && !self.cursor.is_gap(0) {
            let at = self.cursor.mark.at;
            let (what, sign) = if is_alias {
                ("alias", '*')
            } else {
                ("anchor", '&')
            };
            let message = format!("the name of an {what} is letters, digits, `-` and `_`");
            let help = format!("A text that begins with `{sign}` is put in quotes.");
            return Err(error(start, at.max(start + 1), message).help(&help));
        }
        let kind = if is_alias {
            Kind::Alias(name)
        } else {
            Kind::Anchor(name)
        };
        self.push(kind, start);
        Ok(())
    }

    /// `!name`, `!!name`, `!handle!name`, `!<name>` or `!`
    pub(super) fn tag(&mut self) -> Scanned<()> {
        let start = self.cursor.mark.at;
        let (handle, suffix);
        if self.cursor.peek(1) == b'<' {
            self.cursor.skip();
            self.cursor.skip();
            handle = "";
            suffix = self.uri(start, "")?;
            if self.cursor.peek(0) != b'>' || suffix.is_empty() {
                return Err(self.no_tag(start));
            }
            self.cursor.skip();
        } else {
            let word = self.handle();
            if word.len() > 1 && word.ends_with('!') {
                handle = word;
                suffix = self.uri(start, "")?;
                if suffix.is_empty() {
                    return Err(self.no_tag(start));
                }
            } else {
                let name = self.uri(start, &word[1..])?;
                (handle, suffix) = match name.is_empty() {
                    true => ("", "!".to_owned()),
                    false => ("!", name),
                };
            }
        }
        if !self.cursor.is_gap(0) {
            return Err(self.no_tag(start));
        }
        self.push(Kind::Tag(handle, suffix), start);
        Ok(())
    }

    fn no_tag(&self, start: usize) -> BuildError {
        let end = self.cursor.mark.at.max(start + 1);
        error(start, end, "this is no tag and no end of one")
            .help("A blank ends a tag; a text that begins with `!` is put in quotes.")
    }

    /// `!`, `!!`, `!word!` or `!word`
    fn handle(&mut self) -> &'a str {
        let start = self.cursor.mark.at;
        self.cursor.skip();
        self.cursor.word();
        if self.cursor.peek(0) == b'!' {
            self.cursor.skip();
        }
        self.cursor.since(start)
    }

    /// What follows the handle of a tag, with escapes resolved.
    fn uri(&mut self, start: usize, head: &str) -> Scanned<String> {
        let mut uri = head.as_bytes().to_vec();
        loop {
            match self.cursor.peek(0) {
                b'%' => {
                    let octet = self.octet();
                    uri.push(octet.ok_or_else(|| self.no_tag(start))?);
                    for _ in 0..3 {
                        self.cursor.skip();
                    }
                }
                byte if byte.is_ascii_alphanumeric()
                    || b"-_".contains(&byte)
                    || URI.contains(&byte) =>
                {
                    uri.push(byte);
                    self.cursor.skip();
                }
                _ => break,
            }
        }
        String::from_utf8(uri).map_err(|_| self.no_tag(start))
    }

    /// The byte that `%` and two digits stand for.
    fn octet(&self) -> Option<u8> {
        let digit = |n| char::from(self.cursor.peek(n)).to_digit(16);
        u8::try_from(digit(1)? * 16 + digit(2)?).ok()
    }

    /// `%YAML` or `%TAG`, to the end of its line.
    pub(super) fn directive_line(&mut self) -> Scanned<()> {
        let start = self.cursor.mark.at;
        self.cursor.skip();
        let kind = match self.cursor.word() {
            "YAML" if self.cursor.is_gap(0) => self.version(start)?,
            "TAG" if self.cursor.is_gap(0) => self.tag_directive(start)?,
            _ => {
                self.cursor.skip_line();
                let end = self.cursor.mark.at;
                return Err(
                    error(start, end, "kubectl knows only `%YAML` and `%TAG` here")
                        .help("A text that begins with `%` is put in quotes."),
                );
            }
        };
        self.cursor.skip_blanks();
        self.comment();
        if !self.cursor.is_break_or_end(0) {
            return Err(self.no_directive(start));
        }
        self.push(kind, start);
        self.cursor.read_break();
        Ok(())
    }

    /// The version: 1.1 is what kubectl takes, 1.2 and 1.3 are read alike.
    fn version(&mut self, start: usize) -> Scanned<Kind<'a>> {
        self.cursor.skip_blanks();
        let at = self.cursor.mark.at;
        while matches!(self.cursor.peek(0), b'0'..=b'9' | b'.') {
            self.cursor.skip();
        }
        let version = self.cursor.since(at);
        if matches!(version, "1.1" | "1.2" | "1.3" | "01.1" | "1.01" | "01.01") {
            return Ok(Kind::Version);
        }
        let end = self.cursor.mark.at;
        match version.is_empty() {
            true => Err(self.no_directive(start)),
            false => Err(
                error(at, end, "this version of YAML is none that kubectl reads")
                    .help("Write `%YAML 1.1`, or no such line."),
            ),
        }
    }

    /// A handle and what it stands for.
    fn tag_directive(&mut self, start: usize) -> Scanned<Kind<'a>> {
        self.cursor.skip_blanks();
        if self.cursor.peek(0) != b'!' {
            return Err(self.no_directive(start));
        }
        let handle = self.handle();
        if !handle.ends_with('!') || !self.cursor.is_blank(0) {
            return Err(self.no_directive(start));
        }
        self.cursor.skip_blanks();
        let prefix = self.uri(start, "")?;
        if prefix.is_empty() || !self.cursor.is_gap(0) {
            return Err(self.no_directive(start));
        }
        Ok(Kind::TagDirective(handle, prefix))
    }

    fn no_directive(&mut self, start: usize) -> BuildError {
        self.cursor.skip_line();
        let end = self.cursor.mark.at;
        error(start, end, "this is no directive")
            .help("Directives are `%YAML 1.1` and `%TAG !name! prefix`, each on a line of its own.")
    }
}

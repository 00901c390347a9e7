//! `uri.parse` and `uri.is_valid`, as Go's `net/url` reads addresses.
use std::collections::BTreeMap;

use anyhow::{Result, bail};
use regorus::Value;

use super::args::{self, Entry};

#[derive(Default)]
struct Uri {
    scheme: String,
    host: String,
    path: String,
    raw_path: String,
    query: String,
    fragment: String,
}

fn hex_value(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|b| char::from(*b).to_digit(16))
        .and_then(|d| u8::try_from(d).ok())
}

/// Resolves `%41`; in hosts only what is not ASCII may be written so.
fn unescape(text: &str, host: bool) -> Result<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let part = &bytes[at..bytes.len().min(at + 3)];
            let (high, low) = (hex_value(part.get(1)), hex_value(part.get(2)));
            let shown = String::from_utf8_lossy(part);
            let (Some(high), Some(low)) = (high, low) else {
                bail!("invalid URL escape {shown:?}");
            };
            if host && high < 8 && part != b"%25" {
                bail!("invalid URL escape {shown:?}");
            }
            out.push(high * 16 + low);
            at += 3;
            continue;
        }
        let fine = byte >= 0x80 || byte.is_ascii_alphanumeric();
        if host && !fine && !b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte) {
            bail!(
                "invalid character {:?} in host name",
                char::from(byte).to_string()
            );
        }
        out.push(byte);
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn escape_path(path: &str) -> String {
    path.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// The scheme and what follows it.
fn scheme(text: &str) -> Result<(&str, &str)> {
    for (at, c) in text.bytes().enumerate() {
        match c {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => bail!("missing protocol scheme"),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()),
        None => text.is_empty(),
    }
}

fn host(scheme: &str, text: &str) -> Result<String> {
    match text.rfind('[') {
        Some(0) => {
            let Some(close) = text.rfind(']') else {
                bail!("missing ']' in host");
            };
            let port = &text[close + 1..];
            if !is_port(port) {
                bail!("invalid port {port:?} after host");
            }
            let (address, zone) = match text[1..close].split_once("%25") {
                Some((address, zone)) => (address, format!("%{}", unescape(zone, false)?)),
                None => (&text[1..close], String::new()),
            };
            let address = unescape(address, true)?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                bail!("invalid host: ParseAddr({address:?}): unable to parse IP");
            }
            return Ok(format!("[{address}{zone}]{port}"));
        }
        Some(_) => bail!("invalid IP-literal"),
        None => {}
    }
    let strict = matches!(scheme, "http" | "https");
    let colon = if strict {
        text.find(':')
    } else {
        text.rfind(':')
    };
    if let Some(at) = colon
        && !is_port(&text[at..])
    {
        bail!("invalid port {:?} after host", &text[at..]);
    }
    unescape(text, true)
}

fn authority(scheme: &str, text: &str) -> Result<String> {
    let Some((user, rest)) = text.rsplit_once('@') else {
        return host(scheme, text);
    };
    let found = host(scheme, rest)?;
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !user.bytes().all(fine) {
        bail!("net/url: invalid userinfo");
    }
    unescape(user, false)?;
    Ok(found)
}

fn read(text: &str) -> Result<Uri> {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        bail!("net/url: invalid control character in URL");
    }
    let mut uri = Uri {
        fragment: unescape(fragment, false)?,
        ..Uri::default()
    };
    if text == "*" {
        (uri.path, uri.raw_path) = ("*".into(), "*".into());
        return Ok(uri);
    }
    let (scheme, rest) = scheme(text)?;
    uri.scheme = scheme.to_ascii_lowercase();
    let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    uri.query = query.into();
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(uri);
        }
        if rest.split('/').next().is_some_and(|s| s.contains(':')) {
            bail!("first path segment in URL cannot contain colon");
        }
    }
    let bare = rest.starts_with("///") && scheme.is_empty();
    if let Some(after) = rest.strip_prefix("//").filter(|_| !bare) {
        let end = after.find('/').unwrap_or(after.len());
        uri.host = authority(&uri.scheme, &after[..end])?;
        rest = &after[end..];
    }
    uri.path = unescape(rest, false)?;
    uri.raw_path = if rest == escape_path(&uri.path) {
        uri.path.clone()
    } else {
        rest.into()
    };
    Ok(uri)
}

/// Host and port apart, without brackets.
fn split_port(host: &str) -> (&str, &str) {
    let (name, port) = match host.rfind(':') {
        Some(at) if is_port(&host[at..]) => (&host[..at], &host[at + 1..]),
        Some(_) | None => (host, ""),
    };
    let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    (bare.unwrap_or(name), port)
}

fn parse(values: &[Value]) -> Result<Value> {
    let text = args::string(values, 0)?;
    let uri = match read(text) {
        Ok(uri) => uri,
        Err(error) => bail!("parse {}: {error}", super::goquote::quote(text, false)),
    };
    let (hostname, port) = split_port(&uri.host);
    let fields = [
        ("scheme", uri.scheme.as_str()),
        ("hostname", hostname),
        ("port", port),
        ("path", &uri.path),
        ("raw_path", &uri.raw_path),
        ("raw_query", &uri.query),
        ("fragment", &uri.fragment),
    ];
    let object: BTreeMap<Value, Value> = fields
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (Value::from(name), Value::from(text)))
        .collect();
    Ok(Value::from(object))
}

fn is_valid(values: &[Value]) -> Result<Value> {
    let valid = args::string(values, 0).is_ok_and(|t| !t.is_empty() && read(t).is_ok());
    Ok(Value::from(valid))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[("uri.parse", 1, parse), ("uri.is_valid", 1, is_valid)];

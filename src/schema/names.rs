//! What names, label keys and label values may be, with the API server's texts for what they may not.

/// Longest label, label value and name part of a label key, in bytes.
const MAX_LABEL: usize = 63;
/// Longest subdomain, in bytes.
const MAX_SUBDOMAIN: usize = 253;

/// A DNS-1123 label: lower-case letters, digits and `-`.
///
/// # Errors
/// What it must be.
pub fn dns_label(text: &str) -> Result<(), String> {
    at_most(text, MAX_LABEL)?;
    match is_dns_label(text) {
        true => Ok(()),
        false => Err("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character".to_owned()),
    }
}

/// A DNS-1123 subdomain: labels with dots between them.
///
/// # Errors
/// What it must be.
pub fn dns_subdomain(text: &str) -> Result<(), String> {
    at_most(text, MAX_SUBDOMAIN)?;
    match text.split('.').all(is_dns_label) {
        true => Ok(()),
        false => Err("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character".to_owned()),
    }
}

/// A label key: a name, with a subdomain and `/` before it or not.
///
/// # Errors
/// What it must be.
pub fn label_key(text: &str) -> Result<(), String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            return Err("prefix part must be non-empty".to_owned());
        }
        dns_subdomain(prefix).map_err(|error| format!("prefix part {error}"))?;
    }
    if name.is_empty() {
        return Err("name part must be non-empty".to_owned());
    }
    at_most(name, MAX_LABEL).map_err(|error| format!("name part {error}"))?;
    match is_label_text(name) {
        true => Ok(()),
        false => Err("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character".to_owned()),
    }
}

/// A label value: empty, or as the name part of a key.
///
/// # Errors
/// What it must be.
pub fn label_value(text: &str) -> Result<(), String> {
    at_most(text, MAX_LABEL)?;
    match text.is_empty() || is_label_text(text) {
        true => Ok(()),
        false => Err("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character".to_owned()),
    }
}

fn at_most(text: &str, n_bytes: usize) -> Result<(), String> {
    match text.len() <= n_bytes {
        true => Ok(()),
        false => Err(format!("must be no more than {n_bytes} bytes")),
    }
}

fn is_dns_label(text: &str) -> bool {
    let is_end = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_inner = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    is_end(text.bytes().next()) && is_end(text.bytes().last()) && text.bytes().all(is_inner)
}

fn is_label_text(text: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let is_inner = |byte: u8| matches!(byte, b'-' | b'_' | b'.') || byte.is_ascii_alphanumeric();
    is_end(text.bytes().next()) && is_end(text.bytes().last()) && text.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_as_the_api_server_takes_them() {
        for key in ["app", "app.kubernetes.io/name", "A_b.c-1", "a/b"] {
            assert_eq!(label_key(key), Ok(()), "{key}");
        }
        let long = "a".repeat(64);
        for key in [
            "",
            "/a",
            "a/",
            "-a",
            "a_",
            "A.b/c",
            "a/b/c",
            "a b",
            long.as_str(),
            "ä",
        ] {
            assert!(label_key(key).is_err(), "{key}");
        }
        for value in ["", "a", "A.b_c-1"] {
            assert_eq!(label_value(value), Ok(()), "{value}");
        }
        for value in ["-", "a/b", "a b", long.as_str()] {
            assert!(label_value(value).is_err(), "{value}");
        }
    }

    #[test]
    fn names_are_subdomains_or_labels() {
        for name in ["a", "a-1.b", "0"] {
            assert_eq!(dns_subdomain(name), Ok(()), "{name}");
        }
        for name in ["", "A", "a..b", "a.", "-a", "a_b"] {
            assert!(dns_subdomain(name).is_err(), "{name}");
        }
        assert!(dns_label("a.b").is_err());
        assert_eq!(dns_label("a-b"), Ok(()));
    }
}

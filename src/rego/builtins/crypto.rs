//! Digests of strings, plain and with a key.
use anyhow::Result;
use data_encoding::HEXLOWER;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use md5::Md5;
use regorus::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::args::{self, Entry};

fn digest<D: Digest>(values: &[Value]) -> Result<Value> {
    let sum = D::digest(args::string(values, 0)?.as_bytes());
    Ok(Value::from(HEXLOWER.encode(&sum)))
}

fn keyed<M: Mac + KeyInit>(values: &[Value]) -> Result<Value> {
    let (text, key) = (args::string(values, 0)?, args::string(values, 1)?);
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes())?;
    mac.update(text.as_bytes());
    Ok(Value::from(HEXLOWER.encode(&mac.finalize().into_bytes())))
}

fn equal(values: &[Value]) -> Result<Value> {
    let (a, b) = (args::string(values, 0)?, args::string(values, 1)?);
    Ok(Value::from(a == b))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("crypto.md5", 1, digest::<Md5>),
    ("crypto.sha1", 1, digest::<Sha1>),
    ("crypto.sha256", 1, digest::<Sha256>),
    ("crypto.hmac.md5", 2, keyed::<Hmac<Md5>>),
    ("crypto.hmac.sha1", 2, keyed::<Hmac<Sha1>>),
    ("crypto.hmac.sha256", 2, keyed::<Hmac<Sha256>>),
    ("crypto.hmac.sha512", 2, keyed::<Hmac<Sha512>>),
    ("crypto.hmac.equal", 2, equal),
];

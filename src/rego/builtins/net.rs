//! The `net.cidr_*` functions.
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Result, anyhow, bail};
use regorus::Value;

use super::args::{self, Entry};
use super::{MAX_ELEMENTS, too_large};

/// Where addresses of version 4 lie among those of version 6.
const MAPPED: u128 = 0xffff_0000_0000;

/// Addresses from the first to the last, all of one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    last: u128,
    first: u128,
    /// What it is called where it stays alone.
    label: Option<String>,
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn is_v4(number: u128) -> bool {
    number >> 32 == MAPPED >> 32
}

fn address(number: u128) -> IpAddr {
    match u32::try_from(number & 0xffff_ffff) {
        Ok(low) if is_v4(number) => Ipv4Addr::from(low).into(),
        Ok(_) | Err(_) => Ipv6Addr::from(number).into(),
    }
}

fn range(first: u128, free: u32) -> Range {
    let hosts = 1u128.checked_shl(free).map_or(u128::MAX, |h| h - 1);
    let first = first & !hosts;
    let bits = if is_v4(first) { 32u32 } else { 128 };
    Range {
        first,
        last: first | hosts,
        label: Some(format!("{}/{}", address(first), bits.saturating_sub(free))),
    }
}

fn parse_net(text: &str) -> Option<Range> {
    let (ip, length) = text.split_once('/')?;
    let ip: IpAddr = ip.parse().ok()?;
    let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let length: u32 = length.parse().ok().filter(|_| digits)?;
    let bits = if ip.is_ipv4() { 32 } else { 128 };
    let bits: u32 = bits;
    Some(range(number(ip), bits.checked_sub(length)?))
}

fn net(text: &str) -> Result<Range> {
    parse_net(text).ok_or_else(|| anyhow!("invalid CIDR address: {text}"))
}

impl Range {
    fn contains(&self, number: u128) -> bool {
        (self.first..=self.last).contains(&number) && is_v4(number) == is_v4(self.first)
    }
}

fn contains_text(outer: &str, inner: &str) -> Result<bool> {
    let outer = net(outer)?;
    if let Ok(ip) = inner.parse::<IpAddr>() {
        return Ok(outer.contains(number(ip)));
    }
    match parse_net(inner) {
        // A network of version 6 may end among the addresses of version 4.
        Some(inner) => Ok(outer.contains(inner.first) && inner.last <= outer.last),
        None => bail!("not a valid textual representation of an IP address or CIDR: {inner}"),
    }
}

fn contains(values: &[Value]) -> Result<Value> {
    let (outer, inner) = (args::string(values, 0)?, args::string(values, 1)?);
    Ok(Value::from(contains_text(outer, inner)?))
}

fn intersects(values: &[Value]) -> Result<Value> {
    let (a, b) = (
        net(args::string(values, 0)?)?,
        net(args::string(values, 1)?)?,
    );
    Ok(Value::from(a.contains(b.first) || b.contains(a.first)))
}

fn is_valid(values: &[Value]) -> Result<Value> {
    let valid = args::string(values, 0).is_ok_and(|t| parse_net(t).is_some());
    Ok(Value::from(valid))
}

fn expand(values: &[Value]) -> Result<Value> {
    let range = net(args::string(values, 0)?)?;
    let count = usize::try_from(range.last - range.first).unwrap_or(usize::MAX);
    if count >= MAX_ELEMENTS {
        return Err(too_large());
    }
    let all = (range.first..=range.last).map(|n| Value::from(address(n).to_string()));
    Ok(Value::from(all.collect::<BTreeSet<_>>()))
}

/// The CIDR of an element, which may be the first of an array.
fn term(value: &Value, operand: usize) -> Result<String> {
    let first = value.as_array().ok().and_then(|a| a.iter().next());
    match first.unwrap_or(value).as_string() {
        Ok(text) => Ok(text.as_ref().into()),
        Err(_) => bail!("operand {operand}: element must be string or non-empty array"),
    }
}

/// The CIDRs of an operand, each with what stands for it in the result.
fn terms(values: &[Value], at: usize) -> Result<Vec<(String, Value)>> {
    let one = |value: &Value, index: Value| Ok((term(value, at + 1)?, index));
    match args::any(values, at)? {
        value @ Value::String(text) => Ok(vec![(text.as_ref().into(), value.clone())]),
        Value::Array(a) => a
            .iter()
            .enumerate()
            .map(|(i, v)| one(v, Value::from(i)))
            .collect(),
        Value::Set(s) => s.iter().map(|v| one(v, v.clone())).collect(),
        Value::Object(o) => o.iter().map(|(k, v)| one(v, k.clone())).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Undefined => Ok(Vec::new()),
    }
}

fn contains_matches(values: &[Value]) -> Result<Value> {
    let (outer, inner) = (terms(values, 0)?, terms(values, 1)?);
    let mut found = BTreeSet::new();
    for (a, first) in &outer {
        for (b, second) in &inner {
            if contains_text(a, b)? {
                found.insert(Value::from(vec![first.clone(), second.clone()]));
            }
        }
    }
    Ok(Value::from(found))
}

/// A network, or an address with the length its class had.
fn merge_term(value: &Value) -> Result<Range> {
    let Ok(text) = value.as_string() else {
        bail!("element must be string");
    };
    match text.parse::<IpAddr>() {
        Err(_) => net(text),
        Ok(ip) if !is_v4(number(ip)) => bail!("IPv6 invalid: needs prefix length"),
        Ok(ip) => {
            let number = number(ip);
            let free = match (number >> 24) & 0xff {
                0..=127 => 24,
                128..=191 => 16,
                192..=223 => 8,
                _ => bail!("invalid address: {text}"),
            };
            let label = Some(format!("{}/{}", address(number), 32 - free));
            Ok(Range {
                label,
                ..range(number, free)
            })
        }
    }
}

/// The networks that make up the addresses from the first to the last.
fn networks(first: u128, last: u128) -> Vec<String> {
    let mut all = Vec::new();
    let mut at = first;
    loop {
        let mut free = at.trailing_zeros().min(if is_v4(at) { 32 } else { 128 });
        while free > 0
            && (free == 128 && last != u128::MAX || free < 128 && (1u128 << free) - 1 > last - at)
        {
            free -= 1;
        }
        let found = range(at, free);
        all.extend(found.label);
        if found.last >= last {
            return all;
        }
        at = found.last + 1;
    }
}

fn merge(values: &[Value]) -> Result<Value> {
    let Ok(items) = args::elements(values, 0) else {
        bail!("operand must be an array");
    };
    let mut ranges = items
        .into_iter()
        .map(merge_term)
        .collect::<Result<Vec<_>>>()?;
    ranges.sort();
    let mut merged: Vec<Range> = Vec::new();
    for next in ranges.into_iter().rev() {
        match merged.last_mut() {
            Some(last)
                if is_v4(last.first) == is_v4(next.first)
                    && last.first.saturating_sub(1) <= next.last =>
            {
                last.first = last.first.min(next.first);
                last.label = None;
            }
            Some(_) | None => merged.push(next),
        }
    }
    let texts = merged.into_iter().flat_map(|range| match range.label {
        Some(label) => vec![label],
        None => networks(range.first, range.last),
    });
    Ok(Value::from(texts.map(Value::from).collect::<BTreeSet<_>>()))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[
    ("net.cidr_contains", 2, contains),
    ("net.cidr_overlap", 2, contains),
    ("net.cidr_intersects", 2, intersects),
    ("net.cidr_is_valid", 1, is_valid),
    ("net.cidr_expand", 1, expand),
    ("net.cidr_contains_matches", 2, contains_matches),
    ("net.cidr_merge", 1, merge),
];

//! Fields that a definition does not have, and what may have been meant: another name, another version, another place.

use crate::schema::catalog::{DefinitionId, Type, TypeId};
use crate::schema::fault::{At, Side};
use crate::schema::nearest;
use crate::schema::rules::Id;
use crate::schema::walk::Walk;

impl Walk<'_> {
    /// A key that the definition does not have in this version.
    pub(in crate::schema) fn unknown(&mut self, id: DefinitionId, key: &str, at: &At<'_>) {
        let at = at.key(key);
        let mut message = format!("unknown field \"{}\"", at.path());
        let properties = self.catalog.properties(id);
        let live = || {
            let live = properties.iter().filter(|p| p.minors.has(self.minor));
            live.map(|p| p.name)
        };
        let mut details: Vec<(&'static str, String)> = Vec::new();
        let mut meant = |name: &str| {
            details.push(("nearest", name.to_owned()));
            format!(": did you mean \"{name}\"?")
        };
        if let Some(property) = properties.iter().rfind(|property| property.name == key) {
            let (first, last) = (property.minors.first, property.minors.last);
            if self.minor < first {
                message.push_str(&format!(": exists since 1.{first}"));
                details.push(("since", format!("1.{first}")));
            } else {
                message.push_str(&format!(": was removed in 1.{}", last + 1));
                details.push(("until", format!("1.{last}")));
            }
        } else if let Some(name) = nearest::equal_but_for_case(key, live()) {
            message.push_str(&meant(name));
        } else if let Some(place) = self.above(key) {
            message.push_str(&format!(": {place}"));
        } else if let Some(name) = nearest::few_letters_apart(key, live()) {
            message.push_str(&meant(name));
        } else if let Some(place) = self.below(id, key, 3) {
            message.push_str(&format!(": it belongs into `{place}`"));
        }
        let fault = self.faults.push(Id::UnknownField, &at, Side::Key, message);
        for (key, text) in details {
            fault.detail(key, text);
        }
    }

    fn has(&self, id: DefinitionId, key: &str) -> bool {
        let properties = self.catalog.properties(id);
        let start = properties.partition_point(|property| property.name < key);
        let mut same = properties[start..].iter().take_while(|p| p.name == key);
        same.any(|property| property.minors.has(self.minor))
    }

    /// How many levels up a field of this name belongs, where one of the definitions around has it.
    fn above(&self, key: &str) -> Option<String> {
        let around = self.chain.iter().rev().skip(1);
        let levels = 1 + around.take_while(|id| !self.has(**id, key)).count();
        match levels {
            _ if levels >= self.chain.len() => None,
            1 => Some("it belongs one level up".to_owned()),
            _ => Some(format!("it belongs {levels} levels up")),
        }
    }

    /// The field below a definition whose own definition has a field of this name.
    fn below(&self, id: DefinitionId, key: &str, depth: usize) -> Option<String> {
        let live = || {
            let properties = self.catalog.properties(id).iter();
            properties.filter(|p| p.minors.has(self.minor) && p.name != "status")
        };
        for property in live() {
            if let Some((inner, brackets)) = self.inner(property.kind)
                && self.has(inner, key)
            {
                return Some(format!("{}{brackets}", property.name));
            }
        }
        if depth == 1 {
            return None;
        }
        live().find_map(|property| {
            let (inner, brackets) = self.inner(property.kind)?;
            let below = self.below(inner, key, depth - 1)?;
            Some(format!("{}{brackets}.{below}", property.name))
        })
    }

    fn inner(&self, kind: TypeId) -> Option<(DefinitionId, &'static str)> {
        match self.catalog.kind_of(kind) {
            Type::Definition(id) => Some((*id, "")),
            Type::List(kind, _) => match self.catalog.kind_of(*kind) {
                Type::Definition(id) => Some((*id, "[]")),
                _ => None,
            },
            _ => None,
        }
    }
}

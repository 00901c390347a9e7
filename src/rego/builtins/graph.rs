//! `graph.reachable_paths`, whose paths may be more than can be counted: the engine goes on until they are all found.
use std::collections::BTreeSet;

use anyhow::{Result, bail};
use regorus::Value;
use regorus::value::{Array, Object};

use super::args::{self, Entry};
use super::{MAX_ELEMENTS, too_large};

/// The nodes that a collection holds; none for what is no collection.
fn nodes(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Set(items) => Some(items.iter().collect()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Undefined => None,
    }
}

/// The way to where the search is, and what it has found.
struct Search<'a> {
    graph: &'a Object,
    path: Vec<&'a Value>,
    on_path: BTreeSet<&'a Value>,
    paths: BTreeSet<Value>,
    /// Steps and elements of paths that may still be made.
    left: usize,
}

impl<'a> Search<'a> {
    fn spend(&mut self, n: usize) -> Result<()> {
        self.left = self.left.checked_sub(n).ok_or_else(too_large)?;
        Ok(())
    }

    fn end_path(&mut self) -> Result<()> {
        if !self.path.is_empty() {
            self.spend(self.path.len())?;
            let path: Array = self.path.iter().map(|node| (*node).clone()).collect();
            self.paths.insert(Value::from(path));
        }
        Ok(())
    }

    /// Goes to a node; its neighbours where the search goes on there.
    fn enter(&mut self, node: &'a Value) -> Result<Option<Vec<&'a Value>>> {
        self.spend(1)?;
        let is_end = node.as_string().is_ok_and(|text| text.is_empty());
        let neighbours = match self.graph.get(node) {
            Some(neighbours) if !is_end && !self.on_path.contains(node) => neighbours,
            Some(_) | None => {
                self.end_path()?;
                return Ok(None);
            }
        };
        let below = match nodes(neighbours) {
            Some(below) => below,
            None if *neighbours == Value::Null => Vec::new(),
            None => bail!("neighbors for node `{node}` must be array/set."),
        };
        self.path.push(node);
        self.on_path.insert(node);
        if below.is_empty() {
            self.end_path()?;
        }
        Ok(Some(below))
    }

    /// Follows all edges from a node, without recursion: chains may be long.
    fn from(&mut self, node: &'a Value) -> Result<()> {
        let mut open: Vec<Vec<&'a Value>> = self.enter(node)?.into_iter().collect();
        while let Some(waiting) = open.last_mut() {
            match waiting.pop() {
                Some(next) => open.extend(self.enter(next)?),
                None => {
                    open.pop();
                    if let Some(left) = self.path.pop() {
                        self.on_path.remove(left);
                    }
                }
            }
        }
        Ok(())
    }
}

fn reachable_paths(values: &[Value]) -> Result<Value> {
    let graph = args::object(values, 0)?;
    let Some(roots) = nodes(args::any(values, 1)?) else {
        return args::wrong(values, 1, "one of {array, set}");
    };
    let mut search = Search {
        graph,
        path: Vec::new(),
        on_path: BTreeSet::new(),
        paths: BTreeSet::new(),
        left: MAX_ELEMENTS,
    };
    for root in roots {
        search.from(root)?;
    }
    Ok(Value::from(search.paths))
}

/// The functions of this file.
pub(super) const TABLE: &[Entry] = &[("graph.reachable_paths", 2, reachable_paths)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_beyond_counting_are_refused_and_long_ones_are_not_deep() {
        let text = |n: usize| Value::from(format!("n{n}"));
        let array = |nodes: Vec<Value>| Value::from(nodes.into_iter().collect::<Array>());
        // Each node has edges to all that come after it: 2^28 paths.
        let dense: Object = (0..30)
            .map(|n| (text(n), array((n + 1..30).map(text).collect())))
            .collect();
        let error = reachable_paths(&[Value::from(dense), array(vec![text(0)])]);
        assert!(error.is_err_and(|error| error.to_string().contains("too large")));
        let long: Object = (0..100_000)
            .map(|n| (text(n), array(vec![text(n + 1)])))
            .collect();
        let paths = reachable_paths(&[Value::from(long), array(vec![text(0)])]).expect("one path");
        assert_eq!(paths.as_set().expect("a set").len(), 1);
    }
}

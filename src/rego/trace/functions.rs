//! The builtin functions, as the engine has them, by name.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use anyhow::{Result, anyhow};
use regorus::Extension;
use rustc_hash::FxHashMap;

use crate::document::value::Value;
use crate::rego::builtins::{self, ErrorLog, Registry};
use crate::rego::functions::{Current, register_own};
use crate::rego::set::PolicySet;
use crate::rego::trace::machine::Stop;

/// The functions, and what those depend on that are not the same for each input.
pub(in crate::rego) struct Functions {
    table: FxHashMap<String, RefCell<Box<dyn Extension>>>,
    log: ErrorLog,
    /// What belongs to the input under evaluation.
    pub(in crate::rego) current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Table(FxHashMap<String, RefCell<Box<dyn Extension>>>);

impl Registry for Table {
    fn add(&mut self, name: &str, _arity: u8, function: Box<dyn Extension>) -> Result<()> {
        match self.0.insert(name.to_owned(), RefCell::new(function)) {
            None => Ok(()),
            Some(_) => Err(anyhow!("the function is there already")),
        }
    }
}

impl Functions {
    /// The functions as the policies of a set see them.
    pub(in crate::rego) fn new(set: &PolicySet) -> Result<Self> {
        let log = ErrorLog::default();
        let current = Arc::new(Mutex::new(Current::default()));
        let mut table = Table::default();
        builtins::register(&mut table, &log);
        register_own(&mut table, set, &current)?;
        Ok(Self {
            table: table.0,
            log,
            current,
        })
    }

    /// What a function gives; none where it fails, which is no answer for those who are strict.
    pub(in crate::rego) fn call(
        &self,
        name: &str,
        args: Vec<Value>,
        is_strict: bool,
    ) -> Result<Option<Value>, Stop> {
        let Some(function) = self.table.get(name) else {
            return Err(Stop::Unsupported("a function that is not known"));
        };
        let Ok(mut function) = function.try_borrow_mut() else {
            return Err(Stop::Unsupported("a function that calls itself"));
        };
        match function(args) {
            Ok(Value::Undefined) => match self.log.take().is_empty() || !is_strict {
                true => Ok(None),
                false => Err(Stop::Unsupported("a function fails")),
            },
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Stop::Budget),
        }
    }
}

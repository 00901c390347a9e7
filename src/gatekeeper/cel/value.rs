//! Objects as CEL sees them: mappings are read where they are, with their keys in order, so that answers do not depend on
//! hash seeds.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator as Items, Sizer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelNull, CelString, MAP_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};

use crate::document::value::{Object, Value};

/// A value of a document as CEL's.
pub(super) fn to_cel(value: &Value) -> Box<dyn Val> {
    match value {
        Value::Null | Value::Undefined => Box::new(CelNull),
        Value::Bool(flag) => Box::new(CelBool::from(*flag)),
        Value::Number(_) => number(value),
        Value::String(text) => Box::new(CelString::from((**text).to_owned())),
        Value::Array(items) => {
            Box::new(CelList::from(items.iter().map(to_cel).collect::<Vec<_>>()))
        }
        Value::Set(items) => Box::new(CelList::from(items.iter().map(to_cel).collect::<Vec<_>>())),
        Value::Object(object) => Box::new(Mapping {
            object: Arc::clone(object),
            keys: OnceLock::new(),
        }),
    }
}

/// Whole numbers are integers, `2.0` too, as JSON has them.
fn number(value: &Value) -> Box<dyn Val> {
    if let Ok(number) = value.as_i64() {
        return Box::new(CelInt::from(number));
    }
    let text = serde_json::to_string(value).unwrap_or_default();
    Box::new(CelDouble::from(text.parse::<f64>().unwrap_or(f64::NAN)))
}

/// A value of CEL as a document's; none where JSON has no such value.
pub(super) fn from_cel(value: &dyn Val) -> Option<Value> {
    if let Some(mapping) = value.downcast_ref::<Mapping>() {
        return Some(Value::Object(Arc::clone(&mapping.object)));
    }
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Some(text.inner().into());
    }
    if let Some(flag) = value.downcast_ref::<CelBool>() {
        return Some(Value::Bool(*flag.inner()));
    }
    if let Some(number) = value.downcast_ref::<CelInt>() {
        return Some(Value::from(*number.inner()));
    }
    if let Some(number) = value.downcast_ref::<CelDouble>() {
        return Some(Value::from(*number.inner()));
    }
    if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        let items = list.inner().iter();
        let items: Option<Vec<Value>> = items.map(|item| from_cel(&**item)).collect();
        return items.map(Value::from);
    }
    value.downcast_ref::<CelNull>().map(|_| Value::Null)
}

/// A mapping.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    object: Arc<Object>,
    keys: OnceLock<Vec<CelString<'static>>>,
}

impl Mapping {
    fn find(&self, key: &dyn Val) -> Option<&Value> {
        let key = key.downcast_ref::<CelString<'_>>()?;
        self.object.get(&key.inner().into())
    }

    fn keys(&self) -> &[CelString<'static>] {
        self.keys.get_or_init(|| {
            self.object
                .iter_sorted()
                .filter_map(|(key, _)| Some(CelString::from(key.as_string().ok()?.to_string())))
                .collect()
        })
    }
}

/// The text of a key in messages.
fn shown(key: &dyn Val) -> String {
    if let Some(text) = key.downcast_ref::<CelString<'_>>() {
        text.inner().to_owned()
    } else if let Some(number) = key.downcast_ref::<CelInt>() {
        number.inner().to_string()
    } else {
        String::new()
    }
}

impl Val for Mapping {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.object == other.object)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Mapping {}

impl Container for Mapping {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(self.find(value).is_some())
    }
}

impl Indexer for Mapping {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.find(index)
            .map(|value| CowVal::Owned(to_cel(value)))
            .ok_or_else(|| ExecutionError::no_such_key(&shown(index)))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.find(index)
            .map(|value| -> Box<dyn Val + 'v> { to_cel(value) })
            .ok_or_else(|| ExecutionError::no_such_key(&shown(index)))
    }
}

impl Sizer for Mapping {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.keys().len()).unwrap_or(i64::MAX))
    }
}

impl Iterable for Mapping {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Items<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Keys(self.keys().iter()))
    }
}

struct Keys<'b>(std::slice::Iter<'b, CelString<'static>>);

impl<'b, 'v> Items<'b, 'v> for Keys<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|key| -> &'b (dyn Val + 'v) { key })
    }
}

/// The values of `variables`, or why there is none.
pub(super) type Variables = BTreeMap<String, Result<Box<dyn Val>, String>>;

/// `variables`: asking for one that could not be evaluated is the error that it had.
#[derive(Clone, Debug)]
pub(super) struct Composited(pub(super) Arc<Variables>);

impl Val for Composited {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Composited {}

impl Composited {
    fn find(&self, index: &dyn Val) -> Result<&(dyn Val + 'static), ExecutionError> {
        let name = shown(index);
        match self.0.get(&name) {
            Some(Ok(value)) => Ok(&**value),
            Some(Err(error)) => Err(ExecutionError::function_error(
                "variables",
                format!("composited variable {name:?} fails to evaluate: {error}"),
            )),
            None => Err(ExecutionError::no_such_key(&name)),
        }
    }
}

impl Indexer for Composited {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.find(index)
            .map(|value| CowVal::Owned(value.clone_as_boxed()))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.find(index).map(|value| value.clone_as_boxed())
    }
}

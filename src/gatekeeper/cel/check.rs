//! What Kubernetes' compiler refuses, and what the `cel` crate evaluates otherwise: both are refused at load.

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SelectExpr,
};
use regex::Regex;

use crate::gatekeeper::cel::functions::MAX_ENTRIES;
use crate::gatekeeper::cel::types::Type;

/// What expressions may name.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The template's variables so far.
    pub(super) variables: Vec<(String, Type)>,
    /// What comprehensions bind, the innermost last.
    bound: Vec<(String, Type)>,
}

/// Names of types.
const TYPES: [&str; 10] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];
/// The fields of `request`.
const REQUEST: [&str; 12] = [
    "dryRun",
    "kind",
    "name",
    "namespace",
    "operation",
    "options",
    "requestKind",
    "requestResource",
    "requestSubResource",
    "resource",
    "subResource",
    "userInfo",
];

impl Names {
    /// The type of an expression, or why it is refused.
    pub(super) fn type_of(&mut self, expression: &IdedExpr) -> Result<Type, String> {
        match &expression.expr {
            Expr::Unspecified => Err("the expression is empty".to_owned()),
            Expr::Ident(name) => self.ident(name),
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Bytes(_) => return Err("bytes are not evaluated here".to_owned()),
                LiteralValue::Double(_) => Type::Double,
                LiteralValue::Int(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::Text,
                LiteralValue::UInt(_) => Type::Uint,
            }),
            Expr::Select(select) => self.select(select),
            Expr::List(list) => {
                let mut item: Option<Type> = None;
                for element in &list.elements {
                    let found = self.type_of(element)?;
                    item = Some(match item {
                        None => found,
                        Some(known) if known.agrees(&found) => known.join(&found),
                        Some(known) => {
                            return Err(format!(
                                "expected type '{}' but found '{}'",
                                known.word(),
                                found.word()
                            ));
                        }
                    });
                }
                Ok(Type::list_of(item.unwrap_or(Type::Any)))
            }
            Expr::Map(map) => self.mapping(map),
            Expr::Struct(_) => Err("messages are not evaluated here".to_owned()),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Call(call) => self.call(call),
        }
    }

    fn mapping(&mut self, map: &MapExpr) -> Result<Type, String> {
        if map.entries.len() > MAX_ENTRIES {
            return Err(format!(
                "a literal mapping has more than {MAX_ENTRIES} entries"
            ));
        }
        let mut value: Option<Type> = None;
        let mut keys: Vec<&str> = Vec::new();
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return Err("messages are not evaluated here".to_owned());
            };
            let Expr::Literal(LiteralValue::String(key)) = &entry.key.expr else {
                return Err("a literal mapping has a key that is no literal string".to_owned());
            };
            if entry.optional || keys.contains(&key.inner()) {
                return Err("a literal mapping has optional entries or a key twice".to_owned());
            }
            keys.push(key.inner());
            let found = self.type_of(&entry.value)?;
            value = Some(match value {
                Some(known) if !known.agrees(&found) => {
                    let (known, found) = (known.word(), found.word());
                    return Err(format!("expected type '{known}' but found '{found}'"));
                }
                Some(known) => known.join(&found),
                None => found,
            });
        }
        Ok(Type::Mapping(Box::new(value.unwrap_or(Type::Any))))
    }

    fn ident(&self, name: &str) -> Result<Type, String> {
        if let Some((_, found)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(found.clone());
        }
        match name {
            "object" | "oldObject" | "namespaceObject" => Ok(Type::Any),
            "variables" | "request" => Err(format!("`{name}` is not evaluated without a field")),
            "authorizer" => Err("`authorizer` asks a cluster and is not evaluated here".to_owned()),
            _ if TYPES.contains(&name) => Ok(Type::Kind),
            _ => Err(format!(
                "undeclared reference to '{name}' (in container '')"
            )),
        }
    }

    fn select(&mut self, select: &SelectExpr) -> Result<Type, String> {
        let field = select.field.as_str();
        let found = match &select.operand.expr {
            Expr::Ident(name) if name == "variables" && self.is_free(name) => match field {
                "params" | "anyObject" => Type::Any,
                _ => {
                    let known = self.variables.iter().find(|(name, _)| name == field);
                    let known = known.map(|(_, found)| found.clone());
                    known.ok_or_else(|| format!("undefined field '{field}'"))?
                }
            },
            Expr::Ident(name) if name == "request" && self.is_free(name) => match field {
                "name" | "namespace" | "operation" => Type::Text,
                "dryRun" => Type::Bool,
                _ if REQUEST.contains(&field) => Type::Any,
                _ => return Err(format!("undefined field '{field}'")),
            },
            Expr::Unspecified
            | Expr::Call(_)
            | Expr::Comprehension(_)
            | Expr::Ident(_)
            | Expr::List(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Select(_)
            | Expr::Struct(_) => {
                let operand = self.type_of(&select.operand)?;
                if select.test && operand == Type::Optional {
                    return Err("`has` of an optional value is not evaluated here".to_owned());
                }
                if let Type::Mapping(value) = operand {
                    return Ok(if select.test { Type::Bool } else { *value });
                }
                if operand != Type::Any && operand != Type::Optional {
                    return Err(format!(
                        "type '{}' does not support field selection",
                        operand.word()
                    ));
                }
                operand
            }
        };
        Ok(if select.test { Type::Bool } else { found })
    }

    fn is_free(&self, name: &str) -> bool {
        !self.bound.iter().any(|(bound, _)| bound == name)
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Result<Type, String> {
        let range = self.type_of(&comprehension.iter_range)?;
        let item = match range {
            Type::List(item) => *item,
            Type::Any => Type::Any,
            Type::Mapping(_) => Type::Text,
            other => {
                return Err(format!(
                    "expression of type '{}' cannot be range of a comprehension",
                    other.word()
                ));
            }
        };
        let start = self.type_of(&comprehension.accu_init)?;
        let n_before = self.bound.len();
        self.bound.push((comprehension.iter_var.clone(), item));
        if let Some(second) = &comprehension.iter_var2 {
            self.bound.push((second.clone(), Type::Any));
        }
        self.bound.push((comprehension.accu_var.clone(), start));
        let parts = [
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ];
        let types: Result<Vec<Type>, String> =
            parts.into_iter().map(|part| self.type_of(part)).collect();
        self.bound.truncate(n_before);
        Ok(types?.pop().unwrap_or(Type::Any))
    }

    fn call(&mut self, call: &CallExpr) -> Result<Type, String> {
        let name = call.func_name.as_str();
        if !is_known(name, call.target.is_some()) {
            return Err(format!("the function `{name}` is not evaluated here"));
        }
        // The field of `a.?b` is a literal.
        let mut types = Vec::new();
        for part in call.target.as_deref().into_iter().chain(&call.args) {
            types.push(match &part.expr {
                // What is formatted may be of any types.
                Expr::List(list) if name == "format" => {
                    for element in &list.elements {
                        self.type_of(element)?;
                    }
                    Type::list_of(Type::Any)
                }
                _ => self.type_of(part)?,
            });
        }
        let found = operator(name, &types).or_else(|| function(name, &types));
        match found {
            Some(found) if name == "matches" => pattern(call).map(|()| found),
            Some(found) => Ok(found),
            None => {
                let words: Vec<&str> = types.iter().map(Type::word).collect();
                Err(format!(
                    "found no matching overload for '{name}' applied to '({})'",
                    words.join(", ")
                ))
            }
        }
    }
}

/// The type of an operator's result; none where it does not take these types.
fn operator(name: &str, types: &[Type]) -> Option<Type> {
    let is_logical = |types: &[Type]| types.iter().all(|found| found.agrees(&Type::Bool));
    match (name, types) {
        ("_&&_" | "_||_" | "!_" | "@not_strictly_false", _) if is_logical(types) => {
            Some(Type::Bool)
        }
        ("_==_" | "_!=_", [one, other]) if one.agrees(other) => Some(Type::Bool),
        ("_<_" | "_<=_" | "_>_" | "_>=_", [one, other])
            if one.agrees(other) || one.is_number() && other.is_number() =>
        {
            Some(Type::Bool)
        }
        ("@in", [_, Type::Any | Type::List(_) | Type::Mapping(_)]) => Some(Type::Bool),
        ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [Type::Any, other]) => Some(other.clone()),
        ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [one, Type::Any]) => Some(one.clone()),
        ("_+_" | "_-_" | "_*_" | "_/_" | "_%_", [one, other]) if one.agrees(other) => {
            Some(one.join(other))
        }
        ("-_", [one]) if one.is_number() || *one == Type::Any => Some(one.clone()),
        ("_?_:_", [test, one, other]) if test.agrees(&Type::Bool) && one.agrees(other) => {
            Some(one.join(other))
        }
        ("_[_]", [Type::List(item) | Type::Mapping(item), _]) => Some((**item).clone()),
        ("_[_]", [Type::Any, _]) => Some(Type::Any),
        ("_[_]", [Type::Optional, _]) | ("_?._" | "_[?_]", _) => Some(Type::Optional),
        _ => None,
    }
}

/// The type of a function's result; none where it does not take these types.
fn function(name: &str, types: &[Type]) -> Option<Type> {
    let all_are = |wanted: &[Type]| {
        types.len() == wanted.len() && types.iter().zip(wanted).all(|(a, b)| a.agrees(b))
    };
    let of_text = types.first().is_some_and(|first| first.agrees(&Type::Text));
    match (name, types) {
        ("orValue" | "value", _) | ("dyn", [_]) => Some(Type::Any),
        ("hasValue", _) | ("bool", [_]) => Some(Type::Bool),
        ("size", [Type::Any | Type::Text | Type::List(_) | Type::Mapping(_)]) | ("int", [_]) => {
            Some(Type::Int)
        }
        ("double", [_]) => Some(Type::Double),
        ("uint", [_]) => Some(Type::Uint),
        ("string", [_]) => Some(Type::Text),
        ("type", [_]) => Some(Type::Kind),
        ("matches" | "startsWith" | "endsWith" | "contains", _)
            if all_are(&[Type::Text, Type::Text]) =>
        {
            Some(Type::Bool)
        }
        ("lowerAscii" | "upperAscii" | "trim", _) if all_are(&[Type::Text]) => Some(Type::Text),
        ("replace", [_, _, _] | [_, _, _, _]) if of_text => Some(Type::Text),
        ("substring", _)
            if all_are(&[Type::Text, Type::Int])
                || all_are(&[Type::Text, Type::Int, Type::Int]) =>
        {
            Some(Type::Text)
        }
        ("format", [Type::Text, Type::List(_)]) => Some(Type::Text),
        ("charAt", _) if all_are(&[Type::Text, Type::Int]) => Some(Type::Text),
        ("split", _) if of_text => Some(Type::list_of(Type::Text)),
        ("indexOf" | "lastIndexOf", _) if of_text => Some(Type::Int),
        ("join", [first, ..]) if first.agrees(&Type::list_of(Type::Text)) => Some(Type::Text),
        _ => None,
    }
}

/// Whether the crate's function is Kubernetes'.
fn is_known(name: &str, is_member: bool) -> bool {
    const OPERATORS: [&str; 21] = [
        "!_",
        "-_",
        "@in",
        "@not_strictly_false",
        "_!=_",
        "_%_",
        "_&&_",
        "_*_",
        "_+_",
        "_-_",
        "_/_",
        "_<=_",
        "_<_",
        "_==_",
        "_>=_",
        "_>_",
        "_?._",
        "_?_:_",
        "_[?_]",
        "_[_]",
        "_||_",
    ];
    const FUNCTIONS: [&str; 8] = [
        "bool", "double", "dyn", "int", "size", "string", "type", "uint",
    ];
    const MEMBERS: [&str; 18] = [
        "charAt",
        "contains",
        "endsWith",
        "format",
        "hasValue",
        "indexOf",
        "join",
        "lastIndexOf",
        "lowerAscii",
        "matches",
        "orValue",
        "replace",
        "size",
        "split",
        "startsWith",
        "substring",
        "trim",
        "upperAscii",
    ];
    match is_member {
        true => MEMBERS.contains(&name) || name == "value",
        false => OPERATORS.contains(&name) || FUNCTIONS.contains(&name) || name == "matches",
    }
}

/// A pattern that is written out must be one.
fn pattern(call: &CallExpr) -> Result<(), String> {
    let Some(Expr::Literal(LiteralValue::String(text))) = call.args.last().map(|arg| &arg.expr)
    else {
        return Ok(());
    };
    match Regex::new(text.inner()) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("invalid matches argument {:?}", text.inner())),
    }
}

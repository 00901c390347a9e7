//! Builtin functions as OPA has them, where the engine lacks them or differs.
use regorus::unstable::BUILTINS;
pub(in crate::rego) fn arity(name: &str) -> Option<usize> {
    BUILTINS.get(name).map(|b| usize::from(b.1))
}
pub(in crate::rego) fn known_but_missing(_name: &str) -> bool {
    false
}
pub(in crate::rego) fn nearest(_name: &str) -> Option<&'static str> {
    None
}

pub(in crate::rego) struct BuiltinError {
    pub(in crate::rego) name: String,
    pub(in crate::rego) message: String,
}
#[derive(Clone, Default)]
pub(in crate::rego) struct ErrorLog;
impl ErrorLog {
    pub(in crate::rego) fn take(&self) -> Vec<BuiltinError> {
        Vec::new()
    }
}
pub(in crate::rego) fn register(engine: &mut regorus::Engine, _log: &ErrorLog) {
    use regorus::Value;
    fn op(engine: &mut regorus::Engine, name: &str, f: fn(&Value, &Value) -> Value) {
        engine
            .add_extension(
                name.into(),
                2,
                Box::new(move |a: Vec<Value>| Ok(f(&a[0], &a[1]))),
            )
            .unwrap();
    }
    fn num(a: &Value, b: &Value, f: fn(f64, f64) -> f64) -> Value {
        match (a.as_f64(), b.as_f64()) {
            (Ok(x), Ok(y)) => {
                let r = f(x, y);
                if r.fract() == 0.0 {
                    Value::from(r as i64)
                } else {
                    Value::from(r)
                }
            }
            _ => Value::Undefined,
        }
    }
    op(engine, "plus", |a, b| num(a, b, |x, y| x + y));
    op(engine, "mul", |a, b| num(a, b, |x, y| x * y));
    op(engine, "div", |a, b| {
        if b.as_f64().ok() == Some(0.0) {
            Value::Undefined
        } else {
            num(a, b, |x, y| x / y)
        }
    });
    op(engine, "rem", |a, b| num(a, b, |x, y| x % y));
    op(engine, "minus", |a, b| match (a, b) {
        (Value::Set(x), Value::Set(y)) => {
            let s: std::collections::BTreeSet<Value> =
                x.iter().filter(|v| !y.contains(v)).cloned().collect();
            Value::from(s)
        }
        _ => num(a, b, |x, y| x - y),
    });
}
pub(in crate::rego) fn text_of(value: &crate::document::value::Value) -> String {
    value.to_string()
}

//! The rules of a template on one review.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::types::{CelBool, CelString};
use cel::common::value::Val;
use cel::{Context, ExecutionError, Value as CelValue};

use crate::document::value::{Object, Value};
use crate::gatekeeper::cel::functions::MAPPING;
use crate::gatekeeper::cel::value::{Composited, Variables, to_cel};
use crate::gatekeeper::cel::{CelProgram, CelViolation, Expression, FailurePolicy, Validation};

/// Functions of which Kubernetes has more forms than the crate: that one does not fit says nothing.
const NARROWER: [&str; 3] = ["indexOf", "lastIndexOf", "reverse"];

/// Why an expression has no value.
enum Failure {
    /// As in Kubernetes: the failure policy says what it means.
    Evaluation(String),
    /// It cannot be evaluated here.
    Unsupported(String),
}

impl CelProgram {
    /// What `review` (`input.review` of Rego's rules) violates under a constraint's `parameters`.
    ///
    /// # Errors
    /// What cannot be evaluated as Kubernetes does it.
    pub fn violations(
        &self,
        review: &Value,
        parameters: Option<&Value>,
    ) -> Result<Vec<CelViolation>, String> {
        catch_unwind(AssertUnwindSafe(|| self.judge_all(review, parameters)))
            .unwrap_or_else(|_| Err("the evaluation ended in a fault of the engine".to_owned()))
    }

    fn judge_all(
        &self,
        review: &Value,
        parameters: Option<&Value>,
    ) -> Result<Vec<CelViolation>, String> {
        let mut context = self.context(review);
        let mut variables = Variables::new();
        let parameters = parameters.unwrap_or(&Value::Null);
        variables.insert("params".to_owned(), Ok(to_cel(parameters)));
        variables.insert("anyObject".to_owned(), Ok(to_cel(any_object(review))));
        bind(&mut context, &variables);
        for (name, expression) in &self.variables {
            let value = match value(expression, &context) {
                Ok(value) => Ok(value),
                Err(Failure::Evaluation(error)) => Err(error),
                Err(Failure::Unsupported(error)) => return Err(error),
            };
            variables.insert(name.clone(), value);
            bind(&mut context, &variables);
        }
        match self.matches(&context)? {
            Conditions::Matched => {}
            Conditions::Unmatched => return Ok(Vec::new()),
            Conditions::Failed(message) => {
                let violation = CelViolation {
                    message,
                    validation: None,
                };
                return Ok(vec![violation]);
            }
        }
        let mut violations = Vec::new();
        for (index, validation) in self.validations.iter().enumerate() {
            if let Some(message) = self.judge(validation, &context)? {
                violations.push(CelViolation {
                    message,
                    validation: Some(index),
                });
            }
        }
        Ok(violations)
    }

    fn context(&self, review: &Value) -> Context<'static, 'static> {
        let mut context = Context::with_env(Arc::clone(&self.env));
        let is_delete = text(review, "operation") == "DELETE";
        let namespace = get(review, "namespaceObject");
        let namespace = match namespace.as_object() {
            Ok(object) if !object.is_empty() => namespace,
            Ok(_) | Err(_) => &Value::Null,
        };
        let object = match is_delete {
            true => &Value::Null,
            false => get(review, "object"),
        };
        let request = request(review);
        for (name, value) in [
            ("object", object),
            ("oldObject", get(review, "oldObject")),
            ("namespaceObject", namespace),
            ("request", &request),
        ] {
            context.add_variable_as_val(name, to_cel(value));
        }
        context
    }

    fn matches(&self, context: &Context<'static, 'static>) -> Result<Conditions, String> {
        let mut errors = Vec::new();
        for condition in &self.conditions {
            match truth(condition, context) {
                Ok(true) => {}
                Ok(false) => return Ok(Conditions::Unmatched),
                Err(Failure::Evaluation(error)) => errors.push(format!(
                    "expression '{}' resulted in error: {error}",
                    condition.text
                )),
                Err(Failure::Unsupported(error)) => return Err(error),
            }
        }
        Ok(match (errors.is_empty(), self.failure_policy) {
            (true, _) => Conditions::Matched,
            (false, FailurePolicy::Ignore) => Conditions::Unmatched,
            (false, FailurePolicy::Fail) => Conditions::Failed(errors.join(", ")),
        })
    }

    /// The message of a validation that does not hold.
    fn judge(
        &self,
        validation: &Validation,
        context: &Context<'static, 'static>,
    ) -> Result<Option<String>, String> {
        let expression = &validation.expression;
        match truth(expression, context) {
            Ok(true) => return Ok(None),
            Ok(false) => {}
            Err(Failure::Evaluation(_)) if self.failure_policy == FailurePolicy::Ignore => {
                return Ok(None);
            }
            Err(Failure::Evaluation(error)) => {
                let text = &expression.text;
                return Ok(Some(format!(
                    "expression '{text}' resulted in error: {error}"
                )));
            }
            Err(Failure::Unsupported(error)) => return Err(error),
        }
        let said = match &validation.message_expression {
            None => None,
            Some(message) => match value(message, context) {
                Ok(value) => value
                    .downcast_ref::<CelString<'_>>()
                    .map(usable)
                    .unwrap_or(None),
                Err(Failure::Evaluation(_)) => None,
                Err(Failure::Unsupported(error)) => return Err(error),
            },
        };
        let message = said.or_else(|| validation.message.clone());
        Ok(Some(message.unwrap_or_else(|| {
            format!("failed expression: {}", expression.text)
        })))
    }
}

/// What the match conditions say.
enum Conditions {
    Matched,
    Unmatched,
    Failed(String),
}

/// The text of a message expression, unless it is blank or has line breaks: then Kubernetes takes the fixed one.
fn usable(text: &CelString<'_>) -> Option<String> {
    let text = text.inner().trim();
    (!text.is_empty() && !text.contains('\n')).then(|| text.to_owned())
}

fn bind(context: &mut Context<'static, 'static>, variables: &Variables) {
    let variables = Composited(Arc::new(variables.clone()));
    context.add_variable_as_val("variables", Box::new(variables));
}

fn truth(expression: &Expression, context: &Context<'static, 'static>) -> Result<bool, Failure> {
    let value = value(expression, context)?;
    match value.downcast_ref::<CelBool>() {
        Some(flag) => Ok(*flag.inner()),
        None => Err(Failure::Evaluation("no such overload".to_owned())),
    }
}

fn value(
    expression: &Expression,
    context: &Context<'static, 'static>,
) -> Result<Box<dyn Val>, Failure> {
    CelValue::resolve_val(&expression.tree, context)
        .map(cel::common::value::CowVal::into_owned)
        .map_err(|error| failure(&error, &expression.text))
}

/// An error in the words of Kubernetes' CEL.
fn failure(error: &ExecutionError, text: &str) -> Failure {
    Failure::Evaluation(match error {
        ExecutionError::NoSuchOverload(overload) if NARROWER.contains(&overload.function()) => {
            return Failure::Unsupported(format!(
                "`{}` is evaluated for text only, not for {}: {text}",
                overload.function(),
                overload.argument_types().join(", ")
            ));
        }
        ExecutionError::FunctionError { function, message } if function == MAPPING => {
            return Failure::Unsupported(format!("{message}: {text}"));
        }
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::ValuesNotComparable(..) => "no such overload".to_owned(),
        ExecutionError::IndexOutOfBounds(CelValue::Int(index)) => {
            format!("index out of bounds: {index}")
        }
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::FunctionError { function, message } => {
            let lower = message.to_lowercase();
            let is_conversion = ["string parse error", "type conversion error"];
            match is_conversion.iter().any(|words| lower.starts_with(words)) {
                true => format!("type conversion error from 'string' to '{function}'"),
                false => message.clone(),
            }
        }
        other => other.to_string(),
    })
}

fn get<'a>(value: &'a Value, key: &str) -> &'a Value {
    let object = value.as_object().ok();
    object
        .and_then(|object| object.get(&key.into()))
        .unwrap_or(&Value::Null)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    get(value, key).as_string().map_or("", |text| text)
}

/// The object, or the old one of a deletion.
fn any_object(review: &Value) -> &Value {
    match text(review, "operation") {
        "DELETE" => get(review, "oldObject"),
        _ => get(review, "object"),
    }
}

/// `request`: the review without what has its own name or no name in CEL.
fn request(review: &Value) -> Value {
    let mut request = review.as_object().cloned().unwrap_or_default();
    for key in ["object", "oldObject", "uid", "namespaceObject"] {
        request.remove(&key.into());
    }
    let default = |request: &mut Object, key: &str, value: Value| {
        if request.get(&key.into()).is_none() {
            request.insert(key.into(), value);
        }
    };
    default(&mut request, "dryRun", Value::Bool(false));
    default(&mut request, "requestKind", get(review, "kind").clone());
    default(
        &mut request,
        "requestResource",
        get(review, "resource").clone(),
    );
    Value::from(request)
}

//! A template's CEL source: every expression is compiled and checked at load, each error at its place.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cel::{Env, extensions};

use crate::document::field::Field;
use crate::finding::{Problem, Severity};
use crate::gatekeeper::cel::check::Names;
use crate::gatekeeper::cel::functions;
use crate::gatekeeper::cel::types::Type;
use crate::gatekeeper::cel::{CelProgram, Expression, FailurePolicy, Validation};
use crate::gatekeeper::matching::read::known_fields;
use crate::gatekeeper::matching::selector::wrong_type;

/// Longest expression, in bytes.
const MAX_LENGTH: usize = 8192;
/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 64;
/// What names of variables and conditions may not start with.
const RESERVED: &str = "gatekeeper_internal_";

impl CelProgram {
    /// Reads the `source` of a `code` entry of engine `K8sNativeValidation`; what is wrong is added to `problems`, and
    /// with an error there is none.
    pub fn read(source: &Field<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut env = Env::stdlib();
        env.add_extension(extensions::strings)
            .expect("the extension is added once");
        functions::add(&mut env);
        let mut reader = Reader {
            env: &env,
            names: Names::default(),
            problems: Vec::new(),
        };
        let known = [
            "variables",
            "validations",
            "failurePolicy",
            "matchCondition",
            "generateVAP",
        ];
        known_fields(source, &known, &mut reader.problems);
        let variables = reader.variables(source);
        let conditions = reader.conditions(source);
        let validations = reader.validations(source);
        let failure_policy = reader.failure_policy(source);
        let mut found = reader.problems;
        let is_right = !found
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        problems.append(&mut found);
        is_right.then(|| Self {
            env: Arc::new(env),
            variables,
            conditions,
            validations,
            failure_policy,
        })
    }
}

struct Reader<'e> {
    env: &'e Env,
    names: Names,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn items<'a>(&mut self, source: &Field<'a>, key: &str, known: &[&str]) -> Vec<Field<'a>> {
        let Some(list) = source.get(key) else {
            return Vec::new();
        };
        let Some(items) = list.items() else {
            self.problems.push(wrong_type(&list, "a list"));
            return Vec::new();
        };
        let mut right = Vec::with_capacity(items.len());
        for item in items {
            if known_fields(&item, known, &mut self.problems) {
                right.push(item);
            }
        }
        right
    }

    fn variables(&mut self, source: &Field<'_>) -> Vec<(String, Expression)> {
        let mut variables = Vec::new();
        for item in self.items(source, "variables", &["name", "expression"]) {
            let Some(name) = self.text(&item, "name") else {
                continue;
            };
            let is_reserved =
                name.starts_with(RESERVED) || matches!(&*name, "params" | "anyObject");
            if is_reserved {
                let message = format!("`{name}` is reserved and no name of a variable");
                self.problems.push(item.error(message));
            }
            let Some((expression, found)) = self.expression(&item, "expression") else {
                // What uses it is not wrong for that.
                self.names.variables.push((name, Type::Any));
                continue;
            };
            self.names.variables.push((name.clone(), found));
            variables.push((name, expression));
        }
        variables
    }

    fn conditions(&mut self, source: &Field<'_>) -> Vec<Expression> {
        let mut conditions = Vec::new();
        for item in self.items(source, "matchCondition", &["name", "expression"]) {
            if let Some(name) = self.text(&item, "name")
                && name.starts_with(RESERVED)
            {
                let message = format!(
                    "{name} is not a valid match condition; cannot have {RESERVED:?} as a prefix"
                );
                self.problems.push(item.error(message));
            }
            conditions.extend(self.truth(&item));
        }
        conditions
    }

    fn validations(&mut self, source: &Field<'_>) -> Vec<Validation> {
        let mut validations = Vec::new();
        let known = ["expression", "message", "messageExpression"];
        for item in self.items(source, "validations", &known) {
            let message = item
                .get("message")
                .and_then(|_| self.text(&item, "message"));
            let said = item
                .get("messageExpression")
                .filter(|field| field.text() != Some(""))
                .and_then(|field| {
                    let (expression, found) = self.expression(&item, "messageExpression")?;
                    if !found.agrees(&Type::Text) {
                        let message = format!("must evaluate to string but got {}", found.word());
                        self.problems.push(field.error(message));
                    }
                    Some(expression)
                });
            let Some(expression) = self.truth(&item) else {
                continue;
            };
            let place = item.get("expression").unwrap_or_else(|| item.clone());
            validations.push(Validation {
                expression,
                message: message.filter(|text| !text.is_empty()),
                message_expression: said,
                location: place.location(),
            });
        }
        validations
    }

    fn failure_policy(&mut self, source: &Field<'_>) -> FailurePolicy {
        let Some(field) = source.get("failurePolicy") else {
            return FailurePolicy::Fail;
        };
        match field.text() {
            Some("Fail") => FailurePolicy::Fail,
            Some("Ignore") => FailurePolicy::Ignore,
            Some(other) => {
                let message = format!("unrecognized failure policy: {other}");
                let problem = field.error(message).help("Known are Fail and Ignore.");
                self.problems.push(problem);
                FailurePolicy::Fail
            }
            None => {
                self.problems.push(wrong_type(&field, "a string"));
                FailurePolicy::Fail
            }
        }
    }

    /// The `expression` of an item, which must be true or false.
    fn truth(&mut self, item: &Field<'_>) -> Option<Expression> {
        let (expression, found) = self.expression(item, "expression")?;
        if found != Type::Bool {
            let message = format!("must evaluate to bool but got {}", found.word());
            let place = item.get("expression").unwrap_or_else(|| item.clone());
            let problem = place.error(message);
            self.problems.push(match found {
                Type::Any => problem.help("Compare it, for example `… == true`: Kubernetes refuses what may be no boolean."),
                _ => problem,
            });
            return None;
        }
        Some(expression)
    }

    fn expression(&mut self, item: &Field<'_>, key: &str) -> Option<(Expression, Type)> {
        let text = self.text(item, key)?;
        let field = item.get(key)?;
        let help = "CEL is evaluated only as far as it gives Kubernetes' answers; a source of engine `Rego` is evaluated whole.";
        match self.compile(&text) {
            Ok((tree, found)) => Some((Expression { text, tree }, found)),
            Err(message) => {
                let problem = field.error(format!("the CEL expression cannot be used: {message}"));
                self.problems.push(problem.help(help));
                None
            }
        }
    }

    fn compile(&mut self, text: &str) -> Result<(IdedExpr, Type), String> {
        if text.len() > MAX_LENGTH || depth(text) > MAX_DEPTH {
            return Err(format!(
                "it is longer than {MAX_LENGTH} bytes or nests deeper than {MAX_DEPTH} brackets"
            ));
        }
        let compiled = catch_unwind(AssertUnwindSafe(|| self.env.compile(text)))
            .map_err(|_| "compiling it ended in a fault of the engine".to_owned())?;
        let program = compiled.map_err(|errors| {
            errors.errors.first().map_or_else(String::new, |error| {
                let (line, column) = error.pos;
                format!("line {line}, column {column}: {}", error.msg)
            })
        })?;
        let found = self.names.type_of(program.expression())?;
        Ok((functions::rewritten(program.expression().clone()), found))
    }

    fn text(&mut self, item: &Field<'_>, key: &str) -> Option<String> {
        let Some(field) = item.get(key) else {
            let message = format!("{}.{key}: Required value", item.path());
            self.problems.push(item.error(message));
            return None;
        };
        let text = field.text();
        if text.is_none() {
            self.problems.push(wrong_type(&field, "a string"));
        }
        text.map(str::to_owned)
    }
}

fn depth(text: &str) -> usize {
    let mut open = 0_usize;
    let mut deepest = 0;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
            }
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

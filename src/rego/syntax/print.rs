//! Tree → text for the engine, one statement of a rule's body a line, with a table that leads back to the source.

use std::fmt::Write as _;

use crate::rego::syntax::Version;
use crate::rego::syntax::ast::{
    Body, Expr, ExprKind, Head, Import, Module, Operator, Rule, Statement, StatementKind, Step,
    TemplatePart, join_path,
};
use crate::source::Span;

/// The text of a module for the engine.
#[derive(Clone, Debug, Default)]
pub(in crate::rego) struct Printed {
    /// The text.
    pub(in crate::rego) text: String,
    /// Offset in the text → span in the source, ascending.
    places: Vec<(u32, Span)>,
    /// Offset of each line of the text.
    lines: Vec<u32>,
}

impl Printed {
    /// The span in the source of what stands at this line and column (from 1) of the text.
    pub(in crate::rego) fn origin(&self, line: u32, column: u32) -> Option<Span> {
        let start = *self.lines.get((line as usize).checked_sub(1)?)?;
        let rest = self.text.get(start as usize..)?;
        let within: usize = rest
            .chars()
            .take(column.max(1) as usize - 1)
            .map(char::len_utf8)
            .sum();
        let offset = start.saturating_add(u32::try_from(within).unwrap_or(u32::MAX));
        let index = self.places.partition_point(|&(place, _)| place <= offset);
        self.places
            .get(index.checked_sub(1)?)
            .map(|&(_, span)| span)
    }
}

/// Prints a module.
pub(in crate::rego) fn module(module: &Module) -> Printed {
    let mut printer = Printer {
        printed: Printed::default(),
        version: module.version,
        depth: 0,
    };
    printer.module(module);
    let text = &printer.printed.text;
    let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
    printer.printed.lines = std::iter::once(0)
        .chain(breaks.map(|(offset, _)| u32::try_from(offset + 1).unwrap_or(u32::MAX)))
        .collect();
    printer.printed
}

struct Printer {
    printed: Printed,
    version: Version,
    /// How many comprehensions and `every` bodies we are in: these stay on one line.
    depth: usize,
}

impl Printer {
    fn write(&mut self, text: &str) {
        self.printed.text.push_str(text);
    }

    fn mark(&mut self, span: Span) {
        let offset = u32::try_from(self.printed.text.len()).unwrap_or(u32::MAX);
        self.printed.places.push((offset, span));
    }

    fn module(&mut self, module: &Module) {
        self.mark(module.package_span);
        self.write("package ");
        self.write(&join_path(&module.package));
        self.write("\n");
        let mut seen = std::collections::BTreeSet::new();
        for import in &module.imports {
            // The engine refuses to have the same import twice, and knows v1's keywords by itself.
            let is_not = import.path.last().is_some_and(|last| &**last == "not");
            let known = import.is_keywords() && (is_not || self.version == Version::V1);
            if !known && seen.insert((&import.path, &import.alias)) {
                self.import(import);
            }
        }
        for rule in &module.rules {
            self.rule(rule);
        }
    }

    fn import(&mut self, import: &Import) {
        self.mark(import.span);
        self.write("import ");
        self.write(&join_path(&import.path));
        if let Some(alias) = &import.alias {
            self.write(" as ");
            self.write(alias);
        }
        self.write("\n");
    }

    fn rule(&mut self, rule: &Rule) {
        self.mark(rule.head.span);
        if rule.is_default {
            self.write("default ");
        }
        self.head(&rule.head, rule.body.is_some() || rule.is_default);
        if let Some(body) = &rule.body {
            self.braced(body);
        }
        for other in &rule.otherwise {
            self.mark(other.span);
            self.write(" else");
            match &other.value {
                Some(value) => self.value(value),
                None => self.write(self.assign_true()),
            }
            if let Some(body) = &other.body {
                self.braced(body);
            }
        }
        self.write("\n");
    }

    fn assign_true(&self) -> &'static str {
        match self.version {
            Version::V0 => " = true",
            Version::V1 => " := true",
        }
    }

    fn value(&mut self, value: &Expr) {
        self.write(match self.version {
            Version::V0 => " = ",
            Version::V1 => " := ",
        });
        self.expr(value);
    }

    fn head(&mut self, head: &Head, has_body: bool) {
        self.expr(&head.reference);
        if let Some(args) = &head.args {
            self.write("(");
            self.items(args);
            self.write(")");
        }
        if let Some(member) = &head.member {
            let is_name = head.reference.as_var().is_some();
            if self.version == Version::V0 && is_name {
                self.write("[");
                self.expr(member);
                self.write("]");
            } else {
                self.write(" contains ");
                self.expr(member);
            }
        }
        match &head.value {
            Some(value) => self.value(value),
            None => {
                let is_map = matches!(&head.reference.kind, ExprKind::Ref(..));
                let needs_value = head.member.is_none() && (is_map || !has_body);
                if needs_value {
                    self.write(self.assign_true());
                }
            }
        }
    }

    fn braced(&mut self, body: &Body) {
        self.write(match self.version {
            Version::V0 => " {\n",
            Version::V1 => " if {\n",
        });
        for statement in body {
            self.statement(statement);
            self.write("\n");
        }
        self.write("}");
    }

    fn inline(&mut self, body: &Body) {
        self.depth += 1;
        for (index, statement) in body.iter().enumerate() {
            if index > 0 {
                self.write("; ");
            }
            self.statement(statement);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, statement: &Statement) {
        self.mark(statement.span);
        match &statement.kind {
            StatementKind::Some(names) => {
                self.write("some ");
                for (index, name) in names.iter().enumerate() {
                    if index > 0 {
                        self.write(", ");
                    }
                    self.write(&name.text);
                }
            }
            StatementKind::SomeIn {
                key,
                value,
                collection,
            } => {
                self.write("some ");
                if let Some(key) = key {
                    self.expr(key);
                    self.write(", ");
                }
                self.expr(value);
                self.write(" in ");
                self.operand(collection);
            }
            StatementKind::Every {
                key,
                value,
                domain,
                body,
            } => {
                self.write("every ");
                if let Some(key) = key {
                    self.write(&key.text);
                    self.write(", ");
                }
                self.write(&value.text);
                self.write(" in ");
                self.operand(domain);
                self.write(" { ");
                self.inline(body);
                self.write(" }");
            }
            StatementKind::Expr(expr) => self.literal(expr),
            StatementKind::Not(expr) => {
                self.write("not ");
                self.literal(expr);
            }
        }
        for with in &statement.with {
            self.write(" with ");
            self.expr(&with.target);
            self.write(" as ");
            self.operand(&with.value);
        }
    }

    /// The expression of a statement: assignment and unification stand without parentheses.
    fn literal(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(operator, left, right) => {
                self.mark(expr.span);
                self.operand(left);
                let _ = write!(self.printed.text, " {} ", operator.as_str());
                self.operand(right);
            }
            // A statement that starts with a brace would be taken for a body.
            ExprKind::Object(_) | ExprKind::Set(_) => {
                self.write("(");
                self.expr(expr);
                self.write(")");
            }
            _ => self.expr(expr),
        }
    }

    fn operand(&mut self, expr: &Expr) {
        if matches!(expr.kind, ExprKind::Binary(..) | ExprKind::In(..)) {
            self.write("(");
            self.expr(expr);
            self.write(")");
        } else {
            self.expr(expr);
        }
    }

    fn items(&mut self, items: &[Expr]) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.write(", ");
            }
            self.operand(item);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.mark(expr.span);
        match &expr.kind {
            ExprKind::Null => self.write("null"),
            ExprKind::Bool(true) => self.write("true"),
            ExprKind::Bool(false) => self.write("false"),
            ExprKind::Number(text) => self.write(text),
            ExprKind::String(text) => self.string(text),
            ExprKind::Template(parts) => self.template(parts),
            ExprKind::Var(name) => self.write(name),
            ExprKind::Array(items) => {
                self.write("[");
                self.items(items);
                self.write("]");
            }
            ExprKind::Set(items) if items.is_empty() => self.write("set()"),
            ExprKind::Set(items) => {
                self.write("{");
                self.items(items);
                self.write("}");
            }
            ExprKind::Object(entries) => self.object(entries),
            ExprKind::ArrayCompr(term, body) => self.comprehension("[", term, body, "]"),
            ExprKind::SetCompr(term, body) => self.comprehension("{", term, body, "}"),
            ExprKind::ObjectCompr(key, value, body) => {
                self.write("{");
                self.operand(key);
                self.write(": ");
                self.comprehension("", value, body, "}");
            }
            ExprKind::Ref(head, steps) => {
                self.expr(head);
                self.steps(steps);
            }
            ExprKind::Call(function, args) => {
                self.expr(function);
                self.write("(");
                self.items(args);
                self.write(")");
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::In(key, value, collection) => {
                if let Some(key) = key {
                    self.operand(key);
                    self.write(", ");
                }
                self.operand(value);
                self.write(" in ");
                self.operand(collection);
            }
        }
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) {
        self.operand(left);
        let _ = write!(self.printed.text, " {} ", operator.as_str());
        self.operand(right);
    }

    fn string(&mut self, text: &str) {
        self.write(&serde_json::Value::from(text).to_string());
    }

    fn object(&mut self, entries: &[(Expr, Expr)]) {
        self.write("{");
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.write(", ");
            }
            self.operand(key);
            self.write(": ");
            self.operand(value);
        }
        self.write("}");
    }

    fn comprehension(&mut self, open: &str, term: &Expr, body: &Body, close: &str) {
        self.write(open);
        self.operand(term);
        self.write(" | ");
        self.inline(body);
        self.write(close);
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Field(name) => {
                    self.write(".");
                    self.write(&name.text);
                }
                Step::Index(index) => {
                    self.write("[");
                    self.operand(index);
                    self.write("]");
                }
            }
        }
    }

    /// As it is written; what is loaded into the engine has none any more.
    fn template(&mut self, parts: &[TemplatePart]) {
        self.write("$\"");
        for part in parts {
            match part {
                TemplatePart::Text(text) => {
                    let quoted = serde_json::Value::from(&**text).to_string();
                    self.write(&quoted[1..quoted.len() - 1].replace('{', "\\{"));
                }
                TemplatePart::Expr(expr) => {
                    self.write("{");
                    self.expr(expr);
                    self.write("}");
                }
            }
        }
        self.write("\"");
    }
}

//! Rules and their heads and bodies.

use super::{NO_IF, Parsed, Parser};
use crate::rego::syntax::ast::{
    Body, Else, Expr, ExprKind, Head, Name, Rule, Statement, StatementKind, Step, With,
};
use crate::rego::syntax::lexer::Kind;
use crate::rego::syntax::visit::{Visitor, walk_expr};
use crate::rego::syntax::{SyntaxError, Version};

impl Parser<'_> {
    /// One rule; chained bodies give a rule each.
    pub(super) fn rules(&mut self, rules: &mut Vec<Rule>) -> Parsed<()> {
        if self.at("default") {
            rules.push(self.default_rule()?);
            return self.rule_ends();
        }
        let start = self.token().span.start;
        let mut head = self.head()?;
        let uses_if = self.keywords.r#if && self.at("if");
        let body = self.rule_body()?;
        self.check_head(&mut head, body.is_some(), uses_if)?;
        let chained = self.at("{") && body.is_some();
        let otherwise = if chained || body.is_none() {
            Vec::new()
        } else {
            self.otherwise()?
        };
        if let Some(other) = otherwise.first() {
            let message = match &head.reference.kind {
                _ if head.member.is_some() => "`else` cannot be used with a rule that gives a set",
                ExprKind::Ref(_, steps) if steps.iter().any(has_variable) => {
                    "`else` cannot be used with a rule whose head has variables"
                }
                _ => "",
            };
            if !message.is_empty() {
                return Err(SyntaxError::new(other.span, message));
            }
        }
        rules.push(Rule {
            span: self.span_from(start),
            is_default: false,
            head: head.clone(),
            body,
            otherwise,
        });
        while chained && self.at("{") {
            let start = self.token().span.start;
            let body = self.braced_body()?;
            rules.push(Rule {
                span: self.span_from(start),
                is_default: false,
                head: head.clone(),
                body: Some(body),
                otherwise: Vec::new(),
            });
        }
        self.rule_ends()
    }

    fn rule_ends(&mut self) -> Parsed<()> {
        // As OPA, the next rule may follow on the same line.
        if self.at_end() || self.at(";") || self.token().kind == Kind::Ident {
            return Ok(());
        }
        Err(self.unexpected("expected the end of the rule"))
    }

    fn default_rule(&mut self) -> Parsed<Rule> {
        let start = self.advance().span.start;
        let mut head = self.head()?;
        if head.member.is_some() {
            let message = "`default` cannot be used with a rule that gives a set";
            return Err(SyntaxError::new(head.span, message));
        }
        if head.value.is_none() {
            return Err(self.unexpected("expected `:=` and the default value"));
        }
        head.span = self.span_from(start);
        Ok(Rule {
            span: self.span_from(start),
            is_default: true,
            head,
            body: None,
            otherwise: Vec::new(),
        })
    }

    fn head(&mut self) -> Parsed<Head> {
        let start = self.token().span.start;
        let name = self.name("the name of a rule")?;
        let mut reference = Expr::var(name.span, name.text);
        let mut steps = Vec::new();
        while (self.at(".") || self.at("[")) && self.token().joined {
            steps.push(self.step()?);
        }
        if !steps.is_empty() {
            reference = Expr::new(
                self.span_from(start),
                ExprKind::Ref(Box::new(reference), steps),
            );
        }
        let args = if self.at("(") && self.token().joined {
            self.advance();
            Some(self.list(")")?)
        } else {
            None
        };
        let member = if self.keywords.contains && self.at("contains") && args.is_none() {
            self.advance();
            Some(self.term_expr()?)
        } else {
            None
        };
        let value = if member.is_none() && (self.at(":=") || self.at("=")) {
            self.advance();
            Some(self.term_expr()?)
        } else {
            None
        };
        Ok(Head {
            span: self.span_from(start),
            reference,
            args,
            member,
            value,
        })
    }

    /// What a head without `contains` and without a value means depends on the version and on `if`.
    fn check_head(&self, head: &mut Head, has_body: bool, uses_if: bool) -> Parsed<()> {
        let bare = head.member.is_none() && head.value.is_none() && head.args.is_none();
        let v1 = self.version == Version::V1;
        if bare && !uses_if && !v1 {
            // As OPA's v0: `p[x]` and `p.x` add x to a set; longer references give `true`.
            if let ExprKind::Ref(name, steps) = &head.reference.kind
                && let [step] = steps.as_slice()
            {
                head.member = Some(match step {
                    Step::Index(index) => index.clone(),
                    Step::Field(field) => {
                        Expr::new(field.span, ExprKind::String(field.text.clone()))
                    }
                });
                head.reference = (**name).clone();
                return Ok(());
            }
        }
        if !has_body && bare {
            if matches!(&head.reference.kind, ExprKind::Ref(_, steps) if steps.len() > 1) && !v1 {
                return Ok(());
            }
            return Err(SyntaxError::new(
                head.span,
                format!(
                    "`{}` is no rule: it has neither a value nor a body",
                    self.slice(head)
                ),
            )
            .help("Rules look like `deny contains msg if { … }`."));
        }
        Ok(())
    }

    fn slice(&self, head: &Head) -> &str {
        let (start, end) = (head.span.start as usize, head.span.end as usize);
        self.text.get(start..end).unwrap_or("")
    }

    fn rule_body(&mut self) -> Parsed<Option<Body>> {
        if self.keywords.r#if && self.accept("if") {
            return self.if_body().map(Some);
        }
        if !self.at("{") {
            return Ok(None);
        }
        if self.version == Version::V1 {
            return Err(
                SyntaxError::new(self.token().span, NO_IF)
                    .help("Rego v1 writes `deny contains msg if { … }`; a v0 file must not use `if`, `contains` or `import rego.v1`."),
            );
        }
        self.braced_body().map(Some)
    }

    /// What follows `if`: one statement where it can be read as one, else a body in braces. As in OPA, a set in braces is no
    /// statement here, so that `if { input.a }` is a body; `if {1} == {1}` and `if {"a": 1}` are statements.
    fn if_body(&mut self) -> Parsed<Body> {
        if !self.at("{") {
            return Ok(vec![self.statement()?]);
        }
        let first = self.next;
        let other = match self.statement() {
            Ok(statement) if !is_set(&statement) => return Ok(vec![statement]),
            Ok(_) => None,
            Err(error) => Some((self.next, error)),
        };
        self.next = first;
        // The reading that comes further says what is wrong.
        self.braced_body().map_err(|error| match other {
            Some((end, other)) if end > self.next => other,
            Some(_) | None => error,
        })
    }

    /// What follows the `if` of an `else`: as in OPA, braces are always a body's.
    fn else_body(&mut self) -> Parsed<Option<Body>> {
        if !(self.keywords.r#if && self.at("if")) {
            return self.rule_body();
        }
        self.advance();
        if self.at("{") {
            return self.braced_body().map(Some);
        }
        Ok(Some(vec![self.statement()?]))
    }

    fn otherwise(&mut self) -> Parsed<Vec<Else>> {
        let mut all = Vec::new();
        while self.at("else") {
            let start = self.advance().span.start;
            let value = if self.at(":=") || self.at("=") {
                self.advance();
                Some(self.term_expr()?)
            } else {
                None
            };
            let body = self.else_body()?;
            if body.is_none() && value.is_none() {
                return Err(self.unexpected("expected a value or a body after `else`"));
            }
            all.push(Else {
                span: self.span_from(start),
                value,
                body,
            });
        }
        Ok(all)
    }

    pub(super) fn braced_body(&mut self) -> Parsed<Body> {
        let open = self.expect("{", "before the body")?;
        if self.at("}") {
            return Err(SyntaxError::new(open.span, "the body is empty"));
        }
        let body = self.nested(|parser| parser.statements("}"))?;
        self.expect("}", "after the body")?;
        Ok(body)
    }

    /// Statements up to `close`, which is not read.
    pub(super) fn statements(&mut self, close: &str) -> Parsed<Body> {
        let mut body = Vec::new();
        loop {
            while self.accept(";") {}
            if self.at(close) && !body.is_empty() {
                return Ok(body);
            }
            body.push(self.statement()?);
            if self.at(close) {
                return Ok(body);
            }
            let separated = self.at(";") || self.token().line > self.last_line();
            if !separated || self.at_end() {
                let wanted = format!("expected a new line, `;` or `{close}`");
                return Err(self.unexpected(&wanted));
            }
        }
    }

    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let start = self.token().span.start;
        let kind = if self.at("not") {
            self.advance();
            if self.keywords.not && self.at("{") {
                let body = self.braced_body()?;
                StatementKind::Expr(Expr::nothing_of(self.span_from(start), body))
            } else {
                StatementKind::Not(self.literal_expr()?)
            }
        } else if self.at("some") {
            self.advance();
            self.some()?
        } else if self.keywords.every && self.at("every") {
            self.advance();
            self.every()?
        } else {
            StatementKind::Expr(self.literal_expr()?)
        };
        let mut with = Vec::new();
        while self.at("with") {
            self.advance();
            let target = self.with_target()?;
            self.expect("as", "after what `with` replaces")?;
            let value = self.term_expr()?;
            with.push(With { target, value });
        }
        Ok(Statement {
            span: self.span_from(start),
            kind,
            with,
        })
    }

    fn with_target(&mut self) -> Parsed<Expr> {
        let start = self.token().span.start;
        let name = self.name("`input`, `data` or a function after `with`")?;
        let head = Expr::var(name.span, name.text);
        let mut steps = Vec::new();
        while (self.at(".") || self.at("[")) && self.token().joined {
            steps.push(self.step()?);
        }
        if steps.is_empty() {
            return Ok(head);
        }
        let kind = ExprKind::Ref(Box::new(head), steps);
        Ok(Expr::new(self.span_from(start), kind))
    }

    fn some(&mut self) -> Parsed<StatementKind> {
        let first = self.term_expr_without_in()?;
        let second = if self.at(",") {
            self.advance();
            Some(self.term_expr_without_in()?)
        } else {
            None
        };
        if self.keywords.r#in && self.at("in") {
            self.advance();
            let collection = self.collection()?;
            let (key, value) = match second {
                Some(value) => (Some(first), value),
                None => (None, first),
            };
            return Ok(StatementKind::SomeIn {
                key,
                value,
                collection,
            });
        }
        let mut names = vec![self.declared(first)?];
        if let Some(second) = second {
            names.push(self.declared(second)?);
        }
        while self.accept(",") {
            names.push(self.name("a variable")?);
        }
        Ok(StatementKind::Some(names))
    }

    fn declared(&self, expr: Expr) -> Parsed<Name> {
        match expr.as_var() {
            Some(name) => Ok(Name {
                text: name.clone(),
                span: expr.span,
            }),
            None => {
                let help = if self.keywords.r#in {
                    ""
                } else {
                    "`some … in` needs `import future.keywords.in` in Rego v0."
                };
                Err(SyntaxError::new(expr.span, "`some` declares variables").help(help))
            }
        }
    }

    fn every(&mut self) -> Parsed<StatementKind> {
        let first = self.name("a variable after `every`")?;
        let (key, value) = if self.accept(",") {
            (Some(first), self.name("a variable")?)
        } else {
            (None, first)
        };
        self.expect("in", "after the variables of `every`")?;
        let domain = self.collection()?;
        let body = self.braced_body()?;
        Ok(StatementKind::Every {
            key,
            value,
            domain,
            body,
        })
    }
}

fn is_set(statement: &Statement) -> bool {
    matches!(&statement.kind, StatementKind::Expr(expr) if matches!(expr.kind, ExprKind::Set(_)))
}

/// Whether a step of a head is not the same for all documents.
fn has_variable(step: &Step) -> bool {
    struct Variables(bool);
    impl Visitor for Variables {
        fn expr(&mut self, expr: &Expr) {
            self.0 |= expr.as_var().is_some();
            walk_expr(self, expr);
        }
    }
    let Step::Index(index) = step else {
        return false;
    };
    let mut variables = Variables(false);
    variables.expr(index);
    variables.0
}

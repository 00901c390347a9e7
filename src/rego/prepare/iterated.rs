//! Moves what iterates in front of the statement that takes one value of it, as OPA's compiler does: the value of a `with`
//! and the domain of an `every`.

use std::sync::Arc;

use crate::rego::prepare::values::{bind, iterates};
use crate::rego::syntax::ast::{Body, Rule, StatementKind};
use crate::rego::syntax::visit::{Rewriter, rewrite_rule, rewrite_statement};

/// Rewrites `bad with input as input.cs[_]` to `with__1 := input.cs[_]; bad with input as with__1` and
/// `every x in ls[_] { … }` to `domain__1 := ls[_]; every x in domain__1 { … }` wherever they stand in the rule.
pub(super) fn move_out(rule: &mut Rule) {
    rewrite_rule(&mut Mover { count: 0 }, rule);
}

struct Mover {
    count: usize,
}

impl Mover {
    fn name(&mut self, what: &str) -> Arc<str> {
        self.count += 1;
        format!("{what}__{}", self.count).into()
    }
}

impl Rewriter for Mover {
    fn body(&mut self, body: &mut Body) {
        let statements = std::mem::take(body);
        for mut statement in statements {
            rewrite_statement(self, &mut statement);
            if let StatementKind::Every { domain, .. } = &mut statement.kind
                && iterates(domain)
            {
                let mut before = bind(domain, self.name("domain"));
                before.with.clone_from(&statement.with);
                body.push(before);
            }
            for with in &mut statement.with {
                if iterates(&with.value) {
                    body.push(bind(&mut with.value, self.name("with")));
                }
            }
            body.push(statement);
        }
    }
}

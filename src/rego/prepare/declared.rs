//! Takes `some x` away once every variable has a name that hides nothing.
//!
//! The engine declares `x` again for each element that a statement before it is iterated over, and takes the second time
//! for an error. All that `some x` says has been done by then: the variable is local, and named like nothing else.

use crate::rego::syntax::ast::{Body, Rule, StatementKind};
use crate::rego::syntax::visit::{Rewriter, rewrite_rule, rewrite_statement};

/// Rewrites `some x; xs[x] > 1` to `xs[x] > 1` wherever it stands in the rule.
pub(super) fn drop(rule: &mut Rule) {
    rewrite_rule(&mut Dropper, rule);
}

struct Dropper;

impl Rewriter for Dropper {
    fn body(&mut self, body: &mut Body) {
        let says_more = |kind: &StatementKind| !matches!(kind, StatementKind::Some(_));
        // A body that only declares holds; an empty one is no body.
        if body.iter().any(|statement| says_more(&statement.kind)) {
            body.retain(|statement| says_more(&statement.kind));
        }
        for statement in body {
            rewrite_statement(self, statement);
        }
    }
}

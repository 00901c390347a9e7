//! What is evaluated in front of a `not`.

use crate::rego::syntax::ast::Operator;
use crate::rego::trace::machine::{Machine, Stop};
use crate::rego::trace::plan::{Node, NodeKind};
use crate::rego::trace::term::Frame;

impl Machine<'_> {
    /// As OPA's compiler, which moves operands out of `not`: where one is undefined, the statement does not hold.
    pub(super) fn operands_are_defined(
        &mut self,
        node: &Node,
        frame: &mut Frame,
    ) -> Result<bool, Stop> {
        if let NodeKind::Ref(head, steps) = &node.kind
            && matches!(head.kind, NodeKind::Local(_) | NodeKind::Input)
            && steps.iter().all(|step| step.as_key().is_some())
        {
            return Ok(true);
        }
        for operand in operands(node) {
            if !operand.open && self.value(operand, frame)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What is evaluated outside of a `not` in front of an expression.
fn operands(node: &Node) -> Vec<&Node> {
    match &node.kind {
        NodeKind::Call(_, args) => args.iter().collect(),
        NodeKind::In(..) => node.parts(),
        NodeKind::Compare(Operator::Equal, sides) | NodeKind::Unify(sides) => {
            // References that are compared for equality stay, what they are indexed with does not.
            [&sides.0, &sides.1]
                .into_iter()
                .flat_map(stay_or_move)
                .collect()
        }
        NodeKind::Compare(_, sides) => vec![&sides.0, &sides.1],
        NodeKind::Ref(..) | NodeKind::Data(_) => indexes(node),
        NodeKind::Array(items) | NodeKind::Set(items) => items.iter().collect(),
        NodeKind::Object(entries) => entries.iter().flat_map(|(k, v)| [k, v]).collect(),
        NodeKind::Constant(_)
        | NodeKind::Local(_)
        | NodeKind::Input
        | NodeKind::Comprehension(_)
        | NodeKind::Template(_) => Vec::new(),
    }
}

fn stay_or_move(side: &Node) -> Vec<&Node> {
    match &side.kind {
        NodeKind::Ref(..) | NodeKind::Data(_) => indexes(side),
        NodeKind::Local(_) => Vec::new(),
        _ => vec![side],
    }
}

fn indexes(reference: &Node) -> Vec<&Node> {
    match &reference.kind {
        NodeKind::Ref(head, steps) => {
            let is_made = matches!(
                head.kind,
                NodeKind::Call(..) | NodeKind::Array(_) | NodeKind::Set(_) | NodeKind::Object(_)
            );
            let made = is_made.then_some(&**head);
            made.into_iter().chain(steps).collect()
        }
        NodeKind::Data(steps) => steps.iter().collect(),
        _ => Vec::new(),
    }
}

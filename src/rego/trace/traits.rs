//! What statements say about their bodies whatever the input is: found out once a statement.

use crate::rego::trace::explain::Explainer;
use crate::rego::trace::plan::{Class, GroupId, Node, NodeKind, Statement, StatementKind, Traits};
use crate::rego::trace::rules::calls_group;

impl Explainer<'_, '_> {
    /// What a statement says about its body.
    pub(super) fn traits(&self, statement: &Statement) -> Traits {
        *statement.traits.get_or_init(|| {
            let negated = self.negated(statement);
            Traits {
                negated,
                exempts: negated.is_some_and(|group| self.exempts(group)),
                only_formats: self.only_formats(statement),
            }
        })
    }

    /// Whether a rule or function of the policies exempts by its name.
    fn exempts(&self, group: GroupId) -> bool {
        const WORDS: [&str; 9] = [
            "exempt",
            "exception",
            "exclud",
            "ignore",
            "skip",
            "bypass",
            "waive",
            "whitelist",
            "allowlist",
        ];
        let name = self.machine.program.groups[group].path.last();
        let name = name.map(|name| name.to_ascii_lowercase());
        name.is_some_and(|name| WORDS.iter().any(|word| name.contains(word)))
    }

    /// The rule or function of the policies that a statement says is not so.
    fn negated(&self, statement: &Statement) -> Option<GroupId> {
        match &statement.kind {
            StatementKind::Not(node) => self.group_of(node),
            _ => None,
        }
    }

    /// The rule or function of the policies that an expression is a reference to or a call of.
    fn group_of(&self, node: &Node) -> Option<GroupId> {
        match &node.kind {
            NodeKind::Data(steps) => self.machine.group_at(steps),
            _ => calls_group(node),
        }
    }

    /// A call of a function of the policies that tests nothing.
    fn only_formats(&self, statement: &Statement) -> bool {
        let StatementKind::Holds(node) = &statement.kind else {
            return false;
        };
        let NodeKind::Unify(sides) = &node.kind else {
            return false;
        };
        let group = self.group_of(&sides.0);
        let group = group.or_else(|| self.group_of(&sides.1));
        group.is_some_and(|group| {
            let definitions = &self.machine.program.groups[group].definitions;
            definitions.iter().all(|definition| {
                let branches = definition.branches.iter();
                let mut ranked = branches.flat_map(|branch| &branch.body.ranked);
                !ranked.any(|(_, class)| matches!(class, Class::Test | Class::Answer))
            })
        })
    }
}

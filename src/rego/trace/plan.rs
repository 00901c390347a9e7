//! A program as our own evaluator runs it: names resolved, variables numbered, statements in an order in which each finds its
//! variables bound.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::document::value::Value;
use crate::rego::prepare::names::DataPath;
use crate::rego::syntax::ast::Operator;
use crate::source::Span;

/// Number of a variable of a rule.
pub(in crate::rego) type Slot = usize;
/// Number of a rule's name: all its definitions.
pub(in crate::rego) type GroupId = usize;

/// All rules of a policy set.
#[derive(Debug, Default)]
pub(in crate::rego) struct Program {
    /// The rules by number.
    pub(in crate::rego) groups: Vec<Group>,
    /// Where they are below `data`.
    pub(in crate::rego) tree: DataNode,
}

/// A node below `data`.
#[derive(Debug, Default)]
pub(in crate::rego) struct DataNode {
    /// The nodes below.
    pub(in crate::rego) children: BTreeMap<Arc<str>, DataNode>,
    /// The rule that is here.
    pub(in crate::rego) group: Option<GroupId>,
}

impl DataNode {
    /// The node that keys lead to.
    pub(in crate::rego) fn at<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Arc<str>>,
    ) -> Option<&Self> {
        let mut keys = keys.into_iter();
        keys.try_fold(self, |node, key| node.children.get(key))
    }
}

/// All definitions of one name.
#[derive(Debug)]
pub(in crate::rego) struct Group {
    /// Its path, `data` included.
    pub(in crate::rego) path: DataPath,
    /// What it gives.
    pub(in crate::rego) kind: GroupKind,
    /// Its definitions in the order of the modules, without defaults.
    pub(in crate::rego) definitions: Vec<Definition>,
    /// What it gives where no body holds.
    pub(in crate::rego) default: Option<Fallback>,
    /// Whether all its bodies give one and the same value, whatever they find.
    pub(in crate::rego) agrees: bool,
}

impl Group {
    /// Whether all its bodies give one and the same value.
    pub(super) fn agree(&self) -> bool {
        let branches = || self.definitions.iter().flat_map(|it| &it.branches);
        let first = branches().next().map(|branch| branch.constant());
        branches().all(|branch| branch.is_constant() && Some(branch.constant()) == first)
    }
}

/// The value of a rule none of whose bodies holds.
#[derive(Debug)]
pub(in crate::rego) struct Fallback {
    /// The value.
    pub(in crate::rego) value: Node,
    /// How many variables it has.
    pub(in crate::rego) n_slots: usize,
    /// Whether it hangs on nothing, as OPA wants it.
    pub(in crate::rego) is_fixed: bool,
}

/// What a rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum GroupKind {
    /// One value.
    Complete,
    /// A set, an object, or objects of these: each body adds to it.
    Partial,
    /// A value for arguments.
    Function,
}

/// One definition: a head and the bodies that are tried in turn.
#[derive(Debug)]
pub(in crate::rego) struct Definition {
    /// How many variables it has.
    pub(in crate::rego) n_slots: usize,
    /// Patterns of its arguments.
    pub(in crate::rego) args: Vec<Node>,
    /// What follows the constant part of its head's path.
    pub(in crate::rego) keys: Vec<Node>,
    /// The body, then those under `else`.
    pub(in crate::rego) branches: Vec<Arc<Branch>>,
    /// What its variables are called.
    pub(in crate::rego) names: BTreeMap<Slot, Arc<str>>,
    /// Why it cannot be evaluated here, where it cannot.
    pub(in crate::rego) fault: Option<&'static str>,
    /// Why it is left to the engine to judge by it, where it is.
    pub(in crate::rego) left: Option<&'static str>,
}

/// A body and what it gives.
#[derive(Debug)]
pub(in crate::rego) struct Branch {
    /// The module.
    pub(in crate::rego) module: usize,
    /// The head, or the `else`.
    pub(in crate::rego) span: Span,
    /// The statements.
    pub(in crate::rego) body: Body,
    /// What it adds to a set.
    pub(in crate::rego) member: Option<Node>,
    /// The value that it gives, none for `true`.
    pub(in crate::rego) value: Option<Node>,
    /// Under an `else`: the bodies that did not hold before it, and the variables of the arguments.
    pub(in crate::rego) earlier: Option<Earlier>,
}

impl Branch {
    /// The value that it gives whatever it finds, if there is one.
    fn constant(&self) -> Option<Value> {
        match &self.value {
            None => Some(Value::from(true)),
            Some(node) => match &node.kind {
                NodeKind::Constant(value) => Some(value.clone()),
                _ => None,
            },
        }
    }

    /// Whether it gives the same value in whichever way it holds.
    pub(super) fn is_constant(&self) -> bool {
        match &self.value {
            None => true,
            Some(node) => matches!(node.kind, NodeKind::Constant(_)),
        }
    }
}

/// What was tried before a body under `else`.
#[derive(Debug)]
pub(in crate::rego) struct Earlier {
    /// The bodies, the first one first.
    pub(in crate::rego) branches: Vec<Arc<Branch>>,
    /// The variables of the arguments.
    pub(in crate::rego) args: BTreeSet<Slot>,
}

/// Statements in the order of their evaluation.
#[derive(Debug, Default)]
pub(in crate::rego) struct Body {
    /// The statements.
    pub(in crate::rego) statements: Vec<Statement>,
    /// Numbers of statements, those first that say most about why the body held.
    pub(in crate::rego) ranked: Vec<(usize, Class)>,
}

/// What a statement says about why its body held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rego) enum Class {
    /// It tests something.
    Test,
    /// It makes the message with a function of the policies, which may test something.
    Answer,
    /// It iterates or gives a name.
    Generator,
    /// It makes the message.
    Message,
    /// It exempts.
    Exemption,
}

/// A statement.
#[derive(Debug)]
pub(in crate::rego) struct Statement {
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// Its number in the source.
    pub(in crate::rego) number: usize,
    /// What it says.
    pub(in crate::rego) kind: StatementKind,
    /// What is replaced while it is evaluated.
    pub(in crate::rego) with: Vec<(Target, Node)>,
    /// What it says about its body, once that was asked for.
    pub(in crate::rego) traits: OnceLock<Traits>,
}

/// What a statement says about the body that it is in, whatever the input is.
#[derive(Clone, Copy, Debug)]
pub(in crate::rego) struct Traits {
    /// The rule or function of the policies that it says is not so.
    pub(in crate::rego) negated: Option<GroupId>,
    /// Whether that exempts by its name.
    pub(in crate::rego) exempts: bool,
    /// Whether it is a call of a function of the policies that tests nothing.
    pub(in crate::rego) only_formats: bool,
}

/// What a statement says.
#[derive(Debug)]
pub(in crate::rego) enum StatementKind {
    /// The expression must hold.
    Holds(Node),
    /// The expression must not hold.
    Not(Node),
    /// For each element.
    SomeIn(Option<Node>, Node, Node),
    /// For all elements.
    Every(Box<Every>),
}

/// `every key, value in domain { body }`
#[derive(Debug)]
pub(in crate::rego) struct Every {
    pub(in crate::rego) key: Option<Slot>,
    pub(in crate::rego) value: Slot,
    pub(in crate::rego) domain: Node,
    pub(in crate::rego) body: Body,
    /// The variables from around it that it reads.
    pub(in crate::rego) outer: BTreeSet<Slot>,
}

/// What `with` replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Target {
    /// A path below `input`.
    Input(Vec<Value>),
    /// A path below `data`.
    Data(DataPath),
    /// A builtin.
    Builtin(Arc<str>),
}

/// An expression.
#[derive(Debug)]
pub(in crate::rego) struct Node {
    /// What it is.
    pub(in crate::rego) kind: NodeKind,
    /// Whether it may have several values, or bind variables.
    pub(in crate::rego) open: bool,
    /// Under `not`: whether what is undefined in it makes the `not` hold.
    pub(in crate::rego) within: bool,
}

/// What an expression is.
#[derive(Debug)]
pub(in crate::rego) enum NodeKind {
    /// A value.
    Constant(Value),
    /// A variable.
    Local(Slot),
    /// `input`.
    Input,
    /// `[…]`
    Array(Vec<Node>),
    /// `{…}`
    Set(Vec<Node>),
    /// `{k: v}`
    Object(Vec<(Node, Node)>),
    /// A comprehension.
    Comprehension(Arc<Comprehension>),
    /// A path below a value.
    Ref(Box<Node>, Vec<Node>),
    /// A path below `data`.
    Data(Vec<Node>),
    /// A call.
    Call(Callee, Vec<Node>),
    /// A comparison.
    Compare(Operator, Box<(Node, Node)>),
    /// `:=` or `=`.
    Unify(Box<(Node, Node)>),
    /// `value in collection`, or `key, value in collection`.
    In(Option<Box<Node>>, Box<(Node, Node)>),
    /// A template string: texts and expressions.
    Template(Vec<Node>),
}

/// What is called.
#[derive(Clone, Debug)]
pub(in crate::rego) enum Callee {
    /// A builtin, by its name.
    Builtin(Arc<str>),
    /// `walk`.
    Walk,
    /// A function of the policies.
    Group(GroupId),
}

/// What a comprehension makes.
#[derive(Debug)]
pub(in crate::rego) struct Comprehension {
    /// The kind of collection.
    pub(in crate::rego) kind: ComprehensionKind,
    /// Statements and what they give; the key of an object is its member.
    pub(in crate::rego) branch: Arc<Branch>,
    /// The variables from around it that it reads.
    pub(in crate::rego) outer: BTreeSet<Slot>,
}

/// The kind of collection that a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum ComprehensionKind {
    /// `[value | …]`
    Array,
    /// `{value | …}`
    Set,
    /// `{key: value | …}`
    Object,
}

impl Node {
    /// The key that it is, where it is a constant one.
    pub(in crate::rego) fn as_key(&self) -> Option<&Arc<str>> {
        match &self.kind {
            NodeKind::Constant(Value::String(key)) => Some(key),
            _ => None,
        }
    }

    /// Calls `look` with every part, this one first; not with what is inside comprehensions.
    pub(in crate::rego) fn each<'a>(&'a self, look: &mut dyn FnMut(&'a Self)) {
        look(self);
        for part in self.parts() {
            part.each(look);
        }
    }

    /// Whether it is a value, variables, or lists and objects of these.
    pub(super) fn is_plain_pattern(&self) -> bool {
        match &self.kind {
            NodeKind::Constant(_) | NodeKind::Local(_) => true,
            NodeKind::Array(items) => items.iter().all(Self::is_plain_pattern),
            NodeKind::Object(entries) => entries
                .iter()
                .all(|(key, value)| key.is_plain_pattern() && value.is_plain_pattern()),
            _ => false,
        }
    }

    /// Its direct parts.
    pub(in crate::rego) fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            NodeKind::Constant(_)
            | NodeKind::Local(_)
            | NodeKind::Input
            | NodeKind::Comprehension(_) => Vec::new(),
            NodeKind::Array(items)
            | NodeKind::Set(items)
            | NodeKind::Data(items)
            | NodeKind::Call(_, items)
            | NodeKind::Template(items) => items.iter().collect(),
            NodeKind::Object(entries) => entries.iter().flat_map(|(k, v)| [k, v]).collect(),
            NodeKind::Ref(head, steps) => std::iter::once(&**head).chain(steps).collect(),
            NodeKind::Compare(_, sides) | NodeKind::Unify(sides) => vec![&sides.0, &sides.1],
            NodeKind::In(key, sides) => {
                let key = key.as_deref().into_iter();
                key.chain([&sides.0, &sides.1]).collect()
            }
        }
    }

    /// The variables that it names, those that comprehensions read from around them included.
    pub(in crate::rego) fn slots(&self) -> BTreeSet<Slot> {
        let mut slots = BTreeSet::new();
        self.each(&mut |node| match &node.kind {
            NodeKind::Local(slot) => {
                slots.insert(*slot);
            }
            NodeKind::Comprehension(made) => slots.extend(made.outer.iter().copied()),
            _ => {}
        });
        slots
    }
}

impl Statement {
    /// The expressions directly in it.
    pub(in crate::rego) fn nodes(&self) -> Vec<&Node> {
        let mut nodes: Vec<&Node> = match &self.kind {
            StatementKind::Holds(node) | StatementKind::Not(node) => vec![node],
            StatementKind::SomeIn(key, value, collection) => {
                key.iter().chain([value, collection]).collect()
            }
            StatementKind::Every(every) => vec![&every.domain],
        };
        nodes.extend(self.with.iter().map(|(_, value)| value));
        nodes
    }

    /// The variables that it names.
    pub(in crate::rego) fn slots(&self) -> BTreeSet<Slot> {
        let mut slots: BTreeSet<Slot> = self.nodes().into_iter().flat_map(Node::slots).collect();
        if let StatementKind::Every(every) = &self.kind {
            slots.extend(every.outer.iter().copied());
        }
        slots
    }
}

//! Why a body held, or did not: what its statements read, those first that decided.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::document::value::Value;
use crate::rego::syntax::ast::Operator;
use crate::rego::trace::machine::{Context, Machine, Stop};
use crate::rego::trace::plan::{Branch, Callee, Class, Node, NodeKind, Statement, StatementKind};
use crate::rego::trace::rank::is_choice;
use crate::rego::trace::reads::{Found, Read, Reads, extend};
use crate::rego::trace::term::{Derivation, Frame, Made, Source, Term};
use crate::rego::trace::weigh::{put_better_first, says_why};

/// Rules that use rules are followed this deep.
const MAX_DEPTH: usize = 40;

/// Explains what a machine has evaluated.
pub(in crate::rego) struct Explainer<'m, 'p> {
    pub(in crate::rego) machine: &'m mut Machine<'p>,
    /// The whole input.
    pub(super) root: Option<Value>,
    /// Where documents are in the input.
    prefixes: &'m [Vec<Value>],
    /// Whether all that is in the input is in its one document.
    is_plain: bool,
    depth: usize,
    known: &'m mut Known,
}

/// Which statements of a body are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Those that may say why it held.
    Reasons,
    /// Those that only make the message, too.
    All,
}

/// What is known of bodies already: the derivation is kept, so that its address stays its own.
pub(in crate::rego) type Known = FxHashMap<*const Derivation, (Rc<Derivation>, Rc<[Read]>)>;

/// Why a member of a rule's value is one.
#[derive(Debug)]
pub(in crate::rego) struct Witness {
    /// The body that held.
    pub(in crate::rego) branch: Option<Arc<Branch>>,
    /// What it read, the node that decided first.
    pub(in crate::rego) reads: Reads,
}

impl<'m, 'p> Explainer<'m, 'p> {
    /// An explainer of what `machine` evaluates; `prefixes` are where documents are in its input, `known` is for all
    /// explainers of this input.
    pub(in crate::rego) fn new(
        machine: &'m mut Machine<'p>,
        prefixes: &'m [Vec<Value>],
        known: &'m mut Known,
    ) -> Self {
        let root = machine.context.input.as_ref();
        let mut explainer = Self {
            root: root.map(|root| root.value.clone()),
            machine,
            prefixes,
            is_plain: false,
            depth: 0,
            known,
        };
        // A document in the form of Gatekeeper's input: its parameters are not what is judged.
        let is_whole = prefixes.first().is_some_and(Vec::is_empty);
        explainer.is_plain = is_whole && !explainer.exists(&["review".into()]);
        explainer
    }

    /// Goes one level deeper, to a bound.
    pub(in crate::rego) fn within(&mut self, work: impl FnOnce(&mut Self) -> Found) -> Found {
        if self.depth >= MAX_DEPTH {
            return Ok(Reads::new());
        }
        self.machine.spend(1)?;
        self.depth += 1;
        let found = work(self);
        self.depth -= 1;
        found
    }

    /// Drops what is in no document.
    pub(in crate::rego) fn keep_document(&self, reads: &mut Reads) {
        if let Some(is_kept) = self.document() {
            reads.retain(is_kept);
        }
    }

    /// What says of a read whether it is in a document; none where all are.
    pub(super) fn document(&self) -> Option<impl Fn(&Read) -> bool> {
        if self.is_plain {
            return None;
        }
        let is_whole = self.prefixes.first().is_some_and(Vec::is_empty);
        Some(move |read: &Read| match is_whole {
            true => read.place.keys().first() != Some(&"parameters".into()),
            false => self.prefix_of(&read.place.keys()).is_some(),
        })
    }

    /// How many keys lead to the document that a node is in.
    pub(super) fn prefix_of(&self, keys: &[Value]) -> Option<usize> {
        let after = self
            .prefixes
            .partition_point(|prefix| prefix.as_slice() <= keys);
        let prefix = self.prefixes.get(after.checked_sub(1)?)?;
        keys.starts_with(prefix).then_some(prefix.len())
    }

    /// The witnesses of a member of a rule's value: one for each way in which a body gave it.
    pub(in crate::rego) fn witnesses(
        &mut self,
        rule: &Term,
        member: &Value,
    ) -> Result<Vec<Witness>, Stop> {
        let Some(term) = element(rule, member) else {
            return Ok(Vec::new());
        };
        let mut witnesses = Vec::new();
        for derivation in &derivations(rule, member) {
            let mut ranked = self.ranked(derivation, Wanted::Reasons)?;
            self.sort(&mut ranked);
            if !says_why(&ranked) {
                ranked = self.ranked(derivation, Wanted::All)?;
                for read in self.reads(&term)? {
                    ranked.push((Class::Message, read));
                }
                self.sort(&mut ranked);
            }
            let quoted = match ranked.first() {
                Some((Class::Test, first)) if first.is_choice => self.own_reads(&term)?,
                _ => Reads::new(),
            };
            put_better_first(&mut ranked, &quoted);
            witnesses.push(Witness {
                branch: Some(Arc::clone(&derivation.branch)),
                reads: ranked.into_iter().map(|(_, read)| read).collect(),
            });
        }
        if witnesses.is_empty() {
            let mut reads = self.reads_of_existence(&term)?;
            self.keep_document(&mut reads);
            witnesses.push(Witness {
                branch: None,
                reads,
            });
        }
        Ok(witnesses)
    }

    /// What a body's statements read, by class.
    fn ranked(
        &mut self,
        derivation: &Rc<Derivation>,
        wanted: Wanted,
    ) -> Result<Vec<(Class, Read)>, Stop> {
        self.in_context(&derivation.context, |explainer| {
            explainer.ranked_in_context(derivation, wanted)
        })
    }

    /// Works where `input` and `data` are what they were somewhere else.
    pub(super) fn in_context<T>(
        &mut self,
        context: &Rc<Context>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = std::mem::replace(&mut self.machine.context, Rc::clone(context));
        let result = work(self);
        self.machine.context = outer;
        result
    }

    fn ranked_in_context(
        &mut self,
        derivation: &Rc<Derivation>,
        wanted: Wanted,
    ) -> Result<Vec<(Class, Read)>, Stop> {
        let mut frame = derivation.frame.clone();
        let body = &derivation.branch.body;
        let mut ranked = Vec::new();
        for &(index, class) in &body.ranked {
            let statement = &body.statements[index];
            let traits = self.traits(statement);
            let class = match class {
                Class::Test | Class::Answer if traits.only_formats => Class::Message,
                Class::Test if traits.exempts => Class::Exemption,
                Class::Test if self.names_rule(statement, &mut frame)? => Class::Generator,
                class => class,
            };
            if class == Class::Message && wanted == Wanted::Reasons {
                continue;
            }
            let reads = match class {
                Class::Answer => self.answer(statement, &mut frame)?,
                _ => self.statement(statement, &mut frame, true)?,
            };
            let is_choice = is_choice(statement);
            for mut read in reads {
                read.is_choice = is_choice;
                if class == Class::Test {
                    let least = match () {
                        () if self.leaves_out(statement, &read) => 5,
                        () if self.may_exempt(statement, &read) => 1,
                        () => 0,
                    };
                    if least > 0 {
                        read.weight = Some(read.weight.unwrap_or(0).max(least));
                    }
                }
                ranked.push((class, read));
            }
        }
        if let Some(earlier) = &derivation.branch.earlier
            && !ranked.iter().any(|(class, _)| *class == Class::Test)
        {
            for read in self.failed_before(earlier, &derivation.frame)? {
                ranked.push((Class::Test, read));
            }
        }
        Ok(ranked)
    }

    /// What a body that held read, those nodes first that decided.
    pub(in crate::rego) fn decision(&mut self, derivation: &Rc<Derivation>) -> Found {
        let address = Rc::as_ptr(derivation);
        if let Some((_, reads)) = self.known.get(&address) {
            return Ok(reads.to_vec());
        }
        let derivation = Rc::clone(derivation);
        let reads = self.within(|explainer| {
            let mut ranked = explainer.ranked(&derivation, Wanted::Reasons)?;
            explainer.sort(&mut ranked);
            if ranked.is_empty() {
                ranked = explainer.ranked(&derivation, Wanted::All)?;
                explainer.sort(&mut ranked);
            }
            put_better_first(&mut ranked, &[]);
            Ok(ranked.into_iter().map(|(_, read)| read).collect())
        })?;
        self.known
            .insert(address, (derivation, reads.clone().into()));
        Ok(reads)
    }

    /// What a statement read that held, or did not.
    pub(in crate::rego) fn statement(
        &mut self,
        statement: &Statement,
        frame: &mut Frame,
        holds: bool,
    ) -> Found {
        if statement.with.is_empty() {
            return self.statement_here(statement, frame, holds);
        }
        let Some(inner) = self.machine.replaced(&statement.with, frame)? else {
            return Ok(Reads::new());
        };
        self.in_context(&inner, |explainer| {
            explainer.statement_here(statement, frame, holds)
        })
    }

    fn statement_here(&mut self, statement: &Statement, frame: &mut Frame, holds: bool) -> Found {
        match &statement.kind {
            StatementKind::Holds(node) => self.node(node, frame, holds),
            StatementKind::Not(node) => self.node(node, frame, !holds),
            StatementKind::SomeIn(key, value, collection) => {
                let mut reads = Reads::new();
                if holds {
                    for part in std::iter::once(value).chain(key) {
                        if let Some(term) = self.machine.value(part, frame)? {
                            reads.extend(self.reads_of_existence(&term)?);
                        }
                    }
                }
                self.keep_document(&mut reads);
                if reads.is_empty() {
                    reads = match self.machine.value(collection, frame)? {
                        Some(term) => self.collection(&term)?,
                        None => self.missing(collection, frame)?,
                    };
                }
                Ok(reads)
            }
            StatementKind::Every(every) => {
                let failed = self.machine.every(every, frame)?;
                let element = match (failed, holds) {
                    (Some(failed), _) => Some(failed),
                    (None, _) => self
                        .machine
                        .value(&every.domain, frame)?
                        .and_then(|domain| domain.children().into_iter().next()),
                };
                let Some((key, value)) = element else {
                    return match self.machine.value(&every.domain, frame)? {
                        Some(term) => self.collection(&term),
                        None => self.missing(&every.domain, frame),
                    };
                };
                if let Some(slot) = every.key {
                    frame[slot] = Some(key);
                }
                frame[every.value] = Some(value.clone());
                let mut reads = if holds {
                    self.held_body(&every.body, frame)?
                } else {
                    self.failed_body(&every.body, frame)?
                };
                if let Some(slot) = every.key {
                    frame[slot] = None;
                }
                frame[every.value] = None;
                reads.extend(self.reads(&value)?);
                Ok(reads)
            }
        }
    }

    /// What an expression read that held, or did not.
    pub(super) fn node(&mut self, node: &Node, frame: &mut Frame, holds: bool) -> Found {
        match &node.kind {
            NodeKind::Unify(sides) => self.comparison(Operator::Equal, sides, frame, holds),
            NodeKind::Compare(operator, sides) => self.comparison(*operator, sides, frame, holds),
            NodeKind::In(_, sides) => self.membership(sides, frame, holds),
            NodeKind::Call(callee, args) => match self.machine.value(node, frame)? {
                Some(_)
                    if !holds
                        && node.open
                        && let Some(place) = self.iterated(node, frame)? =>
                {
                    Ok(vec![Read::node(&place)])
                }
                Some(term) => self.called(callee, args, &term, frame),
                None => self.missing(node, frame),
            },
            NodeKind::Constant(_)
            | NodeKind::Local(_)
            | NodeKind::Input
            | NodeKind::Array(_)
            | NodeKind::Set(_)
            | NodeKind::Object(_)
            | NodeKind::Comprehension(_)
            | NodeKind::Ref(..)
            | NodeKind::Data(_)
            | NodeKind::Template(_) => match self.machine.value(node, frame)? {
                Some(term) => self.referred(node, &term, frame),
                None => self.missing(node, frame),
            },
        }
    }

    fn called(&mut self, callee: &Callee, args: &[Node], term: &Term, frame: &mut Frame) -> Found {
        let mut reads = self.reads_of_existence(term)?;
        if matches!(callee, Callee::Group(_)) {
            for arg in args {
                if let Some(term) = self.machine.value(arg, frame)? {
                    let given = self.reads(&term)?;
                    extend(&mut reads, given);
                }
            }
        }
        Ok(reads)
    }

    /// What the rule or function tested that makes the message.
    fn answer(&mut self, statement: &Statement, frame: &mut Frame) -> Found {
        let Some(context) = self.machine.replaced(&statement.with, frame)? else {
            return Ok(Reads::new());
        };
        let context = match statement.with.is_empty() {
            true => Rc::clone(&self.machine.context),
            false => context,
        };
        self.in_context(&context, |explainer| {
            explainer.answer_here(statement, frame)
        })
    }

    fn answer_here(&mut self, statement: &Statement, frame: &mut Frame) -> Found {
        if let StatementKind::Holds(node) = &statement.kind
            && let NodeKind::Unify(sides) = &node.kind
        {
            let is_made = |node: &Node| !matches!(node.kind, NodeKind::Local(_));
            let made = if is_made(&sides.1) {
                &sides.1
            } else {
                &sides.0
            };
            if let Some(term) = self.machine.value(made, frame)?
                && let Some(derivation) = derivation_of(&term)
            {
                return self.decision(&derivation);
            }
        }
        self.statement_here(statement, frame, true)
    }

    /// Whether a statement only says that a rule has a value that is no truth value.
    fn names_rule(&mut self, statement: &Statement, frame: &mut Frame) -> Result<bool, Stop> {
        let StatementKind::Holds(node) = &statement.kind else {
            return Ok(false);
        };
        if !matches!(node.kind, NodeKind::Data(_)) || node.open {
            return Ok(false);
        }
        let term = self.machine.value(node, frame)?;
        Ok(term.is_some_and(|term| term.is_collection()))
    }

    /// A reference: what it leads to, else the indexes that lead there.
    pub(super) fn referred(&mut self, node: &Node, term: &Term, frame: &mut Frame) -> Found {
        let mut reads = self.reads_of_existence(term)?;
        self.keep_document(&mut reads);
        let head = match &node.kind {
            NodeKind::Ref(head, _) => self.machine.value(head, frame)?,
            _ => None,
        };
        let is_table = head.is_some_and(|head| matches!(head.source, Source::Constant));
        if (is_table || reads.is_empty())
            && let NodeKind::Ref(_, steps) | NodeKind::Data(steps) = &node.kind
        {
            // Of several indexes the last one is the most particular.
            for step in steps.iter().rev() {
                if let Some(key) = self.machine.value(step, frame)? {
                    reads.extend(self.reads(&key)?);
                }
            }
        }
        Ok(reads)
    }
}

fn element(rule: &Term, member: &Value) -> Option<Term> {
    match &rule.value {
        Value::Set(_) => rule.child(member),
        _ => rule
            .elements()
            .into_iter()
            .find(|element| element.value == *member),
    }
}

/// The bodies that gave a member of a rule's value.
pub(super) fn derivations(rule: &Term, member: &Value) -> Vec<Rc<Derivation>> {
    let mut derivations = derivations_of(rule, member);
    if derivations.is_empty() {
        let term = element(rule, member);
        derivations.extend(term.and_then(|term| derivation_of(&term)));
    }
    if derivations.is_empty() {
        derivations.extend(derivation_of(rule));
    }
    derivations
}

/// The bodies that gave a member of a partial rule or a comprehension.
fn derivations_of(rule: &Term, member: &Value) -> Vec<Rc<Derivation>> {
    let Source::Made(made) = rule.source.inner() else {
        return Vec::new();
    };
    let Made::Collection(known) = &**made else {
        return Vec::new();
    };
    if matches!(rule.value, Value::Set(_)) {
        let known = known.entries.get(member);
        return known.map_or_else(Vec::new, |known| known.derivations.clone());
    }
    known
        .entries
        .values()
        .filter(|known| known.value.value == *member)
        .flat_map(|known| known.derivations.iter().cloned())
        .collect()
}

fn derivation_of(term: &Term) -> Option<Rc<Derivation>> {
    match &term.source {
        Source::Made(made) => match &**made {
            Made::Result(derivation, _) => Some(Rc::clone(derivation)),
            _ => None,
        },
        _ => None,
    }
}

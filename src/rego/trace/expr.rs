//! Evaluates expressions: one value, or one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::document::value::{Object, Value};
use crate::rego::builtins::order;
use crate::rego::syntax::ast::Operator;
use crate::rego::trace::collections::{Entries, add, array, array_of, collection, object, set};
use crate::rego::trace::machine::{Flow, Machine, Step, Stop, ThenValue};
use crate::rego::trace::plan::{Callee, Comprehension, ComprehensionKind, Node, NodeKind};
use crate::rego::trace::rules::CONFLICT;
use crate::rego::trace::term::{Frame, Member, Origin, Source, Term, n_elements, value_below};

impl Machine<'_> {
    /// The value of an expression that has one at most; the first where it has several.
    pub(in crate::rego) fn value(
        &mut self,
        node: &Node,
        frame: &mut Frame,
    ) -> Result<Option<Term>, Stop> {
        if node.open {
            if self.is_strict {
                return Err(Stop::Unsupported("several values where one is wanted"));
            }
            let mut found = None;
            self.each(node, frame, &mut |_, _, term| {
                found = Some(term);
                Ok(Flow::Enough)
            })?;
            return Ok(found);
        }
        match &node.kind {
            NodeKind::Constant(_)
            | NodeKind::Local(_)
            | NodeKind::Input
            | NodeKind::Comprehension(_) => self.single(node, frame),
            NodeKind::Ref(head, steps) => {
                let Some(mut term) = self.value(head, frame)? else {
                    return Ok(None);
                };
                for step in steps {
                    let child = match &step.kind {
                        NodeKind::Constant(key) => term.child(key),
                        _ => match self.value(step, frame)? {
                            Some(key) => child_of(&term, &key),
                            None => None,
                        },
                    };
                    match child {
                        Some(child) => term = child,
                        None => return Ok(None),
                    }
                }
                Ok(Some(term))
            }
            NodeKind::Data(_)
            | NodeKind::Array(_)
            | NodeKind::Set(_)
            | NodeKind::Object(_)
            | NodeKind::Call(..)
            | NodeKind::Compare(..)
            | NodeKind::Unify(_)
            | NodeKind::In(..)
            | NodeKind::Template(_) => {
                let mut found = None;
                self.each(node, frame, &mut |_, _, term| {
                    found = Some(term);
                    Ok(Flow::Enough)
                })?;
                Ok(found)
            }
        }
    }

    /// The value of an expression that has one at most, where nobody asks where it comes from.
    pub(super) fn plain(&mut self, node: &Node, frame: &mut Frame) -> Result<Option<Value>, Stop> {
        match &node.kind {
            NodeKind::Constant(value) if *value != Value::Undefined => Ok(Some(value.clone())),
            NodeKind::Local(slot) => Ok(frame[*slot].as_ref().map(|term| term.value.clone())),
            NodeKind::Input => {
                let input = self.context.input.as_ref();
                Ok(input.map(|input| input.value.clone()))
            }
            NodeKind::Ref(head, steps) if !node.open => {
                let mut value = self.plain(head, frame)?;
                for step in steps {
                    let Some(whole) = value else {
                        return Ok(None);
                    };
                    value = match &step.kind {
                        NodeKind::Constant(key) => below(&whole, key),
                        _ => self.plain(step, frame)?.and_then(|key| below(&whole, &key)),
                    };
                }
                Ok(value)
            }
            _ => Ok(self.value(node, frame)?.map(|term| term.value)),
        }
    }

    /// Calls `then` with each value of an expression, its variables bound accordingly.
    pub(in crate::rego) fn each(
        &mut self,
        node: &Node,
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        match &node.kind {
            NodeKind::Constant(_)
            | NodeKind::Local(_)
            | NodeKind::Input
            | NodeKind::Comprehension(_) => match self.single(node, frame)? {
                Some(term) => then(self, frame, term),
                None => Ok(Flow::More),
            },
            NodeKind::Ref(head, steps) => self.each(head, frame, &mut |machine, frame, term| {
                machine.steps(term, steps, frame, then)
            }),
            NodeKind::Data(steps) => self.data(steps, frame, then),
            NodeKind::Array(items) => self.items(items, frame, &mut |machine, frame, terms| {
                then(machine, frame, array(terms))
            }),
            NodeKind::Set(items) => self.items(items, frame, &mut |machine, frame, terms| {
                then(machine, frame, set(terms))
            }),
            NodeKind::Object(entries) => {
                let nodes: Vec<&Node> = entries.iter().flat_map(|(k, v)| [k, v]).collect();
                self.combinations(&nodes, Vec::new(), frame, &mut |machine, frame, terms| {
                    then(machine, frame, object(&terms))
                })
            }
            NodeKind::Call(callee, args) => {
                self.items(args, frame, &mut |machine, frame, terms| {
                    machine.call(callee, terms, frame, then)
                })
            }
            NodeKind::Compare(operator, sides) => {
                self.each(&sides.0, frame, &mut |machine, frame, left| {
                    machine.each(&sides.1, frame, &mut |machine, frame, right| {
                        let holds = compare(*operator, &left.value, &right.value);
                        let source = Source::call(
                            &operator.as_str().into(),
                            vec![left.clone(), right],
                            &machine.budget,
                        );
                        let value = Value::from(holds);
                        then(machine, frame, Term { value, source })
                    })
                })
            }
            NodeKind::Unify(sides) => {
                self.unify(&sides.0, &sides.1, frame, &mut |machine, frame| {
                    then(machine, frame, Term::constant(true))
                })
            }
            NodeKind::In(key, sides) => {
                self.member(key.as_deref(), &sides.0, &sides.1, frame, then)
            }
            NodeKind::Template(parts) => self.template(parts, frame, then),
        }
    }

    /// The value of what has no parts that could have several.
    fn single(&mut self, node: &Node, frame: &mut Frame) -> Result<Option<Term>, Stop> {
        match &node.kind {
            NodeKind::Constant(Value::Undefined) => Ok(None),
            NodeKind::Constant(value) => Ok(Some(Term::constant(value.clone()))),
            NodeKind::Local(slot) => Ok(frame[*slot].clone()),
            NodeKind::Input => Ok(self.context.input.clone()),
            NodeKind::Comprehension(made) => self.comprehension(made, frame).map(Some),
            _ => Ok(None),
        }
    }

    fn items(
        &mut self,
        items: &[Node],
        frame: &mut Frame,
        then: &mut dyn FnMut(&mut Machine<'_>, &mut Frame, Vec<Term>) -> Step,
    ) -> Step {
        let nodes: Vec<&Node> = items.iter().collect();
        self.combinations(&nodes, Vec::new(), frame, then)
    }

    /// Each combination of the values of expressions.
    pub(in crate::rego) fn combinations(
        &mut self,
        items: &[&Node],
        mut so_far: Vec<Term>,
        frame: &mut Frame,
        then: &mut dyn FnMut(&mut Machine<'_>, &mut Frame, Vec<Term>) -> Step,
    ) -> Step {
        let mut rest = items;
        while let Some((first, others)) = rest.split_first()
            && !first.open
        {
            match self.value(first, frame)? {
                Some(term) => so_far.push(term),
                None => return Ok(Flow::More),
            }
            rest = others;
        }
        let Some((first, others)) = rest.split_first() else {
            return then(self, frame, so_far);
        };
        self.each(first, frame, &mut |machine, frame, term| {
            let mut terms = so_far.clone();
            terms.push(term);
            machine.combinations(others, terms, frame, then)
        })
    }

    /// Follows the steps of a reference; an index without a value takes all that there are.
    pub(in crate::rego) fn steps(
        &mut self,
        term: Term,
        steps: &[Node],
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        let Some((step, rest)) = steps.split_first() else {
            return then(self, frame, term);
        };
        if !step.open {
            let child = match &step.kind {
                NodeKind::Constant(key) => term.child(key),
                _ => match self.value(step, frame)? {
                    Some(key) => child_of(&term, &key),
                    None => None,
                },
            };
            return match child {
                Some(child) => self.steps(child, rest, frame, then),
                None => Ok(Flow::More),
            };
        }
        match &step.kind {
            NodeKind::Local(slot) => {
                if let Some(key) = frame[*slot].clone() {
                    return match child_of(&term, &key) {
                        Some(child) => self.steps(child, rest, frame, then),
                        None => Ok(Flow::More),
                    };
                }
                for (key, child) in term.children() {
                    self.spend(1)?;
                    let flow = self.bind(*slot, key, frame, &mut |machine, frame| {
                        machine.steps(child.clone(), rest, frame, then)
                    })?;
                    if flow == Flow::Enough {
                        return Ok(flow);
                    }
                }
                Ok(Flow::More)
            }
            NodeKind::Array(_) | NodeKind::Object(_) => {
                for (key, child) in term.children() {
                    self.spend(1)?;
                    let flow = self.matches(step, key, frame, &mut |machine, frame| {
                        machine.steps(child.clone(), rest, frame, then)
                    })?;
                    if flow == Flow::Enough {
                        return Ok(flow);
                    }
                }
                Ok(Flow::More)
            }
            _ => self.each(
                step,
                frame,
                &mut |machine, frame, key| match child_of(&term, &key) {
                    Some(child) => machine.steps(child, rest, frame, then),
                    None => Ok(Flow::More),
                },
            ),
        }
    }

    fn member(
        &mut self,
        key: Option<&Node>,
        value: &Node,
        collection: &Node,
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        let nodes: Vec<&Node> = key.into_iter().chain([value, collection]).collect();
        self.combinations(
            &nodes,
            Vec::new(),
            frame,
            &mut |machine, frame, mut terms| {
                let (Some(collection), Some(value)) = (terms.pop(), terms.pop()) else {
                    return Ok(Flow::More);
                };
                let holds = match terms.pop() {
                    Some(key) => match &collection.value {
                        Value::Set(_) => {
                            key.value == value.value && collection.child(&value.value).is_some()
                        }
                        _ => collection
                            .child(&key.value)
                            .is_some_and(|found| found.value == value.value),
                    },
                    None => {
                        let n_elements = n_elements(&collection.value) as u64;
                        machine.spend(n_elements / 8)?;
                        contains(&collection.value, &value.value)
                    }
                };
                then(machine, frame, Term::constant(holds))
            },
        )
    }

    fn template(&mut self, parts: &[Node], frame: &mut Frame, then: ThenValue<'_>) -> Step {
        let mut text = String::new();
        let mut args = Vec::new();
        for part in parts {
            match self.value(part, frame)? {
                Some(term) => {
                    match &term.value {
                        Value::String(string) => text.push_str(string),
                        value => text.push_str(&crate::rego::builtins::text_of(value)),
                    }
                    args.push(term);
                }
                None => text.push_str("<undefined>"),
            }
        }
        let source = Source::call(&"template".into(), args, &self.budget);
        let value = Value::from(text);
        then(self, frame, Term { value, source })
    }

    fn call(
        &mut self,
        callee: &Callee,
        args: Vec<Term>,
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        let value = match callee {
            Callee::Walk => {
                return match args.first() {
                    Some(term) => self.walk(Vec::new(), term, frame, then),
                    None => Ok(Flow::More),
                };
            }
            Callee::Builtin(name) => self.builtin(name, args)?,
            Callee::Group(group) => self.function(*group, args)?,
        };
        match value {
            Some(value) => then(self, frame, value),
            None => Ok(Flow::More),
        }
    }

    /// `[path, value]` of a value and all that is below it.
    fn walk(
        &mut self,
        path: Vec<Value>,
        term: &Term,
        frame: &mut Frame,
        then: ThenValue<'_>,
    ) -> Step {
        self.spend(1)?;
        let path_term = Term {
            value: Value::from(path.clone()),
            source: match &term.source {
                Source::Node(place) => {
                    let start = place.keys().len().saturating_sub(path.len());
                    Source::Path(place.clone(), start)
                }
                _ => Source::call(&"walk".into(), vec![term.clone()], &self.budget),
            },
        };
        if then(self, frame, array(vec![path_term, term.clone()]))? == Flow::Enough {
            return Ok(Flow::Enough);
        }
        for (key, child) in term.children() {
            let mut path = path.clone();
            path.push(key.value);
            if self.walk(path, &child, frame, then)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::More)
    }

    fn comprehension(
        &mut self,
        made: &std::sync::Arc<Comprehension>,
        frame: &mut Frame,
    ) -> Result<Term, Stop> {
        let around = Rc::new(frame.clone());
        let mut list: Vec<Member> = Vec::new();
        let mut members: BTreeMap<Value, Member> = BTreeMap::new();
        let branch = &made.branch;
        self.body(&branch.body, 0, frame, &mut |machine, frame| {
            machine.spend(1 + frame.len() as u64 / 8)?;
            let derivation = machine.derivation(branch, frame);
            let nodes: Vec<&Node> = branch.member.iter().chain(&branch.value).collect();
            machine.combinations(&nodes, Vec::new(), frame, &mut |machine, _, mut terms| {
                let Some(value) = terms.pop() else {
                    return Ok(Flow::More);
                };
                let (key, source) = match (made.kind, terms.pop()) {
                    (ComprehensionKind::Array, _) => {
                        let mut member = Member::of(Source::Constant, value);
                        member.derivations.push(Rc::clone(&derivation));
                        list.push(member);
                        return Ok(Flow::More);
                    }
                    (ComprehensionKind::Object, Some(key)) => (key.value, key.source),
                    (ComprehensionKind::Set | ComprehensionKind::Object, _) => {
                        (value.value.clone(), Source::Constant)
                    }
                };
                let before = members.get(&key).map(|member| &member.value.value);
                if machine.is_strict
                    && made.kind == ComprehensionKind::Object
                    && before.is_some_and(|before| *before != value.value)
                {
                    return Err(CONFLICT);
                }
                add(&mut members, key, source, value, &derivation);
                Ok(Flow::More)
            })
        })?;
        let value = match made.kind {
            ComprehensionKind::Array => array_of(&list),
            ComprehensionKind::Set => Value::from(members.keys().cloned().collect::<BTreeSet<_>>()),
            ComprehensionKind::Object => Value::from(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), member.value.value.clone()))
                    .collect::<Object>(),
            ),
        };
        let entries = match made.kind {
            ComprehensionKind::Array => Entries::List(list),
            ComprehensionKind::Set | ComprehensionKind::Object => Entries::Map(members),
        };
        let context = Rc::clone(&self.context);
        let origin = Origin::Comprehension(std::sync::Arc::clone(made), around, context);
        Ok(collection(value, origin, entries))
    }
}

fn below(whole: &Value, key: &Value) -> Option<Value> {
    value_below(whole, key).cloned()
}

/// The value below a key; an element of a set comes from where the key does, if the set does not say.
fn child_of(term: &Term, key: &Term) -> Option<Term> {
    let child = term.child(&key.value)?;
    let from_nowhere = matches!(child.source, Source::Constant);
    if from_nowhere && matches!(term.value, Value::Set(_)) {
        return Some(Term {
            value: child.value,
            source: key.source.clone(),
        });
    }
    Some(child)
}

/// As OPA: values of any types have an order, in which sets come last.
pub(in crate::rego) fn compare(operator: Operator, left: &Value, right: &Value) -> bool {
    match operator {
        Operator::Equal | Operator::Unify | Operator::Assign => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => order(left, right).is_lt(),
        Operator::LessEqual => order(left, right).is_le(),
        Operator::Greater => order(left, right).is_gt(),
        Operator::GreaterEqual => order(left, right).is_ge(),
        Operator::Plus
        | Operator::Minus
        | Operator::Times
        | Operator::Divide
        | Operator::Remainder
        | Operator::And
        | Operator::Or => false,
    }
}

/// As OPA's `in`: false for collections that are none.
pub(in crate::rego) fn contains(collection: &Value, value: &Value) -> bool {
    match collection {
        Value::Array(items) => items.contains(value),
        Value::Set(items) => items.contains(value),
        Value::Object(object) => object.iter().any(|(_, item)| item == value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Undefined => {
            false
        }
    }
}

//! Evaluates statements, with all values that their variables can have, in order.

use std::rc::Rc;
use std::time::Instant;

use rustc_hash::FxHashMap;

use crate::document::value::{Object, Value};
use crate::rego::prepare::names::DataPath;
use crate::rego::trace::expr::compare;
use crate::rego::trace::functions::Functions;
use crate::rego::trace::meter::Meter;
use crate::rego::trace::plan::{
    Body, Every, GroupId, Node, NodeKind, Program, Slot, Statement, StatementKind, Target,
};
use crate::rego::trace::term::{Frame, Source, Term, holds};

/// Why an evaluation was given up: neither its value nor its places are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Stop {
    /// It took too many steps or too long.
    Budget,
    /// The program has something that the tracer does not know.
    Unsupported(&'static str),
}

/// Whether further values are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Flow {
    /// They are.
    More,
    /// What was looked for is found.
    Enough,
}

/// How an evaluation went on.
pub(in crate::rego) type Step = Result<Flow, Stop>;
/// What is done with each way in which statements hold.
pub(in crate::rego) type Then<'a> = &'a mut dyn FnMut(&mut Machine<'_>, &mut Frame) -> Step;
/// What is done with each value of an expression.
pub(in crate::rego) type ThenValue<'a> =
    &'a mut dyn FnMut(&mut Machine<'_>, &mut Frame, Term) -> Step;

/// What `input`, `data` and functions are.
#[derive(Clone, Debug, Default)]
pub(in crate::rego) struct Context {
    /// What `input` is; none where it is undefined.
    pub(in crate::rego) input: Option<Term>,
    /// What is replaced below `data`.
    pub(in crate::rego) data: Vec<(DataPath, Replacement)>,
    /// The builtins that are replaced.
    pub(in crate::rego) builtins: Vec<(std::sync::Arc<str>, Replacement)>,
    /// Its number among those of a machine.
    pub(in crate::rego) number: usize,
}

/// What stands for something that `with` replaces.
#[derive(Clone, Debug)]
pub(in crate::rego) enum Replacement {
    /// A value.
    Value(Term),
    /// A function of the policies.
    Function(GroupId),
}

/// Evaluates a program on one input.
pub(in crate::rego) struct Machine<'p> {
    pub(in crate::rego) program: &'p Program,
    pub(in crate::rego) functions: &'p Functions,
    /// The data files.
    pub(in crate::rego) base: &'p Term,
    pub(in crate::rego) context: Rc<Context>,
    /// How many contexts there are.
    pub(in crate::rego) n_contexts: usize,
    /// What rules without arguments gave in each context. Kept apart from the contexts: what rules gave knows them.
    pub(in crate::rego) results: FxHashMap<(usize, GroupId), Option<Term>>,
    /// Steps left.
    pub(in crate::rego) budget: Meter,
    pub(in crate::rego) deadline: Instant,
    /// How many rules and functions are being evaluated.
    pub(in crate::rego) depth: usize,
    /// How many statements are being evaluated, each within those before it.
    n_nested: usize,
    /// Follows one body to where it fails.
    pub(in crate::rego) watch: Option<Watch>,
    /// Whether it gives up where OPA would give an error, or something would be said or noted on the way.
    pub(in crate::rego) is_strict: bool,
}

/// How far a body got.
#[derive(Debug)]
pub(in crate::rego) struct Watch {
    /// The body, by its address.
    pub(in crate::rego) body: *const Body,
    /// The furthest statement that did not hold, with the variables as they were.
    pub(in crate::rego) furthest: Option<(usize, Frame)>,
    /// The variables as they were the last time that it did not hold, where that was more than once.
    pub(in crate::rego) last: Option<Frame>,
}

/// How many steps the evaluation of a rule may take.
const BUDGET: u64 = 3_000_000;
/// How many the evaluation may take that the engine can do too, in bounded memory.
const JUDGING: u64 = 300_000;

impl<'p> Machine<'p> {
    /// Lets a rule be evaluated, or `n_findings` of it be explained, whatever was before.
    pub(in crate::rego) fn refill(&mut self, n_findings: usize) {
        self.budget.refill(BUDGET + 20_000 * n_findings as u64);
    }

    /// Lets a rule be evaluated as far as that is cheap.
    pub(in crate::rego) fn refill_to_judge(&mut self) {
        self.budget.refill(JUDGING);
    }

    pub(in crate::rego) fn new(
        program: &'p Program,
        functions: &'p Functions,
        base: &'p Term,
        input: Option<Term>,
        deadline: Instant,
    ) -> Self {
        Self {
            program,
            functions,
            base,
            context: Rc::new(Context {
                input,
                ..Context::default()
            }),
            n_contexts: 1,
            results: FxHashMap::default(),
            budget: Meter::new(BUDGET),
            deadline,
            depth: 0,
            n_nested: 0,
            watch: None,
            is_strict: false,
        }
    }

    /// A copy of the context in which something is to be replaced.
    pub(super) fn next_context(&mut self) -> Context {
        let number = self.n_contexts;
        self.n_contexts += 1;
        Context {
            number,
            ..(*self.context).clone()
        }
    }

    /// Counts a step.
    pub(in crate::rego) fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        const CLOCK: u64 = 1024;
        let before = self.budget.left() / CLOCK;
        self.budget.take(steps).ok_or(Stop::Budget)?;
        if self.budget.left() / CLOCK != before && Instant::now() > self.deadline {
            return Err(Stop::Budget);
        }
        Ok(())
    }

    /// Evaluates a rule or function, to a bound of rules that need rules: the stack of a thread ends somewhere.
    pub(in crate::rego) fn deeper<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        const MAX_DEPTH: usize = 400;
        if self.depth >= MAX_DEPTH {
            return Err(Stop::Budget);
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    /// Calls `then` for each way in which the statements from `at` on hold.
    pub(in crate::rego) fn body(
        &mut self,
        body: &Body,
        at: usize,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        let Some(statement) = body.statements.get(at) else {
            return then(self, frame);
        };
        self.spend(1)?;
        self.note_progress(body, at, frame);
        // What follows a statement is evaluated on its stack.
        const MAX_NESTED: usize = 3_000;
        if self.n_nested >= MAX_NESTED {
            return Err(Stop::Budget);
        }
        self.n_nested += 1;
        let flow = self.statement_then_rest(body, at, statement, frame, then);
        self.n_nested -= 1;
        flow
    }

    fn statement_then_rest(
        &mut self,
        body: &Body,
        at: usize,
        statement: &Statement,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        if statement.with.is_empty() {
            return self.statement(statement, frame, &mut |machine, frame| {
                machine.body(body, at + 1, frame, then)
            });
        }
        let outer = Rc::clone(&self.context);
        let Some(inner) = self.replaced(&statement.with, frame)? else {
            return Ok(Flow::More);
        };
        self.context = Rc::clone(&inner);
        let flow = self.statement(statement, frame, &mut |machine, frame| {
            machine.context = Rc::clone(&outer);
            let flow = machine.body(body, at + 1, frame, then);
            machine.context = Rc::clone(&inner);
            flow
        });
        self.context = outer;
        flow
    }

    fn note_progress(&mut self, body: &Body, at: usize, frame: &Frame) {
        let Some(watch) = &mut self.watch else {
            return;
        };
        if !std::ptr::eq(watch.body, body) {
            return;
        }
        match &watch.furthest {
            Some((before, _)) if at < *before => {}
            Some((before, _)) if at == *before => watch.last = Some(frame.clone()),
            Some(_) | None => {
                watch.furthest = Some((at, frame.clone()));
                watch.last = None;
            }
        }
    }

    fn statement(&mut self, statement: &Statement, frame: &mut Frame, then: Then<'_>) -> Step {
        match &statement.kind {
            StatementKind::Holds(node) => self.holds(node, frame, then),
            StatementKind::Not(node) => {
                let is_defined = node.within || self.operands_are_defined(node, frame)?;
                if !is_defined || self.is_true(node, frame)? {
                    return Ok(Flow::More);
                }
                then(self, frame)
            }
            StatementKind::SomeIn(key, value, collection) => {
                self.each(collection, frame, &mut |machine, frame, collection| {
                    machine.some_in(key.as_ref(), value, &collection, frame, then)
                })
            }
            StatementKind::Every(every) => match self.every(every, frame)? {
                Some(_) => Ok(Flow::More),
                None => then(self, frame),
            },
        }
    }

    fn holds(&mut self, node: &Node, frame: &mut Frame, then: Then<'_>) -> Step {
        if let NodeKind::Unify(sides) = &node.kind {
            return self.unify(&sides.0, &sides.1, frame, then);
        }
        if !node.open {
            let holds = match &node.kind {
                NodeKind::Compare(operator, sides) => match self.plain(&sides.0, frame)? {
                    Some(left) => self
                        .plain(&sides.1, frame)?
                        .is_some_and(|right| compare(*operator, &left, &right)),
                    None => false,
                },
                _ => self.plain(node, frame)?.as_ref().is_some_and(holds),
            };
            return match holds {
                true => then(self, frame),
                false => Ok(Flow::More),
            };
        }
        self.each(
            node,
            frame,
            &mut |machine, frame, value| match value.holds() {
                true => then(machine, frame),
                false => Ok(Flow::More),
            },
        )
    }

    /// Whether an expression holds in at least one way.
    pub(in crate::rego) fn is_true(
        &mut self,
        node: &Node,
        frame: &mut Frame,
    ) -> Result<bool, Stop> {
        let flow = self.holds(node, frame, &mut |_, _| Ok(Flow::Enough))?;
        Ok(flow == Flow::Enough)
    }

    fn some_in(
        &mut self,
        key: Option<&Node>,
        value: &Node,
        collection: &Term,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        let Some(key) = key else {
            for found in collection.elements() {
                self.spend(1)?;
                if self.matches(value, found, frame, then)? == Flow::Enough {
                    return Ok(Flow::Enough);
                }
            }
            return Ok(Flow::More);
        };
        for (found_key, found) in collection.children() {
            self.spend(1)?;
            let flow = self.matches(key, found_key, frame, &mut |machine, frame| {
                machine.matches(value, found.clone(), frame, then)
            })?;
            if flow == Flow::Enough {
                return Ok(flow);
            }
        }
        Ok(Flow::More)
    }

    /// The first element for which an `every` does not hold; undefined where its domain is no collection.
    pub(in crate::rego) fn every(
        &mut self,
        every: &Every,
        frame: &mut Frame,
    ) -> Result<Option<(Term, Term)>, Stop> {
        let domain = self.value(&every.domain, frame)?;
        let Some(domain) = domain.filter(Term::is_collection) else {
            return Ok(Some((
                Term::constant(Value::Null),
                Term::constant(Value::Null),
            )));
        };
        for (key, value) in domain.children() {
            self.spend(1)?;
            if !self.every_holds(every, (key.clone(), value.clone()), frame)? {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }

    fn every_holds(
        &mut self,
        every: &Every,
        (key, value): (Term, Term),
        frame: &mut Frame,
    ) -> Result<bool, Stop> {
        if let Some(slot) = every.key {
            frame[slot] = Some(key);
        }
        frame[every.value] = Some(value);
        let flow = self.body(&every.body, 0, frame, &mut |_, _| Ok(Flow::Enough));
        if let Some(slot) = every.key {
            frame[slot] = None;
        }
        frame[every.value] = None;
        Ok(flow? == Flow::Enough)
    }

    /// The context in which what `with` names is replaced; none where a value is undefined.
    pub(in crate::rego) fn replaced(
        &mut self,
        with: &[(Target, Node)],
        frame: &mut Frame,
    ) -> Result<Option<Rc<Context>>, Stop> {
        let mut context = self.next_context();
        for (target, node) in with {
            let function = match &node.kind {
                NodeKind::Data(steps) => self.group_at(steps),
                _ => None,
            };
            let replacement = match function {
                Some(group) if self.is_function(group) => Replacement::Function(group),
                _ => match self.value(node, frame)? {
                    Some(value) => Replacement::Value(value),
                    None => return Ok(None),
                },
            };
            let is_function = matches!(replacement, Replacement::Function(_));
            if self.is_strict && (is_function || matches!(target, Target::Builtin(_))) {
                return Err(Stop::Unsupported("something stands for a function"));
            }
            match (target, replacement) {
                (Target::Input(path), Replacement::Value(value)) => {
                    context.input = Some(put(context.input.take(), path, value));
                }
                (Target::Data(path), replacement) => context.data.push((path.clone(), replacement)),
                (Target::Builtin(name), replacement) => {
                    context.builtins.push((name.clone(), replacement));
                }
                (Target::Input(_), Replacement::Function(_)) => {
                    return Err(Stop::Unsupported("a function stands for the input"));
                }
            }
        }
        Ok(Some(Rc::new(context)))
    }

    /// Binds a variable for what follows.
    pub(in crate::rego) fn bind(
        &mut self,
        slot: Slot,
        value: Term,
        frame: &mut Frame,
        then: Then<'_>,
    ) -> Step {
        frame[slot] = Some(value);
        let flow = then(self, frame);
        frame[slot] = None;
        flow
    }
}

/// `value` at `path` of `whole`.
pub(in crate::rego) fn put(whole: Option<Term>, path: &[Value], value: Term) -> Term {
    let Some((first, rest)) = path.split_first() else {
        return value;
    };
    let below = whole.as_ref().and_then(|whole| whole.child(first));
    let below = put(below, rest, value);
    let mut object: Object = match whole.map(|whole| whole.value) {
        Some(Value::Object(object)) => (*object).clone(),
        _ => Object::default(),
    };
    object.insert(first.clone(), below.value);
    Term {
        value: Value::from(object),
        source: Source::Constant,
    }
}

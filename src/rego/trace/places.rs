//! The values of rules and the place of each finding: rules are evaluated on values that know where they come from, and
//! what decided is looked up in the documents.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::document::input::Input;
use crate::document::path::Segment;
use crate::document::place::{Placed, Side};
use crate::document::value::Value;
use crate::finding::{Location, Related};
use crate::rego::set::PolicySet;
use crate::rego::trace::compile;
use crate::rego::trace::explain::{Explainer, Known, Witness};
use crate::rego::trace::functions::Functions;
use crate::rego::trace::machine::{Context, Machine, Replacement};
use crate::rego::trace::plan::{GroupId, Program};
use crate::rego::trace::reads::Read;
use crate::rego::trace::term::{Place, Source, Term};

/// Longest that the trace of an input may take, where it may not take more.
const LONGEST: Duration = Duration::from_secs(20);

/// Most further places of a finding.
const MOST_RELATED: usize = 100;

/// Finds places, for one thread.
pub(in crate::rego) struct Tracer {
    program: Program,
    functions: Functions,
    base: Term,
    /// The rules of the set by number, then the `exception` rules.
    rules: Vec<Option<Asked>>,
    /// Findings whose trace was given up, or gave another value than the engine, since this was last asked.
    pub(in crate::rego) dropped: Cell<usize>,
}

/// What was found out about a finding.
#[derive(Debug, Default)]
pub(in crate::rego) struct Found {
    /// Where it is, where that could be found out.
    pub(in crate::rego) location: Option<Location>,
    /// Further places.
    pub(in crate::rego) related: Vec<Related>,
    /// The body that fired.
    pub(in crate::rego) policy_location: Option<Location>,
}

impl Tracer {
    /// Compiles the policies of a set for tracing; none where its functions cannot be had.
    pub(in crate::rego) fn new(set: &PolicySet) -> Option<Self> {
        Self::with_data(set, set.data.clone())
    }

    /// Compiles the policies of a set for tracing with other data than its own.
    pub(in crate::rego) fn with_data(set: &PolicySet, data: Value) -> Option<Self> {
        let program = compile::compile(&set.policies);
        Some(Self {
            rules: asked(&program, set, &data),
            program,
            functions: Functions::new(set).ok()?,
            base: Term::constant(data),
            dropped: Cell::new(0),
        })
    }

    /// Starts the trace of one input; `file` is what `data.conftest.file` is.
    pub(in crate::rego) fn trace<'t>(
        &'t self,
        set: &'t PolicySet,
        input: &'t Input,
        file: Option<Value>,
        seed: u64,
    ) -> Trace<'t> {
        if let Ok(mut current) = self.functions.current.lock() {
            current.file.clone_from(&file);
            current.seed = seed;
        }
        let root = Term {
            value: input.value.clone(),
            source: Source::Node(Place::default()),
        };
        // The steps are counted, so that the same input has the same places; the clock is for what they do not show.
        let now = Instant::now();
        let deadline = now + set.settings.timeout.max(LONGEST);
        let mut machine = Machine::new(
            &self.program,
            &self.functions,
            &self.base,
            Some(root).filter(|root| root.value != Value::Undefined),
            deadline,
        );
        if let Some(file) = file {
            let path = ["data", "conftest", "file"].map(Arc::from).to_vec();
            machine.context = Rc::new(Context {
                data: vec![(path, Replacement::Value(Term::constant(file)))],
                ..(*machine.context).clone()
            });
        }
        let prefixes = prefixes(input);
        Trace {
            tracer: self,
            set,
            input,
            machine,
            judged_until: now + set.settings.timeout,
            prefixes,
            known: Known::default(),
        }
    }

    /// The program, for tests.
    #[cfg(test)]
    pub(in crate::rego) fn program(&self) -> &Program {
        &self.program
    }
}

/// A rule of the set as its program knows it.
struct Asked {
    group: GroupId,
    /// Whether nothing else is at its path or below, so that the rule's value is all that is there.
    is_alone: bool,
}

/// The rules of a set, then its `exception` rules.
fn asked(program: &Program, set: &PolicySet, data: &Value) -> Vec<Option<Asked>> {
    let rules = set.policy_rules.iter();
    let rules = rules.map(|rule| (rule.package.as_slice(), &*rule.name));
    let exceptions = set.entries.exceptions.iter();
    let exceptions = exceptions.map(|package| (package.as_slice(), "exception"));
    let base = Term::constant(data.clone());
    let asked = |(package, name): (&[Arc<str>], &str)| {
        let name: Arc<str> = name.into();
        let path = || package.iter().chain([&name]);
        let keys: Vec<Value> = path().map(|key| Value::from(&**key)).collect();
        let node = program.tree.at(path())?;
        Some(Asked {
            group: node.group?,
            is_alone: node.children.is_empty() && base.at(&keys).is_none(),
        })
    };
    rules.chain(exceptions).map(asked).collect()
}

/// Where documents are in an input, sorted.
fn prefixes(input: &Input) -> Vec<Vec<Value>> {
    let key = |segment: &Segment| match segment {
        Segment::Key(key) => Value::from(&**key),
        Segment::Index(index) => Value::from(u64::from(*index)),
    };
    let mut prefixes: Vec<Vec<Value>> = input
        .origins
        .iter()
        .map(|origin| origin.prefix.0.iter().map(key).collect())
        .collect();
    prefixes.sort();
    // Parts of a document that are written elsewhere are parts of it all the same.
    let mut whole: Vec<Vec<Value>> = Vec::new();
    for prefix in prefixes {
        let is_part = |outer: &Vec<Value>| !outer.is_empty() && prefix.starts_with(outer);
        if !whole.last().is_some_and(is_part) {
            whole.push(prefix);
        }
    }
    whole
}

/// The trace of one input.
pub(in crate::rego) struct Trace<'t> {
    tracer: &'t Tracer,
    pub(super) set: &'t PolicySet,
    pub(super) input: &'t Input,
    pub(super) machine: Machine<'t>,
    /// When judging ends.
    judged_until: Instant,
    pub(super) prefixes: Vec<Vec<Value>>,
    /// What bodies decided by, for all rules that use them.
    pub(super) known: Known,
}

impl<'t> Trace<'t> {
    /// The machine, for tests.
    #[cfg(test)]
    pub(in crate::rego) fn machine(&mut self) -> &mut Machine<'t> {
        &mut self.machine
    }

    /// The places of members of a rule's value, in their order; nothing where the trace has another value.
    pub(in crate::rego) fn places(
        &mut self,
        rule: usize,
        value: &Value,
        members: &[&Value],
    ) -> Vec<Found> {
        let drop = |n: usize| self.tracer.dropped.set(self.tracer.dropped.get() + n);
        let nothing = || {
            drop(members.len());
            members.iter().map(|_| Found::default()).collect()
        };
        let Some(group) = self.group_of(rule) else {
            return nothing();
        };
        self.machine.refill(0);
        let term = match self.machine.rule(group) {
            Ok(Some(term)) if term.value == *value => term,
            Ok(_) | Err(_) => return nothing(),
        };
        self.machine.refill(members.len());
        let mut witnesses = Vec::with_capacity(members.len());
        let mut explainer = Explainer::new(&mut self.machine, &self.prefixes, &mut self.known);
        for member in members {
            let found = explainer.witnesses(&term, member);
            if found.is_err() {
                drop(1);
            }
            witnesses.push(found.unwrap_or_default());
        }
        witnesses
            .iter()
            .map(|witnesses| self.found(witnesses))
            .collect()
    }

    /// The number of a rule for the tracer.
    pub(super) fn group_of(&self, rule: usize) -> Option<GroupId> {
        Some(self.tracer.rules.get(rule)?.as_ref()?.group)
    }

    /// The value of a rule, `Undefined` where it has none; none where that is better left to the engine.
    pub(in crate::rego) fn value(&mut self, rule: usize) -> Option<Value> {
        let known = self.tracer.rules.get(rule)?.as_ref()?;
        if !known.is_alone {
            return None;
        }
        self.machine.refill_to_judge();
        self.machine.is_strict = true;
        let longest = std::mem::replace(&mut self.machine.deadline, self.judged_until);
        let value = self.machine.rule(known.group);
        self.machine.deadline = longest;
        self.machine.is_strict = false;
        let term = value.ok()?;
        Some(term.map_or(Value::Undefined, |term| term.value))
    }

    fn found(&self, witnesses: &[Witness]) -> Found {
        let mut places: Vec<(Placed, Option<Location>)> = Vec::new();
        for witness in witnesses {
            let Some(read) = witness.reads.first() else {
                continue;
            };
            let Some(placed) = self.place(read) else {
                continue;
            };
            let twin = read
                .twin
                .as_ref()
                .and_then(|twin| self.place_of(twin, Side::Value));
            places.push((placed, twin.map(|placed| placed.location)));
        }
        places.sort_by(|(one, _), (two, _)| {
            let key = |placed: &Placed| (placed.location.file.clone(), placed.location.start);
            key(one).cmp(&key(two))
        });
        let policy_location = witnesses.iter().find_map(|witness| {
            let branch = witness.branch.as_ref()?;
            let location = self.set.sources.get(branch.module)?.location(branch.span);
            Some(location.without_excerpt())
        });
        let mut places = places.into_iter();
        let Some((first, twin)) = places.next() else {
            return Found {
                policy_location,
                ..Found::default()
            };
        };
        let mut related: Vec<Related> = Vec::new();
        let own = (first.location.file.clone(), first.location.start);
        let mut add = |location: Location, message: &str| {
            let key = (location.file.clone(), location.start);
            let is_known = related
                .iter()
                .any(|other| (other.location.file.clone(), other.location.start) == key);
            if key != own && !is_known {
                related.push(Related {
                    location,
                    message: message.to_owned(),
                });
            }
        };
        if let Some(used) = first.used {
            add(used, "used here");
        }
        if let Some(twin) = twin {
            add(twin, "the first one");
        }
        let n_more = places.len().saturating_sub(MOST_RELATED);
        for (placed, _) in places.take(MOST_RELATED) {
            add(placed.location, "also here");
        }
        if let (1.., Some(last)) = (n_more, related.last_mut()) {
            last.message = format!("also here, and in {n_more} more places");
        }
        Found {
            location: Some(first.location),
            related,
            policy_location,
        }
    }

    pub(super) fn place(&self, read: &Read) -> Option<Placed> {
        let side = match read.is_key {
            true => Side::Key,
            false => Side::Value,
        };
        self.place_of(&read.place, side)
    }

    fn place_of(&self, place: &Place, side: Side) -> Option<Placed> {
        let segment = |key: &Value| match key {
            Value::String(key) => Segment::Key(Arc::clone(key)),
            key => match key.as_u32() {
                Ok(index) => Segment::Index(index),
                Err(_) => Segment::Key(key.to_string().into()),
            },
        };
        let path: Vec<Segment> = place.keys().iter().map(segment).collect();
        self.input.place(&path, side)
    }
}

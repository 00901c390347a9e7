//! What was read of the input to make a value, or to find none.

use std::rc::Rc;

use crate::document::value::Value;
use crate::rego::prepare::calls::AND;
use crate::rego::trace::explain::Explainer;
use crate::rego::trace::machine::Stop;
use crate::rego::trace::plan::{Body, Callee, GroupId, Node, NodeKind, StatementKind};
use crate::rego::trace::term::{Frame, Made, Origin, Place, Source, Term};

/// A node of the input that was read, or would have been if it were there.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Read {
    /// The node.
    pub(in crate::rego) place: Place,
    /// Whether its key is meant, not its value.
    pub(in crate::rego) is_key: bool,
    /// The node that it was found equal to.
    pub(in crate::rego) twin: Option<Place>,
    /// How little it says about why the rule held that read it: 0 says most; none where a body reads it by itself.
    pub(in crate::rego) weight: Option<u8>,
    /// Whether it only was found equal to a text of the policy, as what chooses an alternative is.
    pub(in crate::rego) is_choice: bool,
}

impl Read {
    pub(in crate::rego) fn node(place: &Place) -> Self {
        Self {
            place: place.clone(),
            is_key: false,
            twin: None,
            weight: None,
            is_choice: false,
        }
    }

    fn key(place: &Place) -> Self {
        Self {
            is_key: true,
            ..Self::node(place)
        }
    }
}

/// What was read, in order.
pub(in crate::rego) type Reads = Vec<Read>;
/// What was read, or why that cannot be said.
pub(in crate::rego) type Found = Result<Reads, Stop>;

/// The most reads that are kept of one value.
const MANY: usize = 64;

/// Adds reads, save those of nodes of which a part was read already.
pub(in crate::rego) fn extend(reads: &mut Reads, more: Reads) {
    for read in more {
        if !reads.iter().any(|known| known.place.is_below(&read.place)) {
            reads.push(read);
        }
    }
}

/// Puts nodes before those that they are parts of.
pub(super) fn parts_first(reads: &mut Reads) {
    reads.truncate(4 * MANY);
    let places: Vec<Place> = reads.iter().map(|read| read.place.clone()).collect();
    reads.sort_by_cached_key(|read| {
        let is_part = |other: &Place| other.is_below(&read.place) && !read.place.is_below(other);
        places.iter().any(is_part)
    });
}

/// The node of the input whose keys a value holds.
fn keys_of(term: &Term) -> Option<Place> {
    match &term.source {
        Source::Made(made) => match &**made {
            Made::Call { name, args, .. } if &**name == "object.keys" => {
                args.first()?.place().cloned()
            }
            _ => None,
        },
        _ => None,
    }
}

/// The element that a builtin chose from a collection.
fn chosen(term: &Term) -> Option<Term> {
    let Source::Made(made) = &term.source else {
        return None;
    };
    match &**made {
        Made::Call { name, args, .. } if matches!(&**name, "max" | "min") => {
            let mut elements = args.first()?.elements().into_iter();
            elements.find(|element| element.value == term.value)
        }
        _ => None,
    }
}

impl Explainer<'_, '_> {
    /// What was read to make a value.
    pub(in crate::rego) fn reads(&mut self, term: &Term) -> Found {
        self.within(|explainer| {
            if let Some(element) = chosen(term) {
                return explainer.reads_of_existence(&element);
            }
            explainer.reads_of_source(&term.source)
        })
    }

    fn reads_of_source(&mut self, source: &Source) -> Found {
        Ok(match source {
            Source::Constant => Reads::new(),
            Source::Node(place) => vec![Read::node(place)],
            Source::Key(place) | Source::Path(place, _) => vec![Read::key(place)],
            Source::Made(made) => match &**made {
                Made::Call { name, args, .. } if &**name == "minus" => self.survivors(args)?,
                Made::Call { name, args, .. } if matches!(&**name, "any" | "all") => {
                    self.truths(args)?
                }
                Made::Call { args, .. } => self.all(args)?,
                Made::Absent(place, default) => {
                    let mut reads = vec![Read::node(place)];
                    reads.extend(self.reads_of_source(default)?);
                    reads
                }
                Made::Result(derivation, inner) => {
                    let mut reads = self.reads_of_source(inner)?;
                    reads.extend(self.decision(derivation)?);
                    reads
                }
                Made::Default(group, args, context) => {
                    let mut reads =
                        self.in_context(context, |this| this.failed_rule(*group, args))?;
                    reads.extend(self.all(args)?);
                    reads
                }
                Made::Collection(members) => match &members.origin {
                    Origin::Literal => {
                        let mut reads = Reads::new();
                        for member in members.entries.values().take(MANY) {
                            reads.extend(self.reads(&member.value)?);
                            if reads.len() >= MANY {
                                break;
                            }
                        }
                        reads
                    }
                    Origin::Comprehension(..) | Origin::Group(..) => {
                        // Of several it is all that were taken together.
                        let mut reads = match members.entries.values().next() {
                            Some(member) if members.entries.len() == 1 => {
                                self.reads_of_source(&member.source())?
                            }
                            _ => Reads::new(),
                        };
                        self.keep_document(&mut reads);
                        if reads.is_empty() {
                            reads = self.collection_of(source)?;
                        }
                        reads
                    }
                },
            },
        })
    }

    /// What the elements of a collection of truth values were made of.
    fn truths(&mut self, args: &[Term]) -> Found {
        let mut reads = Reads::new();
        for (_, element) in args.iter().flat_map(Term::children).take(MANY) {
            reads.extend(self.reads_of_source(element.source.inner())?);
        }
        self.keep_document(&mut reads);
        if reads.is_empty() {
            reads = self.all(args)?;
        }
        Ok(reads)
    }

    fn all(&mut self, terms: &[Term]) -> Found {
        let mut reads = Reads::new();
        for term in terms {
            reads.extend(self.reads(term)?);
        }
        reads.truncate(MANY);
        Ok(reads)
    }

    /// `A - B`: where what is left of A stands, else what B was made of; for numbers both.
    fn survivors(&mut self, args: &[Term]) -> Found {
        let [first, second] = args else {
            return self.all(args);
        };
        if !matches!(first.value, Value::Set(_)) {
            return self.all(args);
        }
        let mut reads = Reads::new();
        for (element, _) in first.children() {
            if second.child(&element.value).is_none() {
                reads.extend(self.reads(&element)?);
            }
            if reads.len() > MANY {
                break;
            }
        }
        self.keep_document(&mut reads);
        if reads.is_empty() {
            reads = self.collection(second)?;
        }
        Ok(reads)
    }

    /// Why a member of a collection is one: the body that gave it first, then the value itself.
    pub(in crate::rego) fn reads_of_existence(&mut self, term: &Term) -> Found {
        if let Source::Made(made) = &term.source
            && let Made::Result(derivation, inner) = &**made
        {
            let mut reads = self.decision(derivation)?;
            reads.extend(self.reads_of_source(inner)?);
            return Ok(reads);
        }
        self.reads(term)
    }

    /// The elements of a collection from number `first` on; the collection itself where it is one of the input.
    pub(in crate::rego) fn elements(&mut self, term: &Term, first: usize) -> Found {
        if term.place().is_some() {
            return self.reads(term);
        }
        if let (0, Some(place)) = (first, keys_of(term)) {
            return Ok(vec![Read::node(&place)]);
        }
        let mut reads = Reads::new();
        let is_intersection = matches!(&term.source, Source::Made(made) if matches!(
            &**made,
            Made::Call { name, .. } if &**name == AND || &**name == "intersection"
        ));
        let children = term.children();
        let start = first.min(children.len().saturating_sub(1));
        for (key, element) in children
            .iter()
            .skip(start)
            .chain(children.iter().take(start))
            .take(MANY)
        {
            let mut found = match is_intersection {
                true => self.reads_of_source(element.source.inner())?,
                false => self.reads_of_existence(element)?,
            };
            self.keep_document(&mut found);
            if found.is_empty() {
                found = self.reads(key)?;
            }
            reads.extend(found);
        }
        self.keep_document(&mut reads);
        if reads.is_empty()
            && let Source::Made(made) = &term.source
            && let Made::Call { name, args, .. } = &**made
            && &**name == "minus"
        {
            return self.survivors(args);
        }
        if reads.is_empty() {
            reads = self.collection(term)?;
        }
        Ok(reads)
    }

    /// What a collection is filled from.
    pub(in crate::rego) fn collection(&mut self, term: &Term) -> Found {
        self.within(|explainer| explainer.collection_of(&term.source))
    }

    fn collection_of(&mut self, source: &Source) -> Found {
        let made = match source {
            Source::Constant => return Ok(Reads::new()),
            Source::Node(place) | Source::Key(place) | Source::Path(place, _) => {
                return Ok(vec![Read::node(place)]);
            }
            Source::Made(made) => Rc::clone(made),
        };
        match &*made {
            Made::Call { args, .. } => {
                let mut reads = Reads::new();
                for arg in args {
                    reads.extend(self.collection(arg)?);
                }
                Ok(reads)
            }
            Made::Absent(place, _) => Ok(vec![Read::node(place)]),
            Made::Result(derivation, inner) => {
                let reads = self.collection_of(inner)?;
                if reads.is_empty() {
                    return self.decision(derivation);
                }
                Ok(reads)
            }
            Made::Default(group, args, context) => {
                self.in_context(context, |this| this.failed_rule(*group, args))
            }
            Made::Collection(members) => match &members.origin {
                Origin::Literal => {
                    let mut reads = Reads::new();
                    for member in members.entries.values().take(MANY) {
                        reads.extend(self.collection(&member.value)?);
                        if reads.len() >= MANY {
                            break;
                        }
                    }
                    Ok(reads)
                }
                Origin::Comprehension(made, frame, context) => {
                    let mut frame = (**frame).clone();
                    self.in_context(context, |this| {
                        this.generators(&made.branch.body, &mut frame)
                    })
                }
                Origin::Group(group, context) => {
                    self.in_context(context, |this| this.collection_of_rule(*group))
                }
            },
        }
    }

    fn collection_of_rule(&mut self, group: GroupId) -> Found {
        let program = self.machine.program;
        let mut reads = Reads::new();
        for definition in &program.groups[group].definitions {
            for branch in &definition.branches {
                let mut frame: Frame = vec![None; definition.n_slots];
                reads.extend(self.generators(&branch.body, &mut frame)?);
            }
        }
        Ok(reads)
    }

    /// What the statements of a body iterate over first, else why they do not hold.
    fn generators(&mut self, body: &Body, frame: &mut Frame) -> Found {
        for statement in &body.statements {
            let reads = match &statement.kind {
                StatementKind::SomeIn(_, _, collection) => self.base(collection, frame)?,
                StatementKind::Holds(node) => {
                    let mut open = Vec::new();
                    node.each(&mut |part| {
                        let is_reference =
                            matches!(part.kind, NodeKind::Ref(..) | NodeKind::Data(_))
                                || matches!(part.kind, NodeKind::Call(Callee::Walk, _));
                        if is_reference && part.open {
                            open.push(part);
                        }
                    });
                    let mut reads = Reads::new();
                    for part in open {
                        reads.extend(self.base(part, frame)?);
                    }
                    reads
                }
                StatementKind::Not(_) | StatementKind::Every(_) => continue,
            };
            let mut reads = reads;
            self.keep_document(&mut reads);
            if !reads.is_empty() {
                return Ok(reads);
            }
        }
        self.failed_body(body, frame)
    }

    /// What an expression iterates over: its beginning in front of the first open index.
    fn base(&mut self, node: &Node, frame: &mut Frame) -> Found {
        let (mut term, steps) = match &node.kind {
            NodeKind::Ref(head, steps) => match self.machine.value(head, frame)? {
                Some(term) => (term, steps),
                None => return self.missing(head, frame),
            },
            NodeKind::Data(steps) if node.open => {
                let constant = steps.iter().take_while(|step| !step.open).count();
                let found = self.data_value(&steps[..constant], frame)?;
                return match found {
                    Some(term) => self.collection(&term),
                    None => self.missing_data(&steps[..constant], frame),
                };
            }
            NodeKind::Call(Callee::Walk, args) => {
                return match args.first() {
                    Some(arg) => self.base(arg, frame),
                    None => Ok(Reads::new()),
                };
            }
            _ => {
                return match self.machine.value(node, frame)? {
                    Some(term) => self.collection(&term),
                    None => self.missing(node, frame),
                };
            }
        };
        for step in steps {
            if step.open {
                break;
            }
            let Some(key) = self.machine.value(step, frame)? else {
                break;
            };
            match term.child(&key.value) {
                Some(child) => term = child,
                None => return self.missing(node, frame),
            }
        }
        self.collection(&term)
    }

    /// The node of the input whose elements a reference takes one by one, and no part of them.
    pub(super) fn iterated(
        &mut self,
        node: &Node,
        frame: &mut Frame,
    ) -> Result<Option<Place>, Stop> {
        let (head, steps) = match &node.kind {
            NodeKind::Ref(head, steps) => (head, steps),
            NodeKind::Call(Callee::Builtin(_), args) => {
                for arg in args {
                    if let Some(place) = self.iterated(arg, frame)? {
                        return Ok(Some(place));
                    }
                }
                return Ok(None);
            }
            _ => return Ok(None),
        };
        let is_last = steps.last().is_some_and(|step| step.open);
        let n_open = steps.iter().filter(|step| step.open).count();
        if !is_last || n_open != 1 || head.open {
            return Ok(None);
        }
        let mut term = self.machine.value(head, frame)?;
        for step in &steps[..steps.len() - 1] {
            let key = self.machine.value(step, frame)?;
            term = term.zip(key).and_then(|(term, key)| term.child(&key.value));
        }
        Ok(term.and_then(|term| term.place().cloned()))
    }

    /// The value at a constant path below `data`.
    pub(in crate::rego) fn data_value(
        &mut self,
        steps: &[Node],
        frame: &mut Frame,
    ) -> Result<Option<Term>, Stop> {
        let mut found = None;
        self.machine.data(steps, frame, &mut |_, _, term| {
            found = Some(term);
            Ok(super::machine::Flow::Enough)
        })?;
        Ok(found)
    }
}

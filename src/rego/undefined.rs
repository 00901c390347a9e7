//! References to what is defined nowhere: no rule, no package, no data. They are undefined; what comes of that is said.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of expressions count here"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::document::value::Value;
use crate::finding::Severity;
use crate::rego::data;
use crate::rego::gaps::Gaps;
use crate::rego::prepare::names::{DataPath, Meaning, package_path, rule_path};
use crate::rego::prepare::{Policies, PolicyError, Unit};
use crate::rego::reach::{Definition, Reach};
use crate::rego::rules::PolicyRule;
use crate::rego::syntax::SyntaxError;
use crate::rego::syntax::ast::{Expr, ExprKind, Statement, StatementKind, join_path};
use crate::rego::syntax::visit::{Visitor, walk_parts, walk_rule, walk_statement};
use crate::source::Span;

/// What Conftest and Gatekeeper give apart from policies and data.
const GIVEN: [&str; 2] = ["conftest", "inventory"];

/// The references that rules which are run make to nothing, one for each name that is missing. Those under `not`, and
/// in rules with a default or an `else`, hide nothing, so that they are notices. What may be in `gaps` is not told.
pub(in crate::rego) fn undefined(
    policies: &Policies,
    reach: &Reach<'_>,
    rules: &[PolicyRule],
    data: &Value,
    gaps: &Gaps,
) -> Vec<(Severity, PolicyError)> {
    let known = Known::new(policies, data, gaps);
    let from = rules.iter().flat_map(|rule| &rule.definitions);
    let from: Vec<_> = from.copied().collect();
    let definitions = reach.from(&from);
    let defaults = defaults(policies);
    let mut mocked = Vec::new();
    let mut reads = Vec::new();
    for definition in &definitions {
        let mut reader = Reader {
            definition,
            then: match definition.rule {
                rule if !rule.otherwise.is_empty() => Then::IsHandled,
                rule if defaults.contains(&rule_path(&definition.unit.module, rule)) => {
                    Then::IsHandled
                }
                _ if from.contains(&definition.id) => Then::FindsNothing,
                rule if rule.head.member.is_some() => Then::IsEmpty,
                _ => Then::IsUndefined,
            },
            alone: None,
            mocked: &mut mocked,
            reads: &mut reads,
        };
        walk_rule(&mut reader, definition.rule);
    }
    // Those that hide something are told first, the first of each in the order of files.
    reads.sort_by_key(|read| (read.then, read.module, read.span.start));
    let is_mocked = |path: &DataPath| {
        let mut mocked = mocked.iter();
        mocked.any(|mocked| path.starts_with(mocked) || mocked.starts_with(path))
    };
    let mut missing: BTreeMap<DataPath, (Severity, PolicyError)> = BTreeMap::new();
    for read in reads.iter().filter(|read| !is_mocked(&read.path)) {
        if let Some(name) = known.missing(&read.path)
            && !known.is_optional(name, &reads)
            && !gaps.may_have(&read.path, name)
        {
            missing
                .entry(name.to_vec())
                .or_insert_with(|| known.problem(name, read));
        }
    }
    missing.into_values().collect()
}

/// The rules that have a value in any case.
fn defaults(policies: &Policies) -> BTreeSet<DataPath> {
    let of_unit = |unit: &Unit| -> Vec<DataPath> {
        let defaults = unit.module.rules.iter().filter(|rule| rule.is_default);
        defaults.map(|rule| rule_path(&unit.module, rule)).collect()
    };
    policies.units.iter().flat_map(of_unit).collect()
}

/// A reference to something below `data`.
struct Read {
    path: DataPath,
    module: usize,
    span: Span,
    /// What comes of it that it is undefined.
    then: Then,
    /// Whether it is asked for on its own, if it is there at all.
    test: Option<Test>,
}

/// What comes of it that something is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Then {
    /// A body of a rule that is run finds nothing.
    FindsNothing,
    /// A helper gives nothing.
    IsUndefined,
    /// A comprehension or a partial rule gives an empty collection.
    IsEmpty,
    /// Nothing is hidden by it: it is under `not`, or there is a default or an `else`.
    IsHandled,
}

/// How a statement asks whether something is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    /// `data.x`
    There,
    /// `not data.x`
    Missing,
}

/// All paths that something is defined at.
struct Known<'a> {
    paths: BTreeSet<DataPath>,
    /// Those of rules: what is below them is their value's.
    rules: BTreeSet<DataPath>,
    data: &'a Value,
}

impl<'a> Known<'a> {
    fn new(policies: &Policies, data: &'a Value, gaps: &Gaps) -> Self {
        let mut paths: BTreeSet<DataPath> = gaps.packages().cloned().collect();
        let mut rules = BTreeSet::new();
        for unit in &policies.units {
            paths.insert(package_path(&unit.module));
            let of_rules = unit.module.rules.iter();
            rules.extend(of_rules.map(|rule| rule_path(&unit.module, rule)));
        }
        paths.extend(rules.iter().cloned());
        Self { paths, rules, data }
    }

    /// The shortest beginning of a path that nothing is defined at.
    fn missing<'b>(&self, path: &'b [Arc<str>]) -> Option<&'b [Arc<str>]> {
        if path.get(1).is_none_or(|name| GIVEN.contains(&&**name)) {
            return None;
        }
        for n in 2..=path.len() {
            let beginning = &path[..n];
            if self.rules.contains(beginning) {
                return None;
            }
            let mut below = self.paths.range(beginning.to_vec()..);
            let is_path = below.next().is_some_and(|path| path.starts_with(beginning));
            if !is_path && data::at(self.data, beginning).is_none() {
                return Some(beginning);
            }
        }
        None
    }

    /// Whether policies ask if a value of a data file is there before they use it: their authors know that it may not be.
    fn is_optional(&self, name: &[Arc<str>], reads: &[Read]) -> bool {
        let (_, around) = name.split_last().expect("names have components");
        let mut below = self.paths.range(around.to_vec()..);
        let is_policy = below.next().is_some_and(|path| path.starts_with(around));
        if is_policy && around.len() > 1 {
            return false;
        }
        let of_it = || reads.iter().filter(|read| read.path.starts_with(name));
        let asks = |test: Test| of_it().any(|read| read.path == name && read.test == Some(test));
        asks(Test::Missing) || (asks(Test::There) && of_it().count() > 1)
    }

    fn problem(&self, name: &[Arc<str>], read: &Read) -> (Severity, PolicyError) {
        let text = join_path(name);
        let then = match read.then {
            Then::FindsNothing => "is undefined, and what reads it finds nothing",
            Then::IsUndefined => "is undefined, and what needs it is, too",
            Then::IsEmpty => "is undefined, and the collection that is made of it is empty",
            Then::IsHandled => "is always undefined here",
        };
        let help = match self.nearest(name, &read.path[name.len()..]) {
            Some(nearest) => format!("Did you mean `{}`?", join_path(&nearest)),
            None => {
                "Load what defines it: `-p` takes several paths of policies, `-d` of data files."
                    .to_owned()
            }
        };
        let message = format!("`{text}` is neither among the policies nor in the data: it {then}");
        let error = SyntaxError::new(read.span, message).help(help);
        let severity = match read.then {
            Then::IsHandled => Severity::Notice,
            Then::FindsNothing | Then::IsUndefined | Then::IsEmpty => Severity::Warning,
        };
        let module = read.module;
        (severity, PolicyError { module, error })
    }

    /// What is spelt nearly so beside it, or so elsewhere where it has what is read below it.
    fn nearest(&self, name: &[Arc<str>], below: &[Arc<str>]) -> Option<DataPath> {
        let (last, around) = name.split_last()?;
        let mut beside: BTreeSet<Arc<str>> = BTreeSet::new();
        let around_it = self.paths.range(around.to_vec()..);
        for path in around_it.take_while(|path| path.starts_with(around)) {
            beside.extend(path.get(around.len()).cloned());
        }
        let keys = data::at(self.data, around).and_then(|value| value.as_object().ok());
        for (key, _) in keys.into_iter().flat_map(|object| object.iter()) {
            beside.extend(key.as_string().ok().cloned());
        }
        let distance = |word: &Arc<str>| strsim::damerau_levenshtein(word, last);
        let near = beside.iter().min_by_key(|word| distance(word));
        let near = near.filter(|word| distance(word) <= (last.chars().count() / 3).max(1));
        if let Some(word) = near {
            let mut path = around.to_vec();
            path.push(Arc::clone(word));
            return Some(path);
        }
        let is_same = |path: &&DataPath| {
            let full = [path.as_slice(), below].concat();
            path.last() == Some(last) && !below.is_empty() && self.missing(&full).is_none()
        };
        self.paths.iter().find(is_same).cloned()
    }
}

struct Reader<'a> {
    definition: &'a Definition<'a>,
    then: Then,
    /// The place of an expression that is all of its statement.
    alone: Option<(Span, Test)>,
    mocked: &'a mut Vec<DataPath>,
    reads: &'a mut Vec<Read>,
}

impl Visitor for Reader<'_> {
    fn expr(&mut self, expr: &Expr) {
        let names = &self.definition.unit.names;
        if let Meaning::Data(path) = names.meaning_of(expr, self.definition.locals) {
            self.reads.push(Read {
                path,
                module: self.definition.id.0,
                span: expr.span,
                then: self.then,
                test: self.alone.and_then(|(span, test)| {
                    (span == expr.span && expr.as_path().is_some()).then_some(test)
                }),
            });
        }
        let outer = self.then;
        match &expr.kind {
            ExprKind::ArrayCompr(..) | ExprKind::SetCompr(..) | ExprKind::ObjectCompr(..) => {
                self.then = outer.max(Then::IsEmpty);
            }
            // A template says `<undefined>`.
            ExprKind::Template(_) => self.then = Then::IsHandled,
            _ => {}
        }
        match &expr.kind {
            // A function that there is not is an error of its own.
            ExprKind::Call(_, args) => args.iter().for_each(|arg| self.expr(arg)),
            _ => walk_parts(self, expr),
        }
        self.then = outer;
    }

    fn statement(&mut self, statement: &Statement) {
        for with in &statement.with {
            let names = &self.definition.unit.names;
            if let Meaning::Data(path) = names.meaning_of(&with.target, self.definition.locals) {
                self.mocked.push(path);
            }
        }
        let outer = (self.then, self.alone.take());
        match &statement.kind {
            StatementKind::Not(expr) => {
                self.then = Then::IsHandled;
                self.alone = Some((expr.span, Test::Missing));
            }
            StatementKind::Expr(expr) => self.alone = Some((expr.span, Test::There)),
            StatementKind::Some(_) | StatementKind::SomeIn { .. } | StatementKind::Every { .. } => {
            }
        }
        walk_statement(self, statement);
        (self.then, self.alone) = outer;
    }
}

//! Documents × checks → evaluations, on all cores; what comes out does not depend on how the work was shared.
//!
//! Each worker has its own judges; documents are dropped after use unless a check needs all of them.

pub mod progress;
mod queue;

use std::collections::HashSet;
use std::sync::Arc;

use crate::check::{Check, Facts, Judge, Needs};
use crate::document::directive::Directive;
use crate::document::input::{Input, Lists};
use crate::document::shape::scalar_warning;
use crate::document::{self, Document, Limits, Syntax};
use crate::finding::{Evaluation, Finding, Location, Outcome, Problem, Rule, Stage};
use crate::source::SourceFile;
use crate::tally::Tally;
use crate::walk::{FileEntry, Role};

use self::progress::Progress;
use self::queue::{Queue, run};

/// How documents are read and judged.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What may be in a file.
    pub limits: Limits,
    /// Largest file that is read, in bytes.
    pub max_bytes: u64,
    /// Whether the items of a `kind: List` are judged.
    pub lists: Lists,
    /// Whether all documents are one input.
    pub combine: bool,
    /// How many threads share the work.
    pub n_threads: usize,
}

/// What a scan gave, not yet in order.
#[derive(Debug, Default)]
pub struct Scan {
    /// All rules of all checks, sorted by id.
    pub rules: Vec<Rule>,
    /// The outcomes of all rules on each subject.
    pub evaluations: Vec<Evaluation>,
    /// The findings; their rule is an index into `rules`.
    pub findings: Vec<Finding>,
    /// What could not be read, parsed or evaluated.
    pub problems: Vec<Problem>,
    /// What policies said by `print`, in the order of files and documents.
    pub prints: Vec<String>,
    /// What comments in the documents ask for.
    pub directives: Vec<Directive>,
    /// Files that were read.
    pub n_files: usize,
    /// Documents that were read.
    pub n_documents: usize,
    /// Findings whose field was looked for in vain.
    pub n_untraced: usize,
    /// What only the whole run can say, as far as this one knows it.
    pub tally: Tally,
}

/// The engine goes deep on nested policies, and an overflow of the stack ends the process.
pub const STACK_BYTES: usize = 64 << 20;

/// Documents of one file that are handed to other workers together.
const BATCH: usize = 32;

/// Reads the files and runs all checks on their documents. `stdin` is what the entry `-` holds; how far it is can be seen
/// in `progress` meanwhile.
#[must_use]
pub fn scan(
    files: &[FileEntry],
    stdin: Option<&[u8]>,
    checks: &[&dyn Check],
    options: &Options,
    progress: &Progress,
) -> Scan {
    let catalogue = Catalogue::new(checks, progress);
    let collects = options.combine
        || checks
            .iter()
            .any(|check| check.needs() == Needs::AllDocuments);
    let mut scan = Scan::default();
    let reads_all = collects || checks.iter().any(|check| check.may_collect());
    let is_read = |number: &usize| reads_all || files[*number].role == Role::Judged;
    let first = (0..files.len()).filter(is_read).map(Task::Read).collect();
    let reader = Reader {
        files,
        stdin,
        options,
        progress,
    };
    if collects {
        let read = run(first, options.n_threads, || {
            |task: Task, queue: &Queue| reader.task(task, queue, None)
        });
        let mut documents = Vec::new();
        for part in read {
            documents.extend(part.documents.iter().cloned());
            scan.add(part.done);
        }
        documents.sort_by(|left, right| order(left).cmp(&order(right)));
        let facts = Facts { documents };
        let inputs = inputs_of(&facts, files, options);
        let judged = run(inputs, options.n_threads, || {
            let mut judges = catalogue.judges(&facts);
            move |task: Task, _: &Queue| judge_task(task, &mut judges)
        });
        scan.take(judged);
    } else {
        let facts = Facts::default();
        let mut parts = run(first, options.n_threads, || {
            let mut judges = catalogue.judges(&facts);
            move |task: Task, queue: &Queue| reader.task(task, queue, Some(&mut judges))
        });
        let facts = Facts {
            documents: taken(&mut parts, |part| &mut part.documents),
        };
        let waiting = taken(&mut parts, |part| &mut part.waiting);
        scan.take(parts);
        if !waiting.is_empty() {
            let judged = run(batches(&waiting, options), options.n_threads, || {
                let mut judges = catalogue.judges(&facts);
                move |task: Task, _: &Queue| judge_task(task, &mut judges)
            });
            scan.take(judged);
        }
    }
    for check in checks {
        scan.tally.join(check.tally());
    }
    scan.rules = catalogue.rules;
    scan
}

/// The documents of all parts, in the order of their files.
fn taken(
    parts: &mut [Part],
    of: impl Fn(&mut Part) -> &mut Vec<Arc<Document>>,
) -> Vec<Arc<Document>> {
    let mut documents: Vec<_> = parts
        .iter_mut()
        .flat_map(|part| std::mem::take(of(part)))
        .collect();
    documents.sort_by(|left, right| order(left).cmp(&order(right)));
    documents
}

fn order(document: &Document) -> (&str, u32) {
    (&document.name, document.index)
}

fn inputs_of(facts: &Facts, files: &[FileEntry], options: &Options) -> Vec<Task> {
    if options.combine {
        let is_any_judged = files.iter().any(|file| file.role == Role::Judged);
        if facts.documents.is_empty() || !is_any_judged {
            return Vec::new();
        }
        return vec![Task::Judge(0, vec![Input::combined(&facts.documents)])];
    }
    let known = files.iter().filter(|file| file.role == Role::Known);
    let known: HashSet<&str> = known.map(|file| &*file.name).collect();
    let is_judged = |document: &&Arc<Document>| !known.contains(&**document.file.name());
    let judged: Vec<_> = facts.documents.iter().filter(is_judged).cloned().collect();
    batches(&judged, options)
}

fn batches(documents: &[Arc<Document>], options: &Options) -> Vec<Task> {
    let batches = documents.chunks(BATCH).enumerate();
    batches
        .map(|(index, documents)| {
            let inputs = documents
                .iter()
                .flat_map(|document| Input::of_document(document, options.lists));
            Task::Judge(index, inputs.collect())
        })
        .collect()
}

/// Something for a worker to do; the number orders what came of it.
enum Task {
    /// Read a file.
    Read(usize),
    /// Judge documents of the file with this number.
    Documents(usize, Vec<Arc<Document>>),
    /// Judge inputs.
    Judge(usize, Vec<Input>),
}

/// What came of a task.
#[derive(Default)]
struct Part {
    done: Done,
    /// The documents that are collected.
    documents: Vec<Arc<Document>>,
    /// Those that can be judged only when all are read.
    waiting: Vec<Arc<Document>>,
}

#[derive(Default)]
struct Done {
    order: (usize, u32),
    evaluations: Vec<Evaluation>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
    prints: Vec<String>,
    directives: Vec<Directive>,
    n_files: usize,
    n_documents: usize,
    n_untraced: usize,
}

impl Scan {
    /// Takes what came of the tasks, without room to spare: there may be very many findings.
    fn take(&mut self, parts: Vec<Part>) {
        let done = || parts.iter().map(|part| &part.done);
        self.findings
            .reserve_exact(done().map(|done| done.findings.len()).sum());
        self.evaluations
            .reserve_exact(done().map(|done| done.evaluations.len()).sum());
        for part in parts {
            self.add(part.done);
        }
    }

    fn add(&mut self, done: Done) {
        self.evaluations.extend(done.evaluations);
        self.findings.extend(done.findings);
        self.problems.extend(done.problems);
        self.prints.extend(done.prints);
        self.directives.extend(done.directives);
        self.n_files += done.n_files;
        self.n_documents += done.n_documents;
        self.n_untraced += done.n_untraced;
    }
}

/// All rules, and where those of each check are among them.
struct Catalogue<'a> {
    checks: &'a [&'a dyn Check],
    rules: Vec<Rule>,
    /// For each check and each of its rules the index among all.
    index_of: Vec<Vec<usize>>,
    progress: &'a Progress,
}

impl<'a> Catalogue<'a> {
    fn new(checks: &'a [&'a dyn Check], progress: &'a Progress) -> Self {
        let mut all: Vec<(usize, usize, &Rule)> = Vec::new();
        for (check, rules) in checks.iter().map(|check| check.rules()).enumerate() {
            all.extend(
                rules
                    .iter()
                    .enumerate()
                    .map(|(own, rule)| (check, own, rule)),
            );
        }
        all.sort_by(|left, right| left.2.id.cmp(&right.2.id));
        let mut index_of: Vec<Vec<usize>> = checks
            .iter()
            .map(|check| vec![0; check.rules().len()])
            .collect();
        for (index, (check, own, _)) in all.iter().enumerate() {
            index_of[*check][*own] = index;
        }
        Self {
            checks,
            rules: all.into_iter().map(|(_, _, rule)| rule.clone()).collect(),
            index_of,
            progress,
        }
    }

    fn judges(&'a self, facts: &'a Facts) -> Judges<'a> {
        Judges {
            judges: self.checks.iter().map(|check| check.judge(facts)).collect(),
            catalogue: self,
        }
    }
}

/// The judges of one worker.
struct Judges<'a> {
    judges: Vec<Box<dyn Judge + 'a>>,
    catalogue: &'a Catalogue<'a>,
}

impl Judges<'_> {
    fn judge(&mut self, input: &Input, done: &mut Done) {
        let n_before = done.findings.len();
        let mut outcomes = vec![Outcome::Skipped; self.catalogue.rules.len()];
        let mut subject = input.subject.clone();
        // Reports name what is no resource for lack of an apiVersion, too.
        subject.resource = subject.resource.or_else(|| document::named(&input.value));
        for (judge, index_of) in self.judges.iter_mut().zip(&self.catalogue.index_of) {
            let judgement = judge.judge(input);
            for (own, outcome) in judgement.outcomes.into_iter().enumerate() {
                outcomes[index_of[own]] = outcome;
            }
            done.findings
                .extend(judgement.findings.into_iter().map(|finding| Finding {
                    rule: index_of[finding.rule],
                    resource: finding.resource.or_else(|| subject.resource.clone()),
                    ..finding
                }));
            done.problems.extend(judgement.problems);
            done.prints.extend(judgement.prints);
            done.n_untraced += judgement.n_untraced;
        }
        self.catalogue
            .progress
            .judged(done.findings.len() - n_before);
        done.evaluations.push(Evaluation {
            subject,
            outcomes: outcomes.into_boxed_slice(),
        });
    }
}

fn judge_task(task: Task, judges: &mut Judges<'_>) -> Part {
    let mut part = Part::default();
    if let Task::Judge(index, inputs) = task {
        part.done.order = (index, 0);
        for input in &inputs {
            judges.judge(input, &mut part.done);
        }
    }
    part
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    files: &'a [FileEntry],
    stdin: Option<&'a [u8]>,
    options: &'a Options,
    progress: &'a Progress,
}

impl Reader<'_> {
    /// Reads a file or judges documents of one; without judges the documents are handed back.
    fn task(&self, task: Task, queue: &Queue, judges: Option<&mut Judges<'_>>) -> Part {
        let mut part = Part::default();
        let (number, mut documents) = match task {
            Task::Read(number) => {
                let documents = self.read(number, &mut part.done);
                (number, documents)
            }
            Task::Documents(number, documents) => (number, documents),
            Task::Judge(..) => return part,
        };
        let first = documents.first().map_or(0, |document| document.index);
        part.done.order = (number, first);
        let Some(judges) = judges else {
            part.documents = documents;
            return part;
        };
        while documents.len() > BATCH {
            let rest = documents.split_off(documents.len() - BATCH);
            queue.push(Task::Documents(number, rest));
        }
        let is_judged = self.files[number].role == Role::Judged;
        for document in &documents {
            let checks = judges.catalogue.checks;
            if checks.iter().any(|check| check.collects(document)) {
                part.documents.push(Arc::clone(document));
            }
            if !is_judged {
                continue;
            }
            if checks.iter().any(|check| check.waits(document)) {
                part.waiting.push(Arc::clone(document));
                continue;
            }
            for input in Input::of_document(document, self.options.lists) {
                judges.judge(&input, &mut part.done);
            }
        }
        part
    }

    fn read(&self, number: usize, done: &mut Done) -> Vec<Arc<Document>> {
        self.progress.read();
        let entry = &self.files[number];
        let file = match self.source(entry) {
            Ok(file) => Arc::new(file),
            Err(problem) => {
                done.problems.push(problem);
                return Vec::new();
            }
        };
        let parsed = document::parse(&file, Syntax::of_name(&entry.name), &self.options.limits);
        let problems = parsed.problems.into_iter().map(|problem| problem.problem);
        done.problems.extend(problems);
        if entry.role == Role::Known {
            return parsed.documents;
        }
        done.n_files = 1;
        done.n_documents = parsed.documents.len();
        let documents = parsed.documents.iter();
        done.problems
            .extend(documents.filter_map(|document| scalar_warning(document)));
        let of_documents = parsed
            .documents
            .iter()
            .flat_map(|document| &document.directives);
        done.directives.extend(of_documents.cloned());
        done.directives.extend(parsed.stray);
        parsed.documents
    }

    fn source(&self, entry: &FileEntry) -> Result<SourceFile, Problem> {
        let bytes = match self.stdin {
            Some(bytes) if entry.is_stdin() => bytes.to_vec(),
            Some(_) | None => crate::walk::read(entry, self.options.max_bytes)?,
        };
        let text = document::decode(bytes).map_err(|error| {
            Problem::error(Stage::Read, error.to_string())
                .at(Location {
                    start: error.position,
                    end: error.position,
                    ..Location::whole_file(entry.name.as_str())
                })
                .help("Save the file as UTF-8.")
        })?;
        Ok(SourceFile::new(entry.name.as_str(), text))
    }
}

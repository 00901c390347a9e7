//! Suites of `gator verify`: each case reviews one object with one constraint and asserts what violations there are.
//!
//! Cases are judged as gator judges them: no built-in expansion, no Namespace but those of the inventory, and a match that
//! cannot be decided is a violation.

mod read;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex::Regex;

use crate::check::{Check, Facts};
use crate::document::field::Field;
use crate::document::input::{Input, Lists};
use crate::finding::{
    Evaluation, Finding, Level, Location, Outcome, Problem, Related, Rule, RuleKind, Severity,
    Stage, Status, Subject,
};
use crate::gatekeeper::eval::RunState;
use crate::gatekeeper::expansion::BuiltIn;
use crate::gatekeeper::known::read_known;
use crate::gatekeeper::load::load;
use crate::gatekeeper::read::{PolicyDocuments, read_policies};
use crate::gatekeeper::suite::read::{Case, Test};
use crate::gatekeeper::{Constraints, NamespaceObject, Options, Undecided};
use crate::rego;
use crate::rego::tests::Tested;

/// Which cases are run.
#[derive(Clone, Debug, Default)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// Those whose test or case has such a name.
    Either(Regex),
    /// Those whose test and case have such names.
    Both(Regex, Regex),
}

impl Filter {
    /// Reads `TEST//CASE` or one expression for either.
    ///
    /// # Errors
    /// Why it is none.
    pub fn new(text: &str) -> Result<Self, String> {
        let regex = |text: &str| {
            Regex::new(text).map_err(|error| {
                let error = error.to_string();
                error.lines().last().unwrap_or_default().to_owned()
            })
        };
        match text.split("//").collect::<Vec<_>>().as_slice() {
            [both] => Ok(Self::Either(regex(both)?)),
            [test, case] => Ok(Self::Both(regex(test)?, regex(case)?)),
            _ => Err("there may be one `//`, between test and case".to_owned()),
        }
    }

    /// Whether a Rego test is run, by its id.
    #[must_use]
    pub fn has_rule(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Either(regex) => regex.is_match(id),
            Self::Both(..) => false,
        }
    }

    fn has_test(&self, test: &Test<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Either(_) => {
                let mut cases = test.cases.iter();
                self.has_case(test.name, "") || cases.any(|case| self.has_case("", case.name))
            }
            Self::Both(regex, _) => regex.is_match(test.name),
        }
    }

    fn has_case(&self, test: &str, case: &str) -> bool {
        match self {
            Self::All => true,
            Self::Either(regex) => {
                (!test.is_empty() && regex.is_match(test))
                    || (!case.is_empty() && regex.is_match(case))
            }
            Self::Both(tests, cases) => tests.is_match(test) && cases.is_match(case),
        }
    }
}

/// Runs all suites.
#[must_use]
pub fn run(suites: &[Input], filter: &Filter, rego: &rego::load::Options) -> Tested {
    let mut tested = Tested::default();
    for input in suites {
        let mut run = SuiteRun {
            input,
            filter,
            rego,
            rows: Vec::new(),
            problems: Vec::new(),
            prints: Vec::new(),
        };
        run.suite();
        tested = tested.join(run.into_tested());
    }
    tested
}

/// A row of the report: a case, or a test that has none.
struct Row {
    rule: Rule,
    outcome: Outcome,
    finding: Option<Finding>,
}

struct SuiteRun<'a> {
    input: &'a Input,
    filter: &'a Filter,
    rego: &'a rego::load::Options,
    rows: Vec<Row>,
    problems: Vec<Problem>,
    prints: Vec<String>,
}

impl SuiteRun<'_> {
    fn suite(&mut self) {
        let root = Field::root(self.input);
        let Some(tests) = read::tests(&root, &mut self.problems) else {
            return;
        };
        let is_skipped = read::flag(&root, "skip", &mut self.problems);
        for test in &tests {
            if is_skipped || test.skip || !self.filter.has_test(test) {
                self.skip(test);
            } else {
                self.test(test);
            }
        }
    }

    fn skip(&mut self, test: &Test<'_>) {
        for case in &test.cases {
            self.row(test, Some(case), Outcome::Skipped, None);
        }
        if test.cases.is_empty() {
            self.row(test, None, Outcome::Skipped, None);
        }
    }

    fn test(&mut self, test: &Test<'_>) {
        let Some(documents) = self.documents(test) else {
            return self.all_errored(test);
        };
        let options = Options {
            undecided: Undecided::Violation,
            built_in: BuiltIn::Left,
            ..Options::default()
        };
        let loaded = load(&documents, &options, self.rego);
        let errors: Vec<Problem> = loaded
            .problems
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error)
            .collect();
        if test.invalid {
            return self.invalid(test, &documents, errors);
        }
        match loaded.constraints {
            Some(mut constraints) if errors.is_empty() => {
                constraints.judging.namespace_object = NamespaceObject::Hidden;
                for case in &test.cases {
                    let is_run = !case.skip && self.filter.has_case(test.name, case.name);
                    if is_run {
                        self.case(test, case, &mut constraints);
                    } else {
                        self.row(test, Some(case), Outcome::Skipped, None);
                    }
                }
            }
            Some(_) | None => {
                self.problems.extend(errors);
                self.all_errored(test);
            }
        }
    }

    fn all_errored(&mut self, test: &Test<'_>) {
        for case in &test.cases {
            self.row(test, Some(case), Outcome::Errored, None);
        }
        if test.cases.is_empty() {
            self.row(test, None, Outcome::Errored, None);
        }
    }

    /// The template, constraint and expansions of a test.
    fn documents(&mut self, test: &Test<'_>) -> Option<PolicyDocuments> {
        let template = self.file(&test.template, "a ConstraintTemplate", |found| {
            &mut found.templates
        });
        let constraint = self.file(&test.constraint, "a constraint", |found| {
            &mut found.constraints
        });
        let expansions = match &test.expansion {
            Some(field) => self.file(field, "an ExpansionTemplate", |found| &mut found.expansions),
            None => Some(Vec::new()),
        };
        Some(PolicyDocuments {
            templates: template?.into_iter().take(1).collect(),
            constraints: constraint?.into_iter().take(1).collect(),
            expansions: expansions?,
            ..PolicyDocuments::default()
        })
    }

    /// The documents of one sort in the file that a field names.
    fn file(
        &mut self,
        field: &Field<'_>,
        what: &str,
        of: impl Fn(&mut PolicyDocuments) -> &mut Vec<Input>,
    ) -> Option<Vec<Input>> {
        let path = self.path(field)?;
        let mut found = read_policies(&[path]);
        let n_before = self.problems.len();
        self.problems.append(&mut found.problems);
        let documents = std::mem::take(of(&mut found));
        if documents.is_empty() && self.problems.len() == n_before {
            let message = format!("there is not {what} in `{}`", field.text().unwrap_or(""));
            self.problems.push(field.error(message));
        }
        (!documents.is_empty()).then_some(documents)
    }

    /// The file that a field names, relative to the suite.
    fn path(&mut self, field: &Field<'_>) -> Option<PathBuf> {
        let text = field.text().unwrap_or_default();
        let suite = Path::new(&*self.input.subject.file);
        let path = suite.parent().unwrap_or(Path::new("")).join(text);
        if path.is_file() {
            return Some(path);
        }
        let message = format!("there is no file `{text}`");
        let help = "Paths are relative to the suite.";
        self.problems.push(field.error(message).help(help));
        None
    }

    /// A test that asserts that its constraint is none for its template.
    fn invalid(&mut self, test: &Test<'_>, documents: &PolicyDocuments, errors: Vec<Problem>) {
        let file = documents
            .constraints
            .first()
            .map(|constraint| Arc::clone(&constraint.subject.file));
        let is_of_constraint = |problem: &Problem| {
            let at = problem.location.as_ref().map(|place| &place.file);
            at == file.as_ref() && !problem.message.starts_with("unknown field")
        };
        if errors.iter().any(is_of_constraint) {
            return self.row(test, None, Outcome::Passed, None);
        }
        let message = match errors.first() {
            Some(error) => format!(
                "the constraint is not refused by the schema of its template, but: {}",
                error.message
            ),
            None => "the constraint is valid, though the test says `invalid: true`".to_owned(),
        };
        let place = test.field.location();
        self.row(
            test,
            None,
            Outcome::Found,
            Some((message, place, Vec::new())),
        );
    }

    fn case(&mut self, test: &Test<'_>, case: &Case<'_>, constraints: &mut Constraints) {
        let n_before = self.problems.len();
        let object = self.object(case);
        let mut known = Vec::new();
        for field in &case.inventory {
            if let Some(path) = self.path(field) {
                let (mut documents, mut problems) = read_known(&[path]);
                known.append(&mut documents);
                self.problems.append(&mut problems);
            }
        }
        if case.assertions.is_empty() {
            let message = "the case asserts nothing";
            self.problems.push(
                case.field
                    .error(message)
                    .help("Give it `assertions`, for example `[{violations: no}]`."),
            );
        }
        let is_right = self.problems.len() == n_before;
        let (Some(object), true) = (object, is_right) else {
            return self.row(test, Some(case), Outcome::Errored, None);
        };
        constraints.judging.known = known;
        constraints.run = RunState::default();
        let facts = Facts::default();
        let judgement = constraints.judge(&facts).judge(&object);
        self.prints.extend(judgement.prints);
        // As in gator: what cannot be evaluated is a violation.
        let errors = judgement
            .problems
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error);
        let messages: Vec<String> = judgement
            .findings
            .into_iter()
            .map(|finding| finding.message)
            .chain(errors.map(|problem| problem.message))
            .collect();
        let failed = case.assertions.iter().find_map(|assertion| {
            let why = assertion.failure(&messages)?;
            Some((
                why,
                assertion.location.clone(),
                vec![Related {
                    location: object.location(),
                    message: "this object".to_owned(),
                }],
            ))
        });
        let outcome = match failed {
            Some(_) => Outcome::Found,
            None => Outcome::Passed,
        };
        self.row(test, Some(case), outcome, failed);
    }

    /// The only document of the file that is reviewed.
    fn object(&mut self, case: &Case<'_>) -> Option<Input> {
        let field = case.object.as_ref()?;
        let path = self.path(field)?;
        let (documents, mut problems) = read_known(&[path]);
        self.problems.append(&mut problems);
        let [document] = documents.as_slice() else {
            let message = format!(
                "the file of a case's object holds one document, `{}` holds {}",
                field.text().unwrap_or_default(),
                documents.len()
            );
            self.problems.push(field.error(message));
            return None;
        };
        Input::of_document(document, Lists::Keep).into_iter().next()
    }

    fn row(
        &mut self,
        test: &Test<'_>,
        case: Option<&Case<'_>>,
        outcome: Outcome,
        failed: Option<(String, Location, Vec<Related>)>,
    ) {
        let file = &self.input.subject.file;
        let (id, name, field) = match case {
            Some(case) => (
                format!("{file}//{}//{}", test.name, case.name),
                case.name,
                &case.field,
            ),
            None => (format!("{file}//{}", test.name), test.name, &test.field),
        };
        let rule = Rule {
            id: id.into(),
            package: String::new(),
            name: name.to_owned(),
            kind: RuleKind::Test,
            severity: None,
            title: None,
            description: None,
            url: None,
            location: Some(field.location()),
        };
        let finding = failed.map(|(message, location, related)| Finding {
            rule: 0,
            level: Level::Failure,
            status: Status::Active,
            message,
            location,
            related,
            policy_location: None,
            enforcement_action: String::new(),
            resource: None,
            document: self.input.subject.document,
            item: String::new(),
            details: std::collections::BTreeMap::new(),
            fingerprint: String::new(),
        });
        self.rows.push(Row {
            rule,
            outcome,
            finding,
        });
    }

    fn into_tested(self) -> Tested {
        let outcomes: Vec<Outcome> = self.rows.iter().map(|row| row.outcome).collect();
        let mut tested = Tested {
            evaluations: vec![Evaluation {
                subject: Subject {
                    file: Arc::clone(&self.input.subject.file),
                    document: self.input.subject.document,
                    line: self.input.subject.line,
                    ..Subject::default()
                },
                outcomes: outcomes.into_boxed_slice(),
            }],
            problems: self.problems,
            prints: self.prints,
            ..Tested::default()
        };
        if self.rows.is_empty() && tested.problems.is_empty() {
            let message = "the suite has no tests";
            let problem = Problem::error(Stage::Load, message).at(self.input.location());
            tested.problems.push(problem);
        }
        for (index, row) in self.rows.into_iter().enumerate() {
            tested.rules.push(row.rule);
            tested.findings.extend(row.finding.map(|finding| Finding {
                rule: index,
                ..finding
            }));
        }
        tested
    }
}

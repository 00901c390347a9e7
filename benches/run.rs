//! How fast whole runs are: documents read, rules evaluated, a report written.

mod corpus;

use std::path::PathBuf;
use std::time::Duration;

use divan::Bencher;
use policy::check::Check;
use policy::document::Limits;
use policy::document::input::Lists;
use policy::output::{self, Format, Passed, Style};
use policy::rego::load::{self, BuiltinErrors, Environment, Options, Tests};
use policy::rego::set::PolicySet;
use policy::report::{Report, Warnings};
use policy::{scan, walk};

fn main() {
    divan::main();
}

fn policies() -> PolicySet {
    let options = Options {
        policies: vec![PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/benches/policy"
        ))],
        data: Vec::new(),
        packages: Vec::new(),
        version: None,
        environment: Environment::Hidden,
        variables: Vec::new(),
        tests: Tests::Excluded,
        timeout: Duration::from_secs(5),
        now_ns: 0,
        directory: PathBuf::new(),
        builtin_errors: BuiltinErrors::Error,
        combine: false,
        places: load::Places::Field,
        elsewhere: std::collections::BTreeSet::new(),
        templates: Vec::new(),
    };
    load::load(&options).set.expect("the policies load")
}

fn run(set: &PolicySet, text: &[u8]) -> Report {
    let found = walk::find(&[PathBuf::from("-")], &walk::Options::default());
    let options = scan::Options {
        limits: Limits::default(),
        max_bytes: u64::MAX,
        lists: Lists::Items,
        combine: false,
        n_threads: 1,
    };
    let checks: [&dyn Check; 1] = [set];
    let scanned = scan::scan(
        &found.files,
        Some(text),
        &checks,
        &options,
        &scan::progress::Progress::default(),
    );
    Report {
        rules: scanned.rules,
        evaluations: scanned.evaluations,
        findings: scanned.findings,
        ..Report::default()
    }
}

/// Reading and nine rules, on one thread.
#[divan::bench(args = [10, 1_000])]
fn scan(bencher: Bencher<'_, '_>, n: usize) {
    let set = policies();
    let text = corpus::join(&corpus::documents(1, n)).into_bytes();
    bencher
        .counter(divan::counter::ItemsCount::new(n))
        .bench(|| run(&set, &text).findings.len());
}

/// Writing the report of 1,000 documents.
#[divan::bench(args = Format::ALL)]
fn write(bencher: Bencher<'_, '_>, format: Format) {
    let text = corpus::join(&corpus::documents(1, 1_000)).into_bytes();
    let mut report = run(&policies(), &text);
    report.sort();
    let style = Style {
        colour: false,
        width: None,
        passed: Passed::Hidden,
        warnings: Warnings::Allowed,
    };
    bencher.bench(|| {
        let mut out = Vec::new();
        output::write(&report, format, &style, &mut out).map(|()| out.len())
    });
}

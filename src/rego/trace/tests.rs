//! The tracer gives what the engine gives.

use std::path::Path;
use std::time::Duration;

use crate::document::input::Input;
use crate::document::value::Value;
use crate::finding::Subject;
use crate::rego::engine::Worker;
use crate::rego::language_tests::load_one;
use crate::rego::load::{self, Options, Tests};
use crate::rego::set::PolicySet;
use crate::rego::syntax::Version;
use crate::rego::syntax::ast::join_path;
use crate::rego::trace::machine::Stop;
use crate::rego::trace::places::Tracer;
use crate::rego::trace::plan::GroupKind;

#[derive(Debug, Default)]
struct Compared {
    equal: usize,
    judged: usize,
    stopped: Vec<String>,
    different: Vec<String>,
}

/// Compares the values of all rules without arguments.
fn compare(set: &PolicySet, value: &Value, compared: &mut Compared) {
    let Ok(mut worker) = Worker::new(set, &[]) else {
        return;
    };
    let tracer = Tracer::new(set).expect("functions");
    let input = Input {
        value: value.clone(),
        origins: Vec::new(),
        subject: Subject::default(),
    };
    worker.set_input(value.clone(), None, 0);
    let mut trace = tracer.trace(set, &input, None, 0);
    for group in &tracer.program().groups {
        let path = join_path(&group.path);
        if group.kind == GroupKind::Function {
            continue;
        }
        // Such policies are not loaded.
        if worker.prepare(set, &path).is_err() {
            continue;
        }
        let engine = worker.evaluate(set, &path, Duration::from_secs(20));
        let failures = worker.log.take();
        // What the engine cannot evaluate is not for the other to say, and neither is what hangs on a failing function.
        let judged = trace.machine().judged(&group.path);
        if let (Err(error), Ok(value)) = (&engine, &judged) {
            compared
                .different
                .push(format!("{path}\n  engine {error:?}\n  judge {value:?}"));
        }
        let Ok(engine) = engine else {
            continue;
        };
        if let Ok(value) = judged {
            compared.judged += 1;
            if value != engine {
                let failures = failures.len();
                compared.different.push(format!(
                    "{path}\n  engine {engine}, {failures} failures\n  judge {value}"
                ));
            }
        }
        let traced = trace.machine().at(&group.path);
        let shown = |traced: String| format!("{path}\n  engine {engine}\n  tracer {traced}");
        match traced {
            Err(Stop::Budget | Stop::Unsupported(_)) => {
                compared.stopped.push(shown(format!("{traced:?}")));
            }
            Ok(term) => {
                let value = term.map_or(Value::Undefined, |term| term.value);
                if value == engine {
                    compared.equal += 1;
                } else {
                    compared.different.push(shown(value.to_string()));
                }
            }
        }
    }
}

fn language_cases(path: &str, compared: &mut Compared) {
    let text = std::fs::read_to_string(path).expect("the recorded answers");
    let recorded: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let json = |value: Option<&serde_json::Value>, otherwise: Value| {
        value.map_or(otherwise, |json| {
            Value::from_json_str(&json.to_string()).expect("recorded JSON")
        })
    };
    for case in recorded["cases"].as_array().expect("cases") {
        let version = match case["rego"].as_str() {
            Some("v0") => Version::V0,
            _ => Version::V1,
        };
        let module = case["module"].as_str().expect("a module");
        let data = json(case.get("data"), Value::new_object());
        let Ok(set) = load_one(module, version, data) else {
            continue;
        };
        let input = json(case.get("input"), Value::Undefined);
        let before = (compared.different.len(), compared.stopped.len());
        compare(&set, &input, compared);
        if (compared.different.len(), compared.stopped.len()) != before
            && let Some(last) = compared.different.last_mut()
        {
            last.push_str(&format!("\n  in {}", case["name"]));
        }
    }
}

/// The rules and tests of a folder of policies.
fn folder(path: &Path, compared: &mut Compared) {
    let options = Options {
        policies: vec![path.to_path_buf()],
        tests: Tests::Included,
        ..load::tests_options()
    };
    let loaded = load::load(&options);
    let set = loaded.set.expect("the policies load");
    compare(&set, &Value::Undefined, compared);
}

#[test]
fn traced_programs_give_what_the_engine_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compared = Compared::default();
    language_cases(
        &root.join("testdata/parity/language.json").to_string_lossy(),
        &mut compared,
    );
    folder(&root.join("policy"), &mut compared);
    folder(&root.join("benches/policy"), &mut compared);
    policies_of_others(&mut compared);
    assert!(
        compared.different.is_empty(),
        "{} equal, {} judged, {} different:\n{}",
        compared.equal,
        compared.judged,
        compared.different.len(),
        compared.different.join("\n")
    );
    assert!(
        compared.stopped.is_empty(),
        "{}",
        compared.stopped.join("\n")
    );
    assert!(
        compared.equal > 700 && compared.judged > 650,
        "only {} rules were compared, {} of them as those that judge",
        compared.equal,
        compared.judged
    );
}

/// Policies that are not in this repository: folders and files of cases that the caller names, none otherwise.
#[expect(
    clippy::disallowed_methods,
    reason = "other people's policies are not in this repository"
)]
fn policies_of_others(compared: &mut Compared) {
    let paths = |variable: &str| -> Vec<String> {
        let value = std::env::var(variable).unwrap_or_default();
        let named = value.split(':').filter(|path| !path.is_empty());
        named.map(str::to_owned).collect()
    };
    for path in paths("POLICY_TRACE_FOLDERS") {
        folder(Path::new(&path), compared);
    }
    for path in paths("POLICY_TRACE_CASES") {
        language_cases(&path, compared);
    }
}

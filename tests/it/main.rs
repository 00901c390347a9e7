//! The integration tests: the binary as a user runs it, and the rules of the house.

mod agent;
mod better;
mod changed;
mod ci;
mod cli;
mod config;
mod conftest;
mod explain;
mod failing_builtins;
mod first_day;
mod gatekeeper;
mod hostile;
mod limits;
mod load_errors;
mod packages;
mod parts;
mod pipelines;
mod places;
mod schemas;
mod several_files;
mod shown;
mod starters;
mod suppress;
mod terminal;
mod tidy;
mod undefined;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The binary with an environment of its own, in a folder.
fn policy(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy"));
    command
        .current_dir(folder)
        .env_clear()
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null());
    command
}

/// A run's exit code, standard output and standard error.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("not ended by a signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    policy(folder)
        .args(args)
        .output()
        .expect("the binary runs")
        .into()
}

/// A run with something on standard input.
fn run_with_stdin(folder: &Path, args: &[&str], stdin: &str) -> Ran {
    use std::io::Write as _;
    let mut child = policy(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(stdin.as_bytes()).expect("it reads all");
    drop(pipe);
    child.wait_with_output().expect("it ends").into()
}

/// A folder of its own with these files, removed when dropped.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("policy-it-{}-{count}", std::process::id()));
        let folder = Self { path };
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("the folder is made");
        std::fs::write(path, bytes).expect("the file is written");
    }
}

/// The definition of a custom resource of example.com with these fields in its `spec`.
fn definition(kind: &str, fields: &str) -> String {
    let plural = format!("{}s", kind.to_lowercase());
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.example.com}}
spec:
  group: example.com
  scope: Namespaced
  names: {{kind: {kind}, plural: {plural}}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {{type: object, properties: {{{fields}}}}}
"
    )
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The JSON report of a run.
fn report(folder: &Path, args: &[&str]) -> (i32, serde_json::Value) {
    let mut all = args.to_vec();
    all.extend(["-o", "json"]);
    let ran = run(folder, &all);
    let json = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}\n{}", ran.stdout, ran.stderr));
    (ran.code, json)
}

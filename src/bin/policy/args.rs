//! The arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use policy::gatekeeper::expansion::BuiltIn;
use policy::gatekeeper::suite::Filter;
use policy::gatekeeper::{NamespaceLabel, Undecided};
use policy::output::Format;
use policy::rego::load::{BuiltinErrors, Version};
use policy::walk;

use crate::completions::{CompletionsArgs, ManArgs};
use crate::init::InitArgs;
use crate::merge::MergeArgs;
use crate::schemas::{SCHEMA_FLAGS, SchemaArgs};
use crate::suppression::SuppressArgs;

/// Checks Kubernetes manifests against the Rego policies that you already have.
///
/// Exit codes: 0 everything was checked and passed, 1 something failed, 2 not everything could be checked or the
/// command was used wrongly.
#[derive(Debug, Parser)]
#[command(name = "policy", version, max_term_width = 100)]
pub(crate) struct Policy {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Configuration file; without it, the nearest `.policy.yaml` from here up to the repository's root.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long, global = true, conflicts_with = "config")]
    no_config: bool,
}

impl Policy {
    /// Says where the configuration file stands: reports name files from there on.
    pub(crate) fn set_base(&mut self, base: Option<PathBuf>) {
        match &mut self.command {
            Command::Test(args) => args.output.base = base,
            Command::Verify(args) => args.output.base = base,
            Command::Merge(args) => args.output.base = base,
            Command::Parse(_)
            | Command::Explain(_)
            | Command::Init(_)
            | Command::Config(_)
            | Command::Completions(_)
            | Command::Man(_) => {}
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run policies on manifests: files, folders, or `-` for standard input.
    Test(Box<TestArgs>),
    /// Print what rules will see of manifests.
    Parse(ParseArgs),
    /// Run the unit tests of policies: `test_…` rules and Gatekeeper's suites.
    Verify(VerifyArgs),
    /// Say why a rule found something in a document, or nothing: each expression with what it read.
    Explain(ExplainArgs),
    /// Put the JSON reports of several shards together, or show one in another format.
    Merge(MergeArgs),
    /// Write a configuration and starter policies; what is there already is kept.
    Init(InitArgs),
    /// Print the configuration that is in force, with the origin of each value.
    Config(Box<ConfigArgs>),
    /// Print completions of commands and flags for a shell.
    Completions(CompletionsArgs),
    /// Print the man page, or that of a command.
    Man(ManArgs),
}

/// Where policies and data are and how they are loaded.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    /// Files and folders with data, seen by rules below `data`; inside a folder the names of folders are keys.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) data: Vec<PathBuf>,
    /// Read all policies as this version of Rego; without it, each file's own is found.
    #[arg(long, value_name = "VERSION")]
    pub(crate) rego_version: Option<RegoVersion>,
    /// Let policies see the environment with `opa.runtime()`.
    #[arg(long)]
    pub(crate) allow_env: bool,
    /// Longest that the rules may take for one document (`5s`, `500ms`, `1m`).
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Most memory that the run may take, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub(crate) memory_limit: u64,
    /// The instant that policies see as now: a date (`2026-11-24`) or an RFC 3339 time; without it, the clock's.
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub(crate) date: Option<i64>,
}

/// How the report is written.
#[derive(Args, Debug)]
pub(crate) struct OutputArgs {
    /// Format of the report: FORMAT to standard output or FORMAT=FILE; may be given several times.
    ///
    /// Formats: pretty, table, json, tap, junit, sarif, azure-devops, github, markdown. Without it, pretty; in Azure
    /// Pipelines (`TF_BUILD`) and GitHub Actions (`GITHUB_ACTIONS`) followed by their commands.
    #[arg(short, long, value_name = "FORMAT[=FILE]", value_parser = target)]
    pub(crate) output: Vec<Target>,
    /// List what passed, too, in the table.
    #[arg(long)]
    pub(crate) show_passed: bool,
    /// Print nothing to standard output when everything passed, and nothing on the way.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say how long it took, what below policy paths is no policy, and how many findings have no field.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// When to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// The same as `--color never`.
    #[arg(long, hide = true)]
    pub(crate) no_color: bool,
    /// Fail on warnings, too.
    #[arg(long)]
    pub(crate) fail_on_warn: bool,
    /// Exit with 0 when something failed; what could not be checked still gives 2.
    #[arg(long)]
    pub(crate) no_fail: bool,
    /// The folder of the configuration file.
    #[arg(skip)]
    pub(crate) base: Option<PathBuf>,
}

/// Where policies are, if nothing else is said.
pub(crate) const DEFAULT_POLICY: &str = "policy";

#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// Manifests: files, folders, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Judge the files that a pre-commit hook names: what a walk would pass over is left out, and finding nothing passes.
    #[arg(long, conflicts_with = "update_baseline")]
    pub(crate) hook: bool,
    /// Judge only documents of files that changed since this commit (or branch), by git; rules still see the others.
    ///
    /// Everything is judged, and it is said why, where what judges changed: policies, data, schemas, the configuration, or
    /// documents that others are judged by (CustomResourceDefinitions with `--schema`, Namespaces where constraints look at
    /// them, anything where a template reads the inventory), also where they are gone.
    #[arg(long, value_name = "REF", conflicts_with = "update_baseline")]
    pub(crate) changed_since: Option<String>,
    /// Judge only a part of the files, `2/5` or `auto`; `policy merge` puts the JSON reports together.
    #[arg(long, value_name = "I/N", conflicts_with_all = ["update_baseline", "combine"])]
    pub(crate) shard: Option<String>,
    /// Files and folders with policies [default: policy].
    #[arg(short, long, value_name = "PATH")]
    pub(crate) policy: Vec<PathBuf>,
    /// Run only the rules of these Rego packages (`*`, `?` and `[…]` match; without it, all packages are run).
    #[arg(short, long, value_name = "PACKAGE", value_delimiter = ',')]
    pub(crate) namespace: Vec<String>,
    /// Run the rules of all packages, as is done without it, too.
    #[arg(long, conflicts_with = "namespace")]
    pub(crate) all_namespaces: bool,
    /// Give all documents to the rules at once, as a list of `{path, contents}`.
    #[arg(long)]
    pub(crate) combine: bool,
    /// Judge a `kind: List` as one document instead of its items.
    #[arg(long)]
    pub(crate) keep_lists: bool,
    /// Do not look for the field that made a rule fire: findings are at their resource, and the run is faster.
    #[arg(long)]
    pub(crate) no_places: bool,
    /// What it is when a built-in function fails and may hide a finding by that.
    ///
    /// An error is a notice all the same where a finding of the same rule in the same document makes the run fail anyway.
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub(crate) builtin_errors: BuiltinErrorsArg,
    #[command(flatten)]
    pub(crate) gatekeeper: GatekeeperArgs,
    #[command(flatten)]
    pub(crate) schema: SchemaArgs,
    /// Check no schemas, whatever the configuration says about them.
    #[arg(long, help_heading = "Schemas", conflicts_with_all = SCHEMA_FLAGS)]
    pub(crate) no_schema: bool,
    #[command(flatten)]
    pub(crate) walk: WalkArgs,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    #[command(flatten)]
    pub(crate) suppress: SuppressArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Pass when there is no document to judge.
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

/// How constraints judge.
#[derive(Args, Debug)]
#[command(next_help_heading = "Gatekeeper")]
pub(crate) struct GatekeeperArgs {
    /// Files and folders with objects that constraints know (`data.inventory`, Namespaces) and do not judge.
    #[arg(long, value_name = "PATH")]
    pub(crate) inventory: Vec<PathBuf>,
    /// A label of a Namespace that is not among the documents; may be given several times.
    #[arg(long, value_name = "NAMESPACE=KEY=VALUE", value_parser = namespace_label)]
    pub(crate) namespace_labels: Vec<NamespaceLabel>,
    /// The namespace of objects that have none and belong into one, as with `kubectl -n`.
    #[arg(long, value_name = "NAME")]
    pub(crate) default_namespace: Option<String>,
    /// Fail where a `namespaceSelector` cannot be decided, as Gatekeeper does, instead of warning.
    #[arg(long)]
    pub(crate) strict_match: bool,
    /// Do not make Pods of Deployments, Jobs and the like: constraints on Pods judge Pods only.
    #[arg(long)]
    pub(crate) no_expansion: bool,
    /// The enforcement point that scoped enforcement actions are judged for.
    #[arg(long, value_name = "POINT", default_value = policy::gatekeeper::constraint::GATOR)]
    pub(crate) enforcement_point: EnforcementPoint,
}

impl GatekeeperArgs {
    /// How constraints are loaded and evaluated.
    pub(crate) fn options(&self) -> policy::gatekeeper::Options {
        policy::gatekeeper::Options {
            inventory: self.inventory.clone(),
            namespace_labels: self.namespace_labels.clone(),
            default_namespace: self.default_namespace.clone(),
            undecided: match self.strict_match {
                true => Undecided::Violation,
                false => Undecided::Warning,
            },
            enforcement_point: self.enforcement_point.as_str().to_owned(),
            built_in: match self.no_expansion {
                true => BuiltIn::Left,
                false => BuiltIn::Used,
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnforcementPoint {
    /// Checks outside the cluster.
    #[value(name = "gator.gatekeeper.sh")]
    Gator,
    /// The admission webhook.
    #[value(name = "validation.gatekeeper.sh")]
    Validation,
    /// The audit.
    #[value(name = "audit.gatekeeper.sh")]
    Audit,
    /// ValidatingAdmissionPolicies.
    #[value(name = "vap.k8s.io")]
    Vap,
}

impl EnforcementPoint {
    fn as_str(self) -> &'static str {
        match self {
            Self::Gator => "gator.gatekeeper.sh",
            Self::Validation => "validation.gatekeeper.sh",
            Self::Audit => "audit.gatekeeper.sh",
            Self::Vap => "vap.k8s.io",
        }
    }
}

fn suite_filter(text: &str) -> Result<Filter, String> {
    Filter::new(text)
}

fn namespace_label(text: &str) -> Result<NamespaceLabel, String> {
    let mut parts = text.splitn(3, '=');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(namespace), Some(key), Some(value)) if !namespace.is_empty() && !key.is_empty() => {
            Ok(NamespaceLabel {
                namespace: namespace.to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
            })
        }
        _ => Err("write `NAMESPACE=KEY=VALUE`, for example `shop=env=prod`".to_owned()),
    }
}

/// Which manifests are read.
#[derive(Args, Debug)]
pub(crate) struct WalkArgs {
    /// Leave out files and folders that match (as in a `.gitignore`); may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// The name of what standard input holds.
    #[arg(long, value_name = "NAME")]
    pub(crate) stdin_filename: Option<String>,
    /// Largest file that is read, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    pub(crate) max_file_size: u64,
    /// How many threads share the work; without it, one a processor.
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
}

impl WalkArgs {
    /// What is looked for, and which paths hold no manifests.
    pub(crate) fn options(&self, never_enter: Vec<PathBuf>) -> walk::Options {
        walk::Options {
            exclude: self.exclude.clone(),
            never_enter,
            stdin_name: self.stdin_filename.clone(),
            ..walk::Options::default()
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct ParseArgs {
    /// Manifests: files, folders, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to print: pretty, or json for machines.
    #[arg(short, long, value_name = "FORMAT", default_value = "pretty")]
    pub(crate) output: ParseFormat,
    /// Print a `kind: List`, or a document that is a sequence, as it stands instead of its items.
    #[arg(long)]
    pub(crate) keep_lists: bool,
    /// Print what is made of workloads for constraints, too: the Pods of Deployments, Jobs and the like.
    #[arg(long)]
    pub(crate) expanded: bool,
    /// Policy paths whose ExpansionTemplates are used with `--expanded`.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) policy: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) walk: WalkArgs,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Files and folders with policies and their tests [default: policy].
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Further files and folders with policies and their tests, as PATH.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) policy: Vec<PathBuf>,
    /// Run only the tests whose name matches, and the cases of suites whose test or case does; `TEST//CASE` for both.
    #[arg(short, long, value_name = "REGEX", value_parser = suite_filter)]
    pub(crate) run: Option<Filter>,
    /// Pass when there is no test to run.
    #[arg(long)]
    pub(crate) allow_empty: bool,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The rule: `package.name`, `Kind/constraint-name` or `schema/name`, as in reports.
    #[arg(value_name = "RULE")]
    pub(crate) rule: String,
    /// The manifest, with the number of the document if not all are meant: `web.yaml#1` is the second one.
    #[arg(value_name = "FILE[#N]")]
    pub(crate) file: String,
    /// Files and folders with policies.
    #[arg(short, long, value_name = "PATH", default_value = "policy")]
    pub(crate) policy: Vec<PathBuf>,
    /// How to print: pretty, or json for machines.
    #[arg(short, long, value_name = "FORMAT", default_value = "pretty")]
    pub(crate) output: ParseFormat,
    /// What it is when a built-in function fails and may hide a finding by that.
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub(crate) builtin_errors: BuiltinErrorsArg,
    #[command(flatten)]
    pub(crate) gatekeeper: GatekeeperArgs,
    #[command(flatten)]
    pub(crate) schema: SchemaArgs,
    #[command(flatten)]
    pub(crate) walk: WalkArgs,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// Flags of `policy test`, to see what they change.
    #[command(flatten)]
    pub(crate) test: TestArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RegoVersion {
    /// Before OPA 1.0.
    V0,
    /// Since OPA 1.0.
    V1,
}

impl From<RegoVersion> for Version {
    fn from(version: RegoVersion) -> Self {
        match version {
            RegoVersion::V0 => Self::V0,
            RegoVersion::V1 => Self::V1,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ParseFormat {
    /// A heading and indented JSON for each document.
    Pretty,
    /// One JSON text for all.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set; without one where CLICOLOR_FORCE is.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum BuiltinErrorsArg {
    /// An error of its document.
    Error,
    /// A notice.
    Notice,
    /// Nothing, as in Conftest.
    Ignore,
}

impl From<BuiltinErrorsArg> for BuiltinErrors {
    fn from(what: BuiltinErrorsArg) -> Self {
        match what {
            BuiltinErrorsArg::Error => Self::Error,
            BuiltinErrorsArg::Notice => Self::Notice,
            BuiltinErrorsArg::Ignore => Self::Ignore,
        }
    }
}

/// A format and the file it goes to, none for standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) format: Format,
    pub(crate) file: Option<PathBuf>,
}

fn target(text: &str) -> Result<Target, String> {
    let (format, file) = match text.split_once('=') {
        Some((format, file)) if !file.is_empty() => (format, Some(PathBuf::from(file))),
        Some((_, _)) => return Err("a file's name is missing after `=`".to_owned()),
        None => (text, None),
    };
    let format = format
        .parse::<Format>()
        .map_err(|error| error.to_string())?;
    Ok(Target { format, file })
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits
        .parse()
        .map_err(|_| "write a time like `5s`, `500ms` or `1m`".to_owned())?;
    let factor = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        unit => {
            return Err(format!(
                "`{unit}` is no unit of time; known are ms, s, m, h"
            ));
        }
    };
    match Duration::try_from_secs_f64(number * factor) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        Ok(_) | Err(_) => Err("the time must be greater than zero".to_owned()),
    }
}

/// Nanoseconds since 1970 of a date or an RFC 3339 time.
pub(crate) fn instant(text: &str) -> Result<i64, String> {
    let timestamp = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| format!("{text}T00:00:00Z").parse())
        .map_err(|_| {
            "write a date like `2026-11-24` or a time like `2026-11-24T06:00:00Z`".to_owned()
        })?;
    i64::try_from(timestamp.as_nanosecond()).map_err(|_| "the date is too far away".to_owned())
}

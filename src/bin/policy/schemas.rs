//! The arguments about the schemas of Kubernetes' kinds.

use std::path::PathBuf;

use clap::Args;
use policy::schema::location::Source;
use policy::schema::options::{self as schema, KindPattern, NoSchema};

/// The flags that ask for schemas.
pub(crate) const SCHEMA_FLAGS: [&str; 7] = [
    "schema",
    "kubernetes_version",
    "crds",
    "schema_location",
    "schema_skip",
    "schema_reject",
    "strict_schemas",
];

/// What the schemas of Kubernetes' kinds are checked for.
#[derive(Args, Debug)]
#[command(next_help_heading = "Schemas")]
pub(crate) struct SchemaArgs {
    /// Check each document against the schema of its kind, too; without policies, only that.
    #[arg(long)]
    pub(crate) schema: bool,
    /// Versions of Kubernetes to check for: `1.33`, `latest`, `all`; several give an upgrade check. Implies `--schema`.
    #[arg(
        long,
        value_name = "VERSION",
        value_delimiter = ',',
        value_parser = minors
    )]
    pub(crate) kubernetes_version: Vec<Minors>,
    /// Files and folders with CustomResourceDefinitions; those among the manifests are used without it.
    #[arg(long, value_name = "PATH")]
    pub(crate) crds: Vec<PathBuf>,
    /// Folders with JSON schemas for further kinds, or templates of their names, as kubeconform's; `default` is what is built in.
    #[arg(long, value_name = "TEMPLATE", value_parser = Source::parse)]
    pub(crate) schema_location: Vec<Source>,
    /// Do not check kinds with their schema: `Kind` or `group/version/Kind`.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = KindPattern::parse)]
    pub(crate) schema_skip: Vec<KindPattern>,
    /// Kinds that must not be used: `Kind` or `group/version/Kind`.
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = KindPattern::parse)]
    pub(crate) schema_reject: Vec<KindPattern>,
    /// A document whose kind has no schema is an error.
    #[arg(long)]
    pub(crate) strict_schemas: bool,
}

impl SchemaArgs {
    /// What is checked, where schemas are asked for.
    pub(crate) fn options(&self, max_bytes: u64) -> Option<policy::load::SchemaOptions> {
        self.is_asked().then(|| self.forced(max_bytes))
    }

    /// What is checked, whether schemas are asked for or not.
    pub(crate) fn forced(&self, max_bytes: u64) -> policy::load::SchemaOptions {
        let minors = self.kubernetes_version.iter();
        policy::load::SchemaOptions {
            check: schema::Options {
                minors: minors.flat_map(|minors| minors.0.clone()).collect(),
                skip: self.schema_skip.clone(),
                reject: self.schema_reject.clone(),
                no_schema: match self.strict_schemas {
                    true => NoSchema::Error,
                    false => NoSchema::Skip,
                },
            },
            crds: self.crds.clone(),
            locations: self.schema_location.clone(),
            max_bytes,
        }
    }

    /// Whether documents are checked against schemas: any flag about schemas asks for it.
    pub(crate) fn is_asked(&self) -> bool {
        self.schema
            || self.strict_schemas
            || !self.crds.is_empty()
            || !self.schema_location.is_empty()
            || !self.kubernetes_version.is_empty()
            || !self.schema_skip.is_empty()
            || !self.schema_reject.is_empty()
    }
}

/// Minor versions of Kubernetes that one word asks for.
#[derive(Clone, Debug)]
pub(crate) struct Minors(pub(crate) Vec<u8>);

fn minors(text: &str) -> Result<Minors, String> {
    schema::minors(text).map(Minors)
}

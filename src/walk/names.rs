//! What the name of a file says of it, and the reasons for passing it over.

use std::ffi::OsStr;
use std::path::Path;

use crate::walk::chart;

/// Why a path is passed over; the text is what the summary says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Skipped {
    OtherType,
    Hidden,
    HiddenFolder,
    Excluded,
    Policy,
    Kustomization,
    ChartPart,
    ChartTemplate,
    LinkBack,
}

impl Skipped {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OtherType => "neither YAML nor JSON",
            Self::Hidden => "hidden",
            Self::HiddenFolder => "hidden folder",
            Self::Excluded => "excluded",
            Self::Policy => "policy or data",
            Self::Kustomization => "kustomization",
            Self::ChartPart => "part of a Helm chart",
            Self::ChartTemplate => "template of a Helm chart",
            Self::LinkBack => "link that leads back",
        }
    }
}

/// Whether the name starts with a dot.
pub(super) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether a walk takes a file of this name.
pub(super) fn is_manifest(name: &OsStr) -> bool {
    matches!(extension(name).as_str(), "yaml" | "yml" | "json")
}

/// Why a file that is no manifest by its name is passed over.
pub(super) fn other_type(name: &OsStr) -> Skipped {
    if chart::is_kustomization(name) {
        Skipped::Kustomization
    } else {
        Skipped::OtherType
    }
}

/// Types of files that Conftest reads and we do not.
const OTHER_TYPES: [&str; 21] = [
    "cue",
    "cyclonedx",
    "dockerfile",
    "dockerignore",
    "edn",
    "env",
    "gitignore",
    "hcl",
    "hcl2",
    "hocon",
    "ini",
    "jsonc",
    "jsonnet",
    "properties",
    "spdx",
    "textproto",
    "tf",
    "tfvars",
    "toml",
    "vcl",
    "xml",
];

/// Whether Conftest reads this file as something else than YAML and JSON.
pub(super) fn is_other_type(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let is_type = OTHER_TYPES.contains(&extension(OsStr::new(&name)).as_str());
    let is_named = [
        "dockerfile",
        ".dockerignore",
        ".env",
        ".gitignore",
        "jenkinsfile",
        "nginx.conf",
    ]
    .contains(&name.as_str());
    let is_variant = name.starts_with("dockerfile.") || name.starts_with(".env.");
    is_type || is_named || (is_variant && !is_manifest(OsStr::new(&name)))
}

fn extension(name: &OsStr) -> String {
    Path::new(name)
        .extension()
        .map(|text| text.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

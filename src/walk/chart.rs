//! What in a folder belongs to Helm or Kustomize and is no manifest as it stands. Nothing is rendered or built here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::finding::{Location, Problem, Stage};
use crate::walk::display_name;

/// The file that makes a folder a chart.
pub(super) const FILE: &str = "Chart.yaml";

/// The chart that a folder lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chart {
    /// The chart's folder, as typed.
    pub(super) path: PathBuf,
    /// Where below it the folder is.
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Top,
    Templates,
    Elsewhere,
}

impl Chart {
    /// The chart of a folder that is walked: its own if it holds a `Chart.yaml`, else the one around it.
    pub(super) fn of_folder(
        path: &Path,
        around: Option<Rc<Self>>,
        has_file: bool,
    ) -> Option<Rc<Self>> {
        if has_file && !around.as_ref().is_some_and(|chart| chart.holds_template()) {
            let path = path.to_path_buf();
            return Some(Rc::new(Self {
                path,
                place: Place::Top,
            }));
        }
        around
    }

    /// What is known of a folder called `name` from the folder that it is in.
    pub(super) fn below(around: Option<&Rc<Self>>, name: &OsStr) -> Option<Rc<Self>> {
        let chart = around?;
        let place = match chart.place {
            Place::Top if name == "templates" => Place::Templates,
            Place::Top | Place::Elsewhere => Place::Elsewhere,
            Place::Templates => Place::Templates,
        };
        let path = chart.path.clone();
        Some(Rc::new(Self { path, place }))
    }

    /// The chart that a path which the user named lies in; `path` is as typed.
    pub(super) fn above(path: &Path, real: &Path) -> Option<Self> {
        let folders = real.ancestors().skip(1);
        let (depth, folder) = folders
            .enumerate()
            .find(|(_, folder)| folder.join(FILE).is_file())?;
        let below = real.strip_prefix(folder).ok()?;
        // A folder is itself what lies in the chart; of a file it is the folder around it.
        let place = if below.starts_with("templates") {
            Place::Templates
        } else if depth == 0 && real.is_file() {
            Place::Top
        } else {
            Place::Elsewhere
        };
        Some(Self {
            path: up(path, depth + 1),
            place,
        })
    }

    /// Whether files of the folder are templates.
    pub(super) fn holds_template(&self) -> bool {
        self.place == Place::Templates
    }

    /// The command that renders the chart and judges what comes out.
    pub(super) fn rendering(&self) -> String {
        let name = quoted(&display_name(&self.path));
        format!("helm template {name} | policy test -")
    }

    /// Whether the folder is the chart's own.
    pub(super) fn is_top(&self) -> bool {
        self.place == Place::Top
    }
}

/// The folder `n` levels above a path as typed.
fn up(path: &Path, n: usize) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..n {
        // Above `..` or the working directory only another `..` leads.
        if path.file_name().is_none() || !path.pop() {
            path.push("..");
        }
    }
    path
}

/// Whether it is a file of a chart's own folder that describes the chart.
pub(super) fn is_metadata(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("values")
        || matches!(
            &*name,
            FILE | "Chart.lock" | "requirements.yaml" | "requirements.lock"
        )
}

/// Whether it is a file that tells Kustomize what to build.
pub(super) fn is_kustomization(name: &OsStr) -> bool {
    ["kustomization.yaml", "kustomization.yml", "Kustomization"]
        .iter()
        .any(|known| name == *known)
}

/// A notice about a file that was named and is read, although by its name and place it is no manifest.
pub(super) fn no_manifest(path: &Path, real: &Path) -> Option<Problem> {
    let name = path.file_name()?;
    let chart = Chart::above(path, real);
    let (message, help) = if is_kustomization(name) {
        let folder = quoted(&display_name(&up(path, 1)));
        (
            "this file tells Kustomize what to build; it is no manifest",
            format!("Build it: `kustomize build {folder} | policy test -`."),
        )
    } else if let Some(chart) = chart.as_ref().filter(|chart| chart.holds_template()) {
        (
            "this file is a template of a Helm chart; it is no manifest before it is rendered",
            format!("Render the chart: `{}`.", chart.rendering()),
        )
    } else if let Some(chart) = chart.as_ref().filter(|chart| chart.is_top()) {
        if !is_metadata(name) {
            return None;
        }
        (
            "this file belongs to a Helm chart; it is no manifest",
            format!("Render the chart: `{}`.", chart.rendering()),
        )
    } else if is_values(name) {
        (
            "a file of this name holds the values of a Helm chart, which are no manifests",
            format!(
                "Render the chart with it: `helm template CHART -f {} | policy test -`.",
                quoted(&display_name(path))
            ),
        )
    } else {
        return None;
    };
    let location = Location::whole_file(display_name(path).as_str());
    Some(
        Problem::notice(Stage::Read, message)
            .at(location)
            .help(help),
    )
}

/// Whether it is called as files with values of charts are: `values.yaml`, `values-prod.yaml`.
fn is_values(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let after = name.strip_prefix("values").unwrap_or("none");
    matches!(after.chars().next(), Some('.' | '-' | '_'))
        && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// A name as a shell takes it for one word.
fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':');
    if !name.starts_with('-') && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

//! Paths and globs → files, sorted; standard input.
//!
//! What is passed over in a folder is counted with its reason; what cannot be read is a problem, never silence.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use crate::finding::{Location, Problem, Stage};

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// How reports name it: as typed, with `/`; `-` for standard input.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl FileEntry {
    /// Whether it is standard input.
    #[must_use]
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }
}

/// What is looked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Patterns as in a `.gitignore`; what matches is left out.
    pub exclude: Vec<String>,
    /// Files and folders that hold no manifests: policies, data.
    pub never_enter: Vec<PathBuf>,
    /// The name of standard input, `-` where none is given.
    pub stdin_name: Option<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, sorted by name, each once.
    pub files: Vec<FileEntry>,
    /// What could not be read, and what is worth saying.
    pub problems: Vec<Problem>,
    /// Files that were passed over, by the reason.
    pub skipped: BTreeMap<String, usize>,
}

/// Types of files that Conftest reads and we do not.
const OTHER_TYPES: [&str; 16] = [
    "toml",
    "hcl",
    "tf",
    "tfvars",
    "ini",
    "properties",
    "env",
    "xml",
    "jsonnet",
    "cue",
    "edn",
    "hocon",
    "vcl",
    "jsonc",
    "dockerfile",
    "textproto",
];

/// The file that names what is left out below its folder.
const IGNORE_FILE: &str = ".policyignore";

/// Finds the files at and below the paths.
#[must_use]
pub fn find(paths: &[PathBuf], options: &Options) -> Found {
    let mut walker = Walker {
        options,
        found: Found::default(),
        seen: BTreeSet::new(),
        never_enter: options
            .never_enter
            .iter()
            .filter_map(|path| real(path))
            .collect(),
        charts: BTreeSet::new(),
        reached: Reached::MaybeAgain,
        n_paths: paths.len(),
        known_charts: std::cell::RefCell::default(),
    };
    for path in paths {
        walker.path(path);
    }
    let mut found = walker.found;
    found.files.sort();
    found
}

/// The bytes of a file.
///
/// # Errors
/// The file cannot be read or is larger than `max_bytes`.
pub fn read(entry: &FileEntry, max_bytes: u64) -> Result<Vec<u8>, Problem> {
    let problem = |message: String| {
        Problem::error(Stage::Read, message).at(Location::whole_file(entry.name.as_str()))
    };
    let unreadable = |error: std::io::Error| {
        problem(format!("the file cannot be read: {error}"))
            .help("Check that it is there and that it may be read.")
    };
    let mut file = std::fs::File::open(&entry.path).map_err(unreadable)?;
    let expected = file.metadata().map_or(0, |metadata| metadata.len());
    // One byte more than expected shows the end at once; files that grow or lie about their size are read too.
    let capacity = expected.min(max_bytes).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
    (&mut file)
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > max_bytes {
        let message = format!("the file is larger than {} MiB", max_bytes >> 20);
        return Err(problem(message).help("Split it, or allow more with `--max-file-size`."));
    }
    Ok(bytes)
}

fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

fn display_name(path: &Path) -> String {
    let name = path.to_string_lossy();
    if cfg!(windows) {
        name.replace('\\', "/")
    } else {
        name.into_owned()
    }
}

/// Whether a file can be met more than once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// It stands in the one folder that is walked, and no link was followed.
    Once,
    /// There are links or further paths.
    MaybeAgain,
}

struct Walker<'a> {
    options: &'a Options,
    found: Found,
    /// Files by their real path: each is read once.
    seen: BTreeSet<PathBuf>,
    never_enter: Vec<PathBuf>,
    charts: BTreeSet<PathBuf>,
    reached: Reached,
    n_paths: usize,
    known_charts: std::cell::RefCell<BTreeMap<PathBuf, bool>>,
}

impl Walker<'_> {
    fn path(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            if self.seen.insert(path.to_path_buf()) {
                self.found.files.push(FileEntry {
                    name: self
                        .options
                        .stdin_name
                        .clone()
                        .unwrap_or_else(|| "-".to_owned()),
                    path: path.to_path_buf(),
                });
            }
            return;
        }
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.folder(path),
            Ok(metadata) if metadata.is_file() => self.named(path),
            Ok(_) => self.problem(
                path,
                "this is neither a file nor a folder".to_owned(),
                "Pipe its content in: `policy test -`.",
            ),
            Err(_) if is_glob(path) => self.glob(path),
            Err(error) => self.problem(
                path,
                format!("the path cannot be read: {error}"),
                "Check that it is there and that it may be read.",
            ),
        }
    }

    fn problem(&mut self, path: &Path, message: String, help: &str) {
        let problem = Problem::error(Stage::Read, message)
            .at(Location::whole_file(display_name(path).as_str()))
            .help(help);
        self.found.problems.push(problem);
    }

    fn skip(&mut self, reason: &str) {
        *self.found.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    /// Takes a file once; only through links or several paths can it be met again.
    fn push(&mut self, path: &Path, reached: Reached) {
        let is_new = match reached {
            Reached::Once => true,
            Reached::MaybeAgain => self
                .seen
                .insert(real(path).unwrap_or_else(|| path.to_path_buf())),
        };
        if is_new {
            self.found.files.push(FileEntry {
                name: display_name(path),
                path: path.to_path_buf(),
            });
        }
    }

    /// A file that the user named is read whatever it is called, but for types that are certainly neither YAML nor JSON.
    fn named(&mut self, path: &Path) {
        let extension = extension(path);
        if OTHER_TYPES.contains(&extension.as_str()) || is_dockerfile(path) {
            self.problem(
                path,
                "files of this type are not read".to_owned(),
                "Only YAML and JSON are; convert it first, or pipe it in as YAML.",
            );
        } else {
            self.push(path, Reached::MaybeAgain);
        }
    }

    /// A pattern that no shell expanded.
    fn glob(&mut self, pattern: &Path) {
        let text = display_name(pattern);
        let components: Vec<_> = pattern.components().collect();
        let n_plain = components
            .iter()
            .take_while(|part| !is_glob(Path::new(part.as_os_str())))
            .count();
        let root: PathBuf = components[..n_plain].iter().collect();
        let root = if root.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            root
        };
        let matcher = globset::GlobBuilder::new(&text)
            .literal_separator(true)
            .build()
            .map(|glob| glob.compile_matcher());
        let Ok(matcher) = matcher else {
            return self.problem(pattern, "this is no pattern for files".to_owned(), "");
        };
        let before = self.found.files.len();
        let entries = walkdir::WalkDir::new(&root)
            .follow_links(true)
            .sort_by_file_name();
        for entry in entries.into_iter().flatten() {
            let path = entry.path().strip_prefix("./").unwrap_or(entry.path());
            if entry.file_type().is_file() && matcher.is_match(path) {
                self.push(path, Reached::MaybeAgain);
            }
        }
        if self.found.files.len() == before {
            let help = "Check the pattern; `**` matches folders too.";
            self.problem(pattern, "no file matches this pattern".to_owned(), help);
        }
    }

    fn excluded(&mut self, root: &Path) -> Option<Override> {
        let mut builder = OverrideBuilder::new(root);
        for pattern in &self.options.exclude {
            // An override lets in what matches; what is to be left out has a `!` in front.
            if let Err(error) = builder.add(&format!("!{pattern}")) {
                let message = format!("`{pattern}` is no pattern for `--exclude`: {error}");
                let problem =
                    Problem::error(Stage::Read, message).help("Patterns are as in a `.gitignore`.");
                self.found.problems.push(problem);
                return None;
            }
        }
        builder.build().ok()
    }

    fn folder(&mut self, root: &Path) {
        let Some(excluded) = self.excluded(root) else {
            return;
        };
        let never_enter = self.never_enter.clone();
        let own = real(root);
        let mut builder = WalkBuilder::new(root);
        builder
            .standard_filters(false)
            .hidden(true)
            .parents(true)
            .overrides(excluded)
            .follow_links(true)
            .add_custom_ignore_filename(IGNORE_FILE)
            .filter_entry(move |entry| {
                let name = entry.path().file_name();
                let may_be = never_enter.iter().any(|path| path.file_name() == name)
                    || entry.path_is_symlink();
                !may_be
                    || real(entry.path()).is_none_or(|path| {
                        Some(&path) == own.as_ref() || !never_enter.contains(&path)
                    })
            })
            .sort_by_file_path(Ord::cmp);
        let entries: Vec<_> = builder.build().collect();
        let has_links = entries
            .iter()
            .flatten()
            .any(ignore::DirEntry::path_is_symlink);
        self.reached = if has_links || self.n_paths > 1 {
            Reached::MaybeAgain
        } else {
            Reached::Once
        };
        let met: BTreeSet<PathBuf> = entries
            .iter()
            .flatten()
            .map(|entry| entry.path().to_path_buf())
            .collect();
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    self.walked(root, entry.path());
                }
                Ok(_) => {}
                Err(error) => self.walk_error(root, &error),
            }
        }
        self.count_left_out(root, &met);
    }

    fn walk_error(&mut self, root: &Path, error: &ignore::Error) {
        // A link that leads back into the walk is not followed; everything it leads to is read where it is.
        if let ignore::Error::WithDepth { err, .. } = error {
            return self.walk_error(root, err);
        }
        if matches!(error, ignore::Error::Loop { .. }) {
            return self.skip("a link that leads back");
        }
        let message = format!("a folder cannot be read: {error}");
        self.problem(
            root,
            message,
            "Check that it is there and that it may be read.",
        );
    }

    /// A file of a walk: taken by its type, passed over where its name says that it is no manifest.
    fn walked(&mut self, root: &Path, path: &Path) {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !matches!(extension(path).as_str(), "yaml" | "yml" | "json") {
            let reason = if name == "Kustomization" {
                "kustomization"
            } else if self.chart_of(root, path).is_some() {
                "part of a Helm chart"
            } else {
                "neither YAML nor JSON"
            };
            return self.skip(reason);
        }
        if matches!(name.as_str(), "kustomization.yaml" | "kustomization.yml") {
            return self.skip("kustomization");
        }
        if let Some(chart) = self.chart_of(root, path) {
            let below = path.strip_prefix(&chart).unwrap_or(path);
            if below.starts_with("templates") {
                self.chart_notice(&chart);
                return self.skip("template of a Helm chart");
            }
            let is_top = below.components().count() == 1;
            let is_values = name.starts_with("values");
            if is_top && (is_values || name == "Chart.yaml" || name == "Chart.lock") {
                return self.skip("part of a Helm chart");
            }
        }
        self.push(path, self.reached);
    }

    /// Whether a folder holds a Chart.yaml; files of one folder come together, so the last answers are kept.
    fn is_chart(&self, folder: &Path) -> bool {
        let mut known = self.known_charts.borrow_mut();
        if let Some(answer) = known.get(folder) {
            return *answer;
        }
        let answer = folder.join("Chart.yaml").is_file();
        known.insert(folder.to_path_buf(), answer);
        answer
    }

    /// The nearest folder above a file, not above the root, that holds a Chart.yaml.
    fn chart_of(&self, root: &Path, path: &Path) -> Option<PathBuf> {
        path.ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(root))
            .find(|folder| self.is_chart(folder))
            .map(Path::to_path_buf)
    }

    fn chart_notice(&mut self, chart: &Path) {
        if self.charts.insert(chart.to_path_buf()) {
            let name = display_name(chart);
            let message = "the templates of this Helm chart are not read";
            let problem = Problem::notice(Stage::Read, message)
                .at(Location::whole_file(name.as_str()))
                .help(format!(
                    "Render them: `helm template {name} | policy test -`."
                ));
            self.found.problems.push(problem);
        }
    }

    /// How many files the patterns left out, so that the summary can say so.
    fn count_left_out(&mut self, root: &Path, met: &BTreeSet<PathBuf>) {
        let has_ignore_file = std::iter::once(root)
            .chain(met.iter().map(PathBuf::as_path))
            .any(|folder| folder.join(IGNORE_FILE).is_file());
        if self.options.exclude.is_empty() && !has_ignore_file {
            return;
        }
        let all = WalkBuilder::new(root)
            .standard_filters(false)
            .hidden(true)
            .follow_links(true)
            .build();
        let is_left_out = |path: &Path| {
            matches!(extension(path).as_str(), "yaml" | "yml" | "json") && !met.contains(path)
        };
        let n_left_out = all
            .flatten()
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .filter(|entry| is_left_out(entry.path()))
            .count();
        if n_left_out > 0 {
            *self.found.skipped.entry("excluded".to_owned()).or_default() += n_left_out;
        }
    }
}

fn extension(path: &Path) -> String {
    path.extension()
        .map(|text| text.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

fn is_dockerfile(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    name == "Dockerfile" || name.starts_with("Dockerfile.")
}

fn is_glob(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

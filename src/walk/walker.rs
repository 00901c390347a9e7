//! The walk itself: every entry of every folder is taken, counted with its reason, or a problem.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::finding::{Location, Problem, Stage};
use crate::walk::chart::{self, Chart};
use crate::walk::names::{Skipped, is_hidden, is_manifest, is_other_type, other_type};
use crate::walk::rules::{self, Excluded, Rules};
use crate::walk::{FileEntry, Found, Named, Options, Role, display_name, pattern};

/// A folder that is to be walked.
struct Folder {
    /// As typed.
    path: PathBuf,
    /// Where it really is, links resolved.
    real: PathBuf,
    /// Where it stands for patterns: below the real path of the folder that the user named, links not resolved.
    logical: PathBuf,
    /// `logical` of the folder that the user named.
    root: Rc<Path>,
    rules: Option<Rc<Rules>>,
    chart: Option<Rc<Chart>>,
}

/// An entry of a folder.
struct Entry {
    name: OsString,
    path: PathBuf,
    /// Its real path, unless it is a link.
    real: PathBuf,
    logical: PathBuf,
}

pub(super) struct Walker<'a> {
    options: &'a Options,
    excluded: Excluded,
    found: Found,
    /// Files by their real path: each is read once.
    files: BTreeSet<PathBuf>,
    /// Folders by their real path: each is walked once.
    folders: BTreeSet<PathBuf>,
    never_enter: Vec<PathBuf>,
    /// Links, followed when everything else is done, so that a file has its own name where it has one.
    links: Vec<(Entry, Rc<Folder>)>,
    charts: BTreeSet<PathBuf>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        let mut found = Found::default();
        let real = |path: &PathBuf| path.canonicalize().ok();
        Self {
            options,
            excluded: Excluded::new(&options.exclude, &mut found.problems),
            found,
            files: BTreeSet::new(),
            folders: BTreeSet::new(),
            never_enter: options.never_enter.iter().filter_map(real).collect(),
            links: Vec::new(),
            charts: BTreeSet::new(),
        }
    }

    /// A path that the user named.
    pub(super) fn path(&mut self, path: &Path, named: Named) {
        if path.as_os_str() == "-" {
            let name = self.options.stdin_name.as_deref().unwrap_or("-").to_owned();
            if self.files.insert(path.to_path_buf()) {
                let path = path.to_path_buf();
                self.found.files.push(FileEntry {
                    name,
                    path,
                    role: Role::Judged,
                });
            }
            return;
        }
        let found = fs::metadata(path).and_then(|metadata| Ok((metadata, path.canonicalize()?)));
        match found {
            Ok((metadata, real)) if metadata.is_dir() => self.named_folder(path, real),
            Ok((metadata, real)) if metadata.is_file() => self.named_file(path, real, named),
            Ok(_) => self.problem(path, NO_FILE, "Pipe its content in: `policy test -`."),
            Err(_) if pattern::is_pattern(path) => self.pattern(path),
            Err(error) => {
                let message = format!("the path cannot be read: {error}");
                self.problem(path, message, "Check that it is there and may be read.");
            }
        }
    }

    fn pattern(&mut self, path: &Path) {
        let matches = pattern::expand(path, &mut self.found.problems);
        if matches.is_empty() {
            let help = "Check the pattern; `**` stands for any number of folders.";
            self.problem(path, "no file matches this pattern", help);
        }
        // What is called by its name is read; where anything matches, the walk's own rules say what is a manifest.
        let named = if pattern::matches_anything(path) {
            Named::AsInWalk
        } else {
            self.options.named
        };
        for path in matches {
            self.path(&path, named);
        }
    }

    /// A file that the user named is read, but for types that are certainly neither YAML nor JSON.
    fn named_file(&mut self, path: &Path, real: PathBuf, named: Named) {
        if named == Named::AsInWalk {
            if let Some(reason) = self.why_not(path, &real) {
                return self.skip(reason);
            }
        } else if is_other_type(path) {
            let help = "Only YAML and JSON are; convert it first, or pipe it in as YAML.";
            return self.problem(path, "files of this type are not read", help);
        } else if self.excluded.matches_typed(path) {
            let message = "the file is read although `--exclude` matches it, because it was named";
            let problem = Problem::notice(Stage::Read, message)
                .at(Location::whole_file(display_name(path).as_str()))
                .help("Leave out the one or the other.");
            self.found.problems.push(problem);
        }
        if named == Named::Read {
            let problems = &mut self.found.problems;
            problems.extend(chart::no_manifest(path, &real));
        }
        self.take(path, real);
    }

    /// Why a walk from the repository's root would pass over this file.
    fn why_not(&mut self, path: &Path, real: &Path) -> Option<Skipped> {
        let name = path.file_name().unwrap_or_default();
        let is_hidden = |part: Component<'_>| match part {
            Component::Normal(name) => is_hidden(name),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => false,
        };
        if !is_manifest(name) {
            return Some(other_type(name));
        }
        if path.components().any(is_hidden) {
            return Some(Skipped::Hidden);
        }
        if self.never_enter.iter().any(|never| real.starts_with(never)) {
            return Some(Skipped::Policy);
        }
        let rules = Rules::above(real, &mut self.found.problems);
        let is_left_out = |rules: &Rc<Rules>| rules.exclude_file(real);
        if self.excluded.matches_typed(path) || rules.as_ref().is_some_and(is_left_out) {
            return Some(Skipped::Excluded);
        }
        let chart = Chart::above(path, real);
        self.part_of_chart(name, chart.as_ref())
    }

    fn named_folder(&mut self, path: &Path, real: PathBuf) {
        let folder = Folder {
            path: path.to_path_buf(),
            logical: real.clone(),
            root: Rc::from(real.as_path()),
            rules: Rules::above(&real, &mut self.found.problems),
            chart: Chart::above(path, &real).map(Rc::new),
            real,
        };
        self.walk(folder);
    }

    /// Walks a folder and all below it, links apart.
    fn walk(&mut self, folder: Folder) {
        let mut waiting = vec![folder];
        while let Some(folder) = waiting.pop() {
            if !self.folders.insert(folder.real.clone()) {
                continue;
            }
            match list(&folder.path) {
                Ok(names) => self.entries(folder, names, &mut waiting),
                Err(error) => {
                    let message = format!("the folder cannot be read: {error}");
                    let help = "Check that it may be read.";
                    self.problem(&folder.path, message, help);
                }
            }
        }
    }

    fn entries(&mut self, mut folder: Folder, entries: Vec<fs::DirEntry>, next: &mut Vec<Folder>) {
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        if has(rules::FILE) {
            let problems = &mut self.found.problems;
            folder.rules = Rules::of_folder(&folder.path, &folder.logical, folder.rules, problems);
        }
        folder.chart = Chart::of_folder(&folder.path, folder.chart, has(chart::FILE));
        let folder = Rc::new(folder);
        let mut below = Vec::new();
        for listed in entries {
            let name = listed.file_name();
            let entry = Entry {
                path: folder.path.join(&name),
                real: folder.real.join(&name),
                logical: folder.logical.join(&name),
                name,
            };
            match listed.file_type() {
                Ok(kind) if kind.is_symlink() => {
                    if !is_hidden(&entry.name) {
                        self.links.push((entry, Rc::clone(&folder)));
                    }
                }
                Ok(kind) if kind.is_dir() => below.extend(self.folder(entry, &folder)),
                Ok(kind) if kind.is_file() => self.file(entry, &folder),
                Ok(_) => self.special(&entry),
                Err(error) => self.broken(&entry, &error),
            }
        }
        // The last one is walked next.
        next.extend(below.into_iter().rev());
    }

    /// A folder in a walk, unless it is passed over.
    fn folder(&mut self, entry: Entry, parent: &Rc<Folder>) -> Option<Folder> {
        let reason = if is_hidden(&entry.name) {
            Some(Skipped::HiddenFolder)
        } else if self.is_never_entered(&entry.real, parent) {
            Some(Skipped::Policy)
        } else if self.is_excluded(&entry, parent, true) {
            self.count_below(&entry.path);
            return None;
        } else {
            None
        };
        if let Some(reason) = reason {
            // Git's own folder is nobody's manifests.
            if entry.name != ".git" {
                self.skip(reason);
            }
            return None;
        }
        Some(Folder {
            chart: Chart::below(parent.chart.as_ref(), &entry.name),
            path: entry.path,
            real: entry.real,
            logical: entry.logical,
            root: Rc::clone(&parent.root),
            rules: parent.rules.clone(),
        })
    }

    /// A file in a walk: taken by its type, unless its name or a pattern says that it is no manifest.
    fn file(&mut self, entry: Entry, parent: &Rc<Folder>) {
        let chart = parent.chart.as_deref();
        let reason = if !is_manifest(&entry.name) {
            // Hidden files of other types are nobody's manifests.
            if is_hidden(&entry.name) {
                return;
            }
            Some(if chart.is_some() {
                Skipped::ChartPart
            } else {
                other_type(&entry.name)
            })
        } else if is_hidden(&entry.name) {
            Some(Skipped::Hidden)
        } else if self.is_never_entered(&entry.real, parent) {
            Some(Skipped::Policy)
        } else if self.is_excluded(&entry, parent, false) {
            Some(Skipped::Excluded)
        } else {
            self.part_of_chart(&entry.name, chart)
        };
        match reason {
            Some(reason) => self.skip(reason),
            None => self.take(&entry.path, entry.real),
        }
    }

    fn part_of_chart(&mut self, name: &OsStr, chart: Option<&Chart>) -> Option<Skipped> {
        if chart::is_kustomization(name) {
            return Some(Skipped::Kustomization);
        }
        let chart = chart?;
        if chart.holds_template() {
            self.chart_notice(chart);
            return Some(Skipped::ChartTemplate);
        }
        (chart.is_top() && chart::is_metadata(name)).then_some(Skipped::ChartPart)
    }

    fn chart_notice(&mut self, chart: &Chart) {
        if self.charts.insert(chart.path.clone()) {
            let name = display_name(&chart.path);
            let message = "the templates of this Helm chart are not read";
            let problem = Problem::notice(Stage::Read, message)
                .at(Location::whole_file(name.as_str()))
                .help(format!("Render them: `{}`.", chart.rendering()));
            self.found.problems.push(problem);
        }
    }

    /// Follows the links that the walk met, and those that they lead to; gives what was found.
    pub(super) fn finish(mut self) -> Found {
        while !self.links.is_empty() {
            for (entry, parent) in std::mem::take(&mut self.links) {
                self.link(entry, &parent);
            }
        }
        self.found
    }

    fn link(&mut self, entry: Entry, parent: &Rc<Folder>) {
        let target = fs::metadata(&entry.path)
            .and_then(|metadata| Ok((metadata, entry.path.canonicalize()?)));
        let (metadata, real) = match target {
            Ok(target) => target,
            Err(error) => return self.broken(&entry, &error),
        };
        if metadata.is_file() {
            self.file(Entry { real, ..entry }, parent);
        } else if !metadata.is_dir() {
            self.special(&entry);
        } else if parent.real.starts_with(&real) {
            self.link_back(&entry, &real, parent);
        } else if let Some(folder) = self.folder(Entry { real, ..entry }, parent) {
            self.walk(folder);
        }
    }

    /// A link to a folder that it stands in is not followed: what it leads to is read where it is, or above the walk.
    fn link_back(&mut self, entry: &Entry, real: &Path, parent: &Folder) {
        self.skip(Skipped::LinkBack);
        if !real.starts_with(&*parent.root) {
            let message = "this link is not followed, because it leads out of the folder and back";
            let problem = Problem::notice(Stage::Read, message)
                .at(Location::whole_file(display_name(&entry.path).as_str()))
                .help("Name the folder that it leads to if it is meant to be read.");
            self.found.problems.push(problem);
        }
    }

    /// Something that is no file and no folder; only what looks like a manifest or a folder of them is worth an error.
    fn special(&mut self, entry: &Entry) {
        if is_manifest(&entry.name) {
            self.problem(&entry.path, NO_FILE, "Move it away or exclude it.");
        } else if !is_hidden(&entry.name) {
            self.skip(Skipped::OtherType);
        }
    }

    /// An entry of which nothing can be said, a link that leads nowhere for example.
    fn broken(&mut self, entry: &Entry, error: &io::Error) {
        if is_manifest(&entry.name) || Path::new(&entry.name).extension().is_none() {
            let message = format!("the path cannot be read: {error}");
            let help = "Repair the link or remove it.";
            self.problem(&entry.path, message, help);
        } else {
            self.skip(Skipped::OtherType);
        }
    }

    /// Counts the manifests of a folder that is left out; what cannot be listed there is not asked for.
    fn count_below(&mut self, folder: &Path) {
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in list(&folder).unwrap_or_default() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(_) if is_manifest(&entry.file_name()) => self.skip(Skipped::Excluded),
                    Ok(_) | Err(_) => {}
                }
            }
        }
    }

    fn is_never_entered(&self, real: &Path, parent: &Folder) -> bool {
        // A folder that the user named is walked even if it lies in a policy folder.
        let is_inside =
            |never: &PathBuf| real.starts_with(never) && !parent.root.starts_with(never);
        self.never_enter.iter().any(is_inside)
    }

    fn is_excluded(&self, entry: &Entry, parent: &Folder, is_folder: bool) -> bool {
        let below_root = entry.logical.strip_prefix(&*parent.root).ok();
        self.excluded.matches(&entry.path, below_root, is_folder)
            || parent
                .rules
                .as_ref()
                .is_some_and(|rules| rules.exclude(&entry.logical, is_folder))
    }

    /// Takes a file unless it was met before.
    fn take(&mut self, path: &Path, real: PathBuf) {
        if self.files.insert(real) {
            self.found.files.push(FileEntry {
                name: display_name(path),
                path: path.to_path_buf(),
                role: Role::Judged,
            });
        }
    }

    fn skip(&mut self, reason: Skipped) {
        let counted = self.found.skipped.entry(reason.as_str().to_owned());
        *counted.or_default() += 1;
    }

    fn problem(&mut self, path: &Path, message: impl Into<String>, help: &str) {
        let problem = Problem::error(Stage::Read, message)
            .at(Location::whole_file(display_name(path).as_str()))
            .help(help);
        self.found.problems.push(problem);
    }
}

const NO_FILE: &str = "this is neither a file nor a folder";

/// The entries of a folder, sorted by name.
pub(super) fn list(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

//! The walk in folders made for each test: what is taken, what is passed over with which reason, what is an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{FileEntry, Found, Named, Options, find, read, read_stdin};
use crate::finding::Severity;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

static N_FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Folder {
    /// A folder with these files; what ends with `/` is a folder.
    fn with(files: &[&str]) -> Self {
        let number = N_FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("policy-walk-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join(".git")).expect("a new folder");
        let folder = Self(folder.canonicalize().expect("it is there"));
        for file in files {
            folder.write(file, "a: 1\n");
        }
        folder
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        if file.ends_with('/') {
            return fs::create_dir_all(path).expect("a folder");
        }
        fs::create_dir_all(path.parent().expect("below")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn path(&self, below: &str) -> PathBuf {
        if below == "." {
            return self.0.clone();
        }
        self.0.join(below)
    }

    /// What is found at these paths, with names below this folder.
    fn find(&self, paths: &[&str], options: &Options) -> Found {
        let paths: Vec<_> = paths.iter().map(|path| self.path(path)).collect();
        find(&paths, options)
    }

    fn names(&self, found: &Found) -> Vec<String> {
        let prefix = format!("{}/", self.0.to_string_lossy().replace('\\', "/"));
        let short = |file: &FileEntry| file.name.replacen(&prefix, "", 1);
        found.files.iter().map(short).collect()
    }

    fn taken(&self, paths: &[&str]) -> Vec<String> {
        let found = self.find(paths, &Options::default());
        assert_eq!(errors(&found), Vec::<String>::new());
        self.names(&found)
    }

    #[cfg(unix)]
    fn link(&self, target: &str, link: &str) {
        std::os::unix::fs::symlink(target, self.path(link)).expect("a link");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn errors(found: &Found) -> Vec<String> {
    of_severity(found, Severity::Error)
}

fn of_severity(found: &Found, severity: Severity) -> Vec<String> {
    let problems = found.problems.iter();
    let of_it = problems.filter(|problem| problem.severity == severity);
    of_it.map(|problem| problem.message.clone()).collect()
}

fn skipped(found: &Found) -> Vec<(&str, usize)> {
    found
        .skipped
        .iter()
        .map(|(reason, n)| (reason.as_str(), *n))
        .collect()
}

fn excluding(patterns: &[&str]) -> Options {
    Options {
        exclude: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
        ..Options::default()
    }
}

#[test]
fn folders_give_yaml_and_json_sorted_and_count_the_rest() {
    let folder = Folder::with(&[
        "k8s/z.YAML",
        "k8s/a.yml",
        "k8s/b/c.Json",
        "k8s/README.md",
        "k8s/main.tf",
        "k8s/.hidden.yaml",
        "k8s/.github/ci.yaml",
        "k8s/with blank/ü.yaml",
        "k8s/.editorconfig",
        "k8s/empty/",
    ]);
    let found = folder.find(&["k8s"], &Options::default());
    let expected = [
        "k8s/a.yml",
        "k8s/b/c.Json",
        "k8s/with blank/ü.yaml",
        "k8s/z.YAML",
    ];
    assert_eq!(folder.names(&found), expected);
    assert_eq!(found.problems, []);
    let expected = [
        ("hidden", 1),
        ("hidden folder", 1),
        ("neither YAML nor JSON", 2),
    ];
    assert_eq!(skipped(&found), expected);
}

#[test]
fn names_are_as_typed() {
    let folder = Folder::with(&["k8s/a.yaml"]);
    let typed = folder.path("k8s/./../k8s");
    let found = find(&[typed], &Options::default());
    assert_eq!(folder.names(&found), ["k8s/./../k8s/a.yaml"]);
}

#[test]
fn a_hidden_folder_that_is_named_is_walked() {
    let folder = Folder::with(&[".github/workflows/ci.yaml"]);
    assert_eq!(folder.taken(&[".github"]), [".github/workflows/ci.yaml"]);
}

#[test]
fn named_files_are_read_whatever_they_are_called() {
    let folder = Folder::with(&[
        "manifest",
        "x.txt",
        ".hidden.yaml",
        "kustomization.yaml",
        "Chart.yaml",
        "values.yaml",
    ]);
    let named = [
        ".hidden.yaml",
        "Chart.yaml",
        "kustomization.yaml",
        "manifest",
        "values.yaml",
        "x.txt",
    ];
    assert_eq!(folder.taken(&named), named);
}

#[test]
fn named_files_that_conftest_parses_and_we_do_not_are_errors() {
    let named = [
        "a.toml",
        "main.tf",
        "Dockerfile",
        "Dockerfile.dev",
        "x.HCL",
        ".env",
        ".env.local",
        "nginx.conf",
        "Jenkinsfile",
        "pom.xml",
        ".gitignore",
        "a.ini",
    ];
    let folder = Folder::with(&named);
    let found = folder.find(&named, &Options::default());
    assert_eq!(found.files, []);
    assert_eq!(errors(&found).len(), named.len());
    assert!(found.problems[0].help.contains("YAML and JSON"));
    let folder = Folder::with(&["sbom.spdx.json", "dockerfile.yaml"]);
    assert_eq!(
        folder.taken(&["sbom.spdx.json", "dockerfile.yaml"]).len(),
        2
    );
}

#[test]
fn what_is_not_there_is_an_error_and_the_rest_goes_on() {
    let folder = Folder::with(&["a.yaml"]);
    let found = folder.find(&["missing", "a.yaml", "a.yaml/"], &Options::default());
    assert_eq!(folder.names(&found), ["a.yaml"]);
    let location = found.problems[0].location.as_ref().expect("a place");
    assert!(location.file.ends_with("/missing"));
    assert!(errors(&found)[0].starts_with("the path cannot be read: "));
}

#[test]
fn a_file_is_read_once_however_often_it_is_named() {
    let folder = Folder::with(&["k8s/a.yaml", "k8s/sub/b.yaml"]);
    let paths = ["k8s/sub", "k8s", "k8s/a.yaml", "k8s/../k8s/a.yaml", "k8s"];
    assert_eq!(folder.taken(&paths), ["k8s/a.yaml", "k8s/sub/b.yaml"]);
}

#[test]
fn standard_input_is_taken_once_and_may_have_a_name() {
    let paths = [PathBuf::from("-"), PathBuf::from("-")];
    let options = Options {
        stdin_name: Some("web.json".to_owned()),
        ..Options::default()
    };
    let found = find(&paths, &options);
    assert_eq!(found.files.len(), 1);
    assert!(found.files[0].is_stdin());
    assert_eq!(found.files[0].name, "web.json");
    assert_eq!(find(&paths, &Options::default()).files[0].name, "-");
    let folder = Folder::with(&["-"]);
    let found = folder.find(&["-"], &Options::default());
    assert!(
        !found.files[0].is_stdin(),
        "a file of that name in a folder is a file"
    );
}

#[test]
fn exclude_matches_as_a_gitignore_does() {
    let files = [
        "k8s/a.yaml",
        "k8s/legacy/b.yaml",
        "k8s/sub/legacy/c.yaml",
        "k8s/sub/d-test.yaml",
        "k8s/#x.yaml",
    ];
    let folder = Folder::with(&files);
    let left = |patterns: &[&str]| {
        let found = folder.find(&["k8s"], &excluding(patterns));
        assert_eq!(errors(&found), Vec::<String>::new());
        let names = folder.names(&found);
        files
            .iter()
            .filter(|file| names.iter().any(|name| name == *file))
            .count()
    };
    assert_eq!(left(&[]), 5);
    assert_eq!(left(&["legacy/"]), 3, "a name matches anywhere");
    assert_eq!(left(&["/legacy/"]), 4, "from the folder that is walked");
    assert_eq!(left(&["sub/legacy"]), 4);
    assert_eq!(left(&["*-test.yaml"]), 4);
    assert_eq!(left(&["**/legacy/*.yaml"]), 3);
    assert_eq!(left(&["#x.yaml"]), 4, "no comment");
    assert_eq!(left(&["*.yaml", "!a.yaml"]), 1, "the last one counts");
    assert_eq!(left(&["a.yaml/"]), 5, "a file is no folder");
    let found = folder.find(&["k8s"], &excluding(&["legacy/", "a.yaml"]));
    assert_eq!(skipped(&found), [("excluded", 3)]);
}

#[test]
fn exclude_matches_the_path_as_typed() {
    let excluded = super::rules::Excluded::new(&["./k8s/legacy".to_owned()], &mut Vec::new());
    assert!(excluded.matches(Path::new("./k8s/legacy"), Some(Path::new("legacy")), true));
    assert!(excluded.matches_typed(Path::new("k8s/legacy/a.yaml")));
    assert!(!excluded.matches_typed(Path::new("k8s/legacy.yaml")));
}

#[test]
fn a_named_file_that_is_excluded_is_read_with_a_word_about_it() {
    let folder = Folder::with(&["a.yaml"]);
    let found = folder.find(&["a.yaml"], &excluding(&["a.yaml"]));
    assert_eq!(found.files.len(), 1);
    assert_eq!(of_severity(&found, Severity::Notice).len(), 1);
}

#[test]
fn patterns_that_cannot_be_read_are_errors() {
    let folder = Folder::with(&["a.yaml"]);
    folder.write(".policyignore", "# comment\n\n{a,b\n");
    let found = folder.find(&["."], &excluding(&["{a", ""]));
    assert_eq!(errors(&found).len(), 3, "{:?}", found.problems);
    let located = found
        .problems
        .iter()
        .find_map(|problem| problem.location.as_ref());
    assert_eq!(located.expect("in the file").start.line, 3);
    assert_eq!(found.files.len(), 1, "the rest goes on");
}

#[test]
fn policyignore_is_respected_and_gitignore_is_not() {
    let folder = Folder::with(&[
        "k8s/a.yaml",
        "k8s/b.yaml",
        "k8s/sub/a.yaml",
        "k8s/sub/c.yaml",
        "k8s/out/d.yaml",
    ]);
    folder.write(
        ".policyignore",
        "\u{feff}/k8s/sub/a.yaml\r\nb.yaml\r\nout/\n",
    );
    folder.write("k8s/sub/.policyignore", "!b.yaml\nc.yaml\n");
    folder.write("k8s/.gitignore", "*\n");
    folder.write("k8s/sub/b.yaml", "");
    assert_eq!(folder.taken(&["k8s"]), ["k8s/a.yaml", "k8s/sub/b.yaml"]);
    assert_eq!(folder.taken(&["."]), ["k8s/a.yaml", "k8s/sub/b.yaml"]);
    assert_eq!(
        folder.taken(&["k8s/out"]),
        ["k8s/out/d.yaml"],
        "a folder that is named is walked"
    );
    let found = folder.find(&["k8s"], &excluding(&["a.yaml"]));
    assert_eq!(folder.names(&found), ["k8s/sub/b.yaml"]);
}

#[test]
fn policies_and_data_are_not_entered() {
    let folder = Folder::with(&[
        "policy/data/x.yaml",
        "k8s/a.yaml",
        "extra.json",
        "policy.yaml",
    ]);
    let never_enter = ["policy", "policy/../extra.json", "not-there"].map(|path| folder.path(path));
    let options = Options {
        never_enter: never_enter.into(),
        ..Options::default()
    };
    let found = folder.find(&["."], &options);
    assert_eq!(folder.names(&found), ["k8s/a.yaml", "policy.yaml"]);
    assert_eq!(skipped(&found), [("policy or data", 2)]);
    let found = folder.find(&["policy/data", "extra.json"], &options);
    assert_eq!(
        folder.names(&found),
        ["extra.json", "policy/data/x.yaml"],
        "they were named"
    );
}

#[test]
fn charts_are_not_read_but_for_their_plain_manifests() {
    let folder = Folder::with(&[
        "app/Chart.yaml",
        "app/values.yaml",
        "app/values-prod.yml",
        "app/values.schema.json",
        "app/Chart.lock",
        "app/crds/crd.yaml",
        "app/templates/web.yaml",
        "app/templates/deep/er/x.yaml",
        "app/templates/NOTES.txt",
        "app/ci/values.yaml",
        "app/charts/db/Chart.yaml",
        "app/charts/db/templates/db.yaml",
        "app/charts/db/crds/crd.yaml",
        "other/templates/plain.yaml",
        "other/values.yaml",
    ]);
    let found = folder.find(&["."], &Options::default());
    let expected = [
        "app/charts/db/crds/crd.yaml",
        "app/ci/values.yaml",
        "app/crds/crd.yaml",
        "other/templates/plain.yaml",
        "other/values.yaml",
    ];
    assert_eq!(folder.names(&found), expected);
    let notices: Vec<_> = found
        .problems
        .iter()
        .map(|problem| problem.help.as_str())
        .collect();
    assert_eq!(notices.len(), 2, "one a chart: {notices:?}");
    assert!(
        notices
            .iter()
            .any(|help| help.ends_with("/app | policy test -`."))
    );
    let expected = [("part of a Helm chart", 7), ("template of a Helm chart", 3)];
    assert_eq!(skipped(&found), expected);
}

#[test]
fn a_folder_inside_a_chart_knows_its_chart() {
    let folder = Folder::with(&[
        "app/Chart.yaml",
        "app/templates/sub/x.yaml",
        "app/crds/y.yaml",
    ]);
    let found = folder.find(&["app/templates/sub", "app/crds"], &Options::default());
    assert_eq!(folder.names(&found), ["app/crds/y.yaml"]);
    assert!(found.problems[0].help.ends_with("/app | policy test -`."));
    assert_eq!(
        folder.taken(&["app/templates/sub/x.yaml"]).len(),
        1,
        "a named file is read"
    );
}

#[test]
fn a_command_that_is_shown_holds_a_hostile_name_together() {
    let folder = Folder::with(&["$(x) it's/Chart.yaml", "$(x) it's/templates/a.yaml"]);
    let found = folder.find(&["."], &Options::default());
    let help = &found.problems[0].help;
    assert!(help.contains(r"$(x) it'\''s' | policy test -"), "{help}");
}

#[test]
fn kustomizations_are_counted() {
    let folder = Folder::with(&[
        "base/kustomization.yaml",
        "base/a.yaml",
        "x/kustomization.yml",
        "y/Kustomization",
    ]);
    let found = folder.find(&["."], &Options::default());
    assert_eq!(folder.names(&found), ["base/a.yaml"]);
    assert_eq!(skipped(&found), [("kustomization", 3)]);
}

#[test]
fn a_hook_gets_what_a_walk_would_take() {
    let files = [
        "a.yaml",
        "README.md",
        "main.tf",
        ".github/ci.yaml",
        "kustomization.yaml",
        "app/Chart.yaml",
        "app/values.yaml",
        "app/templates/x.yaml",
        "policy/data.yaml",
        "out/b.yaml",
        "old/c.yaml",
        "app/crds/d.yaml",
    ];
    let folder = Folder::with(&files);
    folder.write(".policyignore", "out/\n");
    let options = Options {
        exclude: vec!["old/".to_owned()],
        never_enter: vec![folder.path("policy")],
        named: Named::AsInWalk,
        ..Options::default()
    };
    let found = folder.find(&files, &options);
    assert_eq!(folder.names(&found), ["a.yaml", "app/crds/d.yaml"]);
    assert_eq!(errors(&found), Vec::<String>::new());
    let expected = [
        ("excluded", 2),
        ("hidden", 1),
        ("kustomization", 1),
        ("neither YAML nor JSON", 2),
        ("part of a Helm chart", 2),
        ("policy or data", 1),
        ("template of a Helm chart", 1),
    ];
    assert_eq!(skipped(&found), expected);
    assert_eq!(errors(&folder.find(&["gone.yaml"], &options)).len(), 1);
}

#[test]
fn patterns_that_no_shell_expanded_are() {
    let folder = Folder::with(&[
        "k8s/a.yaml",
        "k8s/b.yml",
        "k8s/sub/c.yaml",
        "k8s/.h.yaml",
        "k8s/x.md",
        "k8s/kustomization.yaml",
    ]);
    let all = ["k8s/a.yaml", "k8s/sub/c.yaml"];
    assert_eq!(folder.taken(&["k8s/?.yaml"]), ["k8s/a.yaml"]);
    assert_eq!(
        folder.taken(&["k8s/*.{yaml,md}"]),
        ["k8s/a.yaml", "k8s/kustomization.yaml", "k8s/x.md"]
    );
    assert_eq!(
        folder.taken(&["k*/**/*.yaml"]),
        all,
        "a search takes what a walk takes"
    );
    assert_eq!(
        folder.taken(&["k8s/*"]),
        ["k8s/a.yaml", "k8s/b.yml", "k8s/sub/c.yaml"]
    );
    assert_eq!(folder.taken(&["k8s/.*.yaml"]), ["k8s/.h.yaml"]);
    let found = folder.find(&["k8s/*.toml", "k8s/[", "no/*"], &Options::default());
    assert_eq!(errors(&found).len(), 4, "{:?}", errors(&found));
    folder.write("k8s/[x].yaml", "");
    folder.write("k8s/x.yaml", "");
    assert_eq!(
        folder.taken(&["k8s/[x].yaml"]),
        ["k8s/[x].yaml"],
        "a file of that very name"
    );
}

#[test]
fn files_are_read_up_to_the_limit() {
    let folder = Folder::with(&[]);
    folder.write("a.yaml", "12345678");
    let found = folder.find(&["a.yaml"], &Options::default());
    assert_eq!(read(&found.files[0], 8).expect("read"), b"12345678");
    let problem = read(&found.files[0], 7).expect_err("too large");
    assert!(problem.message.contains("larger") && problem.location.is_some());
    assert_eq!(read_stdin(&mut &b"abc"[..], "-", 3).expect("read"), b"abc");
    assert!(read_stdin(&mut std::io::repeat(b'x'), "-", 1 << 20).is_err());
    fs::remove_file(folder.path("a.yaml")).expect("it was there");
    assert!(read(&found.files[0], 8).is_err(), "gone meanwhile");
}

#[cfg(unix)]
mod links {
    use super::*;

    #[test]
    fn links_are_followed_and_each_folder_is_walked_once() {
        let folder = Folder::with(&[
            "k8s/z/a.yaml",
            "outside/b.yaml",
            "outside/c.yaml",
            "k8s/one.yaml",
        ]);
        folder.link("z", "k8s/a-link");
        folder.link("../outside", "k8s/out");
        folder.link("one.yaml", "k8s/0-same.yaml");
        folder.link("../outside/b.yaml", "k8s/b-link.yaml");
        let expected = [
            "k8s/b-link.yaml",
            "k8s/one.yaml",
            "k8s/out/c.yaml",
            "k8s/z/a.yaml",
        ];
        assert_eq!(folder.taken(&["k8s"]), expected);
    }

    #[test]
    fn loops_end() {
        let folder = Folder::with(&["k8s/a/x.yaml", "k8s/b/y.yaml", "other.yaml"]);
        folder.link("../b", "k8s/a/to-b");
        folder.link("../a", "k8s/b/to-a");
        folder.link(".", "k8s/self");
        folder.link("../..", "k8s/a/up");
        let found = folder.find(&["k8s"], &Options::default());
        assert_eq!(folder.names(&found), ["k8s/a/x.yaml", "k8s/b/y.yaml"]);
        assert_eq!(skipped(&found), [("link that leads back", 2)]);
        assert_eq!(
            of_severity(&found, Severity::Notice).len(),
            1,
            "of the way out"
        );
        folder.link("turn.yaml", "k8s/turn.yaml");
        folder.link("gone", "k8s/gone.yaml");
        folder.link("gone", "k8s/folder");
        folder.link("gone", "k8s/gone.md");
        let found = folder.find(&["k8s"], &Options::default());
        assert_eq!(errors(&found).len(), 3, "{:?}", found.problems);
    }

    #[test]
    fn patterns_hold_for_what_is_behind_links() {
        let folder = Folder::with(&["outside/keep.yaml", "outside/not.yaml", "k8s/x.yaml"]);
        folder.write("k8s/.policyignore", "not.yaml\n");
        folder.link("../outside", "k8s/out");
        assert_eq!(folder.taken(&["k8s"]), ["k8s/out/keep.yaml", "k8s/x.yaml"]);
        let found = folder.find(&["k8s"], &excluding(&["out/"]));
        assert_eq!(folder.names(&found), ["k8s/x.yaml"]);
        let options = Options {
            never_enter: vec![folder.path("outside")],
            ..Options::default()
        };
        assert_eq!(
            folder.names(&folder.find(&["k8s"], &options)),
            ["k8s/x.yaml"]
        );
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let folder = Folder::with(&["k8s/a.yaml"]);
        for name in ["named.yaml", "k8s/s.yaml"] {
            let listener = std::os::unix::net::UnixListener::bind(folder.path(name));
            listener.expect("a socket");
        }
        let found = find(
            &[folder.path("named.yaml"), folder.path("k8s")],
            &Options::default(),
        );
        assert_eq!(errors(&found), ["this is neither a file nor a folder"; 2]);
        assert_eq!(found.files.len(), 1);
    }

    #[test]
    fn what_may_not_be_read_is_an_error() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = Folder::with(&["k8s/secret/a.yaml", "k8s/b.yaml"]);
        let close = |path: &str, mode| {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(folder.path(path), permissions).expect("it is ours");
        };
        close("k8s/b.yaml", 0);
        close("k8s/secret", 0);
        let is_root = fs::read(folder.path("k8s/b.yaml")).is_ok();
        let found = folder.find(&["k8s"], &Options::default());
        close("k8s/secret", 0o700);
        if !is_root {
            assert_eq!(errors(&found).len(), 1);
            assert!(read(&found.files[0], 1).is_err());
        }
    }

    #[test]
    fn hostile_names_are_names() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = Folder::with(&["k8s/a\nb.yaml", "k8s/##vso[x]y.yaml", "k8s/-.yaml"]);
        let raw = std::ffi::OsStr::from_bytes(b"k8s/\xff.yaml");
        fs::write(folder.0.join(raw), "").expect("a file");
        let found = folder.find(&["k8s"], &Options::default());
        let expected = [
            "k8s/##vso[x]y.yaml",
            "k8s/-.yaml",
            "k8s/a\nb.yaml",
            "k8s/\u{fffd}.yaml",
        ];
        assert_eq!(folder.names(&found), expected);
        for file in &found.files {
            read(file, 100).expect("each can be opened");
        }
    }
}

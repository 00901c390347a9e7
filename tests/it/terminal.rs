//! What a person at a terminal sees: colour, the line that says how far a run is; completions and the man page.

use crate::{Folder, policy, run};

const POLICY: &str = "package main\n\ndeny contains input.metadata.name if input.kind == \"Pod\"\n";
const POD: &str = "kind: Pod\nmetadata: {name: a}\n";

#[test]
fn completions_and_man_pages_know_every_command() {
    let folder = Folder::new(&[("x", "")]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&folder.path, &["completions", shell]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("changed-since"), "{shell}");
    }
    let page = |args: &[&str]| run(&folder.path, &[&["man"], args].concat());
    let commands = [
        "test", "parse", "verify", "explain", "merge", "init", "config",
    ];
    let front = page(&[]);
    assert_eq!(front.code, 0, "{}", front.stderr);
    assert!(front.stdout.contains("\n.TH policy 1"), "{}", front.stdout);
    for command in commands {
        let own = page(&[command]);
        assert_eq!(own.code, 0, "{}", own.stderr);
        assert!(front.stdout.contains(&format!("policy\\-{command}(1)")));
        assert!(own.stdout.contains(&format!("\n.TH policy-{command} 1")));
        assert!(own.stdout.contains("EXIT STATUS"), "{}", own.stdout);
    }
    assert!(page(&["test"]).stdout.contains("update\\-baseline"));
    let wrong = page(&["tset"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.stderr.contains("There are test, "),
        "{}",
        wrong.stderr
    );
}

#[test]
fn quiet_is_silent_when_all_is_well_and_verbose_says_how_long_it_took() {
    let folder = Folder::new(&[
        ("policy/p.rego", POLICY),
        ("k8s/a.yaml", "kind: ConfigMap\n"),
        ("bad/a.yaml", POD),
        ("broken/a.yaml", "a: [1\n"),
    ]);
    let quiet =
        |path: &str, more: &[&str]| run(&folder.path, &[&["test", path, "--quiet"], more].concat());
    let passed = quiet("k8s", &[]);
    assert_eq!((passed.code, &*passed.stdout, &*passed.stderr), (0, "", ""));
    // A file that was asked for is written all the same.
    let passed = quiet("k8s", &["-o", "json=report.json"]);
    assert_eq!((passed.code, &*passed.stdout), (0, ""));
    assert!(folder.path.join("report.json").is_file());
    for (path, code) in [("bad", 1), ("broken", 2)] {
        let ran = quiet(path, &[]);
        assert_eq!(ran.code, code);
        assert_eq!(ran.stdout, run(&folder.path, &["test", path]).stdout);
    }
    let plain = run(&folder.path, &["test", "bad"]);
    assert_eq!(plain.stderr, "");
    let verbose = run(&folder.path, &["test", "bad", "--verbose"]);
    assert_eq!((verbose.code, &verbose.stdout), (1, &plain.stdout));
    assert!(verbose.stderr.starts_with("took "), "{}", verbose.stderr);
}

/// Runs on a terminal of its own.
#[cfg(unix)]
mod at_a_terminal {
    use std::fs::{File, OpenOptions};
    use std::io::Read as _;
    use std::process::Child;

    use rustix::pty;

    use super::*;

    /// A terminal: what is seen there, and its name.
    fn terminal() -> (File, String) {
        let flags = pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY;
        let screen = pty::openpt(flags).expect("a terminal");
        pty::grantpt(&screen).expect("it is ours");
        pty::unlockpt(&screen).expect("it can be used");
        let name = pty::ptsname(&screen, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("UTF-8");
        (File::from(screen), name)
    }

    fn open(name: &str) -> File {
        let mut options = OpenOptions::new();
        options.read(true).write(true).open(name).expect("it opens")
    }

    /// Starts the binary with its standard output and error on a terminal; gives what is seen there.
    fn start(folder: &Folder, args: &[&str], variables: &[(&str, &str)]) -> (Child, File) {
        let (screen, name) = terminal();
        let mut command = policy(&folder.path);
        command.args(args).envs(variables.iter().copied());
        let child = command.stdout(open(&name)).stderr(open(&name)).spawn();
        // The command holds ends of the terminal, too: what is read ends only when they are closed.
        drop(command);
        (child.expect("the binary runs"), screen)
    }

    /// Everything that is seen, or what there is as soon as `enough` says so.
    fn seen(screen: &mut File, enough: impl Fn(&str) -> bool) -> String {
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        loop {
            // A terminal whose other end is closed is an error on some systems.
            match screen.read(&mut part) {
                Ok(0) | Err(_) => break,
                Ok(n) => bytes.extend(&part[..n]),
            }
            if enough(&String::from_utf8_lossy(&bytes)) {
                break;
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn whole(folder: &Folder, args: &[&str], variables: &[(&str, &str)]) -> String {
        let (mut child, mut screen) = start(folder, args, variables);
        let text = seen(&mut screen, |_| false);
        assert_eq!(child.wait().expect("it ends").code(), Some(1), "{text}");
        text
    }

    #[test]
    fn colour_is_for_terminals_unless_somebody_says_otherwise() {
        let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", POD)]);
        let is_coloured = |args: &[&str], variables: &[(&str, &str)]| {
            let args = [&["test", "k8s"], args].concat();
            let text = whole(&folder, &args, variables);
            assert!(text.contains("main.deny"), "{text}");
            text.contains("\u{1b}[")
        };
        assert!(is_coloured(&[], &[]));
        assert!(!is_coloured(&[], &[("NO_COLOR", "1")]));
        assert!(!is_coloured(&["--color", "never"], &[]));
        assert!(!is_coloured(
            &["--color", "never"],
            &[("CLICOLOR_FORCE", "1")]
        ));
        assert!(is_coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    }

    #[test]
    fn a_long_run_says_how_far_it_is() {
        // More than anybody waits for: it is ended when the line has come.
        let slow = "package main\n\ndeny contains \"x\" if {\n\tsome i in numbers.range(1, 100000)\n\tsome j in numbers.range(1, 100000)\n\ti + j < 0\n}\n";
        let folder = Folder::new(&[
            ("policy/p.rego", slow),
            ("k8s/a.yaml", POD),
            ("k8s/b.yaml", POD),
        ]);
        let args = ["test", "k8s", "--timeout", "1h"];
        let (mut child, mut screen) = start(&folder, &args, &[]);
        let is_shown = |text: &str| text.contains(" of 2 files, 0 documents judged, 0 findings");
        let text = seen(&mut screen, is_shown);
        child.kill().expect("it is ended");
        child.wait().expect("it ends");
        assert!(is_shown(&text), "{text}");
    }

    #[test]
    fn a_report_is_written_to_a_device_and_does_not_replace_it() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", POD)]);
        let (mut screen, name) = terminal();
        // As long as somebody holds the other end, what was written can be read.
        let held = open(&name);
        let ran = run(&folder.path, &["test", "k8s", "-o", &format!("tap={name}")]);
        assert_eq!((ran.code, &*ran.stdout), (1, ""), "{}", ran.stderr);
        let text = seen(&mut screen, |text| text.contains("not ok 1"));
        assert!(text.starts_with("TAP version 14"), "{text}");
        let kind = std::fs::symlink_metadata(&name)
            .expect("it is there")
            .file_type();
        assert!(kind.is_char_device());
        drop(held);
        // What a link leads to is replaced, not the link.
        folder.write("reports/last.tap", b"old");
        let link = folder.path.join("report.tap");
        std::os::unix::fs::symlink("reports/last.tap", &link).expect("a link");
        let args = ["test", "k8s", "-o", "tap=report.tap"];
        assert_eq!(run(&folder.path, &args).code, 1);
        assert!(link.is_symlink());
        let text = std::fs::read_to_string(folder.path.join("reports/last.tap"));
        assert!(text.expect("it is there").starts_with("TAP version 14"));
    }

    #[test]
    fn a_report_goes_to_the_own_standard_output_without_replacing_its_file() {
        let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", POD)]);
        std::os::unix::fs::symlink("/dev/stdout", folder.path.join("out")).expect("a link");
        let path = folder.path.join("log");
        let shell = |commands: &str| {
            let output = std::process::Command::new("sh")
                .args(["-c", commands, env!("CARGO_BIN_EXE_policy")])
                .current_dir(&folder.path)
                .env_clear()
                .output()
                .expect("a shell");
            assert_eq!(output.status.code(), Some(1), "{commands}: {output:?}");
            assert!(!path.is_symlink());
            std::fs::read_to_string(&path).expect("it is there")
        };
        for name in [
            "/dev/stdout",
            "/dev/fd/1",
            "/proc/self/fd/1",
            "/dev/../dev/stdout",
            "out",
        ] {
            let tap = format!("\"$0\" test k8s -o tap={name}");
            let text = shell(&format!("echo old > log; {tap} >> log"));
            assert!(text.starts_with("old\nTAP version 14"), "{name}: {text}");
            let text = shell(&format!("{tap} -o table > log"));
            assert!(text.starts_with("TAP version 14"), "{name}: {text}");
            assert!(text.contains("\nresult "), "{name}: {text}");
        }
        for name in ["/dev/stderr", "/dev/fd/2"] {
            let tap = format!("\"$0\" test k8s -o tap={name} -o table");
            let text = shell(&format!("echo old > log; {tap} 2>> log >/dev/null"));
            assert!(text.starts_with("old\nTAP version 14"), "{name}: {text}");
        }
        // Another file that is open already.
        let text = shell("exec 3> log; echo old >&3; \"$0\" test k8s -o tap=/dev/fd/3");
        assert!(text.starts_with("old\nTAP version 14"), "{text}");
    }

    #[test]
    fn a_link_to_a_report_that_is_not_there_yet_stays_one() {
        let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", POD)]);
        let link = |name: &str, to: &str| {
            std::os::unix::fs::symlink(to, folder.path.join(name)).expect("a link");
        };
        folder.write("reports/old", b"old");
        link("reports/last.tap", "1.tap");
        link("report.tap", "reports/last.tap");
        let test = |name: &str| {
            let output = format!("tap={name}");
            run(&folder.path, &["test", "k8s", "-o", &output])
        };
        assert_eq!(test("report.tap").code, 1);
        assert!(folder.path.join("report.tap").is_symlink());
        assert!(folder.path.join("reports/last.tap").is_symlink());
        let text = std::fs::read_to_string(folder.path.join("reports/1.tap"));
        assert!(text.expect("it is there").starts_with("TAP version 14"));
        // One that leads to itself leads nowhere.
        link("round", "round");
        let ran = test("round");
        assert_eq!(ran.code, 2);
        assert!(
            ran.stderr.contains("`round` cannot be written"),
            "{}",
            ran.stderr
        );
        assert!(folder.path.join("round").is_symlink());
    }

    #[test]
    fn a_short_run_leaves_nothing_behind() {
        let folder = Folder::new(&[("policy/p.rego", POLICY), ("k8s/a.yaml", POD)]);
        let text = whole(&folder, &["test", "k8s", "--no-color"], &[]);
        assert!(text.starts_with("FAIL k8s/a.yaml:"), "{text}");
    }
}

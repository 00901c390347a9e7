//! How far a long run is: one line on a terminal's standard error, gone before anything else is written.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use policy::scan::progress::Progress;

use crate::environment;

/// Shorter runs show nothing.
const AFTER: Duration = Duration::from_secs(1);
/// Time between two looks.
const EVERY: Duration = Duration::from_millis(100);

/// A line that is kept up to date until this is dropped.
#[derive(Default)]
pub(crate) struct Line {
    /// Dropping it ends the thread.
    goes_on: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Whether anybody would see the line, and wants to.
#[derive(Clone, Copy, Debug)]
struct Viewer {
    is_terminal: bool,
    is_quiet: bool,
    is_ci: bool,
}

impl Viewer {
    fn looks(self) -> bool {
        self.is_terminal && !self.is_quiet && !self.is_ci
    }
}

/// Shows how many of the files are done; nothing where standard error is no terminal, in CI, and with `--quiet`.
pub(crate) fn show(progress: &Arc<Progress>, n_files: usize, is_quiet: bool) -> Line {
    let is_dumb = environment::variable("TERM").is_some_and(|term| term == "dumb");
    let viewer = Viewer {
        is_terminal: io::stderr().is_terminal() && !is_dumb,
        is_quiet,
        is_ci: environment::is_ci(),
    };
    if !viewer.looks() {
        return Line::default();
    }
    let (goes_on, over) = mpsc::channel();
    let progress = Arc::clone(progress);
    let thread = Builder::new().name("progress".to_owned()).spawn(move || {
        draw(&progress, n_files, &over, AFTER, &mut io::stderr());
    });
    Line {
        goes_on: Some(goes_on),
        // Without a thread there is no line; the run is the same.
        thread: thread.ok(),
    }
}

/// Draws the line until the other end of `over` is gone. Blanks hide it again, which every terminal understands.
fn draw(
    progress: &Progress,
    n_files: usize,
    over: &Receiver<()>,
    after: Duration,
    out: &mut dyn Write,
) {
    let mut wait = after;
    let mut width = 0;
    // Nothing can be done about a closed standard error.
    while over.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        let line = format!(
            "{} of {n_files} files, {} documents judged, {} findings",
            progress.n_files(),
            progress.n_inputs(),
            progress.n_findings()
        );
        width = width.max(line.len());
        let _ = write!(out, "\r{line:width$}").and_then(|()| out.flush());
        wait = EVERY;
    }
    if width > 0 {
        let _ = write!(out, "\r{:width$}\r", "").and_then(|()| out.flush());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.goes_on.take());
        if let Some(thread) = self.thread.take() {
            // A panic there would have been about the line only.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends the run as soon as a line has been drawn.
    struct Terminal {
        shown: Vec<u8>,
        goes_on: Option<Sender<()>>,
    }

    impl Write for Terminal {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.shown.extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.goes_on = None;
            Ok(())
        }
    }

    #[test]
    fn the_line_is_gone_at_the_end() {
        let (goes_on, over) = mpsc::channel();
        let mut terminal = Terminal {
            shown: Vec::new(),
            goes_on: Some(goes_on),
        };
        let progress = Progress::default();
        draw(&progress, 7, &over, Duration::ZERO, &mut terminal);
        let line = "0 of 7 files, 0 documents judged, 0 findings";
        let shown = String::from_utf8(terminal.shown).expect("UTF-8");
        assert_eq!(shown, format!("\r{line}\r{}\r", " ".repeat(line.len())));
    }

    #[test]
    fn a_short_run_shows_nothing() {
        let (goes_on, over) = mpsc::channel();
        drop(goes_on);
        let mut shown = Vec::new();
        draw(&Progress::default(), 7, &over, AFTER, &mut shown);
        assert!(shown.is_empty());
    }

    #[test]
    fn it_is_for_people_at_a_terminal() {
        let viewer = Viewer {
            is_terminal: true,
            is_quiet: false,
            is_ci: false,
        };
        assert!(viewer.looks());
        let others = [
            Viewer {
                is_terminal: false,
                ..viewer
            },
            Viewer {
                is_quiet: true,
                ..viewer
            },
            Viewer {
                is_ci: true,
                ..viewer
            },
        ];
        assert!(others.iter().all(|viewer| !viewer.looks()));
    }
}

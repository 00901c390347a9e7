//! What a command could not do, and what to do about it.

use std::io::Write as _;

/// Why a command gave no report, or could not write it.
#[derive(Debug)]
pub(crate) struct CommandError {
    message: String,
    help: String,
}

impl CommandError {
    /// An error with the sentence that says what to do; the sentence may be empty.
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }

    /// What went wrong, in its own words.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Writes it to standard error.
    pub(crate) fn print(&self) {
        let mut stderr = std::io::stderr().lock();
        // Nothing can be done about a closed standard error.
        let _ = writeln!(stderr, "error: {}", self.message);
        if !self.help.is_empty() {
            let _ = writeln!(stderr, "  help: {}", self.help);
        }
    }
}

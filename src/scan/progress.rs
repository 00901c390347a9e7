//! How far a scan is: counters that others may look at while it goes on; nothing in the report is made of them.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How far a scan is.
#[derive(Debug, Default)]
pub struct Progress {
    n_files: AtomicUsize,
    n_inputs: AtomicUsize,
    n_findings: AtomicUsize,
}

impl Progress {
    /// Files that have been opened.
    #[must_use]
    pub fn n_files(&self) -> usize {
        self.n_files.load(Ordering::Relaxed)
    }

    /// Documents, and items of Lists, that have been judged.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.n_inputs.load(Ordering::Relaxed)
    }

    /// What was found so far, also what will not count.
    #[must_use]
    pub fn n_findings(&self) -> usize {
        self.n_findings.load(Ordering::Relaxed)
    }

    pub(super) fn read(&self) {
        self.n_files.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn judged(&self, n_findings: usize) {
        self.n_inputs.fetch_add(1, Ordering::Relaxed);
        if n_findings > 0 {
            self.n_findings.fetch_add(n_findings, Ordering::Relaxed);
        }
    }
}

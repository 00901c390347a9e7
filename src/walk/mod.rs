//! Paths and globs → files, sorted; standard input.

//! Paths and globs → files, sorted; standard input.
use crate::finding::*;
pub struct FileEntry {
    pub path: std::path::PathBuf,
    pub name: String,
}
impl FileEntry {
    pub fn is_stdin(&self) -> bool {
        self.name == "-"
    }
}
pub fn read(e: &FileEntry, _max: u64) -> Result<Vec<u8>, Problem> {
    std::fs::read(&e.path).map_err(|x| Problem::error(Stage::Read, x.to_string()))
}
pub struct Options;
impl Options {
    pub fn new(_e: &[String], _n: Vec<std::path::PathBuf>) -> Result<Self, std::fmt::Error> {
        Ok(Options)
    }
}
pub struct Found {
    pub files: Vec<FileEntry>,
    pub problems: Vec<Problem>,
    pub skipped: std::collections::BTreeMap<String, usize>,
}
pub fn find(paths: &[std::path::PathBuf], _o: &Options) -> Found {
    let mut files = vec![];
    for p in paths {
        for e in walkdir::WalkDir::new(p).sort_by_file_name() {
            let e = e.unwrap();
            if e.file_type().is_file() {
                files.push(FileEntry {
                    path: e.path().to_path_buf(),
                    name: e.path().display().to_string(),
                });
            }
        }
    }
    Found {
        files,
        problems: vec![],
        skipped: Default::default(),
    }
}

//! Writes generated manifests: `cargo run --release --example generate -- FOLDER [DOCUMENTS [FILES [SEED]]]`.

#[path = "../benches/corpus/mod.rs"]
mod corpus;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        return fail("a folder is missing");
    };
    let mut number = |default: usize| match args.next() {
        Some(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
        None => Some(default),
    };
    let (Some(n_documents), Some(n_files), Some(seed)) = (number(5_000), number(1_000), number(1))
    else {
        return fail("the numbers of documents and files and the seed are numbers above 0");
    };
    match write(Path::new(&folder), n_documents, n_files, seed as u64) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn write(folder: &Path, n_documents: usize, n_files: usize, seed: u64) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let documents = corpus::documents(seed, n_documents);
    for (number, part) in documents.chunks(n_documents.div_ceil(n_files)).enumerate() {
        std::fs::write(
            folder.join(format!("f{number:05}.yaml")),
            corpus::join(part),
        )?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn fail(message: &str) -> ExitCode {
    eprintln!("generate: {message}");
    ExitCode::from(2)
}

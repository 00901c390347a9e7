//! How fast documents are read.

mod corpus;

use std::sync::Arc;

use divan::Bencher;
use policy::document::{Limits, Syntax, parse};
use policy::source::SourceFile;

fn main() {
    divan::main();
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn yaml(bencher: Bencher<'_, '_>, n: usize) {
    let text = corpus::join(&corpus::documents(1, n));
    bencher
        .counter(divan::counter::BytesCount::of_str(&text))
        .with_inputs(|| Arc::new(SourceFile::new("all.yaml", text.clone())))
        .bench_values(|file| {
            parse(&file, Syntax::Yaml, &Limits::default())
                .documents
                .len()
        });
}

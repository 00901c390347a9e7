//! Paths of policies and data that are taken apart at commas, as Conftest does.

use std::path::{Path, PathBuf};

use crate::args::{Command, Policy};

/// Takes all such paths apart; one that is there with its comma stays whole.
pub(crate) fn split(arguments: &mut Policy) {
    let (policy, load) = match &mut arguments.command {
        Command::Test(args) => (&mut args.policy, Some(&mut args.load)),
        Command::Verify(args) => (&mut args.policy, Some(&mut args.load)),
        Command::Explain(args) => (&mut args.policy, Some(&mut args.load)),
        Command::Parse(args) => (&mut args.policy, None),
        Command::Merge(_)
        | Command::Init(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Man(_) => return,
    };
    let data = load.map(|load| &mut load.data);
    for paths in std::iter::once(policy).chain(data) {
        *paths = paths.iter().flat_map(|path| parts(path)).collect();
    }
}

fn parts(path: &Path) -> Vec<PathBuf> {
    match path.to_str() {
        Some(text) if text.contains(',') && !path.exists() => text
            .split(',')
            .filter(|part| !part.is_empty())
            .map(PathBuf::from)
            .collect(),
        Some(_) | None => vec![path.to_path_buf()],
    }
}

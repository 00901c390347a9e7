//! Paths of policies and data: taken apart at commas, as Conftest does, and policies that are named twice once only.

use std::path::{Path, PathBuf};

use crate::args::{Command, Policy};

/// Takes all such paths apart; one that is there with its comma stays whole.
pub(crate) fn split(arguments: &mut Policy) {
    let (policies, load) = match &mut arguments.command {
        Command::Test(args) => (vec![&mut args.policy], Some(&mut args.load)),
        Command::Verify(args) => (
            vec![&mut args.paths, &mut args.policy],
            Some(&mut args.load),
        ),
        Command::Explain(args) => (vec![&mut args.policy], Some(&mut args.load)),
        Command::Parse(args) => (vec![&mut args.policy], None),
        Command::Merge(_)
        | Command::Init(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Man(_) => return,
    };
    for paths in policies {
        *paths = once(paths.iter().flat_map(|path| parts(path)).collect());
    }
    if let Some(load) = load {
        load.data = load.data.iter().flat_map(|path| parts(path)).collect();
    }
}

fn parts(path: &Path) -> Vec<PathBuf> {
    match path.to_str() {
        Some(text) => {
            let parts = cut(text, Path::new("")).into_iter();
            parts.map(PathBuf::from).collect()
        }
        None => vec![path.to_path_buf()],
    }
}

/// The parts of a value whose paths begin at a folder.
pub(crate) fn cut<'a>(value: &'a str, folder: &Path) -> Vec<&'a str> {
    if value.contains(',') && !folder.join(value).exists() {
        value.split(',').filter(|part| !part.is_empty()).collect()
    } else {
        vec![value]
    }
}

/// Policies whose files would be read under two names, `rules` and `./rules`, are read under one: a folder that is named
/// already or lies in one that is goes, a file gets the name that it has in the folder.
pub(crate) fn once(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let real: Vec<Option<PathBuf>> = paths.iter().map(|path| path.canonicalize().ok()).collect();
    let mut kept = Vec::new();
    let mut files = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        let own = real[index].as_deref();
        let others = paths.iter().zip(&real).enumerate();
        let around = others.filter_map(|(other, (name, real))| {
            let (own, real) = (own?, real.as_deref()?);
            let is_before = own != real || other < index;
            let rest = own.strip_prefix(real).ok().filter(|_| is_before)?;
            Some((real.components().count(), name, rest))
        });
        let outermost = around.min_by_key(|(depth, _, _)| *depth);
        match outermost {
            None => kept.push(path.clone()),
            // What is named itself is read although its name is that of tests.
            Some((_, folder, rest)) if path.is_file() && !rest.as_os_str().is_empty() => {
                let name = folder.join(rest);
                if !files.contains(&name) {
                    files.push(name);
                }
            }
            Some(_) => {}
        }
    }
    // Behind its folder, of which it would leave nothing.
    kept.append(&mut files);
    kept
}

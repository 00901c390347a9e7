//! What CI systems take for commands in a log, read as their agents read it.

use std::collections::BTreeMap;

/// A command in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// Its name: `task.logissue`, `error`, `section`.
    pub(super) name: String,
    /// Its properties, decoded.
    pub(super) properties: BTreeMap<String, String>,
    /// What follows, decoded.
    pub(super) text: String,
}

/// The commands that an agent of Azure DevOps finds: `##vso[area.event key=value;…]text` anywhere in a line, whatever
/// the case, and `##[name]text`, which formats the log.
pub(super) fn azure(log: &str) -> Vec<Command> {
    lines(log).flat_map(azure_line).collect()
}

fn azure_line(line: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    let lower = line.to_ascii_lowercase();
    let marks = [("##vso[", true), ("##[", false)];
    for (mark, is_command) in marks {
        for (start, _) in lower.match_indices(mark) {
            let rest = &line[start + mark.len()..];
            let Some((head, text)) = rest.split_once(']') else {
                continue;
            };
            let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
            let properties = properties.split(';').filter(|part| !part.is_empty());
            let pairs = properties.filter_map(|part| part.split_once('='));
            commands.push(Command {
                name: name.to_owned(),
                properties: pairs
                    .map(|(key, value)| (key.trim().to_owned(), azure_text(value)))
                    .collect(),
                text: match is_command {
                    true => azure_text(text),
                    false => text.to_owned(),
                },
            });
        }
    }
    commands
}

fn azure_text(text: &str) -> String {
    let text = text.replace("%0D", "\r").replace("%0A", "\n");
    let text = text.replace("%3B", ";").replace("%5D", "]");
    text.replace("%AZP25", "%")
}

/// The commands that a runner of GitHub Actions finds: `::name key=value,…::text` at the start of a line, blanks before
/// it or not, and the old `##[name key=value;…]text` anywhere.
pub(super) fn github(log: &str) -> Vec<Command> {
    lines(log).flat_map(github_line).collect()
}

fn github_line(line: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    for (start, _) in line.match_indices("##[") {
        commands.push(Command {
            name: line[start..].to_owned(),
            properties: BTreeMap::new(),
            text: String::new(),
        });
    }
    if let Some(rest) = line.trim_start().strip_prefix("::")
        && let Some((head, text)) = rest.split_once("::")
    {
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let pairs = properties
            .split(',')
            .filter_map(|part| part.split_once('='));
        commands.push(Command {
            name: name.to_owned(),
            properties: pairs
                .map(|(key, value)| (key.trim().to_owned(), github_property(value)))
                .collect(),
            text: github_text(text),
        });
    }
    commands
}

fn github_property(text: &str) -> String {
    github_text(&text.replace("%3A", ":").replace("%2C", ","))
}

fn github_text(text: &str) -> String {
    let text = text.replace("%0D", "\r").replace("%0A", "\n");
    text.replace("%25", "%")
}

/// Agents read standard output line by line; a carriage return ends a line for some of them.
fn lines(log: &str) -> impl Iterator<Item = &str> {
    log.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

#[test]
fn the_readers_find_what_agents_find() {
    let log = "x ##VSO[task.logissue type=error;code=a%3Bb]m%0An\n ##[section]s\n#vso[x]\n";
    let found = azure(log);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].properties["code"], "a;b");
    assert_eq!(found[0].text, "m\nn");
    assert_eq!(found[1].name, "section");
    let found = github("  ::error file=a%2Cb,line=1::50%25\nx ::no::\n::nothing\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].properties["file"], "a,b");
    assert_eq!(found[0].text, "50%");
}

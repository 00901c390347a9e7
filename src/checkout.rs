//! Where the files of a run stand: the working directory, the repository around it, and its pages on the web.
//!
//! Only names are looked at, never a file system; names are with `/` between folders, also on Windows.

use std::fmt::Write as _;

/// Where the names in a report lead. Empty where nothing is known: names are then left as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The working directory, absolute.
    pub directory: String,
    /// The root of the repository (the folder that holds `.git`), absolute.
    pub root: String,
    /// The folder that holds `.policy.yaml`, else the root: fingerprints and waivers name files from it on.
    pub base: String,
    /// Where the repository can be looked at.
    pub web: Option<Web>,
}

/// Pages that show a file of a repository at a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Web {
    /// `https://github.com/owner/name/blob/commit`, to which path and line are added.
    Github(String),
    /// `https://gitlab.com/group/name/-/blob/commit`.
    Gitlab(String),
    /// The repository of Azure DevOps, and the commit.
    Azure {
        /// `https://dev.azure.com/organisation/project/_git/name`.
        repository: String,
        /// The commit.
        commit: String,
    },
}

impl Checkout {
    /// The absolute name of a file.
    #[must_use]
    pub fn absolute(&self, name: &str) -> String {
        if is_absolute(name) || self.directory.is_empty() {
            normal(name)
        } else {
            normal(&format!("{}/{name}", self.directory))
        }
    }

    /// The name of a file from the repository's root on; none where it lies outside or nothing is known.
    #[must_use]
    pub fn in_repository(&self, name: &str) -> Option<String> {
        self.below(&self.root, name)
    }

    /// The name of a file from the folder of `.policy.yaml` on, else as it was typed.
    #[must_use]
    pub fn from_base(&self, name: &str) -> String {
        self.below(&self.base, name).unwrap_or_else(|| normal(name))
    }

    fn below(&self, folder: &str, name: &str) -> Option<String> {
        if folder.is_empty() || self.directory.is_empty() {
            return None;
        }
        let absolute = self.absolute(name);
        let below = absolute.strip_prefix(normal(folder).trim_end_matches('/'))?;
        let below = below.strip_prefix('/')?;
        (!below.is_empty()).then(|| below.to_owned())
    }

    /// The name by which a file is known to people and machines that look at the repository: from its root on, else as
    /// it was typed.
    #[must_use]
    pub fn known_as(&self, name: &str) -> String {
        self.in_repository(name).unwrap_or_else(|| normal(name))
    }

    /// The page that shows a line of a file.
    #[must_use]
    pub fn link(&self, name: &str, line: u32) -> Option<String> {
        let path = uri_path(&self.in_repository(name)?);
        Some(match self.web.as_ref()? {
            Web::Github(page) | Web::Gitlab(page) => format!("{page}/{path}#L{line}"),
            Web::Azure { repository, commit } => {
                let lines = format!("line={line}&lineEnd={}", line.saturating_add(1));
                format!(
                    "{repository}?path=/{path}&version=GC{commit}&{lines}&lineStartColumn=1&lineEndColumn=1"
                )
            }
        })
    }
}

/// A path as a part of a URI: everything but letters, digits, `-._~` and `/` is written as `%…`.
#[must_use]
pub fn uri_path(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// Whether a name starts at the root of a file system.
#[must_use]
pub fn is_absolute(name: &str) -> bool {
    let bytes = name.as_bytes();
    let has_drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/";
    name.starts_with('/') || has_drive
}

/// The name without `.` and without `..` as far as there is a folder before it.
fn normal(name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let start = if name.starts_with('/') { "/" } else { "" };
    let path = format!("{start}{}", parts.join("/"));
    if path.is_empty() {
        ".".to_owned()
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> Checkout {
        Checkout {
            directory: "/src/repo/shop".to_owned(),
            root: "/src/repo".to_owned(),
            base: "/src/repo/shop".to_owned(),
            web: None,
        }
    }

    #[test]
    fn names_are_told_from_the_root_of_the_repository() {
        let known = |name: &str| checkout().in_repository(name);
        let same = Some("shop/k8s/web.yaml".to_owned());
        assert_eq!(known("k8s/web.yaml"), same);
        assert_eq!(known("./k8s/../k8s//web.yaml"), same);
        assert_eq!(known("/src/repo/shop/k8s/web.yaml"), same);
        assert_eq!(known("../web.yaml"), Some("web.yaml".to_owned()));
        assert_eq!(known("../../web.yaml"), None);
        assert_eq!(checkout().from_base("./k8s/web.yaml"), "k8s/web.yaml");
        assert_eq!(checkout().from_base("../web.yaml"), "../web.yaml");
        assert_eq!(known("/src/repository/web.yaml"), None);
        assert_eq!(
            checkout().absolute("../k8s/a b.yaml"),
            "/src/repo/k8s/a b.yaml"
        );
        assert_eq!(Checkout::default().known_as("./k8s/a.yaml"), "k8s/a.yaml");
        let windows = Checkout {
            directory: "C:/agent/s".to_owned(),
            root: "C:/agent/s".to_owned(),
            ..Checkout::default()
        };
        assert_eq!(windows.absolute("k8s/a.yaml"), "C:/agent/s/k8s/a.yaml");
        assert_eq!(
            windows.in_repository("C:/agent/s/a.yaml"),
            Some("a.yaml".to_owned())
        );
    }

    #[test]
    fn links_hold_no_character_that_ends_them() {
        let mut checkout = checkout();
        checkout.web = Some(Web::Github("https://github.com/o/r/blob/1".to_owned()));
        assert_eq!(
            checkout.link("a (1)#.yaml", 3).as_deref(),
            Some("https://github.com/o/r/blob/1/shop/a%20%281%29%23.yaml#L3")
        );
        checkout.web = Some(Web::Azure {
            repository: "https://dev.azure.com/o/p/_git/r".to_owned(),
            commit: "abc".to_owned(),
        });
        let link = checkout.link("a.yaml", 3).expect("a link");
        assert!(link.starts_with(
            "https://dev.azure.com/o/p/_git/r?path=/shop/a.yaml&version=GCabc&line=3&"
        ));
    }
}

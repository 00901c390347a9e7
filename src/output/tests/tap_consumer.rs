//! A small reader of TAP 14, strict where a consumer may be: what it does not know is an error.

/// A test point as a consumer sees it.
pub(super) struct Point {
    pub(super) is_ok: bool,
    pub(super) description: String,
    /// `SKIP` or `TODO` and the reason.
    pub(super) directive: Option<(String, String)>,
    /// The YAML block's `key: value` lines, values as they stand.
    pub(super) diagnostic: Vec<(String, String)>,
}

/// Reads a whole document; the plan must agree with the points.
pub(super) fn read(text: &str) -> Vec<Point> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = lines
        .next()
        .and_then(|line| line.strip_prefix("1.."))
        .expect("a plan");
    let n_planned: usize = plan.parse().expect("a number");
    let mut points: Vec<Point> = Vec::new();
    let mut in_block = false;
    for line in lines {
        match line {
            "  ---" if !in_block => in_block = true,
            "  ..." if in_block => in_block = false,
            _ if in_block => {
                let (key, value) = line.trim_start().split_once(": ").expect("key and value");
                let point = points.last_mut().expect("a block follows a point");
                point.diagnostic.push((key.to_owned(), value.to_owned()));
            }
            _ if line.starts_with("# ") => {}
            _ => points.push(point(line, points.len() + 1)),
        }
    }
    assert!(!in_block, "a block is open at the end");
    assert_eq!(points.len(), n_planned, "the plan");
    points
}

fn point(line: &str, number: usize) -> Point {
    let (is_ok, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (
            true,
            line.strip_prefix("ok ")
                .unwrap_or_else(|| panic!("no point: {line:?}")),
        ),
    };
    let (found, rest) = rest.split_once(" - ").expect("a description");
    assert_eq!(found, number.to_string(), "{line}");
    let mut description = String::new();
    let mut directive = None;
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => description.push(characters.next().expect("something is escaped")),
            '#' => {
                directive = Some(characters.as_str().trim().to_owned());
                break;
            }
            _ => description.push(character),
        }
    }
    let directive = directive.map(|text| {
        let (word, reason) = text.split_once(' ').expect("a directive and its reason");
        assert!(word == "SKIP" || word == "TODO", "{line}");
        (word.to_owned(), reason.to_owned())
    });
    Point {
        is_ok,
        description: description.trim_end().to_owned(),
        directive,
        diagnostic: Vec::new(),
    }
    .with_description()
}

impl Point {
    fn with_description(self) -> Self {
        assert!(!self.description.is_empty(), "a point without description");
        self
    }
}

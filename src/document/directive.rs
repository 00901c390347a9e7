//! Comments `# policy:ignore …` of a document and what they stand at; what they ask for is read elsewhere.
//!
//! A comment of its own line stands at the next node, one behind a value at the node of its line, one before the first
//! key at the whole document. What stands at nothing says so.

use crate::document::Document;
use crate::document::path::{Node, SpanTable};
use crate::finding::{Location, Precision};
use crate::source::{Position, SourceFile, Span};

/// The word that makes a comment a directive.
pub const WORD: &str = "policy:ignore";

/// A comment that asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// What follows `policy:ignore`, without blanks around it.
    pub text: String,
    /// Where the comment is written.
    pub location: Location,
    /// Index of the document in its file, from 0.
    pub document: u32,
    /// What it stands at.
    pub scope: Scope,
}

/// What a directive stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole document, between these places.
    Document(Position, Position),
    /// A node with all below it, between these places.
    Node(Position, Position),
    /// Nothing: no node follows in its document.
    Nothing,
}

/// A comment that was read, not yet told what it stands at.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    /// What follows `policy:ignore`.
    pub(super) text: String,
    /// The whole comment.
    pub(super) span: Span,
    /// Whether it stands outside of every document.
    pub(super) is_stray: bool,
}

impl Comment {
    /// A comment by its text after `#`; none where it is no directive.
    pub(super) fn new(text: &str, span: Span) -> Option<Self> {
        let rest = text.trim_start().strip_prefix(WORD)?;
        let is_word = rest.is_empty() || rest.starts_with(char::is_whitespace);
        is_word.then(|| Self {
            text: rest.trim().to_owned(),
            span,
            is_stray: false,
        })
    }

    /// A directive that stands at nothing in a file.
    pub(super) fn stray(self, file: &SourceFile, document: u32) -> Directive {
        Directive {
            text: self.text,
            location: Location::in_file(file, self.span, Precision::Field),
            document,
            scope: Scope::Nothing,
        }
    }
}

/// The directives of a document that has been read.
pub(super) fn of_document(document: &Document, comments: Vec<Comment>) -> Vec<Directive> {
    let make = |comment: Comment| Directive {
        location: document.location(comment.span, Precision::Field),
        document: document.index,
        scope: scope(document, &comment),
        text: comment.text,
    };
    comments.into_iter().map(make).collect()
}

fn scope(document: &Document, comment: &Comment) -> Scope {
    let nodes = document.spans.nodes();
    let position = |offset| document.file.position(offset);
    let first = nodes.iter().map(start).min();
    if comment.is_stray {
        return Scope::Nothing;
    }
    if first.is_none_or(|first| comment.span.start < first) {
        return Scope::Document(position(document.span.start), position(document.span.end));
    }
    let before = document.file.slice(Span::new(
        line_start(&document.file, comment.span.start),
        comment.span.start,
    ));
    let node = match before.trim().is_empty() {
        true => next_node(&document.spans, comment.span.end),
        false => node_of_line(document, comment.span.start),
    };
    match node {
        Some(node) => Scope::Node(position(start(node)), position(end(node))),
        None => Scope::Nothing,
    }
}

/// Where a node starts: its key, else the value or the alias that stands for it.
fn start(node: &Node) -> u32 {
    if !node.key_span.is_empty() {
        node.key_span.start
    } else if !node.alias_span.is_empty() {
        node.alias_span.start
    } else {
        node.value_span.start
    }
}

fn end(node: &Node) -> u32 {
    let written = match node.alias_span.is_empty() {
        true => node.value_span.end,
        false => node.alias_span.end,
    };
    written.max(node.key_span.end)
}

/// The outermost of the nodes that start next.
fn next_node(spans: &SpanTable, from: u32) -> Option<&Node> {
    let after = spans.nodes().iter().filter(|node| start(node) >= from);
    // The first of equals is the outermost: the table is in preorder.
    after.min_by_key(|node| start(node))
}

/// The outermost node that lies wholly before `at` on its line, else the last that starts there.
fn node_of_line(document: &Document, at: u32) -> Option<&Node> {
    let line = line_start(&document.file, at);
    let on_line = || {
        let nodes = document.spans.nodes().iter();
        nodes.filter(|node| line <= start(node) && start(node) < at)
    };
    let whole = on_line().find(|node| end(node) <= at);
    whole.or_else(|| on_line().max_by_key(|node| start(node)))
}

fn line_start(file: &SourceFile, offset: u32) -> u32 {
    let line = file.position(offset).line;
    file.offset(Position { line, column: 1 })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::document::{Limits, Syntax, parse};

    /// Text of each directive, and the text it stands at; `nothing` for nothing.
    fn directives(text: &str) -> Vec<(String, String)> {
        let file = Arc::new(SourceFile::new("a.yaml", text.to_owned()));
        let parsed = parse(&file, Syntax::Yaml, &Limits::default());
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        let of_documents = parsed.documents.iter().flat_map(|d| &d.directives);
        let all = of_documents.chain(&parsed.stray);
        all.map(|directive| {
            let scope = match directive.scope {
                Scope::Document(start, end) | Scope::Node(start, end) => {
                    let span = Span::new(file.offset(start), file.offset(end));
                    file.slice(span).to_owned()
                }
                Scope::Nothing => "nothing".to_owned(),
            };
            (directive.text.clone(), scope)
        })
        .collect()
    }

    fn scopes(text: &str) -> Vec<String> {
        directives(text)
            .into_iter()
            .map(|(_, scope)| scope)
            .collect()
    }

    #[test]
    fn a_comment_on_its_own_line_stands_at_the_next_node() {
        let text = "\
spec:
  # policy:ignore main.deny -- reason
  containers:
    #policy:ignore main.deny
    # another comment

    - name: a
      image: b
    - name: c
";
        assert_eq!(
            directives(text),
            [
                (
                    "main.deny -- reason".to_owned(),
                    "containers:\n    #policy:ignore main.deny\n    # another comment\n\n    \
                     - name: a\n      image: b\n    - name: c"
                        .to_owned()
                ),
                ("main.deny".to_owned(), "name: a\n      image: b".to_owned()),
            ]
        );
    }

    #[test]
    fn a_comment_behind_a_value_stands_at_the_node_of_its_line() {
        let one = |line: &str| {
            let text = format!("a: 1\nlist:\n{line} # policy:ignore x -- y\n  # end\nz: 1\n");
            let scopes = scopes(&text);
            assert_eq!(scopes.len(), 1);
            scopes[0].clone()
        };
        assert_eq!(one("  - image: b"), "image: b");
        assert_eq!(one("  - {name: b, image: c}"), "{name: b, image: c}");
        assert_eq!(one("  - b"), "b");
        assert_eq!(one("  limits: {cpu: 1}"), "limits: {cpu: 1}");
        assert_eq!(one("  - image: b\n    name: c"), "name: c");
        let text = "a: 1\nspec: # policy:ignore x -- y\n  b: 1\n  c: 2\nz: 1\n";
        assert_eq!(
            scopes(text),
            ["spec: # policy:ignore x -- y\n  b: 1\n  c: 2"]
        );
        let text = "a: 1\nitem: # policy:ignore x -- y\n- b: 1 # policy:ignore z -- y\n  c: 2\n";
        assert_eq!(scopes(text)[1], "b: 1");
        let text = "a: 1\nscript: | # policy:ignore x -- y\n  # policy:ignore no\n  text\nz: 1\n";
        assert_eq!(
            scopes(text),
            ["script: | # policy:ignore x -- y\n  # policy:ignore no\n  text"]
        );
    }

    #[test]
    fn a_comment_before_the_first_key_stands_at_the_document() {
        let text = "# policy:ignore a -- b\n---\na: 1\n---\n# policy:ignore c -- d\nb: 1\n--- # policy:ignore e -- f\nc: 1\n";
        let scopes = scopes(text);
        assert_eq!(scopes.len(), 3);
        assert!(scopes[0].contains("a: 1") && !scopes[0].contains("b: 1"));
        assert!(scopes[1].contains("b: 1") && !scopes[1].contains("c: 1"));
        assert!(scopes[2].contains("c: 1"));
        assert!(scopes_of_implicit().contains("a: 1"));
    }

    fn scopes_of_implicit() -> String {
        scopes("# text\n# policy:ignore a -- b\n\na: 1\n").concat()
    }

    #[test]
    fn a_comment_after_the_last_node_stands_at_nothing() {
        for text in [
            "a: 1\n# policy:ignore x -- y\n",
            "a: 1\n# policy:ignore x -- y\n---\nb: 1\n",
            "a: 1\n...\n# policy:ignore x -- y\n---\nb: 1\n",
            "# policy:ignore x -- y\n",
            "---\n# policy:ignore x -- y\n---\na: 1\n",
        ] {
            assert_eq!(scopes(text), ["nothing"], "{text}");
        }
        assert_eq!(
            scopes("a: 'x # policy:ignore y'\nb: |\n  # policy:ignore z\n"),
            [""; 0]
        );
        assert_eq!(
            scopes("a: 1 # policy:ignored x\nb: 2 # not policy:ignore\n"),
            [""; 0]
        );
    }
}

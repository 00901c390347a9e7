//! Where kubectl's rules are seen at work: what is refused and where, what is read otherwise than YAML 1.2 says.

use std::sync::Arc;

use crate::document::print::to_json;
use crate::document::{Limits, Parsed, Syntax, parse};
use crate::source::SourceFile;

fn read(text: &str) -> Parsed {
    let file = Arc::new(SourceFile::new("t.yaml", text.to_owned()));
    parse(&file, Syntax::Yaml, &Limits::default())
}

/// The documents of a text, and its problems as `line:column message`.
fn both(text: &str) -> (Vec<String>, Vec<String>) {
    let Parsed {
        documents,
        problems,
        ..
    } = read(text);
    let values = documents.iter().map(|document| to_json(&document.value));
    let problems = problems.iter().map(|problem| {
        let start = problem.problem.location.as_ref().expect("a place").start;
        format!(
            "{}:{} {}",
            start.line, start.column, problem.problem.message
        )
    });
    (values.collect(), problems.collect())
}

#[test]
fn what_is_wrong_is_shown_where_it_is() {
    for (text, expected) in [
        ("a: [1, 2\n", "1:4 unclosed bracket '['"),
        ("a: [\n---\n", "1:4 unclosed bracket '['"),
        ("a: [1\nb: 2\n", "2:2 `,` or `]` is missing before this"),
        ("{a\n: b}\n", "2:1 `,` or `}` is missing before this"),
        ("a: [{b: c]\n", "1:10 mismatched bracket '{' closed by ']'"),
        ("a: ]\n", "1:4 this bracket closes nothing"),
        ("a: [b, , c]\n", "1:8 a value is missing here"),
        ("a: b: c\n", "1:5 a mapping cannot begin here"),
        ("a: b\n  c: d\n", "2:4 a mapping cannot begin here"),
        ("key: - a\n", "1:6 a list cannot begin here"),
        (
            "a: b\nbaz\n",
            "2:1 there is no `: ` after this, where a key must stand",
        ),
        (
            "a:\n  b: c\n d: e\n",
            "3:2 this is no key of the mapping that it stands in",
        ),
        (
            "- a\nb: c\n",
            "2:1 this is no element of the list that it stands in",
        ),
        (
            "a: 'b' c\n",
            "1:8 this stands behind a value that has ended",
        ),
        (
            "{a: 1} {b: 2}\n",
            "1:8 this stands behind the end of the document",
        ),
        ("a: 'b\nc: d\n", "1:4 the quote `'` is not closed"),
        ("a: @b\n", "1:4 `@` cannot begin a value"),
        (
            "a: *b\n",
            "1:4 there is no anchor `&b` before this in the document",
        ),
        ("\u{e4}: \"\\q\"\n", "1:5 this escape is none of YAML's"),
        (
            "a: \"\\ud83d\"\n",
            "1:5 this escape stands for no character",
        ),
        ("a: |x\n", "1:4 text behind `|`"),
        (
            "a: b\u{1}\n",
            "1:5 the character U+0001 may not stand in YAML",
        ),
        (
            "a: !e!x y\n",
            "1:4 `!e!` is no handle of a tag that is known",
        ),
    ] {
        assert_eq!(both(text).1, [expected], "{text}");
    }
    let long = "k".repeat(1_025);
    for text in [
        format!("{long}: v\n"),
        format!("- {long}: v\n"),
        format!("a: 1\n{long}: v\n"),
    ] {
        let problems = both(&text).1;
        assert!(
            problems[0].ends_with("a key is at most 1024 characters long"),
            "{problems:?}"
        );
    }
}

#[test]
fn tabs_are_no_indentation() {
    for (text, expected) in [
        ("\ta: b\n", "1:1 a tab in the indentation"),
        ("a:\n  \tb: c\n", "2:3 a tab in the indentation"),
        (
            "a: b\n\t\nc: d\n",
            "2:1 a tab in the indentation of a text that goes on",
        ),
        ("a: [b]\n\t# c\nd: e\n", "2:1 a tab in the indentation"),
        (
            "a: |\n  x\n\ty\n",
            "3:1 a tab in the indentation of the text below `|`",
        ),
        (
            "-\ta\n",
            "1:2 a tab between an indicator and what follows it",
        ),
    ] {
        assert_eq!(both(text).1, [expected], "{text}");
    }
    let (values, problems) = both("a:\tb\nc: [\n\td\t]\t# e\n");
    assert_eq!(
        (values, problems),
        (vec![r#"{"a":"b","c":["d"]}"#.to_owned()], vec![])
    );
}

#[test]
fn what_yaml_1_2_reads_otherwise_is_read_as_by_kubectl() {
    for (text, expected) in [
        (
            "a: {b:}\nc: [d:, e::]\n",
            r#"{"a":{"b:":null},"c":["d:","e::"]}"#,
        ),
        ("a: [b]#c\n", r#"{"a":["b"]}"#),
        ("a: [kubectl, -f, -]\n", r#"{"a":["kubectl","-f","-"]}"#),
        ("# a\u{85}b: c\n", r#"{"b":"c"}"#),
        ("a: \"\\/\\ud83d\\ude00\\'\"\n", "{\"a\":\"/\u{1f600}'\"}"),
        ("a: &b c\n*b: d\n", r#"{"a":"c","c":"d"}"#),
        ("{? a, ?b : c}\n", r#"{"a":null,"b":"c"}"#),
        ("a: !x, \n", r#"{"a":""}"#),
        (
            "%YAML 1.2\n%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1\n",
            r#"{"a":"1"}"#,
        ),
    ] {
        assert_eq!(both(text), (vec![expected.to_owned()], vec![]), "{text}");
    }
}

#[test]
fn after_an_error_the_next_document_is_read() {
    for text in [
        "a: [\n---\nb: 1\n",
        "a: [\r\n---\r\nb: 1\r\n",
        "a: '\n...\nb: 1\n",
        "a: b: c\n--- # note\nb: 1\n",
        "a: @\n%YAML 1.1\n# note\n---\nb: 1\n",
        "--- a: [\n---\nb: 1\n",
        "%YAML 3.0\n---\na: 1\n---\nb: 1\n",
        "%YAML 1.1\n%YAML 1.1\n---\na: 1\n---\nb: 1\n",
        "a: \u{0}\n---\nb: 1\n",
        "a: *x\n---\n\u{feff}b: 1\n",
        "a: |\n\t---\n---\nb: 1\n",
        "...\nb: 1\n",
        "a: ---\nc\n---\nb: 1\n",
    ] {
        let (values, problems) = both(text);
        assert_eq!(
            (values, problems.len()),
            (vec![r#"{"b":1}"#.to_owned()], 1),
            "{text}"
        );
    }
    let (values, problems) = both("a: 1\n%FOO\n---\nb: 1\n---\nc: [\n---\n*d\n...\ne: 1\n");
    assert_eq!(values, [r#"{"b":1}"#, r#"{"e":1}"#]);
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn however_long_the_text_it_is_read_in_linear_time() {
    let n = 200_000;
    let texts = [
        "[".repeat(n),
        "- ".repeat(n),
        "{a: ".repeat(n),
        "? ".repeat(n),
        "a: '\n---\n".repeat(n / 10),
        format!("a: [{}]\n", "*x, ".repeat(n / 10)),
        format!("\"{}", "\n".repeat(n)),
        format!("a: {}\n", "b\n\n ".repeat(n)),
        format!("[{}]\n", "a: b, ".repeat(n / 10)),
        "!".repeat(n),
        "\u{0}\n---\n".repeat(n / 10),
    ];
    for text in &texts {
        let parsed = read(text);
        let n_found = parsed.documents.len() + parsed.problems.len();
        assert!(n_found > 0, "{}", &text[..20]);
    }
}

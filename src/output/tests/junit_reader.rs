//! Reads JUnit's XML by quick-xml and checks what a consumer relies on: characters, counts, unique names.

#![allow(clippy::wildcard_enum_match_arm, reason = "a test")]

use std::collections::HashSet;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// A suite as it was read.
#[derive(Default)]
pub(super) struct Suite {
    pub(super) n_failures: usize,
    pub(super) cases: Vec<Case>,
}

/// A case as it was read.
#[derive(Default)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) class: String,
    /// `failure`, `error` or `skipped`.
    pub(super) kind: Option<String>,
    pub(super) message: Option<String>,
    pub(super) text: String,
}

/// Reads a whole document.
pub(super) fn read(xml: &str) -> Vec<Suite> {
    assert!(xml.chars().all(is_xml), "characters that XML does not have");
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut suites: Vec<Suite> = Vec::new();
    let mut inside = String::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) => {
                inside = name_of(&start);
                begin(&start, &inside, &mut suites);
            }
            Event::Text(text) => push(&mut suites, &inside, &text),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().expect("a character") {
                    Some(character) => character.to_string(),
                    None => {
                        let name: &str = &reference;
                        quick_xml::escape::resolve_predefined_entity(name)
                            .expect("a known entity")
                            .to_owned()
                    }
                };
                assert!(character.chars().all(is_xml));
                push(&mut suites, &inside, &character);
            }
            Event::End(_) => inside.clear(),
            Event::Eof => break,
            Event::Decl(_) => {}
            other => panic!("not expected: {other:?}"),
        }
    }
    for suite in &suites {
        let names: HashSet<_> = suite.cases.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), suite.cases.len(), "names are unique");
    }
    suites
}

fn begin(start: &BytesStart<'_>, name: &str, suites: &mut Vec<Suite>) {
    let attribute = |name: &str| {
        let attribute = start.try_get_attribute(name).expect("attributes")?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .expect("a value");
        assert!(value.chars().all(is_xml));
        Some(value.into_owned())
    };
    let count = |name| {
        attribute(name)
            .expect("a count")
            .parse::<usize>()
            .expect("a number")
    };
    match name {
        "testsuites" | "system-out" => {}
        "testsuite" => {
            attribute("name").expect("a name");
            suites.push(Suite {
                n_failures: count("failures"),
                ..Suite::default()
            });
        }
        "testcase" => suites.last_mut().expect("a suite").cases.push(Case {
            name: attribute("name").expect("a name"),
            class: attribute("classname").expect("a class"),
            ..Case::default()
        }),
        "failure" | "error" | "skipped" => {
            let case = suites.last_mut().and_then(|suite| suite.cases.last_mut());
            let case = case.expect("a case");
            assert!(case.kind.is_none(), "one result a case");
            case.kind = Some(name.to_owned());
            case.message = attribute("message");
        }
        other => panic!("not expected: {other}"),
    }
}

fn push(suites: &mut [Suite], inside: &str, text: &str) {
    if matches!(inside, "failure" | "error" | "skipped") {
        let case = suites.last_mut().and_then(|suite| suite.cases.last_mut());
        case.expect("a case").text.push_str(text);
    } else if inside != "system-out" {
        assert_eq!(text.trim(), "", "text outside a result");
    }
}

fn name_of(start: &BytesStart<'_>) -> String {
    let name = start.name();
    let bytes: &[u8] = name.as_ref().as_ref();
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn is_xml(character: char) -> bool {
    matches!(character,
        '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

//! Schemas, values and what the API server says of them.

use std::sync::Arc;

use super::*;
use crate::document::field::Field;
use crate::document::input::{Input, Lists};
use crate::document::path::Path;
use crate::document::{Limits as FileLimits, Syntax, parse};
use crate::finding::{Problem, Severity};
use crate::source::SourceFile;

fn input(text: &str) -> Input {
    let file = Arc::new(SourceFile::new("s.yaml", text.to_owned()));
    let parsed = parse(&file, Syntax::Yaml, &FileLimits::default());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let mut inputs = Input::of_document(&parsed.documents[0], Lists::Items);
    inputs.remove(0)
}

fn read(text: &str, dialect: Dialect) -> (Option<Schema>, Vec<Problem>) {
    let input = input(&format!(
        "schema:\n  {}\n",
        text.trim().replace('\n', "\n  ")
    ));
    let field = Field::root(&input).get("schema").expect("a schema");
    let mut problems = Vec::new();
    let schema = Schema::read(&field, dialect, &mut problems);
    (schema, problems)
}

fn right(text: &str) -> Schema {
    let (schema, problems) = read(text, Dialect::Parameters);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    schema.expect("a schema")
}

fn line(problem: &Problem) -> String {
    let place = problem.location.as_ref().expect("a place");
    let help = match problem.help.is_empty() {
        true => String::new(),
        false => format!(" | {}", problem.help),
    };
    format!(
        "{}:{} {}{help}",
        place.start.line, place.start.column, problem.message
    )
}

/// What is wrong with `value`, which stands below `p`, with its places.
fn faults(schema: &Schema, value: &str, nulls: Nulls) -> Vec<String> {
    let input = input(&format!("p: {value}\n"));
    let root = Field::root(&input);
    let field = root.get("p").expect("a value");
    let faults = schema.all_faults(field.value(), field.path(), nulls);
    problems(faults, &root).iter().map(line).collect()
}

fn messages(schema: &str, value: &str) -> Vec<String> {
    faults(&right(schema), value, Nulls::Wrong)
}

#[test]
fn texts_are_the_api_servers_at_the_place_of_the_value() {
    for (schema, value, wanted) in [
        (
            "{type: object, required: [a], properties: {a: {type: string}, b: {type: string}}}",
            "{b: x}",
            "1:1 p.a: Required value",
        ),
        (
            "{type: string}",
            "5",
            r#"1:4 p: Invalid value: "integer": p in body must be of type string: "integer" | Put it in quotes."#,
        ),
        (
            "{type: integer}",
            "'5'",
            r#"1:4 p: Invalid value: "string": p in body must be of type integer: "string" | Remove the quotes."#,
        ),
        (
            "{type: integer}",
            "2.5",
            r#"1:4 p: Invalid value: "number": p in body must be of type integer: "number""#,
        ),
        (
            "{type: string}",
            "null",
            r#"1:4 p: Invalid value: "null": p in body must be of type string: "null""#,
        ),
        (
            "{type: string, enum: [A, B]}",
            "C",
            r#"1:4 p: Unsupported value: "C": supported values: "A", "B""#,
        ),
        (
            "{type: string, pattern: '^a'}",
            "b",
            r#"1:4 p: Invalid value: "b": p in body should match '^a'"#,
        ),
        (
            "{type: string, maxLength: 2}",
            "abc",
            "1:4 p: Too long: may not be more than 2 bytes",
        ),
        (
            "{type: string, minLength: 2}",
            "ä",
            r#"1:4 p: Invalid value: "ä": p in body should be at least 2 chars long"#,
        ),
        (
            "{type: integer, minimum: 3, exclusiveMinimum: true}",
            "3",
            "1:4 p: Invalid value: 3: p in body should be greater than 3",
        ),
        (
            "{type: number, maximum: 1.5}",
            "1.6",
            "1:4 p: Invalid value: 1.6: p in body should be less than or equal to 1.5",
        ),
        (
            "{type: integer, multipleOf: 5}",
            "12",
            "1:4 p: Invalid value: 12: p in body should be a multiple of 5",
        ),
        (
            "{type: integer, format: int32}",
            "3000000000",
            "1:4 p: Invalid value: 3000000000: p in body must be of type int32: 3000000000",
        ),
        (
            "{type: string, format: date-time}",
            "yesterday",
            r#"1:4 p: Invalid value: "yesterday": p in body must be of type date-time: "yesterday""#,
        ),
        (
            "{type: array, maxItems: 1, items: {type: string}}",
            "[a, b]",
            "1:1 p: Too many: 2: must have at most 1 item",
        ),
        (
            "{type: array, minItems: 3, items: {type: string}}",
            "[a, b]",
            "1:1 p: Invalid value: 2: p in body should have at least 3 items",
        ),
        (
            "{type: array, x-kubernetes-list-type: set, items: {type: string}}",
            "[a, b, a]",
            r#"1:11 p[2]: Duplicate value: "a""#,
        ),
        (
            "{type: object, maxProperties: 1, additionalProperties: {type: string}}",
            "{a: x, b: x}",
            "1:1 p: Too many: 2: must have at most 1 item",
        ),
        (
            "{x-kubernetes-int-or-string: true}",
            "1.5",
            r#"1:4 p: Invalid value: "number": p in body must be of type integer,string: "number""#,
        ),
    ] {
        assert_eq!(messages(schema, value), [wanted], "{schema} {value}");
    }
}

#[test]
fn right_values_have_no_faults() {
    for (schema, value) in [
        ("{type: integer}", "2.0"),
        ("{type: number}", "2"),
        ("{type: string, nullable: true}", "null"),
        ("{x-kubernetes-int-or-string: true}", "80%"),
        (
            "{x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}",
            "80",
        ),
        ("{type: string, pattern: b}", "abc"),
        (
            "{x-kubernetes-preserve-unknown-fields: true}",
            "{a: [1, {b: c}]}",
        ),
        (
            "{type: object, additionalProperties: {type: integer}}",
            "{a: 1}",
        ),
        ("{type: object, additionalProperties: true}", "{a: 1}"),
        ("{type: string, format: nothing-known}", "abc"),
        ("{type: integer, multipleOf: 0.5}", "12"),
    ] {
        assert_eq!(messages(schema, value), [""; 0], "{schema} {value}");
    }
}

#[test]
fn lists_of_maps_are_keyed_and_defaults_count() {
    let schema = right(
        "{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [port, protocol], items: {type: object,
          properties: {port: {type: integer}, protocol: {type: string, default: TCP}}}}",
    );
    assert_eq!(
        faults(
            &schema,
            "[{port: 1}, {port: 1, protocol: UDP}, {port: 1, protocol: TCP}, {protocol: TCP}]",
            Nulls::Wrong
        ),
        [r#"1:42 p[2]: Duplicate value: {"port":1,"protocol":"TCP"}"#]
    );
}

#[test]
fn combinations_say_which_alternative_was_nearest() {
    let schema = "{type: object, properties: {a: {type: string}, b: {type: string}},
        oneOf: [{required: [a]}, {required: [b]}]}";
    assert_eq!(messages(schema, "{a: x}"), [""; 0]);
    assert_eq!(
        messages(schema, "{a: x, b: x}"),
        [
            r#"1:1 p: Invalid value: "": "p" must validate one and only one schema (oneOf). Found 2 valid alternatives"#
        ]
    );
    assert_eq!(
        messages(schema, "{}"),
        [
            "1:1 p.a: Required value",
            r#"1:4 p: Invalid value: "": "p" must validate one and only one schema (oneOf). Found none valid"#,
        ]
    );
    let schema = "{type: string, not: {enum: [x]}, anyOf: [{pattern: '^x'}, {pattern: '^y'}], allOf: [{maxLength: 2}]}";
    assert_eq!(messages(schema, "yo"), [""; 0]);
    assert_eq!(
        messages(schema, "x"),
        [r#"1:4 p: Invalid value: "": "p" must not validate the schema (not)"#]
    );
    assert_eq!(messages(schema, "abc").len(), 4);
}

#[test]
fn unknown_fields_are_at_their_key_with_the_nearest_name() {
    let schema = "{type: object, properties: {labels: {type: array, items: {type: object, properties: {key: {type: string},
        allowedRegex: {type: string}}}}, free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties:
        {strict: {type: object, properties: {a: {type: string}}}}}, any: {type: object, additionalProperties: true},
        none: {type: object}}}";
    assert_eq!(
        messages(
            schema,
            "{labels: [{key: a, allowedRegexp: b}], Labels: null, free: {x: {y: z}, strict: {b: c}}, any: {k: {l: m}}, none: {o: 1}}"
        ),
        [
            r#"1:23 unknown field "p.labels[0].allowedRegexp" | Did you mean `allowedRegex`?"#,
            r#"1:43 unknown field "p.Labels" | Did you mean `labels`?"#,
            r#"1:84 unknown field "p.free.strict.b" | Did you mean `a`?"#,
            r#"1:102 unknown field "p.any.k.l" | No field is known here."#,
            r#"1:117 unknown field "p.none.o" | No field is known here."#,
        ]
    );
}

#[test]
fn below_a_wrong_type_nothing_more_is_said() {
    let schema = "{type: object, properties: {a: {type: string}}}";
    assert_eq!(
        messages(schema, "{a: {b: {c: d}}}"),
        [r#"1:5 p.a: Invalid value: "object": p.a in body must be of type string: "object""#]
    );
}

#[test]
fn null_is_left_out_or_wrong() {
    let schema =
        right("{type: object, required: [a], properties: {a: {type: string}, b: {type: string}}}");
    assert_eq!(faults(&schema, "{a: x, b: null}", Nulls::LeftOut), [""; 0]);
    assert_eq!(
        faults(&schema, "{a: null}", Nulls::LeftOut),
        ["1:8 p.a: Required value"]
    );
    assert_eq!(
        faults(&schema, "{a: null}", Nulls::Wrong),
        [r#"1:8 p.a: Invalid value: "null": p.a in body must be of type string: "null""#]
    );
}

#[test]
fn an_embedded_resource_names_itself_and_its_metadata_is_known() {
    let schema = right(
        "{type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object, properties: {a: {type: string}}}}}",
    );
    assert_eq!(
        faults(
            &schema,
            "{apiVersion: v1, metadata: {name: x}, spec: {b: c}}",
            Nulls::Wrong
        ),
        [
            "1:1 p.kind: Required value",
            r#"1:49 unknown field "p.spec.b" | Did you mean `a`?"#,
        ]
    );
}

#[test]
fn defaults_fill_only_what_has_a_parent() {
    let schema = right(
        "{type: object, properties: {a: {type: string, default: x}, b: {type: object, properties: {c: {type: integer,
          default: 1}}}, d: {type: object, default: {}, properties: {e: {type: boolean, default: true}}},
          l: {type: array, items: {type: object, properties: {m: {type: string, default: z}}}}}}",
    );
    for (value, wanted) in [
        ("{}", r#"{"a":"x","d":{"e":true}}"#),
        ("{b: {}}", r#"{"a":"x","b":{"c":1},"d":{"e":true}}"#),
        ("{a: null, d: {e: false}}", r#"{"a":"x","d":{"e":false}}"#),
        (
            "{l: [{}, {m: q}]}",
            r#"{"a":"x","d":{"e":true},"l":[{"m":"z"},{"m":"q"}]}"#,
        ),
    ] {
        let filled = schema.with_defaults(&input(&format!("p: {value}\n")).value["p"]);
        let json: serde_json::Value =
            serde_json::from_str(&filled.to_json_str().expect("json")).expect("json");
        assert_eq!(json.to_string(), wanted, "{value}");
    }
    assert!(schema.default_value().is_none());
}

/// The lines of the errors of a schema, or of its warnings.
fn wrong(text: &str, dialect: Dialect) -> Vec<String> {
    let (schema, problems) = read(text, dialect);
    let is_error = problems.iter().any(|p| p.severity == Severity::Error);
    assert_eq!(schema.is_none(), is_error, "{text}");
    problems.iter().map(line).collect()
}

#[test]
fn what_is_not_structural_is_an_error_at_its_place() {
    for (schema, wanted) in [
        (
            "properties: {a: {type: string}}",
            vec!["1:1 schema.type: Required value: must not be empty for specified object fields"],
        ),
        (
            "type: object\nproperties:\n  a:\n    properties: {}",
            vec![
                "4:5 schema.properties.a.type: Required value: must not be empty for specified object fields",
            ],
        ),
        (
            "type: array",
            vec!["1:1 schema.items: Required value: must be specified"],
        ),
        (
            "type: array\nitems: {}",
            vec![
                "3:3 schema.items.type: Required value: must not be empty for specified array items",
            ],
        ),
        (
            "type: text",
            vec![
                r#"2:9 schema.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string""#,
            ],
        ),
        (
            "type: string\npattern: '('",
            vec![
                r#"3:12 schema.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error: unclosed group"#,
            ],
        ),
        (
            "type: object\nadditionalProperties: {type: string}\nproperties: {a: {type: string}}",
            vec![
                "3:3 schema.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
            ],
        ),
        (
            "type: string\nanyOf: [{type: string}]",
            vec!["3:18 schema.anyOf[0].type: Forbidden: must be empty to be structural"],
        ),
        (
            "type: object\nanyOf: [{properties: {a: {enum: [x]}}}]",
            vec![
                "3:25 schema.anyOf[0].properties.a: Required value: must also be specified outside of allOf, anyOf, oneOf and not to be structural",
            ],
        ),
        (
            "type: string\n$ref: x",
            vec!["3:3 schema[\"$ref\"]: Forbidden: $ref is not supported"],
        ),
        (
            "type: array\nuniqueItems: true\nitems: {type: string}",
            vec![
                "3:16 schema.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
            ],
        ),
        (
            "type: string\ndefault: 5",
            vec![
                r#"3:12 schema.default: Invalid value: "integer": schema.default in body must be of type string: "integer" | Put it in quotes."#,
            ],
        ),
        (
            "type: string\nmaxLength: -1\nenum: A",
            vec![
                "4:9 schema.enum: must be a list, not a string",
                "3:14 schema.maxLength: must be a whole number from 0, not a number",
            ],
        ),
        (
            "type: array\nx-kubernetes-list-type: map\nitems: {type: object, properties: {a: {type: string}}}",
            vec![
                "1:1 schema.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
            ],
        ),
    ] {
        assert_eq!(wrong(schema, Dialect::Parameters), wanted, "{schema}");
    }
}

#[test]
fn a_custom_resources_root_is_an_object() {
    assert_eq!(
        wrong("type: string", Dialect::CustomResource),
        [r#"2:9 schema.type: Invalid value: "string": must be object at the root"#]
    );
    assert_eq!(
        wrong("properties: {}", Dialect::CustomResource),
        ["1:1 schema.type: Required value: must not be empty at the root"]
    );
}

#[test]
fn keywords_that_mean_nothing_are_warned_about() {
    assert_eq!(
        wrong(
            "type: object\npropertes: {}\ndescription: a\nx-mine: 1",
            Dialect::Parameters
        ),
        [
            r#"3:3 unknown keyword "schema.propertes" of a schema | Did you mean `properties`? Kubernetes ignores keywords that it does not know."#
        ]
    );
    let (schema, problems) = read(
        "type: object\nx-kubernetes-validations: [{rule: 'true'}]",
        Dialect::Parameters,
    );
    assert_eq!(schema.expect("a schema").n_rules(), 1);
    assert_eq!(problems[0].severity, Severity::Notice);
}

#[test]
fn a_legacy_schema_takes_what_it_does_not_say() {
    let text = "properties: {a: {type: array}, b: {properties: {c: {type: string}}}, d: {type: array, items: {}}}";
    let (schema, problems) = read(text, Dialect::LegacyParameters);
    assert_eq!(problems, []);
    let schema = schema.expect("a schema");
    assert_eq!(
        faults(
            &schema,
            "{a: [1, {x: y}], b: {e: 1}, d: [{f: g}], h: 1}",
            Nulls::Wrong
        ),
        [""; 0]
    );
    assert_eq!(
        faults(&schema, "{b: {c: 1}}", Nulls::Wrong),
        [
            r#"1:12 p.b.c: Invalid value: "integer": p.b.c in body must be of type string: "integer" | Put it in quotes."#
        ]
    );
    let anything = Schema::anything();
    let value = input("a: [1]\n").value;
    assert_eq!(anything.all_faults(&value, &Path::root(), Nulls::Wrong), []);
}

#[test]
fn formats_are_those_of_the_api_server() {
    for (format, right, wrong) in [
        (
            "byte",
            vec!["", "YQ==", "YWI=\n", "YR=="],
            vec!["YQ", "Y-==", "a b="],
        ),
        (
            "cidr",
            vec!["10.0.0.0/8", "::/0"],
            vec!["10.0.0.0", "10.0.0.0/33", "x/8"],
        ),
        (
            "date",
            vec!["2024-02-29"],
            vec!["2023-02-29", "2024-2-9", "today"],
        ),
        (
            "date-time",
            vec!["2024-01-01T00:00:00Z", "2024-01-01t10:00:00.5+01:00"],
            vec!["2024-01-01", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00"],
        ),
        (
            "duration",
            vec!["1h30m", "5 days", "0", "-1.5s"],
            vec!["5", "x", "1 parsec"],
        ),
        ("email", vec!["a@b.c", "A <a@b>"], vec!["a", "@b", "a@"]),
        (
            "hostname",
            vec!["example.com", "a"],
            vec!["", "-a.com", "a..b"],
        ),
        ("ipv4", vec!["1.2.3.4"], vec!["1.2.3", "::1"]),
        ("ipv6", vec!["::1"], vec!["1.2.3.4"]),
        (
            "mac",
            vec!["01:23:45:67:89:ab"],
            vec!["01:23:45:67:89", "x"],
        ),
        (
            "uri",
            vec!["https://a.b/c", "/a", "urn:x"],
            vec!["a b", "a", "http://[ /%zz"],
        ),
        (
            "uuid",
            vec!["123e4567-e89b-12d3-a456-426614174000"],
            vec!["123e4567", "g23e4567-e89b-12d3-a456-426614174000"],
        ),
        (
            "uuid4",
            vec!["123e4567-e89b-42d3-a456-426614174000"],
            vec!["123e4567-e89b-12d3-a456-426614174000"],
        ),
    ] {
        for text in right {
            assert!(formats::is_in_format(format, text), "{format} {text}");
        }
        for text in wrong {
            assert!(!formats::is_in_format(format, text), "{format} {text}");
        }
    }
}

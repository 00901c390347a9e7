//! Where our builtin functions differ from OPA and why; checked by the parity tests.

/// Functions that differ as a whole, by how the expression begins.
pub(super) const FUNCTIONS: &[(&str, &str)] = &[
    ("json.match_schema(", "no JSON schema"),
    ("json.verify_schema(", "no JSON schema"),
    ("regex.globs_match(", "not there"),
    ("strings.render_template(", "no templates of Go"),
    ("rego.parse_module(", "not there"),
];

/// Single expressions.
pub(super) const CASES: &[(&str, &str)] = &[
    (
        r#"sprintf("%f", [1e21])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%f", [1e300])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%g", [1e6])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%g", [1e20])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%g", [1e21])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%v", [1e6])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%v", [1e20])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%v", [1e21])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%d", [1e3])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%d", [1e21])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%s", [1e21])"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"sprintf("%v", [1e400])"#,
        "no numbers beyond a float of 64 bits",
    ),
    (
        r#"sprintf("%d", [1e400])"#,
        "no numbers beyond a float of 64 bits",
    ),
    (
        r#"sprintf("%f", [1e400])"#,
        "no numbers beyond a float of 64 bits",
    ),
    (
        r#"sprintf("%s", [1e400])"#,
        "no numbers beyond a float of 64 bits",
    ),
    (
        r#"sprintf("%v", [[1.0, 2.50, 1e3, 100000000000000000000]])"#,
        "the engine does not keep the text of a number",
    ),
    (r#"replace("日本", "", "-")"#, "cuts characters into bytes"),
    (
        r#"regex.match(`\Bb\B`, "ébé")"#,
        "rare pattern: other word boundary, nested repeats, one name twice",
    ),
    (
        r#"regex.match(`(a{100}){11}`, "a")"#,
        "rare pattern: other word boundary, nested repeats, one name twice",
    ),
    (
        r#"regex.match(`(?:a{50}){50}`, "a")"#,
        "rare pattern: other word boundary, nested repeats, one name twice",
    ),
    (
        r#"regex.match(`(?P<x>a)(?P<x>b)`, "ab")"#,
        "rare pattern: other word boundary, nested repeats, one name twice",
    ),
    (
        r#"regex.template_match("urn:{", "urn:x", "{", "}")"#,
        "templates of the engine",
    ),
    (
        r#"regex.template_match("a{b{c}}", "abc", "{", "}")"#,
        "templates of the engine",
    ),
    (
        r#"regex.template_match("a{.*}", "ab", "{{", "}")"#,
        "templates of the engine",
    ),
    ("1e400", "no numbers beyond a float of 64 bits"),
    ("-1e400", "no numbers beyond a float of 64 bits"),
    ("1e400 > 1", "no numbers beyond a float of 64 bits"),
    (
        r#"to_number("+1")"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"to_number("010")"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"to_number("-010")"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"to_number("00")"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"to_number(".5")"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"to_number("5.")"#,
        "the engine does not keep the text of a number",
    ),
    (
        r#"to_number("1_000")"#,
        "the engine does not keep the text of a number",
    ),
    (r#"to_number("0x1p4")"#, "hexadecimal floats"),
    (r#"units.parse("5.")"#, "units of the engine"),
    (r#"units.parse("1n")"#, "units of the engine"),
    (r#"units.parse_bytes("1Z")"#, "units of the engine"),
    (r#"units.parse_bytes("0.5")"#, "units of the engine"),
    (r#"units.parse_bytes("1_000")"#, "units of the engine"),
    (
        "json.marshal(1.0)",
        "the engine does not keep the text of a number",
    ),
    (
        "json.marshal(1.50)",
        "the engine does not keep the text of a number",
    ),
    (
        "json.marshal(1e21)",
        "the engine does not keep the text of a number",
    ),
    (
        "json.marshal(1e400)",
        "no numbers beyond a float of 64 bits",
    ),
    (
        r#"json.unmarshal("1e400")"#,
        "no numbers beyond a float of 64 bits",
    ),
    (r#"json.unmarshal("\"\\ud83d\"")"#, "JSON of the engine"),
    (
        r#"json.is_valid("1e400")"#,
        "no numbers beyond a float of 64 bits",
    ),
    (
        r#"yaml.marshal({"a": 1, "b": [1, {"c": "d", "e": [2]}], "f": {}})"#,
        "another style of YAML",
    ),
    (r#"yaml.marshal("yes")"#, "another style of YAML"),
    (r#"yaml.marshal("1")"#, "another style of YAML"),
    (r#"yaml.marshal("")"#, "another style of YAML"),
    (
        r#"yaml.marshal({"yes": "no", "1": "0644"})"#,
        "another style of YAML",
    ),
    ("yaml.marshal(1e21)", "another style of YAML"),
    (
        "yaml.marshal(12345678901234567890123)",
        "another style of YAML",
    ),
    (r#"yaml.marshal({"é": "日本😀"})"#, "another style of YAML"),
    (
        r#"yaml.marshal([[1, [2]], {"a": [[3]]}])"#,
        "another style of YAML",
    ),
    ("sum([1e400, 1])", "no numbers beyond a float of 64 bits"),
    (
        "{1, 10, 2, 1.5, -1, 1e3, 12345678901234567890123}",
        "the engine does not keep the text of a number",
    ),
    (
        r#"{"a": 1} < {1}"#,
        "order of the engine: sets before objects",
    ),
    (
        r#"{1} < {"a": 1}"#,
        "order of the engine: sets before objects",
    ),
    ("and({1, 2}, {2, 3})", "operators are prepared elsewhere"),
    (
        r#"urlquery.encode("a b&c=d/é?+~*'()")"#,
        "more or less lenient coding of the engine",
    ),
    (
        r#"urlquery.decode("%")"#,
        "more or less lenient coding of the engine",
    ),
    (
        r#"urlquery.decode("%zz")"#,
        "more or less lenient coding of the engine",
    ),
    (
        r#"urlquery.decode_object("a=%zz")"#,
        "more or less lenient coding of the engine",
    ),
    (
        r#"yaml.unmarshal("a: 1\na: 2")"#,
        "duplicate keys are an error for us",
    ),
    (
        r#"yaml.is_valid("a: 1\na: 2")"#,
        "duplicate keys are an error for us",
    ),
    (
        r#"urlquery.decode_object("a;b=c")"#,
        "more or less lenient coding of the engine",
    ),
    (
        r#"time.parse_ns("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST")"#,
        "times of the engine: no names of zones, more lenient reading",
    ),
    (
        r#"time.format([1577934245000000000, "Europe/Berlin", "RFC1123"])"#,
        "times of the engine: no names of zones, more lenient reading",
    ),
    (
        r#"time.format([1577934245000000000, "Asia/Tokyo", "RFC822"])"#,
        "times of the engine: no names of zones, more lenient reading",
    ),
    (
        r#"time.format([1577934245000000000, "America/New_York", "UnixDate"])"#,
        "times of the engine: no names of zones, more lenient reading",
    ),
    ("is_number(1e400)", "no numbers beyond a float of 64 bits"),
    (
        "internal.member_2(1, [1])",
        "operators are prepared elsewhere",
    ),
    ("input[0] | input[1]", "operators are prepared elsewhere"),
    ("1 in input.missing", "operators are prepared elsewhere"),
    ("input.missing in [1]", "operators are prepared elsewhere"),
];

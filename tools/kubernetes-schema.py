#!/usr/bin/env python3
"""Writes src/schema/kubernetes.txt: what Kubernetes' built-in kinds look like in every minor version we know.

Run it by hand from the root of the repository when a minor version appears: add its modules below, run
`python3 tools/kubernetes-schema.py`, read the difference. Needs the `go` command, which fetches and verifies the modules.
The same modules give the same bytes. The form of the file is described in its own head.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

# minor -> (patch of k8s.io/kubernetes, patch of k8s.io/api and its like)
VERSIONS = {
    25: (16, 16), 26: (15, 15), 27: (16, 16), 28: (15, 15), 29: (14, 15), 30: (14, 14), 31: (14, 14),
    32: (13, 13), 33: (13, 13), 34: (4, 13), 35: (4, 10), 36: (3, 6), 37: (2, 2),
}
TARGET = Path("src/schema/kubernetes.txt")

HEAD = """\
# Kubernetes' built-in kinds, written by tools/kubernetes-schema.py; do not edit. Data of Kubernetes (Apache-2.0):
#   k8s.io/kubernetes {sources}.
# Fields are separated by tabs. A range of minors (27-, -25, 27-30) is inclusive; none: as long as what it belongs to.
#   D name [range]: a definition; the lines after it are its properties: name[!] type [range]; ! is required.
#   K group/version kind definition range deprecated removed replacement: a kind; range `none`: gone before the first minor.
# Types: s string, s:byte, s=A|B one of these, i32 i64 i, n number, b boolean, q Quantity, x IntOrString, t Time, u MicroTime,
#   r an object of any kind, * anything, *#d anything, but an object is of the definition d, #d a definition, {{T}} a map, {{}} any object,
#   [T] a list, [T]@set, [T]@map(key,protocol=TCP): no two items with the same keys; the key's default.
# What differs from the sources, and why:
#   - An enum, list type or list key that one version lacks is taken from the nearest later version, else the nearest earlier:
#     they were published later than the field they belong to.
#   - A field that a later version does not require is required in none: it was an omission that the server never enforced.
#   - Nothing is required in definitions that are reached only below `status`: the server ignores `status` on create.
#   - Quantity, IntOrString, Time, RawExtension, JSON and the like are letters; WatchEvent and DeleteOptions are no kinds here.
"""

LETTERS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "t",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "u",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "r",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "r",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": "r",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "*#apiextensions.v1.JSONSchemaProps",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "*#apiextensions.v1.JSONSchemaProps",
}
LEFT_OUT = {"WatchEvent", "DeleteOptions"}
NUMBERS = {"int32": "i32", "int64": "i64", None: "i"}


def module(path, version):
    """The folder of a module, fetched and verified by go."""
    done = subprocess.run(["go", "mod", "download", "-json", f"{path}@{version}"], capture_output=True, text=True)
    try:
        return Path(json.loads(done.stdout)["Dir"])
    except (ValueError, KeyError):
        sys.exit(f"{path}@{version} cannot be fetched: {done.stdout}{done.stderr}\nTry another patch of this minor version.")


def short(name):
    """io.k8s.api.core.v1.Pod -> core.v1.Pod"""
    return ".".join(name.rsplit(".", 3)[1:])


def go_name(name):
    """The end of the name of the function that describes a definition: core_v1_Pod."""
    return "_".join(name.rsplit(".", 3)[1:])


def scan_go(path):
    """Enums and defaults: (definition, property) -> (own enum, enum of the items, default). A line scan: nothing is compiled."""
    found = {}
    definition = field = None
    for line in path.open(encoding="utf-8"):
        if line.startswith("func schema_"):
            definition = "_".join(line[len("func schema_"):line.index("(")].rsplit("_", 3)[1:])
            field = None
            continue
        match = re.fullmatch(r'\t{5}"([^"]+)": \{\n', line)
        if match:
            field = match.group(1)
            continue
        match = re.match(r"(\t{7}|\t{10})Enum:\s+\[\]interface\{\}\{(.*?)\}[},]", line)
        if match and field:
            own = found.setdefault((definition, field), [None, None, None])
            own[0 if len(match.group(1)) == 7 else 1] = sorted(set(json.loads(f"[{match.group(2)}]")))
            continue
        match = re.match(r'\t{7}Default:\s+("[^"]+"),', line)
        if match and field:
            found.setdefault((definition, field), [None, None, None])[2] = json.loads(match.group(1))
    return found


class Field:
    """What a property is in one version: its type without what may be missing, and that apart."""

    def __init__(self, schema, required, go):
        own, items, self.default = go
        self.base, self.enum = type_of(schema), own or items
        self.list = schema.get("x-kubernetes-list-type") if schema.get("type") == "array" else None
        self.keys = schema.get("x-kubernetes-list-map-keys")
        self.required = required


def type_of(schema):
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        return LETTERS.get(name) or "#" + short(name)
    kind, form = schema.get("type"), schema.get("format")
    if kind == "array":
        return f"[{type_of(schema['items'])}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"{{{type_of(values)}}}" if values else "{}"
    if kind == "string":
        return "s:byte" if form == "byte" else "s"
    if kind == "integer":
        return NUMBERS[form]
    return {"number": "n", "boolean": "b", None: "*"}[kind]


def read(minor):
    """Definitions (name -> field -> Field) and kinds (group/version, kind) -> definition of one version."""
    folder = module("k8s.io/kubernetes", f"v1.{minor}.{VERSIONS[minor][0]}")
    swagger = json.loads((folder / "api/openapi-spec/swagger.json").read_text(encoding="utf-8"))["definitions"]
    go = scan_go(folder / "pkg/generated/openapi/zz_generated.openapi.go")
    definitions, kinds = {}, {}
    for name, schema in swagger.items():
        if name in LETTERS:
            continue
        required = set(schema.get("required", ()))
        fields = {}
        for field, of_field in schema.get("properties", {}).items():
            told = go.get((go_name(name), field), [None, None, None])
            fields[field] = Field(of_field, field in required, told)
        definitions[short(name)] = fields
        gvks = schema.get("x-kubernetes-group-version-kind", ())
        for gvk in () if name.rsplit(".", 1)[1] in LEFT_OUT else gvks:
            kinds[(f"{gvk['group'] or 'core'}/{gvk['version']}", gvk["kind"])] = short(name)
    return definitions, kinds


def references(field):
    return re.findall(r"#([\w.]+)", field.base)


def reached(definitions, roots, through_status):
    """Names of the definitions that are reached from these."""
    seen, todo = set(), [(name, True) for name in roots]
    while todo:
        name, is_root = todo.pop()
        if name in seen or name not in definitions:
            continue
        seen.add(name)
        for field, of_field in definitions[name].items():
            if through_status or not (is_root and field == "status"):
                todo.extend((other, False) for other in references(of_field))
    return seen


def lifecycles():
    """(group/version, kind) -> (deprecated, removed, replacement); what a newer module says wins."""
    found = {}
    sources = [("k8s.io/api", "."), ("k8s.io/apiextensions-apiserver", "pkg/apis"), ("k8s.io/kube-aggregator", "pkg/apis")]
    for minor, (_, patch) in VERSIONS.items():
        for path, below in sources:
            folder = module(path, f"v0.{minor}.{patch}") / below
            for file in sorted(folder.glob("*/*/zz_generated.prerelease-lifecycle.go")):
                register = (file.parent / "register.go").read_text(encoding="utf-8")
                group = re.search(r'GroupName\s*=\s*"([^"]*)"', register)
                if not group:
                    register = (file.parent.parent / "register.go").read_text(encoding="utf-8")
                    group = re.search(r'GroupName\s*=\s*"([^"]*)"', register)
                read_lifecycle(file, f"{group.group(1) or 'core'}/{file.parent.name}", found)
    return found


def read_lifecycle(file, group_version, found):
    text = file.read_text(encoding="utf-8")
    told = {}
    for kind, what, body in re.findall(r"func \(in \*(\w+)\) APILifecycle(\w+)\(\)[^{]*\{\n(.*?)\n\}", text, re.S):
        if what == "Replacement":
            group, version, other = re.search(r'Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"', body).groups()
            value = f"{group or 'core'}/{version}/{other}"
        else:
            value = ".".join(re.search(r"return (\d+), (\d+)", body).groups())
        told.setdefault(kind, {})[what] = value
    for kind, of_kind in told.items():
        values = [of_kind.get(what, "") for what in ("Deprecated", "Removed", "Replacement")]
        found[(group_version, kind)] = values


def nearest(values, minor):
    """The value of this version, else of the nearest later one, else of the nearest earlier one."""
    for other in [m for m in sorted(values) if m >= minor] + [m for m in sorted(values, reverse=True) if m < minor]:
        if values[other]:
            return values[other]
    return None


def ranges(minors, within):
    """Runs of minors as texts; '' where they are all there are within."""
    minors, within = sorted(minors), sorted(within)
    runs, first, last = [], min(VERSIONS), max(VERSIONS)
    if minors == within:
        return [("", minors)]
    for minor in minors:
        if runs and runs[-1][-1] == minor - 1:
            runs[-1].append(minor)
        else:
            runs.append([minor])
    def text(run):
        start = "" if run[0] == first else str(run[0])
        end = "" if run[-1] == last else str(run[-1])
        return f"{start}-{end}" if start != end else start
    return [(text(run), run) for run in runs]


def field_lines(field, versions, within, strict, defaults):
    """The lines of one property: minor -> Field, the minors of its definition, whether anything is required."""
    shapes = {}
    for minor, of_field in versions.items():
        base = of_field.base
        same = {m: f for m, f in versions.items() if f.base == base}
        enum = nearest({m: f.enum for m, f in same.items()}, minor)
        if enum and "s" in re.split(r"[^\w:=]", base):
            base = re.sub(r"\bs\b", lambda _: "s=" + "|".join(enum), base, count=1)
        kind = nearest({m: f.list for m, f in same.items()}, minor)
        if kind == "map":
            keys = nearest({m: f.keys for m, f in same.items()}, minor)
            of_items = of_field.base[2:-1]
            told = [f"{key}={defaults[(of_items, key)]}" if (of_items, key) in defaults else key for key in keys]
            base += f"@map({','.join(told)})"
        elif kind == "set":
            base += "@set"
        later = all(f.required for m, f in versions.items() if m >= minor)
        name = field + ("!" if later and strict else "")
        shapes.setdefault((name, base), []).append(minor)
    lines = []
    for (name, shape), minors in shapes.items():
        for text, run in ranges(minors, within):
            lines.append((run[0], "\t".join([name, shape] + ([text] if text else []))))
    return [line for _, line in sorted(lines)]


def main():
    versions = {minor: read(minor) for minor in VERSIONS}
    needed, strict = set(), set()
    for definitions, kinds in versions.values():
        needed |= reached(definitions, kinds.values(), True)
        strict |= reached(definitions, kinds.values(), False)
    defaults = {}
    for definitions, _ in versions.values():
        for name, fields in definitions.items():
            for field, of_field in fields.items():
                if of_field.default:
                    defaults[(name, field)] = of_field.default
    first, last = min(VERSIONS), max(VERSIONS)
    sources = ", ".join(f"v1.{minor}.{patch}" for minor, (patch, _) in VERSIONS.items())
    lines = [f"# policy-schema 1\t1.{first}\t1.{last}", HEAD.format(sources=sources).rstrip("\n")]
    for name in sorted(needed):
        of_version = {minor: found[0][name] for minor, found in versions.items() if name in found[0]}
        for text, run in ranges(of_version, VERSIONS):
            lines.append("\t".join(["D", name] + ([text] if text else [])))
            for field in sorted({field for minor in run for field in of_version[minor]}):
                of_field = {minor: of_version[minor][field] for minor in run if field in of_version[minor]}
                lines.extend(field_lines(field, of_field, run, name in strict, defaults))
    lines.extend(kind_lines(versions))
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{TARGET}: {len(lines)} lines, {TARGET.stat().st_size} bytes")


def kind_lines(versions):
    lifecycle = lifecycles()
    served = {}
    for minor, (_, kinds) in versions.items():
        for kind, definition in kinds.items():
            served.setdefault(kind, {})[minor] = definition
    for kind, (_, removed, _) in lifecycle.items():
        if removed and int(removed.split(".")[1]) <= min(VERSIONS):
            served.setdefault(kind, {})
    lines = []
    for (group_version, kind), minors in sorted(served.items()):
        definition = minors[max(minors)] if minors else "-"
        told = [value or "-" for value in lifecycle.get((group_version, kind), ["", "", ""])]
        for text, _ in ranges(minors, VERSIONS) if minors else [("none", None)]:
            lines.append("\t".join(["K", group_version, kind, definition, text or "-", *told]))
    return lines


if __name__ == "__main__":
    main()

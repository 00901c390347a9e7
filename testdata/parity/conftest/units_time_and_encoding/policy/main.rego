package main

deny contains msg if {
  some c in input.spec.template.spec.containers
  l := c.resources.limits
  msg := sprintf("%v %v %v", [units.parse(l.cpu), units.parse_bytes(l.memory), c.name])
}

deny contains sprintf("%v", [time.format([1577934245000000000, "UTC", "RFC1123"])]) if true
deny contains base64.encode(input.kind) if true
deny contains crypto.sha256(input.kind) if true
deny contains sprintf("%v", [semver.compare("v1.10.0", "1.9.0")]) if true
deny contains json.marshal(input.metadata) if true
deny contains yaml.marshal(input.metadata) if true

package main

import rego.v1

deny_memory contains msg if {
	some c in input.spec.template.spec.containers
	units.parse_bytes(c.resources.limits.memory) > 2147483648
	msg := sprintf("%s may use more than 2 GiB", [c.name])
}

deny_env contains msg if {
	some c in input.spec.template.spec.containers
	some e in c.env
	e.value == "debug"
	msg := sprintf("%s runs with debugging", [c.name])
}

deny_user contains msg if {
	some c in input.spec.template.spec.containers
	c.securityContext.runAsUser == 0
	msg := sprintf("%s is root", [c.name])
}

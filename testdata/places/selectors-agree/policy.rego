package main

import rego.v1

deny_selector contains msg if {
	input.kind == "Deployment"
	some key, value in input.spec.selector.matchLabels
	input.spec.template.metadata.labels[key] != value
	msg := sprintf("label %s differs", [key])
}

deny_selector contains msg if {
	input.kind == "Deployment"
	some key, _ in input.spec.selector.matchLabels
	not input.spec.template.metadata.labels[key]
	msg := sprintf("label %s is not on the pods", [key])
}

deny_port_name contains msg if {
	some c in input.spec.template.spec.containers
	names := [p.name | some p in c.ports]
	target := c.livenessProbe.httpGet.port
	is_string(target)
	not target in names
	msg := sprintf("%s: the probe asks the port %s", [c.name, target])
}

deny_env_reference contains msg if {
	some c in input.spec.template.spec.containers
	some i, e in c.env
	some reference in regex.find_n(`\$\([A-Z_]+\)`, e.value, -1)
	name := trim(reference, "$()")
	earlier := {c.env[j].name | some j in numbers.range(0, i)}
	not earlier[name]
	msg := sprintf("%s refers to %s", [e.name, name])
}

deny_volume_subset contains msg if {
	declared := {v.name | some v in input.spec.template.spec.volumes}
	some c in input.spec.template.spec.containers
	some m in c.volumeMounts
	not m.name in declared
	msg := sprintf("%s mounts %s", [c.name, m.name])
}

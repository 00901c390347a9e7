package main

import rego.v1

pods := input.spec.replicas

cpu(q) := to_number(trim_suffix(q, "m")) if endswith(q, "m")

cpu(q) := to_number(q) * 1000 if not endswith(q, "m")

per_pod := sum([cpu(c.resources.requests.cpu) | some c in input.spec.template.spec.containers])

deny contains msg if {
	per_pod > 2000
	msg := sprintf("a pod asks for %dm of CPU", [per_pod])
}

deny contains msg if {
	count(input.spec.template.spec.containers) + count(object.get(input.spec.template.spec, "initContainers", [])) > 4
	msg := "more than four containers"
}

longest := max([count(c.name) | some c in input.spec.template.spec.containers])

deny contains msg if {
	longest > 20
	msg := sprintf("a container has a name of %d letters", [longest])
}

open_ports := {p.containerPort | some c in input.spec.template.spec.containers; some p in c.ports; p.containerPort > 30000}

deny contains msg if {
	count(open_ports) >= 1
	msg := sprintf("ports above 30000: %v", [sort(open_ports)])
}

package main

import rego.v1

pod_containers contains c if some c in input.spec.template.spec.containers

pod_containers contains c if some c in input.spec.template.spec.initContainers

deny contains msg if {
	some c in pod_containers
	not c.resources.limits
	msg := sprintf("%s: no limits", [c.name])
}

deny contains msg if {
	some c in pod_containers
	not c.resources.requests.cpu
	msg := sprintf("%s: no CPU request", [c.name])
}

deny contains msg if {
	some c in pod_containers
	mem := c.resources.limits.memory
	units.parse_bytes(mem) > units.parse_bytes("4Gi")
	msg := sprintf("%s: may use %s of memory", [c.name, mem])
}

deny contains msg if {
	some c in pod_containers
	units.parse_bytes(c.resources.requests.memory) > units.parse_bytes(c.resources.limits.memory)
	msg := sprintf("%s: requests more memory than it may use", [c.name])
}

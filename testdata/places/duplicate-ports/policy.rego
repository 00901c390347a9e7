package main

import rego.v1

deny_duplicate_port contains msg if {
	input.kind == "Service"
	ports := input.spec.ports
	some i, j
	i < j
	ports[i].port == ports[j].port
	msg := sprintf("port %d is there twice", [ports[j].port])
}

deny_duplicate_env contains msg if {
	some container in input.spec.template.spec.containers
	some i, first in container.env
	some j, second in container.env
	j > i
	first.name == second.name
	msg := sprintf("%s: %s is set twice", [container.name, first.name])
}

deny_duplicate_host contains sprintf("host %s is ruled twice", [host]) if {
	host := input.spec.rules[a].host
	host == input.spec.rules[b].host
	a < b
}

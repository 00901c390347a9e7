package main

import rego.v1

# Each check is an object; one rule makes messages of all of them.
checks contains {"id": "C1", "container": c.name, "text": "no CPU limit"} if {
	some c in input.spec.template.spec.containers
	not c.resources.limits.cpu
}

checks contains {"id": "C2", "container": c.name, "text": text} if {
	some c in input.spec.template.spec.containers
	some probe in ["livenessProbe", "startupProbe"]
	c[probe].timeoutSeconds > 10
	text := sprintf("%s waits too long", [probe])
}

checks contains {"id": "C3", "container": c.name, "text": "a shared name"} if {
	c := input.spec.template.spec.containers[_]
	c.name == input.metadata.name
}

deny contains {"msg": msg, "id": check.id} if {
	some check in checks
	msg := sprintf("[%s] %s: %s", [check.id, check.container, check.text])
}

pairs contains [c.name, port.containerPort] if {
	some c in input.spec.template.spec.containers
	some port in c.ports
}

deny contains {"msg": msg} if {
	some [name, number] in pairs
	number == 22
	msg := sprintf("%s has an SSH server", [name])
}

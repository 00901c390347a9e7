package main

import rego.v1

deny contains msg if {
	some port in input.spec.template.spec.containers[_].ports
	port.hostPort
	msg := sprintf("host port %d", [port.hostPort])
}

deny contains msg if {
	not input.spec.template.spec.serviceAccountName
	msg := "runs with the default service account"
}

deny contains msg if {
	input.spec.strategy.type == "Recreate"
	msg := "is down during each roll-out"
}

warn contains msg if {
	some name, value in input.metadata.annotations
	value == ""
	msg := sprintf("annotation %s is empty", [name])
}

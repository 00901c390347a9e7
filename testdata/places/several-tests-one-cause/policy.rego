package main

import rego.v1

# The first tests choose what the rule is about; what is wrong is said by the rest.
deny contains msg if {
	some p in input.spec.ports
	p.protocol == "UDP"
	p.port > 1024
	not p.appProtocol
	msg := sprintf("UDP port %d does not say what it speaks", [p.port])
}

deny contains msg if {
	input.spec.type == "ExternalName"
	endswith(input.spec.externalName, ".internal")
	msg := sprintf("%s is resolved inside only", [input.spec.externalName])
}

deny contains msg if {
	input.metadata.namespace == "shop"
	input.metadata.labels.stage == "prod"
	input.spec.sessionAffinityConfig.clientIP.timeoutSeconds > 3600
	msg := "clients stick for more than an hour"
}

deny contains msg if {
	c := input.spec.template.spec.containers[_]
	c.name != "istio-proxy"
	c.lifecycle.preStop.sleep.seconds < input.spec.minReadySeconds
	msg := sprintf("%s ends too early", [c.name])
}

deny contains msg if {
	some c in input.spec.template.spec.containers
	c.name in {"app", "web"}
	probe := c.livenessProbe
	probe.failureThreshold * probe.periodSeconds < 30
	msg := sprintf("%s is restarted too soon", [c.name])
}

deny contains msg if {
	some c in input.spec.template.spec.containers
	is_string(c.stopSignal)
	not startswith(c.stopSignal, "SIG")
	msg := sprintf("%s: %s is no signal", [c.name, c.stopSignal])
}

package choices

import rego.v1

deny contains msg if {
	some port in input.spec.ports
	port.port < 1024
	port.protocol == "TCP"
	msg := sprintf("port %d is for root", [port.port])
}

deny contains msg if {
	some port in input.spec.ports
	port.nodePort > 32000
	input.spec.externalTrafficPolicy == "Local"
	msg := sprintf("node port %d is not forwarded", [port.nodePort])
}

deny contains msg if {
	some c in input.spec.containers
	c.securityContext.privileged == true
	count(input.spec.containers) > 1
	msg := sprintf("%s may do everything to its neighbours", [c.name])
}

deny contains "nobody waits so long" if {
	input.spec.terminationGracePeriodSeconds > 600
	count(input.spec.containers) > 0
}

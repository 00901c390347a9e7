package main

import rego.v1

is_exempt(rule) if {
	some name in split(input.metadata.annotations["policy.example.com/exempt"], ",")
	name == rule
}

deny_host_network contains msg if {
	not is_exempt("host-network")
	input.spec.hostNetwork
	msg := sprintf("%s is on the network of its host", [input.metadata.name])
}

deny_host_pid contains msg if {
	input.spec.hostPID
	not is_exempt("host-pid")
	msg := sprintf("%s sees the processes of its host", [input.metadata.name])
}

system_namespaces := {"kube-system", "monitoring"}

deny_service_account_token contains msg if {
	not input.metadata.namespace in system_namespaces
	object.get(input.spec, "automountServiceAccountToken", true)
	msg := sprintf("%s gets a token for the API", [input.metadata.name])
}

deny_capability contains msg if {
	some c in input.spec.containers
	some cap in c.securityContext.capabilities.add
	not allowed_capability(c, cap)
	msg := sprintf("%s may not have %s", [c.name, cap])
}

allowed_capability(container, "NET_BIND_SERVICE") if container.name != "debug"

allowed_capability(_, "CHOWN") := true

package network

import rego.v1

# What is open, by the name of the reason.
findings["ingress from everywhere"] := rule if {
	some rule in input.spec.ingress
	not rule.from
}

findings["egress to the internet"] := peer if {
	peer := input.spec.egress[_].to[_]
	peer.ipBlock.cidr == "0.0.0.0/0"
}

deny contains msg if {
	input.kind == "NetworkPolicy"
	some reason, _ in findings
	msg := sprintf("%s: %s", [input.metadata.name, reason])
}

deny_all_pods contains msg if {
	input.kind == "NetworkPolicy"
	input.spec.podSelector == {}
	msg := sprintf("%s is for all pods of the namespace", [input.metadata.name])
}

deny_types contains msg if {
	input.kind == "NetworkPolicy"
	missing := {"Ingress", "Egress"} - {t | some t in input.spec.policyTypes}
	some type in missing
	msg := sprintf("%s says nothing about %s", [input.metadata.name, type])
}

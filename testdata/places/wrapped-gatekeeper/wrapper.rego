package main

import rego.v1

# Gatekeeper's templates are run as they are; their parameters come from data.
deny contains msg if {
	some result in data.k8srequiredprobes.violation with input as review
	msg := result.msg
}

deny contains msg if {
	some result in data.k8sdisallowedannotations.violation with input as review
	msg := result.msg
}

review := {
	"review": {"object": input, "kind": {"kind": input.kind}},
	"parameters": data.parameters,
}

package main

import future.keywords.if
import future.keywords.in
import input as resource
import input.spec.template.spec as pod
import input.metadata.annotations as annotations

deny[msg] {
	resource.kind == "Deployment"
	pod.dnsPolicy in {"Default", "None"}
	msg := sprintf("%s looks names up elsewhere", [resource.metadata.name])
}

deny[msg] {
	some c in pod.containers
	some name in ["CHOWN", "SETUID"]
	name in c.securityContext.capabilities.add
	msg := sprintf("%s has %s", [c.name, name])
}

deny[msg] {
	annotations["example.com/deadline"] < "2026-01-01"
	msg := sprintf("%s is past its deadline", [resource.metadata.name])
}

deny[msg] {
	pod.terminationGracePeriodSeconds < max_grace
	msg := sprintf("%s is ended within %d seconds", [resource.metadata.name, max_grace])
}

max_grace = 30 if annotations["example.com/slow"] == "true"

else = 5

package main

import rego.v1

deny_privileged contains "there is a privileged container" if {
	some c in input.spec.containers
	c.securityContext.privileged == true
}

deny_tag contains msg if {
	image := input.spec.containers[_].image
	endswith(image, ":latest")
	msg := sprintf("image %s", [image])
}

deny_limits contains sprintf("%s: set limits", [input.metadata.name]) if {
	some c in input.spec.containers
	not c.resources.limits
}

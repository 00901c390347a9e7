package main

import rego.v1

bad_container contains "image is not ours" if not startswith(input.image, "registry.local/")

bad_container contains "no digest" if not contains(input.image, "@sha256:")

bad_container contains "environment from a whole secret" if {
	some source in input.envFrom
	source.secretRef
}

deny contains msg if {
	some container in input.spec.template.spec.containers
	some reason in bad_container with input as container
	msg := sprintf("%s: %s", [container.name, reason])
}

template_denied contains "grace period" if input.spec.terminationGracePeriodSeconds == 0

deny contains msg if {
	some reason in template_denied with input as input.spec.template
	msg := sprintf("template: %s", [reason])
}

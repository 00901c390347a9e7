package main

import rego.v1

# What a rule says of another input has no place in this document.
default known := false

known if input.user in {"ada", "bob"}

names contains name if some name in input.names

deny contains msg if {
	is_known := known with input as {"user": input.metadata.labels.owner}
	input.spec.replicas > 3
	is_known == false
	msg := sprintf("%s: only owners that are known may have more than 3 replicas", [input.metadata.name])
}

deny contains msg if {
	input.spec.paused
	others := names with input as {"names": []}
	count(others) == 0
	msg := sprintf("%s: nobody may be paused", [input.metadata.name])
}

# What is left of a value is where it was.
deny contains msg if {
	kept := json.remove(input.spec, ["template/spec/containers/0/env"])
	some container in array.slice(kept.template.spec.containers, 1, 3)
	endswith(container.image, ":latest")
	msg := sprintf("%s: sidecar %s is not pinned", [input.metadata.name, container.name])
}

deny contains msg if {
	patched := json.patch(input, [{"op": "add", "path": "/spec/strategy", "value": {"type": "Recreate"}}])
	patched.spec.strategy.type == "Recreate"
	patched.spec.minReadySeconds > 60
	msg := sprintf("%s is ready too late", [input.metadata.name])
}

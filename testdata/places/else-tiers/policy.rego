package tiers

import rego.v1

tier := "gold" if {
	input.metadata.labels.tier == "gold"
} else := "silver" if {
	input.metadata.labels.tier == "silver"
} else := "none"

min_replicas := 3 if {
	tier == "gold"
} else := 2 if {
	tier == "silver"
} else := 1

deny contains msg if {
	input.spec.replicas < min_replicas
	msg := sprintf("%s is %s and needs %d replicas", [input.metadata.name, tier, min_replicas])
}

deny_unknown_tier contains msg if {
	tier == "none"
	msg := sprintf("%s has no tier", [input.metadata.name])
}

pull_policy(container) := container.imagePullPolicy if {
	container.imagePullPolicy
} else := "Always" if {
	endswith(container.image, ":latest")
} else := "IfNotPresent"

deny_pull contains msg if {
	some container in input.spec.template.spec.containers
	policy := pull_policy(container)
	policy == "Always"
	msg := sprintf("%s is always pulled", [container.name])
}

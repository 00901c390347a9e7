package main

import rego.v1

required_labels := {"app.kubernetes.io/name", "team", "cost-centre"}

deny_missing_labels contains msg if {
	provided := {label | some label, _ in input.metadata.labels}
	missing := required_labels - provided
	count(missing) > 0
	msg := sprintf("%s %s lacks the labels %v", [input.kind, input.metadata.name, missing])
}

warn_foreign_labels contains msg if {
	some label, _ in input.metadata.labels
	startswith(label, "legacy.")
	msg := sprintf("label %s is no longer used", [label])
}

deny_team contains msg if {
	not valid_team
	msg := sprintf("%s belongs to no known team", [input.metadata.name])
}

valid_team if input.metadata.labels.team in {"shop", "search", "platform"}

package kubernetes.availability

workloads := {"Deployment", "StatefulSet"}

deny_single_replica contains msg if {
	input.kind in workloads
	input.spec.replicas < 2
	msg := sprintf("%s/%s runs %d replica, want at least 2", [input.kind, input.metadata.name, input.spec.replicas])
}

deny_replicas_not_set contains msg if {
	input.kind in workloads
	not input.spec.replicas
	msg := sprintf("%s/%s does not say how many replicas it runs", [input.kind, input.metadata.name])
}

warn_history contains msg if {
	input.kind == "Deployment"
	limit := object.get(input.spec, "revisionHistoryLimit", 10)
	limit > 5
	msg := sprintf("%s keeps %d old ReplicaSets", [input.metadata.name, limit])
}

package lib

is_workload if input.kind in {"Deployment", "StatefulSet", "DaemonSet"}

containers contains container if {
	is_workload
	some container in input.spec.template.spec.containers
}

name := sprintf("%s %s/%s", [input.kind, input.metadata.namespace, input.metadata.name])

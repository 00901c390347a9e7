# Where the containers of a resource are, whatever kind of workload it is.
package lib.kubernetes

# The pod template of a workload, or the Pod itself.
pod := input if input.kind == "Pod"

pod := input.spec.template if input.kind in {
	"DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet",
}

pod := input.spec.jobTemplate.spec.template if input.kind == "CronJob"

# All containers with the list that they stand in.
containers contains {"list": list, "container": container} if {
	some list in {"containers", "initContainers", "ephemeralContainers"}
	some container in pod.spec[list]
}

# How messages name a resource.
name := sprintf("%s %s", [input.kind, object.get(input, ["metadata", "name"], "without a name")])

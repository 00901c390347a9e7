# Where the containers of a resource are, whatever kind of workload it is.
package lib.kubernetes

# The pod template of a workload, or the Pod itself.
pod := input if input.kind == "Pod"

pod := input.spec.template if input.kind in {
	"DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet",
}

pod := input.spec.jobTemplate.spec.template if input.kind == "CronJob"

# All containers with the list that they stand in. One without a name has to be judged, too: a message that cannot be
# made lets a container pass.
containers contains {"list": list, "name": container_name(container), "container": container} if {
	some list in {"containers", "initContainers", "ephemeralContainers"}
	some container in pod.spec[list]
}

container_name(container) := object.get(container, "name", "without a name")

# How messages name a resource.
name := sprintf("%s %s", [input.kind, object.get(input, ["metadata", "name"], "without a name")])

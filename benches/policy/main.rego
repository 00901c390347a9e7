package main

import data.lib

deny_latest contains msg if {
	some container in lib.containers
	endswith(container.image, ":latest")
	msg := sprintf("%s: container %s uses the tag latest", [lib.name, container.name])
}

deny_limits contains msg if {
	some container in lib.containers
	not container.resources.limits.memory
	msg := sprintf("%s: container %s has no memory limit", [lib.name, container.name])
}

deny_root contains msg if {
	lib.is_workload
	not input.spec.template.spec.securityContext.runAsNonRoot == true
	msg := sprintf("%s may run as root", [lib.name])
}

deny_labels contains msg if {
	missing := {"app.kubernetes.io/name", "team"} - {label | some label, _ in input.metadata.labels}
	count(missing) > 0
	msg := sprintf("%s lacks the labels %s", [lib.name, concat(", ", missing)])
}

deny_registry contains msg if {
	some container in lib.containers
	not regex.match(`^registry\.example\.com/`, container.image)
	msg := sprintf("%s: container %s is from another registry: %s", [lib.name, container.name, container.image])
}

deny_privileged contains msg if {
	some container in lib.containers
	container.securityContext.privileged
	msg := sprintf("%s: container %s is privileged", [lib.name, container.name])
}

deny_host_network contains msg if {
	input.kind in {"Deployment", "StatefulSet"}
	input.spec.template.spec.hostNetwork
	msg := sprintf("%s uses the network of its host", [lib.name])
}

warn_replicas contains msg if {
	input.kind == "Deployment"
	input.spec.replicas < 2
	msg := sprintf("%s has %d replica", [lib.name, input.spec.replicas])
}

warn_probe contains {"msg": msg, "container": container.name} if {
	some container in lib.containers
	not container.readinessProbe
	msg := sprintf("%s: container %s has no readiness probe", [lib.name, container.name])
}

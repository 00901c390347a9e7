package kubernetes.resource_limits

import data.lib.kubernetes

# METADATA
# title: Containers have a memory limit
# description: |
#   A container without one can take the memory of a whole node.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   severity: medium
deny_memory_limit contains msg if {
	some entry in kubernetes.containers
	entry.list != "ephemeralContainers"
	not entry.container.resources.limits.memory
	msg := sprintf("%s: container %s has no memory limit", [kubernetes.name, entry.name])
}

# METADATA
# title: Containers request CPU and memory
# description: |
#   The scheduler knows nothing else about what a container needs.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   severity: low
warn_requests contains msg if {
	some entry in kubernetes.containers
	entry.list != "ephemeralContainers"
	some resource in {"cpu", "memory"}
	not entry.container.resources.requests[resource]
	not entry.container.resources.limits[resource]
	msg := sprintf("%s: container %s requests no %s", [kubernetes.name, entry.name, resource])
}

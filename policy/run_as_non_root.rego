package kubernetes.run_as_non_root

import data.lib.kubernetes

# METADATA
# title: Containers run as non-root
# description: |
#   `runAsNonRoot: true` at the container, or at the Pod where the container does not say otherwise.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
# custom:
#   severity: high
deny_root contains msg if {
	some entry in kubernetes.containers
	not non_root(entry.container)
	msg := sprintf("%s: container %s may run as root", [kubernetes.name, entry.name])
}

non_root(container) if container.securityContext.runAsNonRoot == true

non_root(container) if {
	not says_otherwise(container)
	kubernetes.pod.spec.securityContext.runAsNonRoot == true
}

says_otherwise(container) if container.securityContext.runAsNonRoot == false

# METADATA
# title: Nobody runs as root
# custom:
#   severity: high
package kubernetes.run_as_non_root

import rego.v1

pod_spec := input.spec.template.spec if input.kind in {"Deployment", "StatefulSet", "Job"}

pod_spec := input.spec if input.kind == "Pod"

containers := array.concat(
	object.get(pod_spec, "containers", []),
	object.get(pod_spec, "initContainers", []),
)

# The container's own word counts, then that of its pod.
effective(container, field) := value if {
	value := container.securityContext[field]
} else := value if {
	value := pod_spec.securityContext[field]
}

deny_root contains msg if {
	some container in containers
	effective(container, "runAsNonRoot") != true
	msg := sprintf("%s may run as root", [container.name])
}

deny_user_zero contains msg if {
	some container in containers
	effective(container, "runAsUser") == 0
	msg := sprintf("%s runs as user 0", [container.name])
}

deny_not_said contains msg if {
	some container in containers
	not effective(container, "runAsNonRoot")
	not container.securityContext.runAsNonRoot == false
	msg := sprintf("nothing says who %s runs as", [container.name])
}

deny_writable contains msg if {
	some container in containers
	not object.get(container, ["securityContext", "readOnlyRootFilesystem"], false)
	msg := sprintf("%s writes to its image", [container.name])
}

package lib.checks

import future.keywords.contains
import future.keywords.if
import future.keywords.in

# Reasons why a container is not hardened, for policies to word as they like.
reasons(container) := union({
	privileged(container),
	root(container),
	writable(container),
})

privileged(container) := {"privileged"} if container.securityContext.privileged

else := set()

root(container) := {"root"} if {
	object.get(container, ["securityContext", "runAsUser"], 0) == 0
} else := set()

writable(container) := {"writable"} if {
	not container.securityContext.readOnlyRootFilesystem
} else := set()

owner(labels) := labels.owner if labels.owner != ""

owner(labels) := "nobody" if not labels.owner

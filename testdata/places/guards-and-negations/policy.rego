package guards

import rego.v1

default allow_privileged := false

allow_privileged if input.metadata.annotations["guard/privileged"] == "approved"

default max := 5

max := to_number(input.metadata.annotations["guard/max"])

is_prod if endswith(input.metadata.namespace, "-prod")

is_batch if input.kind in {"Job", "CronJob"}

deny contains "privileged without approval" if {
	not allow_privileged
	input.spec.containers[_].securityContext.privileged
}

deny contains msg if {
	not is_batch
	is_prod
	input.spec.replicas > max
	msg := sprintf("%d replicas, at most %d", [input.spec.replicas, max])
}

deny contains "no zone is chosen in production" if {
	is_prod
	not input.spec.topology.zone
}

deny contains msg if {
	is_prod
	not is_batch
	some c in input.spec.containers
	not has_digest(c)
	msg := sprintf("%s is not pinned", [c.name])
}

has_digest(c) if contains(c.image, "@sha256:")

deny contains "an approval that nobody needs" if {
	allow_privileged
	not any_privileged
}

any_privileged if {
	some c in input.spec.containers
	c.securityContext.privileged
}

deny contains msg if {
	is_prod
	level := object.get(input.metadata.labels, "log-level", "info")
	level in ["debug", "trace"]
	msg := sprintf("logs at %s", [level])
}

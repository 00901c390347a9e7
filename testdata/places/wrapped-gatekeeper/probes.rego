package k8srequiredprobes

import rego.v1

violation contains {"msg": get_violation_message(container, probe)} if {
	container := input.review.object.spec.containers[_]
	probe := input.parameters.probes[_]
	probe_is_missing(container, probe)
}

probe_is_missing(ctr, probe) if not ctr[probe]

probe_is_missing(ctr, probe) if probe_field_empty(ctr, probe)

probe_field_empty(ctr, probe) if {
	probe_fields := {field | ctr[probe][field]}
	diff_fields := {"tcpSocket", "httpGet", "exec"} - probe_fields
	count(diff_fields) == 3
}

get_violation_message(container, probe) := sprintf("container %v has no %v", [container.name, probe])

package kubernetes.probes

import rego.v1

containers := input.spec.template.spec.containers

has_probe(container) if container.livenessProbe

has_probe(container) if container.readinessProbe

deny contains msg if {
	input.kind == "Deployment"
	not all_probed
	msg := sprintf("some containers of %s have no probe", [input.metadata.name])
}

all_probed if {
	every container in containers {
		has_probe(container)
	}
}

deny_slow contains msg if {
	some container in containers
	every probe in [container.livenessProbe, container.readinessProbe] {
		probe.periodSeconds > 30
	}
	msg := sprintf("%s is probed too rarely", [container.name])
}

deny_ports contains msg if {
	not ports_are_high
	msg := sprintf("%s listens on a privileged port", [input.metadata.name])
}

ports_are_high if {
	every c in containers {
		every port in object.get(c, "ports", []) {
			port.containerPort >= 1024
		}
	}
}

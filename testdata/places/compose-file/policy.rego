package compose

import rego.v1

deny_privileged contains msg if {
	some name, service in input.services
	service.privileged
	msg := sprintf("service %s is privileged", [name])
}

deny_restart contains msg if {
	some name, service in input.services
	object.get(service, "restart", "no") in {"no", false}
	msg := sprintf("service %s is not started again", [name])
}

deny_socket contains msg if {
	some name
	volume := input.services[name].volumes[_]
	[source, _] := split(volume, ":")
	source == "/var/run/docker.sock"
	msg := sprintf("service %s mounts %s", [name, source])
}

deny_published contains msg if {
	some name, service in input.services
	some port in service.ports
	not startswith(port, "127.0.0.1:")
	msg := sprintf("service %s publishes %s", [name, port])
}

deny_depends contains msg if {
	some name, service in input.services
	some other in service.depends_on
	not input.services[other]
	msg := sprintf("service %s depends on %s, which there is not", [name, other])
}

warn_names contains msg if {
	some name in object.keys(input.services)
	contains(name, "_")
	msg := sprintf("service %s cannot be a host name", [name])
}

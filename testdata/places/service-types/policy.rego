# Services of this cluster are reached through the ingress controller only.
package services

import future.keywords.in
import future.keywords.contains
import future.keywords.if

is_service if input.kind == "Service"

name := input.metadata.name

deny_public contains msg if {
	is_service
	input.spec.type in ["LoadBalancer", "NodePort"]
	msg := sprintf("service %v is visible outside of the cluster", [name])
}

deny_node_port contains msg if {
	is_service
	some port in input.spec.ports
	port.nodePort > 0
	msg := sprintf("service %v takes the node port %v", [name, port.nodePort])
}

deny_external_ip contains msg if {
	is_service
	ips := object.get(input.spec, "externalIPs", [])
	count(ips) > 0
	msg := sprintf("service %v answers on addresses of others", [name])
}

deny_port_without_name contains msg if {
	is_service
	count(input.spec.ports) > 1
	some i
	port := input.spec.ports[i]
	not port.name
	msg := sprintf("service %v: port number %v has no name", [name, i])
}

warn_selector contains msg if {
	is_service
	not input.spec.externalName
	not input.spec.selector
	msg := sprintf("service %v selects nothing", [name])
}

package main

import rego.v1

documents := [doc | some doc in input]

deny_orphan contains msg if {
	some file in input
	service := file.contents
	service.kind == "Service"
	not selected(service.spec.selector)
	msg := sprintf("service %s selects no workload", [service.metadata.name])
}

selected(selector) if {
	some file in input
	file.contents.kind == "Deployment"
	labels := file.contents.spec.template.metadata.labels
	every key, value in selector {
		labels[key] == value
	}
}

deny_same_host contains msg if {
	some i, j
	i < j
	first := input[i].contents
	second := input[j].contents
	first.kind == "Ingress"
	second.kind == "Ingress"
	host := first.spec.rules[_].host
	host == second.spec.rules[_].host
	msg := sprintf("%s is claimed by %s and %s", [host, first.metadata.name, second.metadata.name])
}

deny_no_limits contains msg if {
	doc := input[_].contents
	doc.kind == "Deployment"
	container := doc.spec.template.spec.containers[_]
	not container.resources.limits.memory
	msg := sprintf("%s/%s has no memory limit", [doc.metadata.name, container.name])
}

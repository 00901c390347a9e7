package ingress

import rego.v1

default is_ingress := false

is_ingress if {
	input.kind == "Ingress"
	startswith(input.apiVersion, "networking.k8s.io/")
}

hosts contains host if {
	host := input.spec.rules[_].host
}

tls_hosts contains host if {
	host := input.spec.tls[_].hosts[_]
}

violation contains {"msg": msg, "host": host} if {
	is_ingress
	some host in hosts
	not host in tls_hosts
	msg := sprintf("%s is served without TLS", [host])
}

violation contains {"msg": msg} if {
	is_ingress
	some rule in input.spec.rules
	contains(rule.host, "*")
	msg := sprintf("wildcard host %q", [rule.host])
}

violation contains {"msg": "a rule without host catches every name"} if {
	is_ingress
	some rule in input.spec.rules
	object.get(rule, "host", "") == ""
}

violation contains {"msg": msg} if {
	is_ingress
	path := input.spec.rules[_].http.paths[_]
	not path.pathType in {"Exact", "Prefix"}
	msg := sprintf("path %s has the type %s", [path.path, path.pathType])
}

violation contains {"msg": "old annotation for the class"} if {
	is_ingress
	input.metadata.annotations["kubernetes.io/ingress.class"]
}

package hosts

import rego.v1

deny_domain contains msg if {
	some rule in input.spec.rules
	not in_our_domains(rule.host)
	msg := sprintf("%s is not ours", [rule.host])
}

in_our_domains(host) if glob.match("*.example.com", [], host)

in_our_domains(host) if host == "example.com"

deny_issuer contains msg if {
	issuer := input.metadata.annotations["cert-manager.io/cluster-issuer"]
	not regex.match("^(letsencrypt|internal)-prod$", issuer)
	msg := sprintf("issuer %s is for tests", [issuer])
}

deny_redirect contains msg if {
	input.metadata.annotations["nginx.ingress.kubernetes.io/ssl-redirect"] == "false"
	msg := "is served without TLS, too"
}

deny_backend contains msg if {
	some r, p
	backend := input.spec.rules[r].http.paths[p].backend
	backend.service.port.number != 443
	msg := sprintf("rule %d, path %d: the backend is not encrypted", [r, p])
}

deny_snippet contains msg if {
	some key, value in input.metadata.annotations
	glob.match("nginx.ingress.kubernetes.io/*-snippet", ["/"], key)
	msg := sprintf("%s is code for the ingress controller", [key])
}

warn_class contains msg if {
	not input.metadata.annotations["kubernetes.io/ingress.class"]
	not input.spec.ingressClassName
	msg := "no class"
}

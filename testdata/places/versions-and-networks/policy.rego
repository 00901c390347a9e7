package main

import rego.v1

private := ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]

is_private(cidr) if net.cidr_contains(private[_], cidr)

deny contains msg if {
	some range in input.spec.loadBalancerSourceRanges
	not is_private(range)
	msg := sprintf("%s may connect", [range])
}

deny contains msg if {
	version := trim_left(input.metadata.labels["app.kubernetes.io/version"], "v")
	semver.is_valid(version)
	semver.compare(version, "2.0.0") < 0
	msg := sprintf("version %s is no longer looked after", [version])
}

deny contains msg if {
	input.kind == "VirtualService"
	total := sum([w | w := input.spec.http[_].route[_].weight])
	total != 100
	msg := sprintf("weights add up to %d", [total])
}

deny contains msg if {
	heaviest := max({r.weight | some r in input.spec.http[0].route})
	heaviest > 90
	msg := "almost everything goes one way"
}

deny contains msg if {
	name := lower(trim_space(input.spec.sessionAffinity))
	name == "clientip"
	msg := "clients stick to a pod"
}

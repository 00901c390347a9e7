package scheduling

import rego.v1

pod := object.get(input, ["spec", "template", "spec"], {})

tolerates_everything(t) if {
	t.operator == "Exists"
	not t.key
}

deny_toleration contains msg if {
	some i, t in pod.tolerations
	tolerates_everything(t)
	msg := sprintf("toleration %d is for every taint", [i])
}

deny_spread contains msg if {
	input.spec.replicas >= 3
	not spread_over_zones
	msg := "all replicas may be in one zone"
}

spread_over_zones if {
	some c in pod.topologySpreadConstraints
	c.topologyKey == "topology.kubernetes.io/zone"
}

spread_over_zones if {
	some term in pod.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution
	term.topologyKey == "topology.kubernetes.io/zone"
}

deny_priority contains msg if {
	startswith(pod.priorityClassName, "system-")
	msg := sprintf("%s is for the cluster itself", [pod.priorityClassName])
}

deny_node contains msg if {
	pod.nodeName
	msg := "the scheduler is passed over"
}

deny_node_selector contains msg if {
	some key, _ in pod.nodeSelector
	key == "kubernetes.io/hostname"
	msg := "bound to one node"
}

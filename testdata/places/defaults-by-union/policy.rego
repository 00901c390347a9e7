package main

import rego.v1

defaults := {"replicas": 1, "strategy": {"type": "RollingUpdate"}, "minReadySeconds": 0}

deployment := object.union(defaults, input.spec) if input.kind == "Deployment"

deny_ready contains msg if {
	deployment.minReadySeconds < 5
	msg := sprintf("%s: new pods are trusted too early", [input.metadata.name])
}

deny_strategy contains msg if {
	deployment.strategy.type != "RollingUpdate"
	msg := sprintf("%s: is down during a roll-out", [input.metadata.name])
}

deny_surge contains msg if {
	rolling := object.get(deployment.strategy, "rollingUpdate", {})
	object.get(rolling, "maxUnavailable", "25%") == "100%"
	msg := sprintf("%s: all pods at once", [input.metadata.name])
}

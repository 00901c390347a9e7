package autoscaling

import rego.v1

hpa := input.spec if input.kind == "HorizontalPodAutoscaler"

deny_spread contains msg if {
	hpa.maxReplicas / hpa.minReplicas > 10
	msg := "grows more than tenfold"
}

deny_upside_down contains msg if {
	hpa.minReplicas > hpa.maxReplicas
	msg := sprintf("the least (%d) is more than the most (%d)", [hpa.minReplicas, hpa.maxReplicas])
}

deny_cpu_target contains msg if {
	some metric in hpa.metrics
	metric.resource.name == "cpu"
	metric.resource.target.averageUtilization > 90
	msg := sprintf("scales at %d %% only", [metric.resource.target.averageUtilization])
}

deny_target contains msg if {
	not hpa.scaleTargetRef.kind in {"Deployment", "StatefulSet"}
	msg := sprintf("cannot scale a %s", [hpa.scaleTargetRef.kind])
}

deny_pdb contains msg if {
	input.kind == "PodDisruptionBudget"
	input.spec.maxUnavailable == 0
	msg := sprintf("%s: nodes cannot be drained", [input.metadata.name])
}

deny_pdb contains msg if {
	input.kind == "PodDisruptionBudget"
	percent := to_number(trim_suffix(input.spec.minAvailable, "%"))
	percent >= 100
	msg := sprintf("%s: nodes cannot be drained, %d %% must stay", [input.metadata.name, percent])
}

deny_pdb contains msg if {
	input.kind == "PodDisruptionBudget"
	not input.spec.maxUnavailable
	not input.spec.minAvailable
	msg := sprintf("%s: says nothing", [input.metadata.name])
}

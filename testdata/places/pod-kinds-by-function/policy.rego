package policies.pods

# One place that knows where the pod is in each kind.
pod_spec(resource) = resource.spec {
	resource.kind == "Pod"
} else = resource.spec.jobTemplate.spec.template.spec {
	resource.kind == "CronJob"
} else = resource.spec.template.spec

all_containers(resource) = {c | c := pod_spec(resource)[containers_key[_]][_]}

containers_key = ["containers", "initContainers", "ephemeralContainers"]

violation[{"msg": msg, "details": {}}] {
	c := all_containers(input)[_]
	not drops_all(c)
	msg := sprintf("%v keeps capabilities", [c.name])
}

drops_all(c) {
	drops := {upper(d) | d := c.securityContext.capabilities.drop[_]}
	drops["ALL"]
}

violation[{"msg": msg, "details": {}}] {
	spec := pod_spec(input)
	some ns
	namespaces := ["hostPID", "hostIPC", "hostNetwork"]
	ns = namespaces[_]
	spec[ns] == true
	msg := sprintf("%v shares %v with its host", [input.metadata.name, ns])
}

violation[{"msg": msg, "details": {}}] {
	volumes := [v | v := pod_spec(input).volumes[_]; not allowed_volume(v)]
	count(volumes) > 0
	msg := sprintf("volumes of forbidden types: %v", [[v.name | v := volumes[_]]])
}

allowed_volume(v) {
	types := {"configMap", "secret", "emptyDir", "persistentVolumeClaim", "projected"}
	fields := {f | v[f]; f != "name"}
	count(fields - types) == 0
}

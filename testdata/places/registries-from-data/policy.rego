package images

import data.registries
import rego.v1

workload_containers := [c |
	some key in ["initContainers", "containers"]
	some c in input.spec.template.spec[key]
]

image_is_allowed(image) if {
	some prefix in registries.allowed
	startswith(image, prefix)
}

violation contains {"msg": msg, "image": c.image} if {
	some c in workload_containers
	not image_is_allowed(c.image)
	msg := sprintf("%s comes from an unknown registry", [c.image])
}

tag(image) := parts[count(parts) - 1] if {
	parts := split(image, ":")
	count(parts) > 1
}

tag(image) := "latest" if not contains(image, ":")

violation contains {"msg": msg, "image": c.image} if {
	some c in workload_containers
	tag(c.image) in registries.forbidden_tags
	msg := sprintf("%s is another image tomorrow", [c.image])
}

violation contains {"msg": msg} if {
	most := data.limits[input.kind].replicas
	input.spec.replicas > most
	msg := sprintf("%d replicas, but a %s has at most %d", [input.spec.replicas, input.kind, most])
}

violation contains {"msg": msg} if {
	not data.limits[input.kind]
	msg := sprintf("there are no limits for a %s", [input.kind])
}

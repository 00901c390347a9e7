package kubernetes.allowed_registries

import data.lib.kubernetes

# METADATA
# title: Images come from registries that are allowed
# description: |
#   `data.allowed_registries` is the list of registries, with a path where only a part of one is allowed
#   (`-d policy/data`). Without the list every image is denied: forgetting it must not let anything pass.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/containers/images/
# custom:
#   severity: high
deny_registry contains msg if {
	some entry in kubernetes.containers
	image := full_name(entry.container.image)
	not allowed(image)
	msg := sprintf("%s: container %s uses %s, which is from no allowed registry", [kubernetes.name, entry.name, image])
}

# METADATA
# title: There is a list of allowed registries
# custom:
#   severity: high
deny_without_list contains "there is no data.allowed_registries: give the list with -d" if {
	count(kubernetes.containers) > 0
	not data.allowed_registries
}

allowed(image) if {
	some registry in data.allowed_registries
	startswith(image, sprintf("%s/", [trim_suffix(registry, "/")]))
}

# As Docker: a first part without dot, colon or `localhost` is no registry.
full_name(image) := image if has_registry(image)

full_name(image) := sprintf("docker.io/%s", [image]) if {
	not has_registry(image)
	contains(image, "/")
}

full_name(image) := sprintf("docker.io/library/%s", [image]) if not contains(image, "/")

has_registry(image) if {
	parts := split(image, "/")
	count(parts) > 1
	regex.match(`[.:]|^localhost$`, parts[0])
}

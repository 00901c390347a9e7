package main

import rego.v1

containers contains c if some c in input.spec.containers

has_env(container, name) if {
	some e in container.env
	e.name == name
}

has_sidecar if {
	some c in input.spec.containers
	startswith(c.image, "registry.local/mesh/")
}

has_arg(container, arg) if container.args[_] == arg

mounted(volume) if input.spec.containers[_].volumeMounts[_].name == volume.name

deny contains msg if {
	some c in containers
	not has_env(c, "TZ")
	msg := sprintf("%s does not say its time zone", [c.name])
}

deny contains "no sidecar of the mesh" if {
	input.metadata.labels.mesh == "on"
	not has_sidecar
}

deny contains msg if {
	some c in containers
	startswith(c.image, "registry.local/java/")
	not has_arg(c, "--enable-preview")
	msg := sprintf("%s: preview features are off", [c.name])
}

deny contains msg if {
	some v in input.spec.volumes
	not mounted(v)
	msg := sprintf("volume %s is not used", [v.name])
}

deny contains msg if {
	some ref in input.spec.imagePullSecrets
	not ref.name in {s | some s in data.pull_secrets}
	msg := sprintf("pull secret %s does not exist", [ref.name])
}

package main

import rego.v1

# Containers by their kind and name.
by_name[kind][name] := container if {
	some kind in ["containers", "initContainers"]
	some container in input.spec[kind]
	name := container.name
}

images[name] := image if {
	some container in input.spec.containers
	name := container.name
	image := container.image
}

deny contains msg if {
	some kind, name
	container := by_name[kind][name]
	container.stdin == true
	msg := sprintf("%s %s waits for input", [kind, name])
}

deny contains msg if {
	some name, image in images
	contains(image, "alpha")
	msg := sprintf("%s is an alpha version", [name])
}

deny contains msg if {
	images.proxy != data.expected.proxy
	msg := "the proxy is another one than ours"
}

shells := {"sh", "bash"}

shell_users[name] if {
	some container in input.spec.containers
	container.command[0] in shells
	name := container.name
}

deny contains msg if {
	shell_users[name]
	msg := sprintf("%s runs a shell", [name])
}

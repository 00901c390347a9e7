package main

deny contains msg if {
	c := input.spec.containers[_]
	some i
	c.env[i].name == "SECRET"
	msg := sprintf("%s: variable %d is a secret", [c.name, i])
}

deny contains msg if {
	some label
	value := input.metadata.labels[label]
	some i
	c := input.spec.containers[i]
	every port in c.ports {
		some k
		port.name == ["http", "https"][k]
	}
	names := [name | some i; name := c.env[i].name]
	count(names) > 1
	msg := sprintf("%s=%s: container %d has %v", [label, value, i, names])
}

has(c, name) if {
	e := c.env[_]
	some i
	[e.name, e.value][i] == name
}

warn contains msg if {
	c := input.spec.containers[_]
	some n
	has(c, ["SECRET", "OTHER"][n])
	msg := sprintf("%s has %d", [c.name, n])
}

package main

import rego.v1

# `name`, `kind` and `type` choose in one rule and are what is wrong in the next.
deny contains msg if {
	some user in input.users
	user.name in {"root", "admin", "test"}
	msg := sprintf("there is a user %s", [user.name])
}

deny contains msg if {
	some source in input.sources
	source.type == "ftp"
	msg := sprintf("source %s is read without encryption", [source.id])
}

deny contains msg if {
	some target in input.targets
	target.kind == "Secret"
	not target.encrypted
	msg := sprintf("target %s is plain", [target.name])
}

deny contains msg if {
	input.metadata.name != lower(input.metadata.name)
	msg := "capitals in a name"
}

deny contains msg if {
	count(input.metadata.name) > 20
	msg := "a long name"
}

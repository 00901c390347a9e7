package hardening

import data.lib.checks as lib
import future.keywords.contains
import future.keywords.if
import future.keywords.in

deny contains msg if {
	some c in input.spec.containers
	some reason in lib.reasons(c)
	msg := sprintf("%s: %s", [c.name, reason])
}

deny contains msg if {
	lib.owner(input.metadata.labels) == "nobody"
	msg := sprintf("%s has no owner", [input.metadata.name])
}

deny contains msg if {
	who := lib.owner(input.metadata.labels)
	not who in data.teams
	who != "nobody"
	msg := sprintf("owner %s is not known", [who])
}

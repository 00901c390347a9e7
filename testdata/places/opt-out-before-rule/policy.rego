package checks

import future.keywords.in

# Every check begins with what is left out; that is never the place.
default skip_label := ""

default skip_value := ""

skip_label := input.parameters.skipLabel

skip_value := input.parameters.skipValue

resource := input.review.object

left_out = true {
	resource.metadata.namespace in object.get(input, ["parameters", "namespaces"], [])
} else = false

in_list(list, item) {
	list[_] = item
}

violation[answer] {
	left_out == false
	not skip_value == resource.metadata.labels[skip_label]
	resource.spec.suspend
	answer := {"msg": "suspended jobs are forgotten", "where": "spec.suspend"}
}

violation[answer] {
	left_out == false
	not skip_value == resource.metadata.labels[skip_label]
	some i
	rule := resource.rules[i]
	in_list(rule.apiGroups, "rbac.authorization.k8s.io")
	in_list(rule.verbs, "escalate")
	answer := {"msg": sprintf("rule %d may give rights to others", [i])}
}

violation[answer] {
	not skip_value == resource.metadata.labels[skip_label]
	ns := resource.metadata.namespace
	ns == input.parameters.closed
	answer := {"msg": sprintf("nothing new in %s", [ns])}
}

violation[answer] {
	left_out == false
	not skip_value == resource.metadata.labels[skip_label]
	modes := resource.spec.accessModes
	not in_list(modes, "ReadWriteOncePod")
	answer := {"msg": sprintf("access modes %v", [modes])}
}

violation[answer] {
	left_out == false
	not skip_value == resource.metadata.labels[skip_label]
	class := resource.spec.volumeClassName
	not class == "encrypted"
	answer := {"msg": sprintf("volume class %s", [class])}
}

violation[answer] {
	left_out == false
	in_list({"Job", "CronJob"}, resource.kind)
	not resource.metadata.labels
	answer := {"msg": "no labels at all"}
}

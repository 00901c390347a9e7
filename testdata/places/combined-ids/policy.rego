package combined.ids

import rego.v1

id(object) := sprintf("%s/%s/%s", [object.kind, object.metadata.namespace, object.metadata.name])

deny_twice contains msg if {
	some i, j
	i < j
	id(input[i].contents) == id(input[j].contents)
	msg := sprintf("%s is there twice", [id(input[i].contents)])
}

ids := [id(file.contents) | some file in input]

deny_ids contains "ids repeat" if {
	count(ids) != count({one | some one in ids})
}

deny_listed contains msg if {
	some i, j
	ids[i] == ids[j]
	i < j
	msg := sprintf("%s is listed twice", [ids[i]])
}

deny_host contains msg if {
	some i, j
	i < j
	one := input[i].contents
	other := input[j].contents
	sprintf("%s:%d", [one.metadata.namespace, one.data.port]) == sprintf("%s:%d", [other.metadata.namespace, other.data.port])
	msg := sprintf("port %d is taken", [one.data.port])
}

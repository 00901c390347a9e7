package repeated

import rego.v1

deny contains "names of containers repeat" if {
	names := [c.name | some c in input.spec.containers]
	count(names) != count({name | some name in names})
}

deny contains "a port is opened twice" if {
	count({p | p := input.spec.containers[_].ports[_].containerPort}) < count([p | p := input.spec.containers[_].ports[_].containerPort])
}

deny contains msg if {
	some c in input.spec.containers
	has_repeated(c.args)
	msg := sprintf("%s has an argument twice", [c.name])
}

has_repeated(list) if count(list) > count({x | some x in list})

deny contains "paths repeat" if {
	mounted := [lower(m.mountPath) | some m in input.spec.containers[_].volumeMounts]
	different := {path | some path in mounted}
	n_mounted := count(mounted)
	n_different := count(different)
	not n_mounted == n_different
}

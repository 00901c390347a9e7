package rbac

import rego.v1

roles := {"Role", "ClusterRole"}

bindings := {"RoleBinding", "ClusterRoleBinding"}

deny contains msg if {
	input.kind in roles
	some rule in input.rules
	"*" in rule.verbs
	msg := sprintf("%s %s may do anything with %v", [input.kind, input.metadata.name, rule.resources])
}

deny contains msg if {
	roles[input.kind]
	rule := input.rules[_]
	count({"get", "list", "watch"} & {verb | verb := rule.verbs[_]}) > 0
	rule.resources[_] == "secrets"
	msg := sprintf("%s %s may read secrets", [input.kind, input.metadata.name])
}

deny contains msg if {
	input.kind in bindings
	input.roleRef.name == "cluster-admin"
	msg := sprintf("%s %s gives everything away", [input.kind, input.metadata.name])
}

deny contains msg if {
	input.kind in bindings
	some subject in input.subjects
	subject.name in {"system:anonymous", "system:unauthenticated"}
	msg := sprintf("%s %s is for everybody", [input.kind, input.metadata.name])
}

warn contains msg if {
	input.kind in bindings
	some i, subject in input.subjects
	subject.kind == "User"
	msg := sprintf("subject %d of %s is a person", [i, input.metadata.name])
}

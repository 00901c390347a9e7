package secrets

import rego.v1

deny_host_path contains msg if {
	[path, value] := walk(input)
	path[count(path) - 1] == "hostPath"
	msg := sprintf("a path of the host at %s", [concat(".", [sprintf("%v", [p]) | some p in path])])
}

deny_plain_secret contains msg if {
	walk(input, [path, value])
	is_string(value)
	regex.match(`^AKIA[0-9A-Z]{16}$`, value)
	msg := "there is an access key of AWS in the manifest"
}

deny_password_env contains msg if {
	walk(input, [_, node])
	some variable in node.env
	contains(lower(variable.name), "password")
	variable.value
	msg := sprintf("%s is written in plain text", [variable.name])
}

package values

deny_tag[msg] {
	tag := input[component].image.tag
	tag == "latest"
	msg := sprintf("%s.image.tag is latest", [component])
}

deny_resources[msg] {
	component := input[name]
	component.image
	object.get(component, "resources", {}) == {}
	msg := sprintf("%s.resources is empty", [name])
}

deny_secret[msg] {
	walk(input, [path, value])
	is_string(value)
	key := path[count(path) - 1]
	lower(key) == secret_words[_]
	value != ""
	msg := sprintf("%s is set", [concat(".", path)])
}

secret_words = ["password", "token", "apikey"]

deny_ingress[msg] {
	input.ingress.enabled
	count(input.ingress.tls) == 0
	msg := "ingress without TLS"
}

deny_count[msg] {
	n := input[name].replicaCount
	n % 2 == 0
	name == "etcd"
	msg := sprintf("%s has %d members", [name, n])
}

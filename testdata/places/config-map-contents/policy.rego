package configmaps

import rego.v1

deny_key_name contains msg if {
	input.kind == "ConfigMap"
	some key, _ in input.data
	key != upper(key)
	not contains(key, ".")
	msg := sprintf("key %s is not in capitals", [key])
}

deny_credentials contains msg if {
	input.kind == "ConfigMap"
	some key, value in input.data
	regex.match(`(?i)(password|token)`, key)
	msg := sprintf("%s belongs into a Secret", [key])
}

deny_embedded_debug contains msg if {
	input.kind == "ConfigMap"
	config := yaml.unmarshal(input.data["app.yaml"])
	config.debug == true
	msg := "app.yaml turns debugging on"
}

deny_long contains msg if {
	input.kind == "ConfigMap"
	value := input.data[key]
	count(value) > 200
	msg := sprintf("%s is too long", [key])
}

deny_url contains msg if {
	input.kind == "ConfigMap"
	url := input.data.UPSTREAM
	not startswith(url, "https://")
	msg := sprintf("the upstream %s is not encrypted", [url])
}

warn_binary contains "binary data" if count(input.binaryData) > 0

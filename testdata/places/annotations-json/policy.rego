package annotations

import rego.v1

prefix := "platform.example.com/"

own contains key if {
	some key in object.keys(input.metadata.annotations)
	startswith(key, prefix)
}

known := {"owner", "channel", "config", "expires"}

deny_unknown contains msg if {
	some key in own
	short := trim_prefix(key, prefix)
	not short in known
	msg := sprintf("annotation %s is not known", [short])
}

deny_config contains msg if {
	config := json.unmarshal(input.metadata.annotations["platform.example.com/config"])
	config.timeout > 60
	msg := sprintf("timeout of %d seconds", [config.timeout])
}

deny_expired contains msg if {
	value := input.metadata.annotations[concat("", [prefix, "expires"])]
	time.parse_rfc3339_ns(value) < time.parse_rfc3339_ns("2026-01-01T00:00:00Z")
	msg := sprintf("expired on %s", [value])
}

deny_channel contains msg if {
	key := sprintf("%schannel", [prefix])
	not startswith(input.metadata.annotations[key], "#")
	msg := "the channel begins with #"
}

deny_owner contains msg if {
	key := sprintf("%sowner", [prefix])
	not input.metadata.annotations[key]
	msg := sprintf("no annotation %s", [key])
}

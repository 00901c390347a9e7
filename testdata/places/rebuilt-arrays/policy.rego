package main

import rego.v1

all_ports := [port |
	some c in input.spec.containers
	some port in c.ports
]

privileged_ports := [p.containerPort | some p in all_ports; p.containerPort < 1024]

deny_low_port contains msg if {
	some number in privileged_ports
	msg := sprintf("port %d needs root", [number])
}

env := {e.name: e.value |
	some c in input.spec.containers
	some e in c.env
}

deny_http_proxy contains msg if {
	startswith(env.HTTP_PROXY, "http://")
	msg := "the proxy is reached without encryption"
}

summaries := [{"name": c.name, "tag": tag} |
	some c in input.spec.containers
	tag := split(c.image, ":")[1]
]

deny_snapshot contains msg if {
	some s in summaries
	endswith(s.tag, "-SNAPSHOT")
	msg := sprintf("%s runs a snapshot", [s.name])
}

deny_order contains msg if {
	first := summaries[0]
	first.tag == "dev"
	msg := sprintf("the first container (%s) is a development version", [first.name])
}

commands := [concat(" ", c.command) | some c in input.spec.containers; c.command]

deny_curl contains msg if {
	some command in commands
	contains(command, "curl | sh")
	msg := "runs what it has downloaded"
}

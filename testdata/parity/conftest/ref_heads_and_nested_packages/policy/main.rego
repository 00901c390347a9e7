package main

config.limits.max := 2
config.names[c.name] := true if some c in input.spec.template.spec.containers

deny contains sprintf("%v", [config]) if input.kind == "Deployment"

package main

deny contains msg if {
  names := [c.name | some c in input.spec.template.spec.containers]
  missing := {n | some n in names} - {c.name | some c in input.spec.template.spec.containers; c.resources.limits}
  count(missing) > 0
  msg := sprintf("no limits: %v of %v", [missing, names])
}

deny contains msg if {
  ports := {c.name: p | some c in input.spec.template.spec.containers; p := [x.containerPort | some x in c.ports]}
  msg := sprintf("%v", [ports])
}

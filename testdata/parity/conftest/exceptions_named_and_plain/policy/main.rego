package main

deny contains "plain deny" if input.kind
deny_root contains msg if {
  some c in input.spec.template.spec.containers
  c.securityContext.runAsUser == 0
  msg := sprintf("%s runs as root", [c.name])
}
violation_root contains "violation_root" if input.kind
warn_root contains "warn_root" if input.kind
deny_other contains "other" if input.kind

exception contains rules if {
  input.metadata.name == "web"
  rules := ["root"]
}

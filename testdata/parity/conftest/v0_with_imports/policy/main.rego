package main

import future.keywords.in
import future.keywords.if
import future.keywords.contains
import future.keywords.every

deny contains msg if {
  some c in input.spec.template.spec.containers
  every p in c.ports { p.containerPort < 1024 }
  msg := sprintf("low ports in %s", [c.name])
}

warn[msg] {
  any([input.kind == "Service", input.kind == "Pod"])
  msg := "any"
}

warn[msg] {
  re_match("^we", input.metadata.name)
  msg := "re_match"
}

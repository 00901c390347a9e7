package main

import data.registries.allowed
import data.teams

deny contains msg if {
  some c in input.spec.template.spec.containers
  not startswith_any(c.image)
  msg := sprintf("%s not from %v", [c.image, allowed])
}

startswith_any(image) if {
  some r in allowed
  startswith(image, r)
}

deny contains sprintf("unknown team %v", [t]) if {
  t := input.metadata.annotations.owner
  not teams[t]
}

warn contains sprintf("%v", [data.sub.conf]) if true

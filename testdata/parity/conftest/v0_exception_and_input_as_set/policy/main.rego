package main

import input as doc

name = doc.metadata.name

labels := {l | doc.metadata.labels[l]}
required := {"app", "owner"}

deny[msg] {
  missing := required - labels
  count(missing) > 0
  msg := sprintf("%s needs %v", [name, missing])
}

warn[msg] {
  some i
  port := doc.spec.ports[i]
  not port.targetPort
  msg := sprintf("port %v (%d) has no target", [port.port, i])
}

package main

deny contains msg if {
  some c in input.spec.template.spec.containers
  endswith(c.image, ":latest")
  msg := sprintf("container <%v> uses latest", [c.name])
}

violation contains {"msg": msg, "details": {"name": c.name}, "severity": 2} if {
  some c in input.spec.template.spec.containers
  c.securityContext.privileged
  msg := sprintf("%s is privileged", [c.name])
}

warn contains "no owner" if not input.metadata.annotations.owner

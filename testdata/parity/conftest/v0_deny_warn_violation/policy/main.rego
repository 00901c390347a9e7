package main

deny[msg] {
  c := input.spec.template.spec.containers[_]
  endswith(c.image, ":latest")
  msg := sprintf("container <%v> uses latest", [c.name])
}

violation[{"msg": msg, "details": {"name": c.name}}] {
  c := input.spec.template.spec.containers[_]
  c.securityContext.privileged
  msg := sprintf("%s is privileged", [c.name])
}

warn[msg] {
  not input.metadata.annotations.owner
  msg = sprintf("%s/%s has no owner", [input.kind, input.metadata.name])
}

package main

deny[msg] {
  input.kind == "Namespace"
  not input.metadata.labels["pod-security.kubernetes.io/enforce"]
  msg := sprintf("namespace %s enforces no standard", [input.metadata.name])
}

deny[msg] {
  input.kind == "Namespace"
  level := input.metadata.labels["pod-security.kubernetes.io/enforce"]
  level == "privileged"
  msg := sprintf("namespace %s is without any rule", [input.metadata.name])
}

deny[msg] {
  input.kind == "LimitRange"
  l := input.spec.limits[_]
  l.type == "Container"
  not l.default.memory
  msg := sprintf("%s gives no memory by default", [input.metadata.name])
}

deny[msg] {
  input.metadata.namespace == "default"
  msg := sprintf("%s %s is in the default namespace", [input.kind, input.metadata.name])
}

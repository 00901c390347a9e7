package admission.requests

# Requests as the API server sends them; one rule answers for the whole pod.
relevant { {"CREATE", "UPDATE"}[input.request.operation]; input.request.kind.kind == "Pod" }

pod = input.request.object

deny[msg] {
  verbs := {"CREATE", "UPDATE"}
  verbs[input.request.operation]
  used := {r | r := pod.spec.runtimeClassName}
  known := {"gvisor", "kata"}
  unknown := used - known
  count(unknown) > 0
  msg := sprintf("unknown runtime classes: %v", [unknown])
}

deny[msg] {
  verbs := {"CREATE", "UPDATE"}
  verbs[input.request.operation]
  groups := {g | g := pod.spec.securityContext.supplementalGroups[_]}
  count(groups - {1000, 2000}) > 0
  msg := sprintf("%s: supplemental groups", [pod.metadata.name])
}

deny[msg] {
  relevant
  names := {n | n := pod.spec.containers[i].name; pod.spec.containers[i].tty}
  more := {n | n := pod.spec.initContainers[i].name; pod.spec.initContainers[i].tty}
  count(names | more) > 0
  msg := sprintf("terminals: %s", [concat(", ", names | more)])
}

deny[msg] {
  relevant
  have := {k | pod.metadata.annotations[k]}
  want := {"contact", "runbook"}
  lacking := want - have
  count(lacking) > 0
  msg := sprintf("annotations lacking: %v", [lacking])
}

deny[msg] {
  relevant
  level := input.request.object.spec.securityContext.seLinuxOptions.level
  not {"s0", "s1"}[level]
  msg := sprintf("SELinux level %s", [level])
}

deny[msg] {
  input.request.userInfo.username == "system:serviceaccount:ci:robot"
  input.request.namespace == "prod"
  msg := "the CI robot may not write to prod"
}

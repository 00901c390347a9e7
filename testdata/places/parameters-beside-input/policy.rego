package k8spolicies

# Parameters are part of the input, as in Gatekeeper; they never are what is wrong.

violation[{"msg": msg}] {
  value := input.review.object.metadata.labels[key]
  expected := input.parameters.labels[_]
  expected.key == key
  not re_match(expected.allowedRegex, value)
  msg := sprintf("label <%v: %v> does not match %v", [key, value, expected.allowedRegex])
}

violation[{"msg": msg}] {
  provided := {label | input.review.object.metadata.labels[label]}
  required := {label | label := input.parameters.labels[_].key}
  missing := required - provided
  count(missing) > 0
  msg := sprintf("labels %v are missing", [missing])
}

violation[{"msg": msg}] {
  replicas := input.review.object.spec.replicas
  not in_some_range(replicas)
  msg := sprintf("%v replicas", [replicas])
}

in_some_range(n) {
  range := input.parameters.ranges[_]
  range.min <= n
  range.max >= n
}

violation[{"msg": msg}] {
  c := input.review.object.spec.template.spec.containers[_]
  ok := [good | p = input.parameters.suffixes[_]; good = endswith(c.image, p)]
  not any_true(ok)
  msg := sprintf("image %v", [c.image])
}

any_true(xs) { xs[_] == true }

violation[{"msg": msg}] {
  class := input.review.object.spec.template.spec.priorityClassName
  matching := [m | m := input.parameters.classes[_]; m == class]
  count(matching) == 0
  msg := sprintf("priority class %v", [class])
}

violation[{"msg": msg}] {
  exempt := {x | x := input.parameters.exempt[_]}
  v := input.review.object.spec.template.spec.volumes[_]
  not exempt[v.name]
  v.nfs.server
  msg := sprintf("volume %v is on NFS", [v.name])
}

package main

containers := input.spec.template.spec.containers

names := {n | n := containers[_].name}

deny[msg] {
  count(names) != count(containers)
  msg := "container names repeat"
}

mounts[mount] {
  mount := containers[_].volumeMounts[_].name
}

volumes := {v | v := input.spec.template.spec.volumes[_].name}

deny[msg] {
  unknown := mounts - volumes
  unknown[name]
  msg := sprintf("volume %s is mounted, but there is no such volume", [name])
}

deny[msg] {
  unused := volumes - mounts
  count(unused) > 0
  msg := sprintf("volumes %s are not used", [concat(", ", sort(unused))])
}

deny[msg] {
  count(containers) > 3
  msg := "too many containers in a pod"
}

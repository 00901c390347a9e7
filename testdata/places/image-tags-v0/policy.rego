package main

deny[msg] {
  input.kind == "Deployment"
  container := input.spec.template.spec.containers[_]
  endswith(container.image, ":latest")
  msg := sprintf("container %s of %s uses the latest tag", [container.name, input.metadata.name])
}

deny[msg] {
  input.kind == "Deployment"
  image := input.spec.template.spec.containers[_].image
  not contains(image, ":")
  msg := sprintf("image %s has no tag", [image])
}

warn[msg] {
  input.kind == "Deployment"
  some i
  c := input.spec.template.spec.containers[i]
  c.imagePullPolicy != "IfNotPresent"
  msg := sprintf("container %d of %s is pulled on every start", [i, input.metadata.name])
}

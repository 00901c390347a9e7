package k8sallowedsources

violation[{"msg": msg}] {
  container := input.review.object.spec.containers[_]
  satisfied := [good | repo = input.parameters.repos[_]; good = startswith(container.image, repo)]
  not any(satisfied)
  msg := sprintf("container <%v> has an invalid image source <%v>, allowed sources are %v", [container.name, container.image, input.parameters.repos])
}

violation[{"msg": msg, "details": {"container": container.name}}] {
  container := input_containers[_]
  container.securityContext.privileged
  msg := sprintf("privileged container is not allowed: %v", [container.name])
}

input_containers[c] {
  c := input.review.object.spec.containers[_]
}

input_containers[c] {
  c := input.review.object.spec.initContainers[_]
}

violation[{"msg": msg}] {
  volume := input.review.object.spec.volumes[_]
  volume.hostPath
  msg := sprintf("volume %v mounts a path of the host", [volume.name])
}

any(list) { list[_] == true }

package lib.kubernetes

default is_gatekeeper = false

is_gatekeeper {
  has_field(input, "review")
  has_field(input.review, "object")
}

object = input {
  not is_gatekeeper
}

object = input.review.object {
  is_gatekeeper
}

format(msg) = gatekeeper_format {
  is_gatekeeper
  gatekeeper_format = {"msg": msg}
}

format(msg) = msg {
  not is_gatekeeper
}

name = object.metadata.name

kind = object.kind

is_pod { kind = "Pod" }

is_deployment { kind = "Deployment" }

pod_containers(pod) = all_containers {
  keys = {"containers", "initContainers"}
  all_containers = [c | keys[k]; c = pod.spec[k][_]]
}

containers[container] {
  pods[pod]
  all_containers = pod_containers(pod)
  container = all_containers[_]
}

pods[pod] {
  is_deployment
  pod = object.spec.template
}

pods[pod] {
  is_pod
  pod = object
}

volumes[volume] {
  pods[pod]
  volume = pod.spec.volumes[_]
}

has_field(obj, field) {
  obj[field]
}

dropped_capability(container, cap) {
  container.securityContext.capabilities.drop[_] == cap
}

package main

import data.lib.kubernetes

deny[msg] {
  kubernetes.containers[container]
  [image_name, tag] = split_image(container.image)
  tag == "latest"
  msg = kubernetes.format(sprintf("%s in the %s %s uses the image %s at latest", [container.name, kubernetes.kind, kubernetes.name, image_name]))
}

split_image(image) = [image, "latest"] {
  not contains(image, ":")
}

split_image(image) = [name, tag] {
  [name, tag] = split(image, ":")
}

violation[msg] {
  kubernetes.containers[container]
  not kubernetes.dropped_capability(container, "ALL")
  msg = kubernetes.format(sprintf("%s in the %s %s keeps capabilities", [container.name, kubernetes.kind, kubernetes.name]))
}

violation[msg] {
  kubernetes.containers[container]
  container.securityContext.runAsUser < 1000
  msg = kubernetes.format(sprintf("%s in the %s %s has a low user id", [container.name, kubernetes.kind, kubernetes.name]))
}

violation[msg] {
  kubernetes.volumes[volume]
  volume.hostPath.path == "/var/run/docker.sock"
  msg = kubernetes.format(sprintf("the %s %s mounts the socket of Docker", [kubernetes.kind, kubernetes.name]))
}

violation[msg] {
  kubernetes.pods[pod]
  pod.spec.hostNetwork
  msg = kubernetes.format(sprintf("the %s %s is on the network of its host", [kubernetes.kind, kubernetes.name]))
}

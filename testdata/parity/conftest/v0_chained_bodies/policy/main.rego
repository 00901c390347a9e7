package main

deny[msg] {
  input.kind == "Deployment"
  msg := "deployment"
} {
  input.kind == "Service"
  msg := "service"
} {
  input.spec.hostNetwork
  msg := sprintf("%s uses the host's network",
    [input.metadata.name])
}

is_public(x) {
  x.spec.type == "LoadBalancer"
} {
  x.spec.hostNetwork == true
}

size = "big" {
  input.spec.replicas > 2
} {
  count(input.spec.ports) > 1
}

warn[msg] {
  is_public(input)
  msg = "public"
}

warn[msg] {
  msg = sprintf("size %v", [size])
}

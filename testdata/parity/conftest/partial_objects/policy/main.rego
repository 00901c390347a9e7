package main

images[c.name] := c.image if some c in input.spec.template.spec.containers

by_port[p] contains c.name if {
  some c in input.spec.template.spec.containers
  some port in c.ports
  p := port.containerPort
}

deny contains msg if {
  some name, image in images
  not startswith(image, "quay.io/")
  msg := sprintf("%v=%v", [name, image])
}

warn contains sprintf("%v", [by_port]) if count(by_port) > 0
deny contains sprintf("%v", [images]) if count(images) == 2

package main

deny contains msg if {
  input.kind == "Deployment"
  msg := "first"
}

deny contains msg if {
  input.spec.replicas > 2
  msg := sprintf("replicas %d", [input.spec.replicas])
}

deny contains msg if {
  input.kind == "Deployment"
  msg := "first"
}

deny contains msg if {
  some name in ["x", "y"]
  msg := concat("-", [input.metadata.name, name])
}

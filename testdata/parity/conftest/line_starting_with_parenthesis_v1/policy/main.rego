package main

deny contains "more than 2" if {
  x := input.spec.replicas
  (x > 2)
}

deny contains "call before" if {
  startswith(input.metadata.name, "w")
  (input.spec.replicas + 1) * 2 > 7
}

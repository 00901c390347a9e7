package main

deny[msg] {
  x := input.spec.replicas
  (x > 2)
  msg := "more than 2"
}

deny[msg] {
  input.metadata.name
  (input.spec.replicas + 1) * 2 > 7
  msg := "arithmetic"
}

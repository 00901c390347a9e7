package main

deny_a[msg] { msg := "a" }
deny_b[msg] { msg := "b"; input.kind == "Service" }
deny_c[msg] { msg := "c"; input.kind == "Deployment" }

exception[rules] {
  input.kind == "Deployment"
  rules = ["a", "c"]
}

exception[["b"]] { input.metadata.annotations.owner == "team-a" }

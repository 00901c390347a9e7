package main

good(x) { x == "front" }
num(x) = 5 { x > 1 }

deny[msg] { not good(input.metadata.labels.tier); msg := "not good(tier)" }
deny[msg] { not good(input.metadata.labels.missing); msg := "not good(missing)" }
deny[msg] { not input.spec.missing > 3; msg := "not missing > 3" }
deny[msg] { not count(input.spec.missing) > 0; msg := "not count(missing) > 0" }
deny[msg] { not input.spec.missing == 3; msg := "not missing == 3" }
deny[msg] { not input.spec.missing; msg := "not missing" }
deny[msg] { not num(input.spec.missing) == 5; msg := "not num(missing) == 5" }
deny[msg] { x := {"a": 1}; not x[input.spec.missing]; msg := "not x[missing]" }
deny[msg] { not startswith(input.metadata.missing, "a"); msg := "not startswith(missing)" }

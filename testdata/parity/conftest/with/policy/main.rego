package main

base := input.spec.replicas
limit := data.limits.max

deny contains msg if {
  x := base with input as {"spec": {"replicas": 9}}
  y := base
  z := limit with data.limits as {"max": 7}
  msg := sprintf("%d %d %d", [x, y, z])
}

deny contains msg if {
  n := count([1, 2]) with count as 42
  msg := sprintf("count is %v", [n])
}

not_a_pod if not input.kind == "Pod"

deny contains "with in not" if {
  not not_a_pod with input as {"kind": "Pod"}
  not_a_pod
}

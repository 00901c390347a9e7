package main

deny contains msg if {
  c := [c | some c in input.spec.template.spec.containers; not c.resources]
  msg := sprintf("%d without resources", [count(c)])
}

deny contains msg if {
  name := {name | name := input.spec.template.spec.containers[_].name}
  msg := sprintf("%v", [name])
}

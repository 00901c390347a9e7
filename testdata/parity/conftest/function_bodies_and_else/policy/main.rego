package main

level(n) := "low" if n < 2
else := "middle" if n < 4
else := "high"

is_bad(c) if c.securityContext.privileged
is_bad(c) if endswith(c.image, ":latest")
is_bad(c) if not contains(c.image, ":")

deny contains msg if {
  msg := sprintf("%s level %s", [input.metadata.name, level(input.spec.replicas)])
}

deny contains msg if {
  some kind in ["containers", "initContainers"]
  some i, c in input.spec.template.spec[kind]
  is_bad(c)
  msg := sprintf("%s[%d] %s is bad", [kind, i, c.name])
}

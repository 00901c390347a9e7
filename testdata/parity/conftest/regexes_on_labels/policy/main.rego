package main

deny contains msg if {
  some k, v in input.metadata.labels
  not regex.match(`^[a-z]+$`, v)
  msg := sprintf("label %q=%q", [k, v])
}

deny contains msg if {
  some c in input.spec.template.spec.containers
  [_, tag] := split(c.image, ":")
  not regex.match(`^v?\d+\.\d+\.\d+$`, tag)
  msg := sprintf("tag %s of %s", [tag, c.name])
}

deny contains msg if {
  some m in regex.find_n(`\w+`, input.metadata.name, -1)
  msg := sprintf("word %s", [m])
}

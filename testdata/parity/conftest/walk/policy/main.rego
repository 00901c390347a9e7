package main

deny contains msg if {
  walk(input, [path, value])
  path[count(path) - 1] == "image"
  not contains(value, "quay.io")
  msg := sprintf("%v: %s", [concat(".", [p | some x in path; p := sprintf("%v", [x])]), value])
}

warn contains msg if {
  [path, value] := walk(input)
  value == 80
  msg := json.marshal(path)
}

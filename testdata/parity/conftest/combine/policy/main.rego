package main

deny contains msg if {
  some file in input
  file.contents.kind == "Service"
  not has_deployment(file.contents.metadata.name)
  msg := sprintf("%s: no deployment %s", [file.path, file.contents.metadata.name])
}

has_deployment(name) if {
  some file in input
  file.contents.kind == "Deployment"
  file.contents.metadata.name == name
}

warn contains sprintf("%d documents", [count(input)]) if true
deny contains sprintf("%s %s", [f.path, f.contents.kind]) if some f in input

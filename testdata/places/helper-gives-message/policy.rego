package main

deny[msg] {
  input.kind != "List"
  msg := problem
}

deny[msg] {
  input.kind == "Wrapper"
  inner := input.manifests[_]
  msg := problem with input as inner
}

problem = msg {
  kinds := ["Deployment", "StatefulSet"]
  input.kind == kinds[_]
  input.spec.template.spec.dnsConfig
  msg := sprintf("%s/%s: no own DNS servers", [input.kind, input.metadata.name])
}

problem = msg {
  input.kind == "Pod"
  input.spec.restartPolicy == "OnFailure"
  msg := sprintf("%s/%s: a bare pod is started only once", [input.kind, input.metadata.name])
}

problem = msg {
  kinds := {"CronJob": "suspend", "Job": "suspend", "Ingress": "defaultBackend"}
  field := kinds[input.kind]
  input.spec[field]
  msg := sprintf("%s/%s: %s is set", [input.kind, input.metadata.name, field])
}

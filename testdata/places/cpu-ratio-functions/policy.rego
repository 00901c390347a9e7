package ratios

# Millicores of a quantity as people write it.
canonify_cpu(orig) = new {
  is_number(orig)
  new := orig * 1000
}

canonify_cpu(orig) = new {
  not is_number(orig)
  endswith(orig, "m")
  new := to_number(replace(orig, "m", ""))
}

canonify_cpu(orig) = new {
  not is_number(orig)
  not endswith(orig, "m")
  regex.match("^[0-9]+(\\.[0-9]+)?$", orig)
  new := to_number(orig) * 1000
}

missing(obj, field) = true {
  not obj[field]
}

missing(obj, field) = true {
  obj[field] == ""
}

general_violation[{"msg": msg, "field": field}] {
  container := input.spec[field][_]
  cpu_orig := container.resources.limits.cpu
  not canonify_cpu(cpu_orig)
  msg := sprintf("container <%v> cpu limit <%v> could not be parsed", [container.name, cpu_orig])
}

general_violation[{"msg": msg, "field": field}] {
  container := input.spec[field][_]
  missing(container.resources.limits, "cpu")
  msg := sprintf("container <%v> has no cpu limit", [container.name])
}

general_violation[{"msg": msg, "field": field}] {
  container := input.spec[field][_]
  cpu_orig := container.resources.limits.cpu
  cpu := canonify_cpu(cpu_orig)
  max_cpu := canonify_cpu("2")
  cpu > max_cpu
  msg := sprintf("container <%v> cpu limit <%v> is higher than the maximum", [container.name, cpu_orig])
}

violation[{"msg": msg}] {
  general_violation[{"msg": msg, "field": "containers"}]
}

violation[{"msg": msg}] {
  general_violation[{"msg": msg, "field": "initContainers"}]
}

deny_ratio[msg] {
  container := input.spec.containers[_]
  limit := canonify_cpu(container.resources.limits.cpu)
  request := canonify_cpu(container.resources.requests.cpu)
  limit > request * 4
  msg := sprintf("container <%v> may use far more than it asks for", [container.name])
}

package main

deny contains "not every container has limits" if {
  not all_limited
}

all_limited if {
  every c in input.spec.template.spec.containers {
    c.resources.limits.cpu
  }
}

warn contains "every port is below 1024" if {
  every i, p in input.spec.ports {
    i >= 0
    p.port < 1024
  }
}

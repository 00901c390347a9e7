package main

import data.lib.k8s
import data.lib.k8s as kube

deny contains msg if {
  k8s.is_workload
  some c in kube.containers
  not k8s.tagged(c.image)
  msg := k8s.format("%s: image %s has no good tag", [c.name, c.image])
}

package lib.k8s

default is_workload := false

is_workload if input.kind in {"Deployment", "Pod"}

pod := input.spec if input.kind == "Pod"
pod := input.spec.template.spec if input.kind == "Deployment"

containers contains c if some c in pod.containers
containers contains c if some c in pod.initContainers

tagged(image) if {
  contains(image, ":")
  not endswith(image, ":latest")
}

tagged(image) if contains(image, "@sha256:")

format(f, args) := sprintf(f, args)

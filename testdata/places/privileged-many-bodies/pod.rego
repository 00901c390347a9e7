package security.pod

spec = input.spec { input.kind == "Pod" }

spec = input.spec.template.spec { input.kind == "DaemonSet" }

spec = input.spec.jobTemplate.spec.template.spec { input.kind == "CronJob" }

containers = all {
  all := array.concat(object.get(spec, "containers", []), object.get(spec, "initContainers", []))
}

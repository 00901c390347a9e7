package main

# Versions that the next cluster no longer serves.

deny[msg] {
  apis := ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"]
  input.apiVersion == apis[_]
  input.kind == "Deployment"
  msg := sprintf("%s/%s: API %s is no longer served, use apps/v1", [input.kind, input.metadata.name, input.apiVersion])
}

deny[msg] {
  input.kind == "PodSecurityPolicy"
  msg := sprintf("%s/%s: this kind is gone", [input.kind, input.metadata.name])
}

warn[msg] {
  kinds := {"batch/v1beta1": {"CronJob"}, "autoscaling/v2beta2": {"HorizontalPodAutoscaler"}}
  kinds[input.apiVersion][input.kind]
  msg := sprintf("%s/%s: API %s ends soon", [input.kind, input.metadata.name, input.apiVersion])
}

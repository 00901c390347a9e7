package kubernetes.required_labels

import data.lib.kubernetes

# The labels, unless a data file gives others: `required_labels: [team]`.
default labels := {"app.kubernetes.io/name"}

labels := {label | some label in data.required_labels} if data.required_labels

# METADATA
# title: Workloads and Services have the labels that everyone looks for
# description: |
#   Without them, nobody knows whom a resource belongs to. `data.required_labels` is the list, by default
#   `app.kubernetes.io/name`.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
# custom:
#   severity: low
deny_labels contains msg if {
	input.kind in {"CronJob", "DaemonSet", "Deployment", "Job", "Service", "StatefulSet"}
	missing := labels - {label | some label, _ in input.metadata.labels}
	count(missing) > 0
	msg := sprintf("%s lacks the labels %s", [kubernetes.name, concat(", ", missing)])
}

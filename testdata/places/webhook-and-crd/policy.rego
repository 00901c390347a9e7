package admission

import rego.v1

is_webhook if endswith(input.kind, "WebhookConfiguration")

deny_fail_open contains msg if {
	is_webhook
	some hook in input.webhooks
	hook.failurePolicy == "Ignore"
	msg := sprintf("%s lets everything pass when it is down", [hook.name])
}

deny_scope contains msg if {
	is_webhook
	some hook in input.webhooks
	some rule in hook.rules
	every field in ["apiGroups", "resources"] {
		"*" in rule[field]
	}
	msg := sprintf("%s is asked about everything", [hook.name])
}

deny_system contains msg if {
	is_webhook
	some hook in input.webhooks
	not excludes_system(hook)
	msg := sprintf("%s can lock the cluster out", [hook.name])
}

excludes_system(hook) if {
	some expression in hook.namespaceSelector.matchExpressions
	expression.operator == "NotIn"
	"kube-system" in expression.values
}

deny_served contains msg if {
	input.kind == "CustomResourceDefinition"
	storage := [v | some v in input.spec.versions; v.storage]
	count(storage) != 1
	msg := sprintf("%d versions are stored", [count(storage)])
}

deny_schema contains msg if {
	input.kind == "CustomResourceDefinition"
	version := input.spec.versions[_]
	version.served
	version.schema.openAPIV3Schema["x-kubernetes-preserve-unknown-fields"]
	msg := sprintf("version %s takes everything", [version.name])
}

deny_timeout contains msg if {
	hook := input.webhooks[_]
	seconds := object.get(hook, "timeoutSeconds", 10)
	not seconds in numbers.range(1, 5)
	msg := sprintf("%s may take %d seconds", [hook.name, seconds])
}

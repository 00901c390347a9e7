package storage

import future.keywords.if
import future.keywords.in

classes := {"fast", "standard"}

gigabytes(quantity) := to_number(trim_suffix(quantity, "Gi")) if endswith(quantity, "Gi")

gigabytes(quantity) := to_number(trim_suffix(quantity, "Ti")) * 1024 if endswith(quantity, "Ti")

deny[msg] {
	input.kind == "PersistentVolumeClaim"
	class := object.get(input.spec, "storageClassName", "")
	not class in classes
	msg := sprintf("%s has an unknown storage class", [input.metadata.name])
}

deny[msg] {
	input.kind == "PersistentVolumeClaim"
	size := gigabytes(input.spec.resources.requests.storage)
	size > 500
	msg := sprintf("%s asks for %d GiB", [input.metadata.name, size])
}

deny[msg] {
	input.kind == "PersistentVolumeClaim"
	modes := {m | m := input.spec.accessModes[_]}
	count(modes & {"ReadWriteMany", "ReadOnlyMany"}) > 0
	msg := sprintf("%s is shared", [input.metadata.name])
}

deny[msg] {
	input.kind == "StatefulSet"
	claim := input.spec.volumeClaimTemplates[_]
	gigabytes(claim.spec.resources.requests.storage) > 100
	msg := sprintf("each replica of %s gets more than 100 GiB for %s", [input.metadata.name, claim.metadata.name])
}

package k8sdisallowedannotations

import rego.v1

violation contains {"msg": msg} if {
	some key, value in input.review.object.metadata.annotations
	some pattern in input.parameters.patterns
	regex.match(pattern, key)
	msg := sprintf("annotation %v=%v is not allowed", [key, value])
}

package kubernetes.no_latest

import data.lib.kubernetes

# METADATA
# title: Images have a fixed version
# description: |
#   An image without a tag, or with the tag `latest`, is another one tomorrow.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/containers/images/#image-names
# custom:
#   severity: medium
deny_latest contains msg if {
	some entry in kubernetes.containers
	image := object.get(entry.container, "image", "")
	not pinned(image)
	msg := sprintf("%s: container %s uses the image %q without a fixed version", [kubernetes.name, entry.name, image])
}

# A digest, or a tag other than latest; a colon before a slash belongs to the registry's port.
pinned(image) if contains(image, "@")

pinned(image) if {
	parts := split(image, "/")
	last := parts[count(parts) - 1]
	[_, tag] := split(last, ":")
	not tag in {"", "latest"}
}

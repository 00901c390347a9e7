# METADATA
# title: Containers drop all capabilities
# custom:
#   matchers:
#     kinds:
#     - apiGroups: [""]
#       kinds: [Pod]
package container_rules

import data.lib.core
import data.lib.pods

policyID := "P1002"

violation[msg] {
	pods.containers[container]
	not container_dropped_all_capabilities(container)
	msg := core.format_with_id(sprintf("%s/%s/%s: does not drop all capabilities", [core.kind, core.name, container.name]), policyID)
}

container_dropped_all_capabilities(container) {
	all_capabilities := {"ALL", "all"}
	container.securityContext.capabilities.drop[_] == all_capabilities[_]
}

violation[msg] {
	pods.containers[container]
	core.has_field(container, "securityContext")
	core.has_field(container.securityContext, "privileged")
	container.securityContext.privileged
	msg := core.format_with_id(sprintf("%s/%s/%s: is privileged", [core.kind, core.name, container.name]), "P1003")
}

violation[msg] {
	pods.containers[container]
	core.missing_field(container, "image")
	msg := core.format(sprintf("%s/%s: no image", [core.kind, container.name]))
}

violation[msg] {
	core.has_field(pods.pod.spec, "hostAliases")
	msg := core.format_with_id(sprintf("%s/%s: has host aliases", [core.kind, core.name]), "P1006")
}

violation[msg] {
	pods.volumes[volume]
	core.has_field(volume, "hostPath")
	msg := core.format_with_id(sprintf("%s/%s: mounts %s", [core.kind, core.name, volume.hostPath.path]), "P1007")
}

violation[msg] {
	core.missing_field(core.annotations, "owner")
	msg := core.format(sprintf("%s/%s: nobody owns it", [core.kind, core.name]))
}

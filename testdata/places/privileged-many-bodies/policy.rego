package security

import data.security.pod

deny[msg] {
  c := pod.containers[_]
  is_dangerous(c)
  msg = sprintf("%s can break out of its sandbox", [c.name])
}

is_dangerous(c) {
  c.securityContext.privileged == true
}

is_dangerous(c) {
  c.securityContext.allowPrivilegeEscalation == true
}

is_dangerous(c) {
  c.securityContext.capabilities.add[_] == "SYS_ADMIN"
}

is_dangerous(c) {
  c.securityContext.seccompProfile.type == "Unconfined"
}

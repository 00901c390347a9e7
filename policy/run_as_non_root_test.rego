package kubernetes.run_as_non_root_test

import data.kubernetes.run_as_non_root

pod(of_pod, of_container) := {
	"kind": "Pod",
	"metadata": {"name": "p"},
	"spec": {"securityContext": of_pod, "containers": [{"name": "c", "securityContext": of_container}]},
}

test_nothing_said_is_denied if count(run_as_non_root.deny_root) == 1 with input as pod({}, {})

test_at_the_pod_passes if count(run_as_non_root.deny_root) == 0 with input as pod({"runAsNonRoot": true}, {})

test_at_the_container_passes if count(run_as_non_root.deny_root) == 0 with input as pod({}, {"runAsNonRoot": true})

test_container_wins if {
	run_as_non_root.deny_root == {"Pod p: container c may run as root"} with input as pod({"runAsNonRoot": true}, {"runAsNonRoot": false})
}

test_text_is_no_boolean if count(run_as_non_root.deny_root) == 1 with input as pod({"runAsNonRoot": "true"}, {})

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

test_every_list_of_containers_is_judged if {
	every list in ["containers", "initContainers", "ephemeralContainers"] {
		count(run_as_non_root.deny_root) == 1 with input as {"kind": "Pod", "metadata": {"name": "p"}, "spec": {list: [{"name": "c"}]}}
	}
}

test_cron_jobs_are_judged_by_their_pod if {
	of_pod := {"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "c"}]}
	cron := {"kind": "CronJob", "metadata": {"name": "n"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": of_pod}}}}}
	count(run_as_non_root.deny_root) == 0 with input as cron
}

test_one_container_does_not_speak_for_another if {
	containers := [{"name": "a", "securityContext": {"runAsNonRoot": true}}, {"name": "b"}]
	run_as_non_root.deny_root == {"Pod p: container b may run as root"} with input as {
		"kind": "Pod",
		"metadata": {"name": "p"},
		"spec": {"containers": containers},
	}
}

test_container_without_a_name_is_denied if {
	count(run_as_non_root.deny_root) == 1 with input as {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{}]}}
}

package kubernetes.resource_limits_test

import data.kubernetes.resource_limits

deployment(resources) := {
	"kind": "Deployment",
	"metadata": {"name": "d"},
	"spec": {"template": {"spec": {"containers": [{"name": "c", "resources": resources}]}}},
}

test_no_limit_is_denied if {
	resource_limits.deny_memory_limit == {"Deployment d: container c has no memory limit"} with input as deployment({})
}

test_cpu_limit_alone_is_denied if {
	count(resource_limits.deny_memory_limit) == 1 with input as deployment({"limits": {"cpu": 1}})
}

test_memory_limit_passes if {
	count(resource_limits.deny_memory_limit) == 0 with input as deployment({"limits": {"memory": "1Gi"}})
}

test_no_requests_are_warned_about if count(resource_limits.warn_requests) == 2 with input as deployment({})

test_a_limit_is_a_request if {
	resource_limits.warn_requests == {"Deployment d: container c requests no cpu"} with input as deployment({"limits": {"memory": "1Gi"}})
}

test_cron_jobs_are_judged if {
	spec := {"containers": [{"name": "c"}]}
	cron := {"kind": "CronJob", "metadata": {"name": "n"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}
	count(resource_limits.deny_memory_limit) == 1 with input as cron
}

test_init_containers_are_judged_and_ephemeral_ones_are_not if {
	resource_limits.deny_memory_limit == {"Pod p: container i has no memory limit"} with input as {
		"kind": "Pod",
		"metadata": {"name": "p"},
		"spec": {"initContainers": [{"name": "i"}], "ephemeralContainers": [{"name": "e"}]},
	}
}

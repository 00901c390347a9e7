package kubernetes.no_latest_test

import data.kubernetes.no_latest

pod(image) := {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": image}]}}

test_latest_is_denied if count(no_latest.deny_latest) == 1 with input as pod("nginx:latest")

test_no_tag_is_denied if count(no_latest.deny_latest) == 1 with input as pod("nginx")

test_port_is_no_tag if count(no_latest.deny_latest) == 1 with input as pod("localhost:5000/nginx")

test_empty_tag_is_denied if count(no_latest.deny_latest) == 1 with input as pod("nginx:")

test_version_passes if count(no_latest.deny_latest) == 0 with input as pod("registry.example.com:443/nginx:1.27")

test_digest_passes if count(no_latest.deny_latest) == 0 with input as pod("nginx@sha256:0123")

test_message if {
	no_latest.deny_latest == {"Pod p: container c uses the image \"nginx\" without a fixed version"} with input as pod("nginx")
}

test_every_list_of_containers_is_judged if {
	every list in ["containers", "initContainers", "ephemeralContainers"] {
		count(no_latest.deny_latest) == 1 with input as object.union(pod("nginx:1.27"), {"spec": {
			"containers": [{"name": "c", "image": "nginx:1.27"}],
			list: [{"name": "c", "image": "nginx"}],
		}})
	}
}

test_every_workload_is_judged if {
	spec := {"containers": [{"name": "c", "image": "nginx"}]}
	every kind in ["DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"] {
		workload := {"kind": kind, "metadata": {"name": "w"}, "spec": {"template": {"spec": spec}}}
		no_latest.deny_latest == {sprintf("%s w: container c uses the image \"nginx\" without a fixed version", [kind])} with input as workload
	}
	cron := {"kind": "CronJob", "metadata": {"name": "w"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}
	count(no_latest.deny_latest) == 1 with input as cron
}

test_each_container_counts if {
	containers := [{"name": "a", "image": "nginx"}, {"name": "b", "image": "nginx:1.27"}, {"name": "c", "image": "redis:latest"}]
	count(no_latest.deny_latest) == 2 with input as {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}}
}

test_port_and_latest_is_denied if count(no_latest.deny_latest) == 1 with input as pod("host:5000/img:latest")

test_digest_wins_over_latest if count(no_latest.deny_latest) == 0 with input as pod("nginx:latest@sha256:0123")

test_container_without_name_or_image_is_denied if {
	no_latest.deny_latest == {"Pod p: container without a name uses the image \"\" without a fixed version"} with input as {
		"kind": "Pod",
		"metadata": {"name": "p"},
		"spec": {"containers": [{"command": ["sh"]}]},
	}
}

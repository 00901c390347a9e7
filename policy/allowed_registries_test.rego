package kubernetes.allowed_registries_test

import data.kubernetes.allowed_registries

pod(image) := {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"initContainers": [{"name": "c", "image": image}]}}

denied(image) := n if {
	n := count(allowed_registries.deny_registry) with input as pod(image)
		with data.allowed_registries as ["registry.example.com", "docker.io/library/"]
}

test_allowed_registry_passes if denied("registry.example.com/team/app:1") == 0

test_official_image_passes if denied("nginx:1.27") == 0

test_user_image_is_denied if denied("someone/nginx:1.27") == 1

test_other_registry_is_denied if denied("quay.io/app:1") == 1

test_longer_name_is_denied if denied("registry.example.com.evil.io/app:1") == 1

test_local_registry_is_denied if denied("localhost/app:1") == 1

test_without_a_list_everything_is_denied if {
	count(allowed_registries.deny_registry) == 1 with input as pod("registry.example.com/app:1")
	count(allowed_registries.deny_without_list) == 1 with input as pod("registry.example.com/app:1")
}

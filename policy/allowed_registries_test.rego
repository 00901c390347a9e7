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

test_digest_of_allowed_registry_passes if denied("registry.example.com/app@sha256:0123") == 0

test_digest_of_official_image_passes if denied("nginx@sha256:0123") == 0

test_other_port_is_another_registry if denied("registry.example.com:5000/app:1") == 1

test_registry_with_port_passes if {
	count(allowed_registries.deny_registry) == 0 with input as pod("host:5000/img")
		with data.allowed_registries as ["host:5000"]
}

test_part_of_a_registry if {
	denied_of("registry.example.com/team/app:1", ["registry.example.com/team"]) == 0
	denied_of("registry.example.com/teams/app:1", ["registry.example.com/team"]) == 1
	denied_of("registry.example.com/app:1", ["registry.example.com/team/"]) == 1
}

denied_of(image, registries) := n if {
	n := count(allowed_registries.deny_registry) with input as pod(image) with data.allowed_registries as registries
}

test_empty_list_allows_nothing if denied_of("registry.example.com/app:1", []) == 1

test_nothing_to_say_without_containers if {
	count(allowed_registries.deny_without_list) == 0 with input as {"kind": "Service", "metadata": {"name": "s"}}
}

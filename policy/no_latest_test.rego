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

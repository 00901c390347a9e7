package kubernetes.required_labels_test

import data.kubernetes.required_labels

service(labels) := {"kind": "Service", "metadata": {"name": "s", "labels": labels}}

test_missing_label_is_denied if {
	required_labels.deny_labels == {"Service s lacks the labels app.kubernetes.io/name"} with input as service({"app": "x"})
}

test_no_labels_at_all if {
	count(required_labels.deny_labels) == 1 with input as {"kind": "Service", "metadata": {"name": "s"}}
}

test_label_passes if count(required_labels.deny_labels) == 0 with input as service({"app.kubernetes.io/name": "x"})

test_list_from_data if {
	required_labels.deny_labels == {"Service s lacks the labels cost-center, team"} with input as service({"app": "x"})
		with data.required_labels as ["app", "team", "cost-center"]
}

test_other_kinds_pass if {
	count(required_labels.deny_labels) == 0 with input as {"kind": "ConfigMap", "metadata": {"name": "c"}}
}

test_every_kind_of_the_list_is_judged if {
	every kind in ["CronJob", "DaemonSet", "Deployment", "Job", "Service", "StatefulSet"] {
		count(required_labels.deny_labels) == 1 with input as {"kind": kind, "metadata": {"name": "x"}}
	}
}

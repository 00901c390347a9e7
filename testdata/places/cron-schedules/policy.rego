package cron

import rego.v1

is_cron if input.kind == "CronJob"

fields := split(input.spec.schedule, " ")

deny_every_minute contains msg if {
	is_cron
	fields[0] == "*"
	msg := sprintf("%s runs every minute", [input.metadata.name])
}

deny_bad_schedule contains msg if {
	is_cron
	count(fields) != 5
	msg := sprintf("%q is no schedule", [input.spec.schedule])
}

deny_midnight contains msg if {
	is_cron
	regex.match(`^0 0 `, input.spec.schedule)
	msg := sprintf("%s runs at midnight, as everybody", [input.metadata.name])
}

deny_overlap contains msg if {
	is_cron
	object.get(input.spec, "concurrencyPolicy", "Allow") == "Allow"
	msg := sprintf("runs of %s may overlap", [input.metadata.name])
}

deny_backoff contains msg if {
	is_cron
	limit := input.spec.jobTemplate.spec.backoffLimit
	limit * input.spec.jobTemplate.spec.activeDeadlineSeconds > 86400
	msg := sprintf("%s may try for more than a day", [input.metadata.name])
}

warn_history contains msg if {
	is_cron
	some field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"]
	input.spec[field] > 3
	msg := sprintf("%s.%s is high", [input.metadata.name, field])
}

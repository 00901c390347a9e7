package workflow

import rego.v1

pinned(uses) if regex.match(`@[0-9a-f]{40}$`, uses)

steps contains step if {
	some job in input.jobs
	some step in job.steps
}

deny_unpinned contains msg if {
	some step in steps
	step.uses
	not startswith(step.uses, "./")
	not pinned(step.uses)
	msg := sprintf("%s is not pinned", [step.uses])
}

deny_permissions contains msg if {
	input.permissions == "write-all"
	msg := "every job may write everything"
}

deny_permissions contains msg if {
	some id, job in input.jobs
	not input.permissions
	not job.permissions
	msg := sprintf("job %s has the default permissions", [id])
}

deny_injection contains msg if {
	some step in steps
	contains(step.run, "${{ github.event.")
	msg := "text of others ends in a shell"
}

deny_timeout contains msg if {
	some id
	job := input.jobs[id]
	not job["timeout-minutes"]
	msg := sprintf("job %s may hang", [id])
}

deny_runner contains msg if {
	some id, job in input.jobs
	not job["runs-on"] in {"ubuntu-24.04", "self-hosted"}
	msg := sprintf("job %s runs on %v", [id, job["runs-on"]])
}

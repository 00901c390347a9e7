package playbook

import rego.v1

deny contains msg if {
	input.become == true
	not input.become_user
	msg := sprintf("play %q becomes root", [input.name])
}

deny contains msg if {
	some task in input.tasks
	some module in ["shell", "command"]
	task[module]
	not task.changed_when
	msg := sprintf("task %q always says that it changed something", [task.name])
}

deny contains msg if {
	some i, task in input.tasks
	not task.name
	msg := sprintf("task %d has no name", [i])
}

deny contains msg if {
	task := input.tasks[_]
	mode := task.file.mode
	endswith(mode, "7")
	msg := sprintf("task %q lets everybody write", [task.name])
}

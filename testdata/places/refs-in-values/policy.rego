package values

import rego.v1

# What refers to something has to refer to something that there is.
queues := object.keys(input.queues)

deny contains msg if {
	some name, worker in input.workers
	not worker.queue in queues
	msg := sprintf("worker %s reads the queue %s, which there is not", [name, worker.queue])
}

deny contains msg if {
	some name, queue in input.queues
	not name in {w.queue | some w in input.workers}
	msg := sprintf("nobody reads the queue %s", [name])
}

deny contains msg if {
	some name, queue in input.queues
	other := input.queues[queue.deadLetter]
	other.retention < queue.retention
	msg := sprintf("%s forgets what %s could not do", [queue.deadLetter, name])
}

deny contains msg if {
	some name, worker in input.workers
	missing := {v | some v in worker.secrets} - {s | some s in input.secrets}
	some secret in missing
	msg := sprintf("worker %s needs the secret %s", [name, secret])
}

deny contains msg if {
	some a, x in input.workers
	some b, y in input.workers
	a < b
	x.port == y.port
	msg := sprintf("%s and %s listen on %d", [a, b, x.port])
}

deny contains msg if {
	some name
	input.workers[name].concurrency > input.queues[input.workers[name].queue].partitions
	msg := sprintf("worker %s has more threads than there is work", [name])
}

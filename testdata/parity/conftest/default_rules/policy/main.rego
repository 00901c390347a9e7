package main

default max_replicas := 2

max_replicas := 5 if input.metadata.labels.tier == "back"

default allowed := false
allowed if input.spec.replicas <= max_replicas

deny contains msg if {
  not allowed
  msg := sprintf("not allowed, at most %v", [max_replicas])
}

package main

deny contains "plain deny" if input.kind
violation contains "plain violation" if input.kind
warn contains "plain warn" if input.kind
deny_a contains "deny_a" if input.kind

exception contains [""] if input.kind == "Service"

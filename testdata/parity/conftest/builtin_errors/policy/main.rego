package main

deny contains "fine" if input.kind
deny contains sprintf("number %v", [to_number(input.metadata.name)]) if true
deny contains "division" if 1 / (input.spec.replicas - 3) > 0
deny contains "not number" if not to_number(input.metadata.name) == 5
warn contains "regex" if regex.match("[" , input.metadata.name)
bad := units.parse_bytes("x")
warn contains "bad" if bad > 1
warn contains "not bad" if not bad

package main

deny contains sprintf("%s of %d", [input.kind, count(input.items)]) if input.items
deny contains sprintf("item %s", [i.metadata.name]) if some i in input.items
deny contains "a pod" if input.kind == "Pod"

package main

deny contains sprintf("%s %s", [input.kind, input.metadata.name]) if true
warn contains "null document" if is_null(input)

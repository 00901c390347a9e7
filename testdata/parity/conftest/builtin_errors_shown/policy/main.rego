package main

deny contains "fine" if input.kind
deny_number contains sprintf("number %v", [to_number(input.metadata.name)]) if true

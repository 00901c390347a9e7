package main

deny contains "same" if input.kind
warn contains "same" if input.kind
deny_x contains "same" if input.kind

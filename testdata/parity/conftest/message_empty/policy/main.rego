package main

deny contains "" if input.kind
deny contains "real" if input.kind

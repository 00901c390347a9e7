package main

deny_a contains "a" if input.kind == "Nothing"

exception contains ["a"] if input.kind

package main

x := 1 if input.kind
x := 2 if input.spec.replicas

deny contains sprintf("%d", [x]) if true

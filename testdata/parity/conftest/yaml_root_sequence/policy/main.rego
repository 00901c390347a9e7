package main

deny contains sprintf("name %v", [input.name]) if input.name
deny contains sprintf("element %v", [x.name]) if some x in input

package main

deny contains sprintf("%s", [input.kind]) if true

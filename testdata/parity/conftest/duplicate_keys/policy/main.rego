package main

deny contains sprintf("%v", [input.a]) if true

package main

deny contains sprintf("%v %s", [input, type_name(input)]) if true

package main

deny contains no_such_function(input.kind) if true

package main

deny contains sprintf("%v %v %v", [input.a, input.b, input.c]) if true
deny contains sprintf("big %v", [input.big]) if true

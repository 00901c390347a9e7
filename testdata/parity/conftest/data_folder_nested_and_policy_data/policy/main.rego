package main

deny contains sprintf("%v", [data.a]) if true
warn contains sprintf("%v", [data.settings]) if true

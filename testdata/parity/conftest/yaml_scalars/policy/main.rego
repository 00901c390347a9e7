package main

deny contains sprintf("%s=%v %s", [k, v, type_name(v)]) if some k, v in input

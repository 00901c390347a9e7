package main

deny contains sprintf("%s %v", [f.path, f.contents]) if some f in input

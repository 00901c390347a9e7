package main

deny contains 5 if input.kind

package main

deny(x) := "a" if x
warn contains deny(1) if true

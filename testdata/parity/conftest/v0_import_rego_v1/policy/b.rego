package main

deny[msg] { msg := "v0 module"; input.kind }

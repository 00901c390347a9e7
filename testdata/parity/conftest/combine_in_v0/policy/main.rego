package main

deny[msg] { f := input[_]; f.contents.kind == "Service"; msg := f.path }
exception[["x"]] { input[_].contents.kind == "Service" }
deny_x[msg] { msg := "x" }

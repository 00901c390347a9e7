package main

deny[k] := v if some k, v in input.metadata.labels

package main

import rego.v1

deny contains "v1 module" if input.kind

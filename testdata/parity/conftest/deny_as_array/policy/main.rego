package main

deny := ["one", "two", {"msg": "three"}] if input.kind == "Deployment"

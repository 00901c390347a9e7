package a

deny contains "from a" if input.kind == "Deployment"

package main

deny contains sprintf("max %v", [data.max]) if input.spec.replicas > data.max

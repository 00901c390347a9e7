package main

deny contains "from main" if input.kind == "Service"

package main

deny contains "printed" if {
  print("hello", input.kind)
  input.kind
}

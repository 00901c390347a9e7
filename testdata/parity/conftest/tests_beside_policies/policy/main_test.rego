package main

test_x if {
  deny == {"x"} with input as {"kind": "Deployment"}
}

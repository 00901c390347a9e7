package main

deny_a contains "lower" if true
deny_A contains "upper" if true

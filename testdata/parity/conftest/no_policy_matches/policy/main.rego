package main

allow if input.kind

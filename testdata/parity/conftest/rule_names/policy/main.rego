package main

deny_a contains "deny_a" if input.kind
deny_a_b2 contains "deny_a_b2" if input.kind
deny1 contains "deny1 does not match" if input.kind
denyx contains "denyx does not match" if input.kind
violation_x contains "violation_x" if input.kind
warn_y contains "warn_y" if input.kind
warnings contains "warnings does not match" if input.kind
deny_ contains "deny_ ends in an underscore" if input.kind
Deny contains "Deny" if input.kind
deny_A contains "deny_A" if input.kind

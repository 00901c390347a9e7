package main

good(x) if x == "front"

deny contains "not good(tier)" if not good(input.metadata.labels.tier)
deny contains "not good(missing)" if not good(input.metadata.labels.missing)
deny contains "not missing in list" if not input.spec.missing in [1, 2]
deny contains "not 1 in missing" if not 1 in input.spec.missing
deny contains "not missing + 1 > 2" if not input.spec.missing + 1 > 2
deny contains "not regex" if not regex.match("^a", input.metadata.missing)
deny contains "not startswith(lower(missing))" if not startswith(lower(input.metadata.missing), "a")
deny contains "not any" if not count([1 | input.spec.missing > 3]) > 0
deny contains "not missing.a.b" if not input.missing.a.b

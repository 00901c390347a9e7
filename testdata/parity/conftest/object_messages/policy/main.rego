package main

deny contains {"msg": "with metadata", "code": 7, "list": [1, {"a": "b"}], "set": {2, 1}} if input.kind
deny contains {"msg": "with location", "_loc": {"file": "x.yaml", "line": 3}} if input.kind
warn contains {"msg": sprintf("%s", [input.kind])} if true

package main

deny contains sprintf("%5d|%-5d|%05d|%+d|%x|%#x|%b|%o", [input.spec.replicas, input.spec.replicas, input.spec.replicas, input.spec.replicas, 255, 255, 5, 8])
deny contains sprintf("%.2f|%6.1f|%e|%g|%v|%d", [1.5, 2.25, 1234.5, 0.1, 2.0, 2.0])
deny contains sprintf("%5s|%-5s|%.1s|%q|%x|%t", [input.kind, "a", "bc", "d", "e", true])
deny contains sprintf("%v|%v|%v|%v|%v", [null, [1, "a"], {"k": "v"}, {2, 1}, 1e21])
deny contains sprintf("%s|%d|%t", [1, "a", "b"])
deny contains sprintf("too few %v %v", [1])
deny contains sprintf("too many %v", [1, 2])
deny contains sprintf("%[2]s before %[1]s", ["a", "b"])
deny contains sprintf("%v%%", [input.spec.replicas * 100 / 7])
deny contains sprintf("%z", [1])
